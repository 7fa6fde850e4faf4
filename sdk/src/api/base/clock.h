/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/clock.h - time. One monotonic clock and one process-wide offset to Unix time, so that what
 * starts later never has an earlier time; the offset is set again now and then
 * (sonde__clock_refresh) to follow an adjusted clock. */
#ifndef SONDE_BASE_CLOCK_H
#define SONDE_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

extern _Atomic int64_t sonde__clock_offset; /* 0: not set yet */

/* Nanoseconds of the monotonic clock. */
static inline uint64_t sonde__clock_mono(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

/* Sets the offset from both clocks. Any thread. */
void sonde__clock_refresh(void);

/* Unix time in nanoseconds, on the steps of the monotonic clock. */
static inline uint64_t sonde__clock_wall(void)
{
    /* Relaxed: any offset that some refresh stored is a good one. */
    int64_t offset = atomic_load_explicit(&sonde__clock_offset, memory_order_relaxed);
    if (__builtin_expect(offset == 0, 0)) {
        sonde__clock_refresh();
        offset = atomic_load_explicit(&sonde__clock_offset, memory_order_relaxed);
    }
    return sonde__clock_mono() + (uint64_t)offset;
}

#endif
