/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/points.h - reading metrics as OTLP has them: requests, metrics, data points. Everything
 * given is untrusted. */
#ifndef SONDE_CLI_STORE_POINTS_H
#define SONDE_CLI_STORE_POINTS_H

#include <sonde/plugin/record.h>

/* Walks an ExportMetricsServiceRequest: zero it, set body. */
struct sonde__metric_iter {
    sonde_str body;
    sonde_str resource, scope; /* messages that the metric just returned belongs to */
    sonde_str resource_metrics, scope_metrics;
    bool      malformed;
};

/* The next Metric message. False at the end, or with iter->malformed set. */
bool sonde__metric_next(struct sonde__metric_iter *iter, sonde_str *ret_metric);

/* The values are the field numbers of Metric.data. */
enum sonde__metric_kind {
    SONDE__METRIC_NONE        = 0,
    SONDE__METRIC_GAUGE       = 5,
    SONDE__METRIC_SUM         = 7,
    SONDE__METRIC_HISTOGRAM   = 9,
    SONDE__METRIC_EXPONENTIAL = 10,
    SONDE__METRIC_SUMMARY     = 11
};

struct sonde__metric {
    sonde_str               name, unit;
    enum sonde__metric_kind kind;
    bool                    is_delta;
    sonde_str               data; /* for sonde__point_next() */
};

/* Reads a Metric message. False when it is malformed. */
bool sonde__metric_read(sonde_str message, struct sonde__metric *ret_metric);

/* One bucket: above lower, up to and with upper. */
struct sonde__bucket {
    double   lower, upper;
    uint64_t count;
};

enum { SONDE__BUCKETS_MAX = 1024 };

struct sonde__point {
    enum sonde__metric_kind kind;
    sonde_str               attributes; /* the point's message */
    uint32_t                attribute_field;
    bool                    is_empty; /* the sender says that there is no value */
    bool                    is_int;
    int64_t                 integer;
    double                  number;
    uint64_t                count;
    bool                    has_sum, has_min, has_max;
    double                  sum, min, max;
    uint32_t bucket_count; /* in ascending order; 0: none, or more than there is room for */
    struct sonde__bucket buckets[SONDE__BUCKETS_MAX];
};

/* Takes the next data point off *rest, which begins as metric->data. ret_point is always written
 * to.
 * Returns: false at the end, and where a point is malformed: then rest->len is not 0. */
bool sonde__point_next(const struct sonde__metric *metric, sonde_str *rest,
                       struct sonde__point *ret_point);

/* The value below which that share of the observations lies, interpolated within its bucket.
 * share: 0 to 1.
 * Returns: NaN when the point has no buckets or no observation. */
double sonde__point_quantile(const struct sonde__point *point, double share);

#endif
