/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/lane.c - lanes. sonde__lane_append() is the hot path and runs in the recording thread. */
#include "core/lane.h"
#include "base/prefetch.h"
#include "core/core.h"
#include "core/thread.h"

#include <stdlib.h>

enum { AHEAD = 512 }; /* bytes that are worth asking for */

/* A new page at the end of the lane's chain; the one before belongs to the pump from here on. */
static struct sonde__page *page_next(struct sonde__lane *lane, uint32_t need)
{
    struct sonde__core *core = lane->core;
    size_t              more = lane->tail ? lane->tail->size : 0; /* while it is this thread's */
    struct sonde__page *page = sonde__page_take(core, need, !lane->tail);
    if (!page && lane->full)
        return NULL; /* nothing new to tell the pump: while memory is full, drops are cheap */
    lane->full = !page;
    if (page && lane->tail)
        atomic_store_explicit(&lane->tail->next, page, memory_order_release);
    else if (page)
        atomic_store_explicit(&lane->head, page, memory_order_release);
    if (!lane->tail) /* a new lane, or in a forked child, where the pump has no thread yet */
        sonde__core_touch(core);
    if (page)
        lane->tail = page;
    /* Relaxed: a hint. */
    size_t filled = atomic_fetch_add_explicit(&core->bytes_filled, more, memory_order_relaxed);
    if (!page || filled + more >= core->bytes_to_wake)
        sonde__pump_wake(&core->pump);
    return page;
}

void sonde__lane_append(struct sonde__lane *lane, uint16_t scope, const uint8_t *record,
                        uint32_t length)
{
    struct sonde__frame frame = { length, scope, 0 };
    struct sonde__page *page  = lane->tail;
    uint32_t            need  = length + (uint32_t)sizeof frame;
    if (length > SONDE__RECORD_MAX) {
        sonde__count(&lane->counts.dropped_oversize, 1);
        return;
    }
    /* Relaxed: written by this thread alone. */
    uint32_t at = page ? atomic_load_explicit(&page->committed, memory_order_relaxed) : 0;
    if (!page || page->size - at < need) {
        page = page_next(lane, need);
        at   = 0;
        if (!page) {
            sonde__count(&lane->counts.dropped_full, 1);
            return;
        }
    }
    memcpy(page->data + at, &frame, sizeof frame);
    memcpy(page->data + at + sizeof frame, record, length);
    sonde__count(&lane->counts.accepted, 1);
    atomic_store_explicit(&page->committed, at + need, memory_order_release);
    /* The pump, on another processor, has read these lines when they held other records: asked for
     * now, they are here when the next record of that size is written. */
    for (uint32_t i = 64; i <= 64 + (need < AHEAD ? need : AHEAD); i += 64)
        sonde__prefetch_for_write(page->data + at + need + i);
}

void sonde__lane_unref(struct sonde__lane *lane)
{
    if (!lane || atomic_fetch_sub_explicit(&lane->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct sonde__page *page = atomic_load_explicit(&lane->head, memory_order_relaxed);
    while (page) {
        struct sonde__page *next = atomic_load_explicit(&page->next, memory_order_relaxed);
        sonde__page_unref(page);
        page = next;
    }
    free(lane);
}

void sonde__lane_discharge(struct sonde__lane *lane)
{
    struct sonde__page *page = atomic_load_explicit(&lane->head, memory_order_acquire);
    while (page) {
        struct sonde__page *next = atomic_load_explicit(&page->next, memory_order_acquire);
        atomic_fetch_sub_explicit(&page->core->memory_used, page->size, memory_order_relaxed);
        page->core = NULL;
        page       = next;
    }
}

static struct sonde__lane *lane_new(struct sonde__core *core, uint32_t run)
{
    struct sonde__lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->core = core;
    lane->run  = run;
    atomic_init(&lane->refs, 2);
    pthread_mutex_lock(&core->locked.mutex);
    bool running = sonde__core_run(core) == run && (run & 1);
    if (running) {
        lane->next         = core->locked.lanes;
        core->locked.lanes = lane;
        atomic_fetch_add_explicit(&core->lane_count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&core->locked.mutex);
    if (!running) {
        free(lane);
        return NULL;
    }
    return lane;
}

static void leave_one(struct sonde__lane *lane)
{
    /* Release: the last record is seen by who sees that the thread has left. */
    atomic_store_explicit(&lane->left, true, memory_order_release);
    sonde__lane_unref(lane);
}

/* Lets go of this thread's lanes into runs that are over. */
static void prune(struct sonde__thread *self)
{
    struct sonde__lane **at = &self->lane;
    while (*at) {
        struct sonde__lane *lane = *at;
        if (sonde__core_run(lane->core) == lane->run) {
            at = &lane->other;
            continue;
        }
        *at = lane->other;
        leave_one(lane);
    }
}

struct sonde__lane *sonde__lane_of(struct sonde__core *core, uint32_t run)
{
    struct sonde__thread *self = sonde__thread_get();
    if (!self)
        return NULL;
    if (self->lane && self->lane->core == core && self->lane->run == run)
        return self->lane;
    struct sonde__lane **at = &self->lane;
    while (*at && !((*at)->core == core && (*at)->run == run))
        at = &(*at)->other;
    struct sonde__lane *lane = *at;
    if (lane) {
        *at = lane->other;
    } else {
        prune(self);
        lane = lane_new(core, run);
        if (!lane)
            return NULL;
    }
    lane->other = self->lane;
    self->lane  = lane;
    return lane;
}

void sonde__lane_missed(struct sonde__core *core, uint32_t run)
{
    pthread_mutex_lock(&core->locked.mutex);
    if (sonde__core_run(core) == run)
        sonde__count(&core->locked.gone.dropped_full, 1);
    pthread_mutex_unlock(&core->locked.mutex);
}

void sonde__lane_leave(struct sonde__lane *lane)
{
    while (lane) {
        struct sonde__lane *other = lane->other;
        leave_one(lane);
        lane = other;
    }
}
