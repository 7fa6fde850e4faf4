/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/console_metric.c - a metric as a block of text, its data points below it. Pure functions. */
#include "transport/console.h"
#include "base/iso8601.h"

#include <sonde/plugin/record.h>

/* The field of ExportMetricsServiceRequest, ResourceMetrics and ScopeMetrics that holds the next level. */
enum { RESOURCE_METRICS = 1, RESOURCE = 1, SCOPE_METRICS = 2, SCOPE = 1, METRICS = 2 };
enum { NAME = 1, DESCRIPTION = 2, UNIT = 3, GAUGE = 5, SUM = 7, HISTOGRAM = 9 };
enum { DATA_POINTS = 1 };

/* The next message in field `number`. */
static bool next_message(sonde_str *rest, uint32_t number, sonde_str *ret_message)
{
    sonde_field field;
    while (sonde_field_next(rest, &field)) {
        if (field.number == number && field.wire == 2) {
            *ret_message = field.bytes;
            return true;
        }
    }
    return false;
}

static sonde_str find_message(sonde_str message, uint32_t number)
{
    sonde_str found = sonde_str_n(NULL, 0);
    next_message(&message, number, &found);
    return found;
}

static double as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t fixed64_at(sonde_str packed, size_t index)
{
    uint64_t value;
    memcpy(&value, packed.ptr + index * sizeof value, sizeof value);
    return value;
}

/* The buckets in which something is: "(5, 10] 3". */
static void put_buckets(struct sonde__buf *text, sonde_str counts, sonde_str bounds)
{
    size_t count = counts.len / 8, bound_count = bounds.len / 8;
    for (size_t i = 0; i < count && i <= bound_count; i++) {
        uint64_t in_bucket = fixed64_at(counts, i);
        if (in_bucket == 0)
            continue;
        sonde__buf_text(text, "    ");
        if (i == 0)
            sonde__buf_text(text, "(-inf, ");
        else
            sonde__console_format(text, "(%.9g, ", as_double(fixed64_at(bounds, i - 1)));
        if (i == bound_count)
            sonde__buf_text(text, "+inf)");
        else
            sonde__console_format(text, "%.9g]", as_double(fixed64_at(bounds, i)));
        sonde__console_format(text, " %llu\n", (unsigned long long)in_bucket);
    }
}

static void put_histogram_point(struct sonde__buf *text, sonde_str point)
{
    enum { COUNT = 4, TOTAL = 5, COUNTS = 6, BOUNDS = 7, ATTRIBUTES = 9, MIN = 11, MAX = 12 };
    sonde_str   rest = point, counts = { NULL, 0 }, bounds = { NULL, 0 };
    sonde_field field;
    sonde__buf_text(text, " ");
    while (sonde_field_next(&rest, &field)) {
        if (field.number == COUNT && field.wire == 1)
            sonde__console_format(text, " count %llu", (unsigned long long)field.value);
        if (field.number == TOTAL && field.wire == 1)
            sonde__console_format(text, " sum %.9g", as_double(field.value));
        if (field.number == MIN && field.wire == 1)
            sonde__console_format(text, " min %.9g", as_double(field.value));
        if (field.number == MAX && field.wire == 1)
            sonde__console_format(text, " max %.9g", as_double(field.value));
        if (field.number == COUNTS && field.wire == 2)
            counts = field.bytes;
        if (field.number == BOUNDS && field.wire == 2)
            bounds = field.bytes;
    }
    sonde__buf_byte(text, '\n');
    sonde__console_attributes(text, "    ", ATTRIBUTES, point);
    put_buckets(text, counts, bounds);
}

static void put_number_point(struct sonde__buf *text, sonde_str point)
{
    enum { AS_DOUBLE = 4, AS_INT = 6, ATTRIBUTES = 7 };
    sonde_str   rest = point;
    sonde_field field;
    while (sonde_field_next(&rest, &field)) {
        if (field.number == AS_INT && field.wire == 1)
            sonde__console_format(text, "  %lld\n", (long long)field.value);
        if (field.number == AS_DOUBLE && field.wire == 1)
            sonde__console_format(text, "  %.9g\n", as_double(field.value));
    }
    sonde__console_attributes(text, "    ", ATTRIBUTES, point);
}

static void put_points(struct sonde__buf *text, uint32_t kind, sonde_str data)
{
    sonde_str point;
    while (next_message(&data, DATA_POINTS, &point)) {
        if (kind == HISTOGRAM)
            put_histogram_point(text, point);
        else
            put_number_point(text, point);
    }
}

/* When the first point of the data was taken. */
static void put_time(struct sonde__buf *text, sonde_str data)
{
    enum { TIME = 3 };
    sonde_str   point = find_message(data, DATA_POINTS);
    sonde_field field;
    char        at[SONDE__ISO8601_SIZE];
    while (sonde_field_next(&point, &field)) {
        if (field.number != TIME || field.wire != 1)
            continue;
        sonde__iso8601(field.value, 3, at);
        sonde__console_format(text, "  %s", at);
        return;
    }
}

static void put_metric(struct sonde__buf *text, sonde_str metric, sonde_str resource,
                       sonde_str scope)
{
    static const struct {
        uint32_t    field;
        const char *name;
    } kinds[]             = { { GAUGE, "gauge" }, { SUM, "sum" }, { HISTOGRAM, "histogram" } };
    sonde_str unit        = find_message(metric, UNIT);
    sonde_str description = find_message(metric, DESCRIPTION);
    sonde__console_put(text, find_message(metric, NAME));
    sonde__buf_text(text, unit.len ? "  " : "");
    sonde__console_put(text, unit);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sonde_str data = find_message(metric, kinds[i].field);
        if (!data.ptr)
            continue;
        sonde__console_format(text, "  %s%s", kinds[i].name, description.len ? "  " : "");
        sonde__console_put(text, description);
        sonde__buf_byte(text, '\n');
        put_time(text, data);
        sonde__console_origin(text, resource, scope);
        put_points(text, kinds[i].field, data);
    }
    sonde__buf_byte(text, '\n');
}

void sonde__console_metrics(struct sonde__buf *text, sonde_str request)
{
    sonde_str of_resource, of_scope, metric;
    while (next_message(&request, RESOURCE_METRICS, &of_resource)) {
        sonde_str resource = find_message(of_resource, RESOURCE);
        while (next_message(&of_resource, SCOPE_METRICS, &of_scope)) {
            sonde_str scope = find_message(of_scope, SCOPE);
            while (next_message(&of_scope, METRICS, &metric))
                put_metric(text, metric, resource, scope);
        }
    }
}
