/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/metrics.c - the latest state of every metric; what was not reported for longest goes
 * first. Runs in the receiver's thread and the main one, under the caller's lock. */
#include "store/metrics.h"

#include <search.h>
#include <stdlib.h>

struct sonde__metrics {
    struct sonde__metrics_limits limits;
    void                        *by_key; /* libc's search tree */
    struct sonde__reading       *oldest, *newest;
    uint32_t                     count;
    size_t                       bytes;
    uint64_t                     dropped;
};

static int compare_text(sonde_str a, sonde_str b)
{
    size_t len   = a.len < b.len ? a.len : b.len;
    int    order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* The same metric: name, scope and process. */
static int compare_keys(const void *a, const void *b)
{
    const struct sonde__reading *left = a, *right = b;
    int                          order = compare_text(left->metric.name, right->metric.name);
    if (order == 0)
        order = sonde__shared_compare(left->scope, right->scope);
    return order ? order : sonde__shared_compare(left->resource, right->resource);
}

struct sonde__metrics *sonde__metrics_new(const struct sonde__metrics_limits *limits)
{
    struct sonde__metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics)
        metrics->limits = *limits;
    return metrics;
}

static void unlink_reading(struct sonde__metrics *metrics, struct sonde__reading *reading)
{
    *(reading->older ? &reading->older->newer : &metrics->oldest) = reading->newer;
    *(reading->newer ? &reading->newer->older : &metrics->newest) = reading->older;
    tdelete(reading, &metrics->by_key, compare_keys);
    metrics->count--;
}

static void free_reading(struct sonde__metrics *metrics, struct sonde__reading *reading)
{
    metrics->bytes -= reading->size;
    metrics->bytes -= sonde__shared_unref(reading->resource);
    metrics->bytes -= sonde__shared_unref(reading->scope);
    free(reading);
}

static void evict(struct sonde__metrics *metrics, struct sonde__reading *reading)
{
    unlink_reading(metrics, reading);
    free_reading(metrics, reading);
}

void sonde__metrics_free(struct sonde__metrics *metrics)
{
    if (!metrics)
        return;
    while (metrics->oldest)
        evict(metrics, metrics->oldest);
    free(metrics);
}

static bool link_reading(struct sonde__metrics *metrics, struct sonde__reading *reading)
{
    void *node = tfind(reading, &metrics->by_key, compare_keys);
    if (node)
        evict(metrics, *(struct sonde__reading **)node);
    if (!tsearch(reading, &metrics->by_key, compare_keys))
        return false;
    reading->older                                                  = metrics->newest;
    *(metrics->newest ? &metrics->newest->newer : &metrics->oldest) = reading;
    metrics->newest                                                 = reading;
    metrics->count++;
    return true;
}

static bool is_full(const struct sonde__metrics *metrics)
{
    return metrics->count > metrics->limits.metrics_max ||
           metrics->bytes > metrics->limits.bytes_max;
}

static struct sonde__reading *new_reading(sonde_str message)
{
    struct sonde__reading *reading = calloc(1, sizeof *reading + message.len);
    if (!reading)
        return NULL;
    memcpy(reading + 1, message.ptr, message.len);
    sonde__metric_read(sonde_str_n(reading + 1, message.len), &reading->metric);
    reading->size   = sizeof *reading + message.len;
    reading->is_new = true;
    return reading;
}

static void add_reading(struct sonde__metrics *metrics, sonde_str message,
                        struct sonde__family *family, uint64_t now_ns)
{
    struct sonde__reading *reading = new_reading(message);
    if (!reading) {
        metrics->dropped++;
        return;
    }
    reading->resource = sonde__shared_ref(family->resource);
    reading->scope    = sonde__shared_ref(family->scope);
    reading->came_ns  = now_ns;
    metrics->bytes += reading->size;
    if (!link_reading(metrics, reading)) {
        metrics->dropped++;
        free_reading(metrics, reading);
    }
    while (is_full(metrics) && metrics->oldest) {
        metrics->dropped++;
        evict(metrics, metrics->oldest);
    }
}

static bool is_well_formed(sonde_str request)
{
    struct sonde__metric_iter iter = { .body = request };
    struct sonde__metric      metric;
    struct sonde__point       point;
    sonde_str                 message;
    while (sonde__metric_next(&iter, &message)) {
        if (!sonde__metric_read(message, &metric))
            return false;
        sonde_str rest = metric.data;
        while (sonde__point_next(&metric, &rest, &point))
            ;
        if (rest.len != 0)
            return false;
    }
    return !iter.malformed;
}

bool sonde__metrics_add(struct sonde__metrics *metrics, sonde_str request, uint64_t now_ns)
{
    struct sonde__metric_iter iter   = { .body = request };
    struct sonde__family      family = { 0 };
    sonde_str                 message;
    if (!is_well_formed(request))
        return false;
    while (sonde__metric_next(&iter, &message)) {
        if (sonde__family_join(&family, iter.resource, iter.scope, &metrics->bytes))
            add_reading(metrics, message, &family, now_ns);
        else
            metrics->dropped++;
    }
    sonde__family_leave(&family, &metrics->bytes);
    return true;
}

/* For people: by service, process, name. */
static int compare_for_list(const void *a, const void *b)
{
    const struct sonde__reading *left  = *(const struct sonde__reading *const *)a;
    const struct sonde__reading *right = *(const struct sonde__reading *const *)b;
    int                          order = compare_text(left->resource->name, right->resource->name);
    if (order == 0)
        order = sonde__shared_compare(left->resource, right->resource);
    return order ? order : compare_keys(left, right);
}

const struct sonde__reading **sonde__metrics_list(const struct sonde__metrics *metrics,
                                                  bool only_new, size_t *ret_count)
{
    const struct sonde__reading **list  = malloc((metrics->count + 1) * sizeof *list);
    size_t                        count = 0;
    for (const struct sonde__reading *reading = metrics->oldest; list && reading;
         reading                              = reading->newer)
        if (reading->is_new || !only_new)
            list[count++] = reading;
    if (count == 0) {
        free(list);
        return NULL;
    }
    qsort(list, count, sizeof *list, compare_for_list);
    *ret_count = count;
    return list;
}

void sonde__metrics_shown(struct sonde__metrics *metrics)
{
    for (struct sonde__reading *reading = metrics->oldest; reading; reading = reading->newer)
        reading->is_new = false;
}

uint64_t sonde__metrics_dropped(const struct sonde__metrics *metrics)
{
    return metrics->dropped;
}
