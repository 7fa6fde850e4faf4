/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/otlp.c - what is collected as an ExportMetricsServiceRequest. The pump's driver. */
#include "core/wire.h"
#include "metrics/metrics.h"

#include <math.h>

enum {
    REQUEST_RESOURCE_METRICS       = 1,
    RESOURCE_METRICS_RESOURCE      = 1,
    RESOURCE_METRICS_SCOPE_METRICS = 2,
    SCOPE_METRICS_SCOPE            = 1,
    SCOPE_METRICS_METRICS          = 2,
    SCOPE_METRICS_SCHEMA_URL       = 3,
    METRIC_NAME                    = 1,
    METRIC_DESCRIPTION             = 2,
    METRIC_UNIT                    = 3,
    METRIC_SUM                     = 7,
    METRIC_HISTOGRAM               = 9,
    DATA_POINTS                    = 1,
    TEMPORALITY                    = 2,
    IS_MONOTONIC                   = 3,
    POINT_START                    = 2,
    POINT_TIME                     = 3,
    NUMBER_AS_INT                  = 6,
    HISTOGRAM_COUNT                = 4,
    HISTOGRAM_SUM                  = 5,
    HISTOGRAM_BUCKETS              = 6,
    HISTOGRAM_BOUNDS               = 7,
    HISTOGRAM_MIN                  = 11,
    HISTOGRAM_MAX                  = 12,
    CUMULATIVE                     = 2
};

struct writer {
    struct sonde__metric_visitor visitor;
    struct sonde__buf           *into;
    sonde_str                    resource;
    struct sonde__metric_view    metric;
    const char                  *scope; /* the message of the one that is open; NULL: none */
    uint32_t resource_begun, scope_begun, metric_begun, data_begun; /* 0: not open */
    uint32_t points;
};

static void end(struct sonde__buf *into, uint32_t *begun)
{
    if (*begun)
        sonde__wire_end(into, *begun);
    *begun = 0;
}

static void end_metric(struct writer *writer)
{
    if (!writer->metric_begun)
        return;
    sonde__wire_uint(writer->into, TEMPORALITY, CUMULATIVE);
    if (writer->metric.kind == SONDE__COUNTER)
        sonde__wire_uint(writer->into, IS_MONOTONIC, 1);
    end(writer->into, &writer->data_begun);
    end(writer->into, &writer->metric_begun);
}

static void end_scope(struct writer *writer)
{
    end_metric(writer);
    if (writer->scope_begun && writer->metric.scope_schema_url[0])
        sonde__wire_text(writer->into, SCOPE_METRICS_SCHEMA_URL,
                         sonde_str_z(writer->metric.scope_schema_url));
    end(writer->into, &writer->scope_begun);
}

static void begin_scope(struct writer *writer, const struct sonde__metric_view *metric)
{
    if (!writer->resource_begun) {
        writer->resource_begun = sonde__wire_begin(writer->into, REQUEST_RESOURCE_METRICS);
        sonde__wire_bytes(writer->into, RESOURCE_METRICS_RESOURCE, writer->resource.ptr,
                          writer->resource.len);
    }
    writer->scope       = metric->scope_message.ptr;
    writer->scope_begun = sonde__wire_begin(writer->into, RESOURCE_METRICS_SCOPE_METRICS);
    sonde__wire_bytes(writer->into, SCOPE_METRICS_SCOPE, metric->scope_message.ptr,
                      metric->scope_message.len);
}

static bool on_metric(struct sonde__metric_visitor *self, const struct sonde__metric_view *metric)
{
    struct writer *writer = (struct writer *)self;
    end_metric(writer);
    if (!writer->scope_begun || writer->scope != metric->scope_message.ptr) {
        end_scope(writer);
        begin_scope(writer, metric);
    }
    writer->metric       = *metric;
    writer->metric_begun = sonde__wire_begin(writer->into, SCOPE_METRICS_METRICS);
    sonde__wire_text(writer->into, METRIC_NAME, sonde_str_z(metric->name));
    if (metric->description[0])
        sonde__wire_text(writer->into, METRIC_DESCRIPTION, sonde_str_z(metric->description));
    if (metric->unit[0])
        sonde__wire_text(writer->into, METRIC_UNIT, sonde_str_z(metric->unit));
    writer->data_begun = sonde__wire_begin(
        writer->into, metric->kind == SONDE__HISTOGRAM ? METRIC_HISTOGRAM : METRIC_SUM);
    return true;
}

static void write_histogram(struct writer *writer, const struct sonde__point_view *point)
{
    struct sonde__buf *into   = writer->into;
    uint32_t           bounds = writer->metric.bound_count;
    sonde__wire_fixed64(into, HISTOGRAM_COUNT, point->count);
    sonde__wire_double(into, HISTOGRAM_SUM, point->total);
    sonde__wire_bytes(into, HISTOGRAM_BUCKETS, point->buckets,
                      (bounds + 1) * sizeof *point->buckets);
    if (bounds)
        sonde__wire_bytes(into, HISTOGRAM_BOUNDS, writer->metric.bounds,
                          bounds * sizeof *writer->metric.bounds);
    if (point->count > 0 && !isnan(point->min)) {
        sonde__wire_double(into, HISTOGRAM_MIN, point->min);
        sonde__wire_double(into, HISTOGRAM_MAX, point->max);
    }
}

static void on_point(struct sonde__metric_visitor *self, const struct sonde__point_view *point)
{
    struct writer     *writer = (struct writer *)self;
    struct sonde__buf *into   = writer->into;
    uint32_t           begun  = sonde__wire_begin(into, DATA_POINTS);
    sonde__buf_add(into, point->attributes.ptr, point->attributes.len);
    sonde__wire_fixed64(into, POINT_START, point->start_ns);
    sonde__wire_fixed64(into, POINT_TIME, point->time_ns);
    if (writer->metric.kind == SONDE__HISTOGRAM)
        write_histogram(writer, point);
    else
        sonde__wire_fixed64(into, NUMBER_AS_INT, (uint64_t)point->sum);
    sonde__wire_end(into, begun);
    writer->points++;
}

uint32_t sonde__metrics_write_otlp(struct sonde__metrics *metrics, sonde_str resource,
                                   struct sonde__buf *into)
{
    struct writer writer;
    memset(&writer, 0, sizeof writer);
    writer.visitor.metric = on_metric;
    writer.visitor.point  = on_point;
    writer.into           = into;
    writer.resource       = resource;
    if (!into || !sonde__metrics_visit(metrics, &writer.visitor))
        return 0;
    end_scope(&writer);
    end(into, &writer.resource_begun);
    return into->failed ? 0 : writer.points;
}
