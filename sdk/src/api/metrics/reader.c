/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/reader.c - summing the stripes, in whoever collects. Each word is read once, so that a
 * histogram's count is the sum of exactly the buckets that are shown; words only grow, so that one
 * collection never shows less than the one before. */
#include "metrics/reader.h"
#include "base/clock.h"
#include "metrics/lease.h"

#include <math.h>

struct pass {
    const struct sonde__region   *region;
    struct sonde__metric_visitor *visitor;
    uint64_t                      stripes;
    uint64_t                      now_ns, epoch_ns;
    uint32_t                      epoch;
    uint64_t                      buckets[SONDE__BOUNDS_MAX + 1];
};

static uint64_t word_at(const _Atomic uint64_t *words, uint32_t i)
{
    /* Relaxed: a word stands for itself, and is never seen going back. */
    return atomic_load_explicit(&words[i], memory_order_relaxed);
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void sum_counter(const struct pass *pass, const struct sonde__series *series,
                        struct sonde__point_view *point)
{
    uint64_t sum = 0;
    for (uint64_t left = pass->stripes; left; left &= left - 1) {
        const uint8_t *cells = sonde__region_stripe(pass->region, (uint32_t)__builtin_ctzll(left));
        sum += word_at((const _Atomic uint64_t *)(const void *)(cells + series->cell), 0);
    }
    point->sum = (int64_t)sum;
}

static void sum_histogram(struct pass *pass, const struct sonde__series *series, uint32_t buckets,
                          struct sonde__point_view *point)
{
    uint64_t least = 0, most = 0; /* as a cell keeps them: metrics/histogram.c */
    memset(pass->buckets, 0, buckets * sizeof *pass->buckets);
    for (uint64_t left = pass->stripes; left; left &= left - 1) {
        const uint8_t *cells = sonde__region_stripe(pass->region, (uint32_t)__builtin_ctzll(left));
        const _Atomic uint64_t *words = (const _Atomic uint64_t *)(const void *)(cells +
                                                                                 series->cell);
        for (uint32_t i = 0; i < buckets; i++)
            pass->buckets[i] += word_at(words, SONDE__CELL_BUCKETS + i);
        uint64_t min = word_at(words, SONDE__CELL_MIN), max = word_at(words, SONDE__CELL_MAX);
        least = min > least ? min : least;
        most  = max > most ? max : most;
        point->total += double_of(word_at(words, SONDE__CELL_TOTAL));
    }
    for (uint32_t i = 0; i < buckets; i++)
        point->count += pass->buckets[i];
    point->buckets = pass->buckets;
    point->min     = least ? double_of(~least) : NAN;
    point->max     = least ? double_of(most) : NAN;
}

/* A series of an earlier epoch, or one that only takes what is too much, shows itself when there is
 * something in it, and stays from then on. */
static bool visible(const struct pass *pass, struct sonde__series *series,
                    const struct sonde__point_view *point)
{
    if (atomic_load_explicit(&series->epoch, memory_order_relaxed) == pass->epoch)
        return true;
    if (point->sum == 0 && point->count == 0)
        return false;
    atomic_store_explicit(&series->epoch, pass->epoch, memory_order_relaxed);
    return true;
}

static bool read_series(struct pass *pass, const struct sonde__stream *stream,
                        struct sonde__series *series, struct sonde__point_view *ret_point)
{
    struct sonde__point_view point = { .attributes = sonde_str_n(sonde__series_bytes(series),
                                                                 series->bytes_len) };
    if (stream->kind == SONDE__HISTOGRAM)
        sum_histogram(pass, series, stream->bound_count + 1, &point);
    else
        sum_counter(pass, series, &point);
    if (!visible(pass, series, &point))
        return false;
    point.start_ns = series->start_ns > pass->epoch_ns ? series->start_ns : pass->epoch_ns;
    point.time_ns  = point.start_ns > pass->now_ns ? point.start_ns : pass->now_ns;
    *ret_point     = point;
    return true;
}

static struct sonde__metric_view view_of(const struct sonde__region *region,
                                         const struct sonde__stream *stream)
{
    const struct sonde__scope_record *scope = sonde__region_at(region, stream->scope);
    struct sonde__metric_view         view;
    view.name             = sonde__region_at(region, stream->name);
    view.unit             = sonde__region_at(region, stream->unit);
    view.description      = sonde__region_at(region, stream->description);
    view.kind             = (sonde__metric_kind)stream->kind;
    view.bounds           = stream->bounds;
    view.bound_count      = stream->bound_count;
    view.scope_name       = sonde__region_at(region, scope->name);
    view.scope_version    = sonde__region_at(region, scope->version);
    view.scope_schema_url = sonde__region_at(region, scope->schema_url);
    view.scope_message = sonde_str_n(sonde__region_at(region, scope->message), scope->message_len);
    return view;
}

static void read_stream(struct pass *pass, const struct sonde__stream *stream)
{
    struct sonde__point_view point;
    bool                     begun = false;
    for (struct sonde__series *each = sonde__region_follow(pass->region, &stream->series); each;
         each                       = sonde__region_follow(pass->region, &each->next)) {
        if (!read_series(pass, stream, each, &point))
            continue;
        if (!begun) {
            struct sonde__metric_view view = view_of(pass->region, stream);
            if (!pass->visitor->metric(pass->visitor, &view))
                return;
            begun = true;
        }
        pass->visitor->point(pass->visitor, &point);
    }
}

void sonde__reader_visit(struct sonde__region *region, struct sonde__metric_visitor *visitor)
{
    struct pass pass;
    sonde__region_refresh(region);
    if (region->shared)
        sonde__lease_sweep(region);
    pass.region  = region;
    pass.visitor = visitor;
    /* The clock first: what is read later may only be newer. */
    pass.now_ns   = sonde__clock_wall();
    pass.epoch    = atomic_load_explicit(&region->epoch, memory_order_acquire);
    pass.epoch_ns = atomic_load_explicit(&region->epoch_ns, memory_order_relaxed);
    pass.stripes  = sonde__lease_stripes(region);
    for (const struct sonde__stream *each = NULL;
         (each = sonde__stream_next(region, each)) != NULL;)
        read_stream(&pass, each);
}
