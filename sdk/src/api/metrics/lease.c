/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/lease.c - leasing stripes and giving them back. In the thread that adds to a region for
 * the first time, in threads that end, and in whoever collects. */
#include "metrics/lease.h"
#include "base/memory.h"
#include "base/process.h"
#include "core/core.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { SHARED_ADDS = 4096 };

struct attached {
    struct sonde__region *region;
    struct attached      *next;
};

static struct {
    pthread_mutex_t  mutex;
    struct attached *regions;
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static uint32_t alone_count(const struct sonde__region *region)
{
    return region->stripe_count - region->crowd_count;
}

static uint64_t process_name(const struct sonde__region *region)
{
    return region->shared ? sonde__process_self() : (uint64_t)getpid() << 32;
}

static bool try_owner(struct sonde__lease *lease, uint64_t from, uint64_t to)
{
    /* Acquire: pairs with the release in give_back(); the cells are as the last writer left them.
     * */
    return atomic_compare_exchange_strong_explicit(&lease->owner, &from, to, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void give_back(struct sonde__lease *lease)
{
    /* The thread first: no thread may take a lease for its own that another holds already. */
    atomic_store_explicit(&lease->thread, 0, memory_order_relaxed);
    atomic_store_explicit(&lease->owner, 0, memory_order_release);
}

/* Takes the lease of a process that has ended; the name of who does so is in it, so that it can be
 * taken on, should that one die here as well. */
static bool try_inherit(struct sonde__region *region, uint32_t stripe, uint64_t self)
{
    struct sonde__lease *lease = &region->leases[stripe];
    uint64_t             owner = atomic_load_explicit(&lease->owner, memory_order_relaxed);
    if (!region->shared || owner == 0 || owner == self || sonde__process_alive(owner) ||
        !try_owner(lease, owner, self))
        return false;
    atomic_store_explicit(&lease->thread, 0, memory_order_relaxed);
    sonde__stream_discard(region, stripe);
    return true;
}

static uint32_t find_own(const struct sonde__region *region, uint64_t self, uint64_t thread)
{
    for (uint32_t i = 0; i < alone_count(region); i++)
        if (atomic_load_explicit(&region->leases[i].owner, memory_order_relaxed) == self &&
            atomic_load_explicit(&region->leases[i].thread, memory_order_relaxed) == thread)
            return i;
    return UINT32_MAX;
}

static uint32_t find_free(struct sonde__region *region, uint64_t self)
{
    for (uint32_t i = 0; i < alone_count(region); i++)
        if (atomic_load_explicit(&region->leases[i].owner, memory_order_relaxed) == 0 &&
            try_owner(&region->leases[i], 0, self))
            return i;
    return UINT32_MAX;
}

static uint32_t find_dead(struct sonde__region *region, uint64_t self)
{
    for (uint32_t i = 0; i < alone_count(region); i++)
        if (try_inherit(region, i, self))
            return i;
    return UINT32_MAX;
}

/* Cells of an earlier epoch become zero. Only a stripe's writer may do so, or, in the crowd's, the
 * lock's holder. */
static void begin_epoch(struct sonde__region *region, uint32_t stripe)
{
    struct sonde__lease *lease = &region->leases[stripe];
    uint32_t             epoch = atomic_load_explicit(&region->epoch, memory_order_acquire);
    uint32_t             was   = atomic_load_explicit(&lease->epoch, memory_order_relaxed);
    if (was == epoch)
        return;
    if (was != 0)
        sonde__memory_clear(sonde__region_stripe(region, stripe),
                            atomic_load_explicit(&region->cells, memory_order_relaxed));
    /* Release: who collects this stripe finds it cleared. */
    atomic_store_explicit(&lease->epoch, epoch, memory_order_release);
}

static void note_leased(struct sonde__region *region, uint32_t stripe)
{
    uint32_t leased = atomic_load_explicit(&region->leased, memory_order_relaxed);
    while (leased < stripe + 1 &&
           !atomic_compare_exchange_weak_explicit(&region->leased, &leased, stripe + 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static uint32_t join_crowd(struct sonde__region *region, uint64_t thread)
{
    uint32_t stripe = alone_count(region) + (uint32_t)(thread / SONDE__LINE % region->crowd_count);
    if (atomic_load_explicit(&region->leases[stripe].epoch, memory_order_acquire) !=
            atomic_load_explicit(&region->epoch, memory_order_acquire) &&
        sonde__region_lock(region)) {
        begin_epoch(region, stripe);
        sonde__region_unlock(region);
    }
    return stripe;
}

/* A stripe for this thread alone; UINT32_MAX: there is none. */
static uint32_t find_stripe(struct sonde__region *region, const struct sonde__thread *self)
{
    uint64_t process = process_name(region);
    uint32_t stripe  = find_own(region, process, (uint64_t)(uintptr_t)self);
    if (stripe == UINT32_MAX)
        stripe = find_free(region, process);
    /* Asking after processes takes system calls: not again and again in the crowd, since whoever
     * collects asks as well. */
    if (stripe == UINT32_MAX && self->shared_token == 0)
        stripe = find_dead(region, process);
    return stripe;
}

/* The stripe of a thread; *ret_alone: nobody else's. A thread that is past its end (NULL) could not
 * give one back. */
static uint32_t lease_stripe(struct sonde__region *region, struct sonde__thread *self,
                             bool *ret_alone)
{
    uint64_t thread = (uint64_t)(uintptr_t)self;
    uint32_t stripe = self ? find_stripe(region, self) : UINT32_MAX;
    *ret_alone      = stripe != UINT32_MAX;
    if (!*ret_alone)
        return join_crowd(region, thread);
    atomic_store_explicit(&region->leases[stripe].thread, thread, memory_order_relaxed);
    begin_epoch(region, stripe);
    note_leased(region, stripe);
    return stripe;
}

static struct sonde__cell lease(struct sonde__region *region, const struct sonde__series *series)
{
    struct sonde__cell    cell;
    struct sonde__thread *self = sonde__thread_get();
    sonde__region_refresh(region);
    /* Acquire: the epoch that belongs to this token, or a later one, is what the stripe is cleared
     * for. */
    uint64_t token  = atomic_load_explicit(&region->token, memory_order_acquire);
    uint32_t stripe = lease_stripe(region, self, &cell.alone);
    uint8_t *cells  = sonde__region_stripe(region, stripe);
    if (self) {
        self->token        = cell.alone ? token : 0;
        self->shared_token = cell.alone ? 0 : token;
        self->shared_adds  = 0;
        self->cells        = cells;
    }
    cell.words = (_Atomic uint64_t *)(void *)(cells + series->cell);
    return cell;
}

struct sonde__cell sonde__cell_find(const struct sonde__series *series)
{
    struct sonde__thread *self  = sonde__thread_self;
    uint64_t              token = atomic_load_explicit(&series->token, memory_order_relaxed);
    bool                  alone = self && self->token == token;
    /* Who shares cells looks now and then whether some have become free. */
    if (alone || (self && self->shared_token == token && ++self->shared_adds < SHARED_ADDS)) {
        struct sonde__cell cell = { sonde__cell_own(series), alone };
        return cell;
    }
    int                before = errno;
    struct sonde__cell cell   = lease(sonde__series_region(series), series);
    errno                     = before; /* the host's */
    return cell;
}

uint64_t sonde__lease_stripes(const struct sonde__region *region)
{
    uint64_t bits  = 0;
    uint32_t epoch = atomic_load_explicit(&region->epoch, memory_order_acquire);
    uint32_t alone = atomic_load_explicit(&region->leased, memory_order_relaxed);
    for (uint32_t i = 0; i < region->stripe_count; i++)
        if ((i < alone || i >= alone_count(region)) &&
            atomic_load_explicit(&region->leases[i].epoch, memory_order_acquire) == epoch)
            bits |= UINT64_C(1) << i;
    return bits;
}

void sonde__lease_sweep(struct sonde__region *region)
{
    uint64_t self   = process_name(region);
    int      before = errno;
    for (uint32_t i = 0; i < alone_count(region); i++)
        if (try_inherit(region, i, self))
            give_back(&region->leases[i]);
    errno = before;
}

bool sonde__lease_attach(struct sonde__region *region)
{
    struct attached *entry = malloc(sizeof *entry);
    if (!entry)
        return false;
    entry->region = region;
    pthread_mutex_lock(&locked.mutex);
    entry->next    = locked.regions;
    locked.regions = entry;
    pthread_mutex_unlock(&locked.mutex);
    return true;
}

void sonde__lease_detach(struct sonde__region *region)
{
    struct attached *found = NULL;
    pthread_mutex_lock(&locked.mutex);
    for (struct attached **link = &locked.regions; *link && !found; link = &(*link)->next) {
        if ((*link)->region == region) {
            found = *link;
            *link = found->next;
            break;
        }
    }
    pthread_mutex_unlock(&locked.mutex);
    free(found);
}

void sonde__lease_thread_end(struct sonde__thread *self)
{
    pthread_mutex_lock(&locked.mutex);
    for (struct attached *each = locked.regions; each; each = each->next) {
        struct sonde__region *region = each->region;
        uint32_t own = find_own(region, process_name(region), (uint64_t)(uintptr_t)self);
        if (own != UINT32_MAX)
            give_back(&region->leases[own]);
    }
    pthread_mutex_unlock(&locked.mutex);
    self->token        = 0;
    self->shared_token = 0;
}

void sonde__lease_forked(void)
{
    pthread_mutex_init(&locked.mutex, NULL);
    sonde__process_forked();
    if (sonde__thread_self) {
        sonde__thread_self->token        = 0;
        sonde__thread_self->shared_token = 0;
    }
}
