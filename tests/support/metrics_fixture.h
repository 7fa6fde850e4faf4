/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Metrics of a .local SDK of their own for each test, and what one collection of them shows. */
#ifndef SONDE_TEST_METRICS_FIXTURE_H
#define SONDE_TEST_METRICS_FIXTURE_H

#include "metrics/metrics.h"

#include <sonde/metrics.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

struct seen_point {
    char metric[64], scope[64], attributes[256]; /* a=1,b="x" in the order they are kept */
    sonde__metric_kind kind;
    int64_t            sum;
    uint64_t           count, start_ns, time_ns;
    double             total, min, max;
    uint32_t           bucket_count;
    uint64_t           buckets[66];
};

struct metrics_fixture {
    struct sonde__sdk_head       head;
    sonde_meter                 *meter;
    struct sonde__metric_visitor visitor;
    struct sonde__metric_view    metric;
    struct seen_point           *points;
    uint32_t                     count, capacity;
};

int metrics_setup(void **state);
int metrics_teardown(void **state);

/* Fresh metrics in given memory; NULL: private. Stops those that ran. */
void metrics_start(struct metrics_fixture *f, void *memory);

/* Collects everything into f->points. */
void metrics_collect(struct metrics_fixture *f);

/* The point of a metric with these attributes in the last collection; NULL: there is none.
 * attributes NULL: any. */
const struct seen_point *metrics_find(const struct metrics_fixture *f, const char *metric,
                                      const char *attributes);

/* The sum of all points of a metric in the last collection. */
int64_t metrics_sum(const struct metrics_fixture *f, const char *metric);

/* How many points of a metric there are in it. */
uint32_t metrics_count(const struct metrics_fixture *f, const char *metric);

/* Encoded attributes as the text of seen_point. */
void metrics_attributes_text(sonde_str attributes, uint32_t field, char *text, size_t size);

/* Memory that a forked child shares, laid out for metrics; freed with munmap(). */
void *metrics_shared_memory(size_t size);

#endif
