/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/slot.c - the table of slots. Each thread keeps some free ones; the rest lie in a common
 * list under a lock. */
#include "trace/slot.h"
#include "trace/tracer.h"

#include <stdlib.h>

enum { KEPT = 64, RECORD_KEPT = 16 << 10 };

_Atomic(struct sonde__slot *) sonde__slot_chunks[SONDE__CHUNKS];

static struct {
    pthread_mutex_t     mutex;
    struct sonde__slot *free;
    uint32_t            chunk_count;
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* 256 new slots in the common list; under the lock. */
static bool chunk_add(void)
{
    if (locked.chunk_count == SONDE__CHUNKS)
        return false;
    struct sonde__slot *chunk = aligned_alloc(_Alignof(struct sonde__slot),
                                              SONDE__CHUNK * sizeof *chunk);
    if (!chunk)
        return false;
    memset(chunk, 0, SONDE__CHUNK * sizeof *chunk);
    for (uint32_t i = SONDE__CHUNK; i-- > 0;) {
        chunk[i].index     = locked.chunk_count * SONDE__CHUNK + i;
        chunk[i].next_free = locked.free;
        locked.free        = &chunk[i];
        pthread_mutex_init(&chunk[i].mutex, NULL);
    }
    /* Release: a handle that names one of them finds it whole. */
    atomic_store_explicit(&sonde__slot_chunks[locked.chunk_count++], chunk, memory_order_release);
    return true;
}

static void refill(struct sonde__thread *self)
{
    pthread_mutex_lock(&locked.mutex);
    while (self->slot_count < KEPT / 4) {
        if (!locked.free && !chunk_add())
            break;
        struct sonde__slot *slot = locked.free;
        locked.free              = slot->next_free;
        slot->next_free          = self->slots;
        self->slots              = slot;
        self->slot_count++;
    }
    pthread_mutex_unlock(&locked.mutex);
}

static void give_back(struct sonde__thread *self, uint32_t keep)
{
    pthread_mutex_lock(&locked.mutex);
    while (self->slot_count > keep) {
        struct sonde__slot *slot = self->slots;
        self->slots              = slot->next_free;
        slot->next_free          = locked.free;
        locked.free              = slot;
        self->slot_count--;
    }
    pthread_mutex_unlock(&locked.mutex);
}

struct sonde__slot *sonde__slot_take(void)
{
    struct sonde__thread *self = sonde__thread_get();
    if (!self)
        return NULL;
    if (!self->slots)
        refill(self);
    struct sonde__slot *slot = self->slots;
    if (!slot)
        return NULL;
    self->slots = slot->next_free;
    self->slot_count--;
    return slot;
}

sonde_span *sonde__slot_open(struct sonde__slot *slot, uint64_t flags)
{
    uint64_t generation = ++slot->uses & ((UINT64_C(1) << 42) - 1);
    if (generation == 0)
        generation = slot->uses = 1;
    uint64_t handle = flags | generation << SONDE__SLOT_BITS | slot->index;
    /* Release: who finds the handle finds the span. */
    atomic_store_explicit(&slot->handle, handle, memory_order_release);
    return (sonde_span *)(uintptr_t)handle;
}

struct sonde__slot *sonde__slot_lock(struct sonde__slot *slot, uint64_t handle)
{
    pthread_mutex_lock(&slot->mutex);
    /* Relaxed: who claims the slot holds the lock. */
    if (atomic_load_explicit(&slot->handle, memory_order_relaxed) == handle)
        return slot;
    pthread_mutex_unlock(&slot->mutex); /* it ended while we waited */
    return NULL;
}

struct sonde__slot *sonde__slot_claim(uint64_t handle)
{
    struct sonde__slot *slot = sonde__slot_find(handle);
    if (!slot)
        return NULL;
    if (handle & SONDE__SHARED)
        pthread_mutex_lock(&slot->mutex); /* who is inside comes out first */
    uint64_t expected = handle;
    /* Acquire: what was set by other threads is in the record. */
    bool mine = atomic_compare_exchange_strong_explicit(&slot->handle, &expected, 0,
                                                        memory_order_acquire, memory_order_relaxed);
    if (handle & SONDE__SHARED)
        pthread_mutex_unlock(&slot->mutex);
    return mine ? slot : NULL;
}

void sonde__slot_give(struct sonde__slot *slot)
{
    struct sonde__thread *self = sonde__thread_self;
    sonde__blob_unref(slot->tracestate);
    sonde__blob_unref(slot->baggage);
    slot->tracestate = NULL;
    slot->baggage    = NULL;
    if (slot->record.cap > RECORD_KEPT)
        sonde__buf_done(&slot->record);
    if (!self) {
        pthread_mutex_lock(&locked.mutex);
        slot->next_free = locked.free;
        locked.free     = slot;
        pthread_mutex_unlock(&locked.mutex);
        return;
    }
    slot->next_free = self->slots;
    self->slots     = slot;
    if (++self->slot_count > KEPT)
        give_back(self, KEPT / 2);
}

static void thread_end(struct sonde__thread *self)
{
    give_back(self, 0);
}

static void before_fork(void)
{
    sonde__tracer_lock();
    pthread_mutex_lock(&locked.mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&locked.mutex);
    sonde__tracer_unlock();
}

/* A span belongs to the process that started it: here it keeps its context and records nothing. */
static void forked(void)
{
    for (uint32_t i = 0; i < locked.chunk_count; i++) {
        struct sonde__slot *chunk = atomic_load_explicit(&sonde__slot_chunks[i],
                                                         memory_order_relaxed);
        for (uint32_t k = 0; k < SONDE__CHUNK; k++) {
            atomic_store_explicit(&chunk[k].recording, false, memory_order_relaxed);
            pthread_mutex_init(&chunk[k].mutex, NULL);
        }
    }
    after_fork();
}

__attribute__((constructor)) static void load(void)
{
    sonde__thread_end_hooks[SONDE__HOOK_TRACE] = thread_end;
    sonde__fork_before[SONDE__HOOK_TRACE]      = before_fork;
    sonde__fork_parent[SONDE__HOOK_TRACE]      = after_fork;
    sonde__fork_hooks[SONDE__HOOK_TRACE]       = forked;
}
