/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "metrics_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void metrics_attributes_text(sonde_str attributes, uint32_t field, char *text, size_t size)
{
    sonde_str   key;
    sonde_value value;
    size_t      len = 0;
    text[0]         = '\0';
    while (sonde_attribute_next(field, &attributes, &key, &value)) {
        char shown[128];
        sonde_value_text(&value, shown, sizeof shown);
        const char *quote = value.type == SONDE_TYPE_STRING ? "\"" : "";
        len += (size_t)snprintf(text + len, size - len, "%s%.*s=%s%s%s", len ? "," : "",
                                (int)key.len, key.ptr, quote, shown, quote);
        if (len >= size)
            return;
    }
}

static bool on_metric(struct sonde__metric_visitor *self, const struct sonde__metric_view *metric)
{
    struct metrics_fixture *f =
        (struct metrics_fixture *)((char *)self - offsetof(struct metrics_fixture, visitor));
    f->metric = *metric;
    return true;
}

static void on_point(struct sonde__metric_visitor *self, const struct sonde__point_view *point)
{
    struct metrics_fixture *f =
        (struct metrics_fixture *)((char *)self - offsetof(struct metrics_fixture, visitor));
    if (f->count == f->capacity) {
        f->capacity = f->capacity ? f->capacity * 2 : 64;
        f->points   = realloc(f->points, f->capacity * sizeof *f->points);
    }
    struct seen_point *seen = &f->points[f->count++];
    memset(seen, 0, sizeof *seen);
    snprintf(seen->metric, sizeof seen->metric, "%s", f->metric.name);
    snprintf(seen->scope, sizeof seen->scope, "%s", f->metric.scope_name);
    seen->kind = f->metric.kind;
    metrics_attributes_text(point->attributes, seen->kind == SONDE__HISTOGRAM ? 9 : 7,
                            seen->attributes, sizeof seen->attributes);
    seen->sum      = point->sum;
    seen->count    = point->count;
    seen->start_ns = point->start_ns;
    seen->time_ns  = point->time_ns;
    seen->total    = point->total;
    seen->min      = point->min;
    seen->max      = point->max;
    if (seen->kind == SONDE__HISTOGRAM) {
        seen->bucket_count = f->metric.bound_count + 1;
        memcpy(seen->buckets, point->buckets, seen->bucket_count * sizeof *seen->buckets);
    }
}

void metrics_start(struct metrics_fixture *f, void *memory)
{
    sonde__metrics_stop(f->head.metrics);
    f->head.metrics = NULL;
    assert_int_equal(sonde__metrics_start(false, memory, &f->head.metrics), SONDE_OK);
    sonde_meter_options options = { .size = sizeof options,
                                    .name = "test",
                                    .sdk  = (struct sonde_sdk *)(void *)&f->head };
    f->meter                    = sonde_meter_get_opts(&options);
    assert_non_null(f->meter);
}

int metrics_setup(void **state)
{
    struct metrics_fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->visitor.metric = on_metric;
    f->visitor.point  = on_point;
    metrics_start(f, NULL);
    *state = f;
    return 0;
}

int metrics_teardown(void **state)
{
    struct metrics_fixture *f = *state;
    sonde__metrics_stop(f->head.metrics);
    free(f->points);
    free(f);
    return 0;
}

void metrics_collect(struct metrics_fixture *f)
{
    f->count = 0;
    assert_true(sonde__metrics_visit(f->head.metrics, &f->visitor));
}

const struct seen_point *metrics_find(const struct metrics_fixture *f, const char *metric,
                                      const char *attributes)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (strcmp(f->points[i].metric, metric) == 0 &&
            (!attributes || strcmp(f->points[i].attributes, attributes) == 0))
            return &f->points[i];
    return NULL;
}

int64_t metrics_sum(const struct metrics_fixture *f, const char *metric)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < f->count; i++)
        if (strcmp(f->points[i].metric, metric) == 0)
            sum += f->points[i].sum;
    return sum;
}

uint32_t metrics_count(const struct metrics_fixture *f, const char *metric)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->count; i++)
        count += strcmp(f->points[i].metric, metric) == 0;
    return count;
}

void *metrics_shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    return sonde__metrics_memory_init(memory, size) == SONDE_OK ? memory : NULL;
}
