/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/clock.c - the offset between the clocks. */
#include "base/clock.h"

_Atomic int64_t sonde__clock_offset;

void sonde__clock_refresh(void)
{
    struct timespec wall;
    uint64_t        before = sonde__clock_mono();
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t after  = sonde__clock_mono();
    int64_t  offset = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec -
                     (int64_t)(before + (after - before) / 2);
    /* Relaxed: the value stands for itself. */
    atomic_store_explicit(&sonde__clock_offset, offset ? offset : 1, memory_order_relaxed);
}
