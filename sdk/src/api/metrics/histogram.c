/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/histogram.c - histograms with explicit bounds, in the thread that records. The count is
 * the sum of the buckets, so it needs no word of its own. Values are not negative, so their bits
 * are ordered as they are; the least one is kept inverted, which makes zeroed memory an empty cell.
 * */
#include "core/diag.h"
#include "metrics/instrument.h"
#include "metrics/lease.h"
#include "metrics/series.h"

#include <sonde/metrics.h>

#define INFINITE UINT64_C(0x7FF0000000000000)

static inline uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double value_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* How many of a block's bounds are below value. */
static inline uint32_t below(const double *b, double value)
{
    return (uint32_t)(value > b[0]) + (uint32_t)(value > b[1]) + (uint32_t)(value > b[2]) +
           (uint32_t)(value > b[3]) + (uint32_t)(value > b[4]) + (uint32_t)(value > b[5]) +
           (uint32_t)(value > b[6]) + (uint32_t)(value > b[7]);
}

/* The first bucket whose upper bound is not below value: whole blocks first, then the bounds of one
 * block. Adding up the comparisons leaves nothing to be predicted wrongly. */
static inline uint32_t bucket_of(const struct sonde__stream *stream, double value)
{
    uint32_t block = 0, count = stream->bound_count;
    for (uint32_t end = SONDE__BOUNDS_BLOCK; end <= count; end += SONDE__BOUNDS_BLOCK)
        block += value > stream->bounds[end - 1] ? SONDE__BOUNDS_BLOCK : 0;
    return block < count ? block + below(stream->bounds + block, value) : count;
}

static inline void record_alone(_Atomic uint64_t *words, uint32_t bucket, double value)
{
    /* Relaxed throughout: each word stands for itself. */
    uint64_t bits = bits_of(value);
    double total  = value_of(atomic_load_explicit(&words[SONDE__CELL_TOTAL], memory_order_relaxed));
    atomic_store_explicit(&words[SONDE__CELL_TOTAL], bits_of(total + value), memory_order_relaxed);
    if (~bits > atomic_load_explicit(&words[SONDE__CELL_MIN], memory_order_relaxed))
        atomic_store_explicit(&words[SONDE__CELL_MIN], ~bits, memory_order_relaxed);
    if (bits > atomic_load_explicit(&words[SONDE__CELL_MAX], memory_order_relaxed))
        atomic_store_explicit(&words[SONDE__CELL_MAX], bits, memory_order_relaxed);
    sonde__word_add(&words[SONDE__CELL_BUCKETS + bucket], 1);
}

static void raise(_Atomic uint64_t *word, uint64_t to)
{
    uint64_t now = atomic_load_explicit(word, memory_order_relaxed);
    while (now < to && !atomic_compare_exchange_weak_explicit(word, &now, to, memory_order_relaxed,
                                                              memory_order_relaxed)) {
    }
}

static void record_in_crowd(_Atomic uint64_t *words, uint32_t bucket, double value)
{
    uint64_t bits  = bits_of(value);
    uint64_t total = atomic_load_explicit(&words[SONDE__CELL_TOTAL], memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&words[SONDE__CELL_TOTAL], &total,
                                                  bits_of(value_of(total) + value),
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    raise(&words[SONDE__CELL_MIN], ~bits);
    raise(&words[SONDE__CELL_MAX], bits);
    atomic_fetch_add_explicit(&words[SONDE__CELL_BUCKETS + bucket], 1, memory_order_relaxed);
}

__attribute__((noinline)) static void record_round(const struct sonde__series *series, double value)
{
    struct sonde__cell cell   = sonde__cell_find(series);
    uint32_t           bucket = bucket_of(sonde__series_stream(series), value);
    if (cell.alone)
        record_alone(cell.words, bucket, value);
    else
        record_in_crowd(cell.words, bucket, value);
}

static inline void record(const struct sonde__series *series, double value)
{
    if (__builtin_expect(sonde__cell_is_own(series), 1))
        record_alone(sonde__cell_own(series), bucket_of(sonde__series_stream(series), value),
                     value);
    else
        record_round(series, value);
}

/* Not negative and finite: by its bits, which also tells a NaN. */
static inline bool usual(double value)
{
    return __builtin_expect(bits_of(value) < INFINITE, 1);
}

/* A negative zero means zero; all else that is not usual counts as misuse. */
__attribute__((cold, noinline)) static bool refused(double value)
{
    if (value == 0)
        return false;
    sonde__misuse("a histogram records finite values that are not negative");
    return true;
}

static inline void record_any(const struct sonde__series *series, double value)
{
    if (usual(value))
        record(series, value);
    else if (!refused(value))
        record_round(series, 0.0);
}

void sonde_histogram_bound_record(sonde_histogram_bound *bound, double value)
{
    if (bound)
        record_any((const struct sonde__series *)bound, value);
}

void sonde_histogram_record(sonde_histogram *histogram, double value)
{
    struct sonde__stream *stream = sonde__instrument_stream(histogram);
    if (stream && (usual(value) || !refused(value)))
        record_any(sonde__series_plain(stream), value);
}

void sonde_histogram_record_attrs(sonde_histogram *histogram, double value, sonde_attrs attrs)
{
    struct sonde__stream *stream = sonde__instrument_stream(histogram);
    if (stream && (usual(value) || !refused(value)))
        record_any(sonde__series_get(stream, attrs), value);
}
