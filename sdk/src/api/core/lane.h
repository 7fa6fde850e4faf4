/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/lane.h - a lane is one thread's road into one core: a chain of pages that the thread fills
 * with framed records and the pump empties, without a lock between them.
 *
 * The thread writes a record behind what is committed and publishes it with one release store. When
 * a page is full it links the next one and never touches the full one again. The pump reads up to
 * `committed`, whenever it likes, and moves its own read mark; a page that has a successor and is
 * read to its end leaves the chain. A page is a counted reference: the chain's, and one of each
 * segment that a destination has still to send. */
#ifndef SONDE_CORE_LANE_H
#define SONDE_CORE_LANE_H

#include "core/page.h"

struct sonde__core;

/* In front of each record. */
struct sonde__frame {
    uint32_t length; /* of the record, without the frame */
    uint16_t scope;
    uint16_t flags; /* 0: a span as field 2 of ScopeSpans, tag and length included */
};

enum { SONDE__RECORD_MAX = 1 << 20 };

/* Counted by the thread alone, read by anybody: relaxed. */
struct sonde__lane_counts {
    _Atomic uint64_t started, accepted, dropped_full, dropped_oversize, attributes_dropped;
};

struct sonde__lane {
    _Atomic uint32_t    refs; /* the thread's and the core's */
    atomic_bool         left; /* the thread has gone */
    struct sonde__core *core;
    uint32_t            run;  /* of the core, see core.h */
    struct sonde__page *tail; /* the thread's */
    bool                full; /* the same: no page could be had, and the pump knows */
    _Atomic(struct sonde__page *)
                              head;  /* the pump's; set once by the thread, with its first page */
    struct sonde__lane       *other; /* the thread's other lanes */
    struct sonde__lane       *next;  /* in the core's list; under its lock */
    struct sonde__lane_counts counts;
};

/* Adds one to a counter that only this thread writes. */
static inline void sonde__count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

/* This thread's lane into a core: the one it used last, or found, or made. NULL when out of memory
 * or when that run of the core is over. */
struct sonde__lane *sonde__lane_of(struct sonde__core *core, uint32_t run);

/* Stores a record; dropped and counted when there is no room for it. */
void sonde__lane_append(struct sonde__lane *lane, uint16_t scope, const uint8_t *record,
                        uint32_t length);

/* Counts a span that was lost because its thread has no lane: as dropped for want of memory, unless
 * that run is over. */
void sonde__lane_missed(struct sonde__core *core, uint32_t run);

/* The thread ends: its lanes are the pump's alone. NULL is ignored. */
void sonde__lane_leave(struct sonde__lane *lane);

/* The run is over: what the thread still holds is not charged to the next one. The pump has ended.
 */
void sonde__lane_discharge(struct sonde__lane *lane);

/* Gives up a reference. */
void sonde__lane_unref(struct sonde__lane *lane);

#endif
