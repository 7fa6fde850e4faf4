/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/page.h - pages: the memory in which finished records wait, charged to the budget of a core.
 *
 * Sizes are powers of two. A thread that records keeps its last page, also while it idles; so the more
 * threads there are, the smaller are the pages, and all that idle threads keep is an eighth of the
 * budget (down to pages of 1 KiB; then the budget is worth some thousand threads). */
#ifndef SONDE_CORE_PAGE_H
#define SONDE_CORE_PAGE_H

#include <sonde/base.h>

#include <stdatomic.h>

struct sonde__core;

enum {
    SONDE__PAGE_MIN     = 1 << 10,
    SONDE__PAGE_FIRST   = 4 << 10,  /* at most, of a thread's first: many threads are short-lived */
    SONDE__PAGE_MAX     = 64 << 10, /* but for a record that is larger */
    SONDE__PAGE_CLASSES = 7         /* sizes from MIN to MAX */
};

struct sonde__page {
    _Atomic uint32_t              refs;
    _Atomic uint32_t              committed; /* bytes; release by the thread, acquire by the pump */
    _Atomic(struct sonde__page *) next;      /* the same */
    uint32_t                      size;      /* bytes of data */
    uint32_t                      read;      /* the pump's mark */
    struct sonde__core           *core; /* whose budget it is charged to; NULL: that run is over */
    struct sonde__page           *free_next;
    uint8_t                       data[];
};

/* Pages for the next who wants one; under the core's lock. */
struct sonde__page_pool {
    struct sonde__page *free[SONDE__PAGE_CLASSES];
    size_t              bytes;
};

/* A page with room for need bytes and one reference; NULL when the budget or memory is used up. Any
 * thread; the core's lock for a moment. */
struct sonde__page *sonde__page_take(struct sonde__core *core, uint32_t need, bool first);

/* Gives up a reference. */
void sonde__page_unref(struct sonde__page *page);

/* The same in a forked child, where the core's lock is held. */
void sonde__page_forget(struct sonde__page *page);

/* Frees what is in a pool that nobody else has. */
void sonde__page_pool_done(struct sonde__page_pool *pool);

#endif
