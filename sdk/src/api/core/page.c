/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/page.c - taking pages and giving them back: in threads that record once in some hundred spans,
 * and in the pump's driver. */
#include "core/page.h"
#include "core/core.h"

#include <stdlib.h>

enum { IDLE_SHARE = 8, POOL_BYTES = 512 << 10 };

static uint32_t size_for(const struct sonde__core *core, uint32_t need, bool first)
{
    /* Relaxed: a hint. */
    uint32_t lanes = atomic_load_explicit(&core->lane_count, memory_order_relaxed);
    size_t   share = core->options.memory_bytes / IDLE_SHARE / (lanes ? lanes : 1);
    uint32_t size  = first ? SONDE__PAGE_FIRST : SONDE__PAGE_MAX;
    while (size > SONDE__PAGE_MIN && size > share)
        size /= 2;
    while (size < need && size < SONDE__PAGE_MAX)
        size *= 2;
    return size < need ? need : size;
}

/* Which list; SONDE__PAGE_CLASSES for a size of its own. */
static int class_of(uint32_t size)
{
    int class = 0;
    while (class < SONDE__PAGE_CLASSES && size != (uint32_t)SONDE__PAGE_MIN << class)
        class ++;
    return class;
}

static struct sonde__page *from_pool(struct sonde__core *core, uint32_t size)
{
    int class                = class_of(size);
    struct sonde__page *page = NULL;
    if (class == SONDE__PAGE_CLASSES)
        return NULL;
    pthread_mutex_lock(&core->locked.mutex);
    struct sonde__page_pool *pool = &core->locked.pool;
    page                          = pool->free[class];
    if (page) {
        pool->free[class] = page->free_next;
        pool->bytes -= size;
    }
    pthread_mutex_unlock(&core->locked.mutex);
    return page;
}

/* False when it is full, or to go there. */
static bool to_pool(struct sonde__core *core, struct sonde__page *page)
{
    int class = class_of(page->size);
    bool kept = false;
    if (class == SONDE__PAGE_CLASSES)
        return false;
    pthread_mutex_lock(&core->locked.mutex);
    struct sonde__page_pool *pool = &core->locked.pool;
    if (pool->bytes + page->size <= POOL_BYTES) {
        page->free_next   = pool->free[class];
        pool->free[class] = page;
        pool->bytes += page->size;
        kept = true;
    }
    pthread_mutex_unlock(&core->locked.mutex);
    return kept;
}

struct sonde__page *sonde__page_take(struct sonde__core *core, uint32_t need, bool first)
{
    uint32_t size   = size_for(core, need, first);
    size_t   budget = core->options.memory_bytes;
    /* Relaxed: a budget, not a lock; it may be passed by what other threads take at the same
     * moment, and is then given back. */
    if (atomic_load_explicit(&core->memory_used, memory_order_relaxed) + size > budget)
        return NULL; /* all threads come here while it is full: only read what they share */
    if (atomic_fetch_add_explicit(&core->memory_used, size, memory_order_relaxed) + size > budget)
        goto fail;
    struct sonde__page *page = from_pool(core, size);
    if (!page)
        page = malloc(sizeof *page + size);
    if (!page)
        goto fail;
    atomic_init(&page->refs, 1);
    atomic_init(&page->committed, 0);
    atomic_init(&page->next, NULL);
    page->size      = size;
    page->read      = 0;
    page->core      = core;
    page->free_next = NULL;
    return page;
fail:
    atomic_fetch_sub_explicit(&core->memory_used, size, memory_order_relaxed);
    return NULL;
}

void sonde__page_unref(struct sonde__page *page)
{
    /* Acquire and release: every reader is done before the page is written again. */
    if (!page || atomic_fetch_sub_explicit(&page->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct sonde__core *core = page->core;
    if (core)
        atomic_fetch_sub_explicit(&core->memory_used, page->size, memory_order_relaxed);
    if (!core || !to_pool(core, page))
        free(page);
}

void sonde__page_forget(struct sonde__page *page)
{
    if (atomic_fetch_sub_explicit(&page->refs, 1, memory_order_relaxed) == 1)
        free(page);
}

void sonde__page_pool_done(struct sonde__page_pool *pool)
{
    for (int class = 0; class < SONDE__PAGE_CLASSES; class ++) {
        while (pool->free[class]) {
            struct sonde__page *page = pool->free[class];
            pool->free[class]        = page->free_next;
            free(page);
        }
    }
    pool->bytes = 0;
}
