/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/lease.h - which stripe a thread counts into. A stripe has one writer, which adds by a
 * plain load and store in cells of its own; the last few stripes of a region are the crowd's, for
 * all who find no free one, and there adding is atomic. So a lease never changes its kind under its
 * holder.
 *
 * A lease names its process as well as its thread. What a dead process counted stays where it is,
 * and the stripe's next writer goes on from there; its up-down counters are cleared. An observation
 * in which it was killed may be missing. */
#ifndef SONDE_METRICS_LEASE_H
#define SONDE_METRICS_LEASE_H

#include "core/thread.h"
#include "metrics/stream.h"

#if defined(__SANITIZE_THREAD__)
#define SONDE__TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SONDE__TSAN 1
#endif
#endif

struct sonde__cell {
    _Atomic uint64_t *words;
    bool              alone; /* only the calling thread writes it */
};

/* The calling thread's cell of a series, leasing a stripe when it has none: the way round for
 * sonde__cell_own(). Any thread. */
struct sonde__cell sonde__cell_find(const struct sonde__series *series);

/* Whether the calling thread used this region last, and counts alone there: then its cell of a
 * series is sonde__cell_own(). */
static inline bool sonde__cell_is_own(const struct sonde__series *series)
{
    const struct sonde__thread *self = sonde__thread_self;
    /* Relaxed: a token that is out of date only leads round. */
    return self && self->token == atomic_load_explicit(&series->token, memory_order_relaxed);
}

static inline _Atomic uint64_t *sonde__cell_own(const struct sonde__series *series)
{
    return (_Atomic uint64_t *)(void *)(sonde__thread_self->cells + series->cell);
}

/* Adds in a cell of one's own: there is no other writer, so what is read and written need not be
 * one step. Relaxed: who collects wants some value of each word, whole. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(SONDE__TSAN)
static inline void sonde__word_add(_Atomic uint64_t *word, uint64_t value)
{
    /* One instruction, which compilers do not make of the load and the store below. */
    __asm__ volatile("addq %1, %0" : "+m"(*word) : "re"(value) : "cc");
}
#else
static inline void sonde__word_add(_Atomic uint64_t *word, uint64_t value)
{
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, before + value, memory_order_relaxed);
}
#endif

/* From now on the stripes of this region are given back when their threads end; until
 * sonde__lease_detach(), after which region may go. False: out of memory. Any thread; one lock. */
bool sonde__lease_attach(struct sonde__region *region);
void sonde__lease_detach(struct sonde__region *region);

/* Hooks: this thread ends; this is a forked child. */
void sonde__lease_thread_end(struct sonde__thread *self);
void sonde__lease_forked(void);

/* In a shared region: takes what dead processes had, and clears their up-down counters. Whoever
 * collects. */
void sonde__lease_sweep(struct sonde__region *region);

/* A bit for each stripe that has counted in this epoch. */
uint64_t sonde__lease_stripes(const struct sonde__region *region);

#endif
