/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/drain.c - taking what is committed from the lanes, for all destinations. The pump's driver. */
#include "core/core.h"
#include "core/destination.h"

static void taken_by_all(struct sonde__pump *pump, const struct sonde__segment *segment)
{
    for (uint32_t i = 0; i < pump->destination_count; i++) {
        struct sonde__destination *d = &pump->destinations[i];
        if (!(d->exporter->signals & SONDE_SIGNAL_TRACES))
            continue;
        atomic_fetch_add_explicit(&segment->page->refs, 1, memory_order_relaxed);
        sonde__destination_add(d, segment);
    }
}

static uint64_t first_seq(const struct sonde__destination *d)
{
    return d->count ? d->segments[d->first].seq : UINT64_MAX;
}

/* With several destinations, one that falls behind must not take the memory of the others: while
 * memory is short, whoever is furthest behind loses its oldest records. Where all are equally behind
 * nobody does; then new records find no room. */
static void hold_back_nobody(struct sonde__pump *pump)
{
    size_t limit = pump->core->options.memory_bytes / 4 * 3;
    while (pump->destination_count > 1 &&
           atomic_load_explicit(&pump->core->memory_used, memory_order_relaxed) > limit) {
        struct sonde__destination *last  = NULL;
        uint64_t                   ahead = 0;
        for (uint32_t i = 0; i < pump->destination_count; i++) {
            struct sonde__destination *d = &pump->destinations[i];
            if (!(d->exporter->signals & SONDE_SIGNAL_TRACES))
                continue;
            if (first_seq(d) > ahead)
                ahead = first_seq(d);
            if (!last || first_seq(d) < first_seq(last))
                last = d;
        }
        if (!last || first_seq(last) >= ahead)
            return;
        sonde__destination_drop_oldest(last);
    }
}

/* What is committed and not read yet of one page. */
static void take_page(struct sonde__pump *pump, struct sonde__page *page)
{
    /* Acquire: pairs with the release in sonde__lane_append(). */
    uint32_t to = atomic_load_explicit(&page->committed, memory_order_acquire);
    if (to == page->read)
        return;
    struct sonde__segment segment = { page, page->read, to, 0, ++pump->seq };
    for (uint32_t at = page->read; at < to; segment.records++) {
        struct sonde__frame frame;
        memcpy(&frame, page->data + at, sizeof frame);
        at += (uint32_t)sizeof frame + frame.length;
    }
    page->read = to;
    atomic_fetch_add_explicit(&pump->taken, segment.records, memory_order_relaxed);
    taken_by_all(pump, &segment);
}

static void take_lane(struct sonde__pump *pump, struct sonde__lane *lane)
{
    struct sonde__page *page = atomic_load_explicit(&lane->head, memory_order_acquire);
    while (page) {
        /* Acquire, before the last look at committed: when there is a successor, that look sees all
         * that will ever be there. */
        struct sonde__page *next = atomic_load_explicit(&page->next, memory_order_acquire);
        take_page(pump, page);
        if (!next)
            return;
        atomic_store_explicit(&lane->head, next, memory_order_relaxed);
        sonde__page_unref(page);
        page = next;
    }
}

static void fold(struct sonde__lane_counts *into, const struct sonde__lane_counts *from)
{
    sonde__count(&into->started, atomic_load_explicit(&from->started, memory_order_relaxed));
    sonde__count(&into->accepted, atomic_load_explicit(&from->accepted, memory_order_relaxed));
    sonde__count(&into->dropped_full,
                 atomic_load_explicit(&from->dropped_full, memory_order_relaxed));
    sonde__count(&into->dropped_oversize,
                 atomic_load_explicit(&from->dropped_oversize, memory_order_relaxed));
    sonde__count(&into->attributes_dropped,
                 atomic_load_explicit(&from->attributes_dropped, memory_order_relaxed));
}

/* A lane whose thread has gone, and which is read to its end, leaves the list. */
static void remove_lane(struct sonde__core *core, struct sonde__lane *lane)
{
    pthread_mutex_lock(&core->locked.mutex);
    struct sonde__lane **at = &core->locked.lanes;
    while (*at && *at != lane)
        at = &(*at)->next;
    if (*at)
        *at = lane->next;
    atomic_fetch_sub_explicit(&core->lane_count, 1, memory_order_relaxed);
    fold(&core->locked.gone, &lane->counts);
    pthread_mutex_unlock(&core->locked.mutex);
    sonde__lane_unref(lane);
}

/* Only the driver removes lanes, and new ones come in front: from a head that was read under the
 * lock the list can be walked without it. */
void sonde__pump_drain(struct sonde__pump *pump)
{
    struct sonde__core *core = pump->core;
    atomic_store_explicit(&core->bytes_filled, 0, memory_order_relaxed);
    pthread_mutex_lock(&core->locked.mutex);
    struct sonde__lane *lane = core->locked.lanes;
    pthread_mutex_unlock(&core->locked.mutex);
    while (lane) {
        struct sonde__lane *next = lane->next;
        /* Acquire, before the lane is read: its last record is then seen. */
        bool left = atomic_load_explicit(&lane->left, memory_order_acquire);
        take_lane(pump, lane);
        if (left)
            remove_lane(core, lane);
        lane = next;
    }
    hold_back_nobody(pump);
}
