/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/slot.h - a span in the making, and the number that stands for it.
 *
 * A handle is 1 bit "shared", 1 bit "recording", 42 bits of generation and 20 bits of slot number.
 * Slots are never freed, so a handle of any age, or no handle at all, finds a slot or nothing, and
 * the slot's own handle tells whether it is meant. */
#ifndef SONDE_TRACE_SLOT_H
#define SONDE_TRACE_SLOT_H

#include "base/buf.h"
#include "core/context.h"

#include <sonde/trace.h>

#include <pthread.h>

struct sonde__core;
struct sonde__scope;

enum {
    SONDE__SLOT_BITS = 20,
    SONDE__CHUNK     = 256,
    SONDE__CHUNKS    = (1 << SONDE__SLOT_BITS) / SONDE__CHUNK
};

#define SONDE__SHARED    (UINT64_C(1) << 63)
#define SONDE__RECORDING (UINT64_C(1) << 62)

struct sonde__slot {
    /* 0: free. Whoever changes it from a handle to 0 owns the slot. On lines of its own: the slots
     * beside it are other threads'. */
    _Alignas(64) _Atomic uint64_t handle;

    uint64_t uses;
    uint32_t index;

    /* every span */
    atomic_bool         recording; /* false in a forked child, whatever the handle says */
    bool                attached;
    uint32_t            attached_depth, attached_serial; /* in the stack of its thread */
    sonde_span_context  span_context;
    struct sonde__blob *tracestate;
    struct sonde__blob *baggage;

    /* recording ones */
    struct sonde__core        *core;
    uint32_t                   run;
    const struct sonde__scope *scope;
    struct sonde__buf          record; /* see trace/record.h */
    uint64_t                   keys;   /* a bit for each attribute key that may be there */
    uint32_t                   attribute_count, event_count, link_count;
    uint32_t                   dropped_attributes, dropped_events, dropped_links;
    sonde_status               status;

    struct sonde__slot *next_free;
    pthread_mutex_t     mutex; /* of shared spans */
};

extern _Atomic(struct sonde__slot *) sonde__slot_chunks[SONDE__CHUNKS];

static inline uint64_t sonde__handle_of(const sonde_span *span)
{
    return (uint64_t)(uintptr_t)span;
}

/* The slot of a handle; NULL when it has ended, or never was. */
static inline struct sonde__slot *sonde__slot_find(uint64_t handle)
{
    uint32_t index = (uint32_t)(handle & ((1u << SONDE__SLOT_BITS) - 1));
    /* Acquire: pairs with the release when the chunk was made. */
    struct sonde__slot *chunk = atomic_load_explicit(&sonde__slot_chunks[index / SONDE__CHUNK],
                                                     memory_order_acquire);
    if (!chunk || handle == 0)
        return NULL;
    struct sonde__slot *slot = &chunk[index % SONDE__CHUNK];
    /* Acquire: pairs with the release in sonde__slot_open(). */
    return atomic_load_explicit(&slot->handle, memory_order_acquire) == handle ? slot : NULL;
}

/* A free slot, its record empty; NULL when out of memory or of slots. */
struct sonde__slot *sonde__slot_take(void);

/* Gives the slot a new handle and makes it findable. flags: SONDE__SHARED, SONDE__RECORDING. */
sonde_span *sonde__slot_open(struct sonde__slot *slot, uint64_t flags);

/* Takes the lock of a shared span's slot; NULL, and no lock, when the handle has ended meanwhile. */
struct sonde__slot *sonde__slot_lock(struct sonde__slot *slot, uint64_t handle);

/* As sonde__slot_find(), and nobody else ends or touches it until sonde__slot_leave() when it is a
 * shared one. */
static inline struct sonde__slot *sonde__slot_enter(uint64_t handle)
{
    struct sonde__slot *slot = sonde__slot_find(handle);
    return slot && (handle & SONDE__SHARED) ? sonde__slot_lock(slot, handle) : slot;
}

static inline void sonde__slot_leave(struct sonde__slot *slot, uint64_t handle)
{
    if (handle & SONDE__SHARED)
        pthread_mutex_unlock(&slot->mutex);
}

static inline bool sonde__slot_records(const struct sonde__slot *slot)
{
    /* Relaxed: it changes while nobody uses the slot, and in a child that has one thread. */
    return atomic_load_explicit(&slot->recording, memory_order_relaxed);
}

/* Claims the slot of a handle for ending it: nobody finds it any more. NULL when it had ended; of
 * two who end it, one claims. */
struct sonde__slot *sonde__slot_claim(uint64_t handle);

/* Back to the free ones. */
void sonde__slot_give(struct sonde__slot *slot);

#endif
