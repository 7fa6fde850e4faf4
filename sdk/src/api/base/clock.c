/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/clock.c - the offset between the clocks. */
#include "base/clock.h"

_Atomic int64_t sonde__clock_offset;

enum { TRIES = 4, STEP_NS = 100000 };

void sonde__clock_refresh(void)
{
    int64_t  offset = 0;
    uint64_t best   = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        struct timespec wall;
        uint64_t        before = sonde__clock_mono();
        clock_gettime(CLOCK_REALTIME, &wall);
        uint64_t took = sonde__clock_mono() - before;
        if (took >= best)
            continue; /* between the two readings the thread may have been put aside */
        best   = took;
        offset = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - (int64_t)(before + took / 2);
    }
    /* Both clocks are slewed alike, so a small difference is the error of measuring it, and to
     * follow it would let a child start before its parent: only a step is followed.
     * Relaxed: the value stands for itself. */
    int64_t now  = atomic_load_explicit(&sonde__clock_offset, memory_order_relaxed);
    int64_t step = offset > now ? offset - now : now - offset;
    if (now == 0 || step > STEP_NS + (int64_t)best)
        atomic_store_explicit(&sonde__clock_offset, offset ? offset : 1, memory_order_relaxed);
}
