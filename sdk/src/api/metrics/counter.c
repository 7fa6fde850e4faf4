/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/counter.c - counters and up-down counters, in the thread that adds. A bound handle is the
 * series itself. */
#include "core/diag.h"
#include "metrics/instrument.h"
#include "metrics/lease.h"
#include "metrics/series.h"

#include <sonde/metrics.h>

__attribute__((noinline)) static void add_round(const struct sonde__series *series, int64_t value)
{
    struct sonde__cell cell = sonde__cell_find(series);
    if (cell.alone)
        sonde__word_add(cell.words, (uint64_t)value);
    else
        atomic_fetch_add_explicit(cell.words, (uint64_t)value, memory_order_relaxed);
}

static inline void add(const struct sonde__series *series, int64_t value)
{
    if (__builtin_expect(sonde__cell_is_own(series), 1))
        sonde__word_add(sonde__cell_own(series), (uint64_t)value);
    else
        add_round(series, value);
}

__attribute__((cold, noinline)) static void refuse(const void *handle)
{
    if (handle)
        sonde__misuse("a counter does not count down");
}

/* No handle, a negative value, or a pointer whose highest bit is set. */
__attribute__((cold, noinline)) static void add_unusual(sonde_counter_bound *bound, int64_t value)
{
    if (!bound || value < 0)
        refuse(bound);
    else
        add_round((const struct sonde__series *)bound, value);
}

void sonde_counter_bound_add(sonde_counter_bound *bound, int64_t value)
{
    /* One test for both: a handle of NULL less one, and a negative value, have the highest bit. */
    if (__builtin_expect((int64_t)(((uint64_t)(uintptr_t)bound - 1) | (uint64_t)value) < 0, 0))
        add_unusual(bound, value);
    else
        add((const struct sonde__series *)bound, value);
}

void sonde_counter_add(sonde_counter *counter, int64_t value)
{
    struct sonde__stream *stream = sonde__instrument_stream(counter);
    if (value < 0)
        refuse(counter);
    else if (stream)
        add(sonde__series_plain(stream), value);
}

void sonde_counter_add_attrs(sonde_counter *counter, int64_t value, sonde_attrs attrs)
{
    struct sonde__stream *stream = sonde__instrument_stream(counter);
    if (value < 0)
        refuse(counter);
    else if (stream)
        add(sonde__series_get(stream, attrs), value);
}

void sonde_updown_counter_bound_add(sonde_updown_counter_bound *bound, int64_t value)
{
    if (bound)
        add((const struct sonde__series *)bound, value);
}

void sonde_updown_counter_add(sonde_updown_counter *counter, int64_t value)
{
    struct sonde__stream *stream = sonde__instrument_stream(counter);
    if (stream)
        add(sonde__series_plain(stream), value);
}

void sonde_updown_counter_add_attrs(sonde_updown_counter *counter, int64_t value, sonde_attrs attrs)
{
    struct sonde__stream *stream = sonde__instrument_stream(counter);
    if (stream)
        add(sonde__series_get(stream, attrs), value);
}
