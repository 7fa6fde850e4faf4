/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/pool.h - small memory that comes and goes with requests: kept by the thread that gave it
 * back, so that after warm-up nothing calls malloc. A block may be given back by another thread
 * than the one that took it. */
#ifndef SONDE_CORE_POOL_H
#define SONDE_CORE_POOL_H

#include <stddef.h>

struct sonde__thread;

/* A block of at least size bytes, not cleared; NULL when out of memory. */
void *sonde__pool_take(size_t size);

/* size: as it was taken. */
void sonde__pool_give(void *block, size_t size);

/* Frees what a thread keeps. */
void sonde__pool_clear(struct sonde__thread *self);

#endif
