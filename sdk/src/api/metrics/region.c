/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/region.c - laying out, taking and locking. Whoever starts metrics, or adds to a series
 * for the first time. */
#include "metrics/region.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/rand.h"
#include "core/thread.h"

#include <sched.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x6F69676572646E73) /* "sndregio" */

enum { PAGE = 4096, SPINS = 64, NAPS = 1000, NAP_NS = 100000, PATIENCE_NS = 1000000000 };

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static uint32_t stripes_for(size_t size)
{
    if (size >= 8u << 20)
        return 64;
    if (size >= 1u << 20)
        return 32;
    return size >= 256u << 10 ? 16 : 8;
}

static uint64_t new_token(void)
{
    struct sonde__rand rand;
    sonde__rand_seed(&rand);
    return sonde__rand_next(&rand) | 1;
}

/* Everything counts from zero. */
static void begin_epoch(struct sonde__region *region)
{
    atomic_store_explicit(&region->epoch_ns, sonde__clock_wall(), memory_order_relaxed);
    /* Release: who reads the new epoch reads its beginning, too. */
    atomic_fetch_add_explicit(&region->epoch, 1, memory_order_release);
}

void sonde__region_restart(struct sonde__region *region)
{
    begin_epoch(region);
    /* Release: who leases by the new token reads the new epoch, and clears its stripe. */
    atomic_store_explicit(&region->token, new_token(), memory_order_release);
}

static void lay_out(struct sonde__region *region, size_t size, bool shared)
{
    /* Nearly all of it is stripes: a series of four attributes takes some 300 bytes once, and a
     * histogram's cell some 150 in each stripe. */
    size_t head          = round_up(sizeof *region, SONDE__LINE);
    size_t stripe_count  = stripes_for(size);
    size_t taken_end     = round_up(size / 8 > 4 * head ? size / 8 : 4 * head, PAGE);
    region->version      = SONDE__REGION_VERSION;
    region->shared       = shared;
    region->size         = size;
    region->stripe_count = (uint32_t)stripe_count;
    region->crowd_count  = (uint32_t)(stripe_count / 16 ? stripe_count / 16 : 1);
    region->taken_end    = (uint32_t)taken_end;
    region->stripes      = taken_end;
    region->stripe_size = (uint32_t)((size - taken_end) / stripe_count / SONDE__LINE * SONDE__LINE);
    if (!shared) /* so that clearing one gives its pages back */
        region->stripe_size = region->stripe_size / PAGE * PAGE;
    struct sonde__rand rand;
    sonde__rand_seed(&rand);
    region->seed[0] = sonde__rand_next(&rand);
    region->seed[1] = sonde__rand_next(&rand);
    atomic_init(&region->taken, (uint32_t)head);
    atomic_init(&region->generation,
                atomic_load_explicit(&sonde__fork_generation, memory_order_relaxed));
    sonde__region_restart(region);
    region->magic = MAGIC;
}

sonde_err sonde__region_init(void *memory, size_t size, bool shared)
{
    struct sonde__region *region = memory;
    if (!memory || (uintptr_t)memory % SONDE__LINE != 0 || size < SONDE__REGION_MIN)
        return SONDE_ERR_INVALID;
    if (size > UINT32_MAX)
        size = UINT32_MAX / PAGE * PAGE; /* distances have 32 bits; what is beyond is not used */
    if (region->magic == 0) {
        lay_out(region, size, shared);
        return SONDE_OK;
    }
    return sonde__region_valid(memory) && region->size == size ? SONDE_OK : SONDE_ERR_INVALID;
}

bool sonde__region_valid(const void *memory)
{
    const struct sonde__region *region = memory;
    return memory && (uintptr_t)memory % SONDE__LINE == 0 && region->magic == MAGIC &&
           region->version == SONDE__REGION_VERSION;
}

struct sonde__region *sonde__region_new(size_t wanted)
{
    for (size_t size = wanted; size >= SONDE__REGION_MIN; size /= 4) {
        struct sonde__region *region = sonde__memory_reserve(size);
        if (!region)
            continue;
        if (sonde__region_init(region, size, false) == SONDE_OK)
            return region;
        sonde__memory_release(region, size);
    }
    return NULL;
}

void sonde__region_retire(struct sonde__region *region)
{
    for (uint32_t i = 0; i < region->stripe_count; i++)
        sonde__memory_clear(sonde__region_stripe(region, i),
                            atomic_load_explicit(&region->cells, memory_order_relaxed));
}

/* Moves *at by size unless it would pass end. */
static uint32_t bump(_Atomic uint32_t *at, size_t size, uint32_t end)
{
    /* Relaxed: the room is the taker's alone, and is zero already; what is written there is
     * published by other means. */
    uint32_t before = atomic_load_explicit(at, memory_order_relaxed);
    do {
        if (size > end || before > end - size)
            return UINT32_MAX;
    } while (!atomic_compare_exchange_weak_explicit(at, &before, before + (uint32_t)size,
                                                    memory_order_relaxed, memory_order_relaxed));
    return before;
}

uint32_t sonde__region_take(struct sonde__region *region, size_t size)
{
    if (size > region->taken_end)
        return 0;
    uint32_t at = bump(&region->taken, round_up(size, 8), region->taken_end);
    return at == UINT32_MAX ? 0 : at;
}

bool sonde__region_has_room(const struct sonde__region *region, size_t size, uint32_t cell_size)
{
    size_t taken = atomic_load_explicit(&region->taken, memory_order_relaxed);
    size_t cells = atomic_load_explicit(&region->cells, memory_order_relaxed);
    return taken + round_up(size, 8) <= region->taken_end &&
           cells + cell_size <= region->stripe_size;
}

uint32_t sonde__region_take_cell(struct sonde__region *region, uint32_t size)
{
    return bump(&region->cells, size, region->stripe_size);
}

static bool gone(const struct sonde__region *region, uint64_t owner)
{
    /* Nobody but this process can be in private memory: another owner was the parent, before the
     * fork. */
    if (!region->shared)
        return sonde__process_pid(owner) != (uint32_t)getpid();
    return !sonde__process_alive(owner);
}

static bool try_lock(struct sonde__region *region, uint64_t self, bool look)
{
    /* Acquire and release as in any lock. */
    uint64_t owner = 0;
    if (atomic_compare_exchange_strong_explicit(&region->lock, &owner, self, memory_order_acquire,
                                                memory_order_relaxed))
        return true;
    if (!look || !gone(region, owner))
        return false;
    if (!atomic_compare_exchange_strong_explicit(&region->lock, &owner, self, memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    atomic_store_explicit(&region->damaged, 1, memory_order_relaxed);
    return true;
}

/* When somebody waited in vain. Who holds a lock that long has been stopped: for a second nobody
 * waits for him again. Relaxed: a time, taken as such. */
static _Atomic uint64_t waited_in_vain_ns;

bool sonde__region_lock(struct sonde__region *region)
{
    struct timespec nap     = { 0, NAP_NS };
    uint64_t        self    = sonde__process_self();
    uint64_t        in_vain = atomic_load_explicit(&waited_in_vain_ns, memory_order_relaxed);
    bool            hurry   = in_vain && sonde__clock_mono() - in_vain < PATIENCE_NS;
    for (int i = 0; i < (hurry ? SPINS : SPINS + NAPS); i++) {
        if (try_lock(region, self, i % SPINS == SPINS - 1))
            return true;
        if (i < SPINS)
            sched_yield();
        else
            nanosleep(&nap, NULL);
    }
    if (!hurry)
        atomic_store_explicit(&waited_in_vain_ns, sonde__clock_mono(), memory_order_relaxed);
    return false;
}

void sonde__region_unlock(struct sonde__region *region)
{
    atomic_store_explicit(&region->lock, 0, memory_order_release);
}

static void inherit(struct sonde__region *region, uint32_t generation)
{
    /* The parent's threads are not here, and who forked has been told to lease anew. */
    for (uint32_t i = 0; i < region->stripe_count; i++) {
        atomic_store_explicit(&region->leases[i].thread, 0, memory_order_relaxed);
        atomic_store_explicit(&region->leases[i].owner, 0, memory_order_relaxed);
    }
    begin_epoch(region); /* the token may stay: no thread here remembers it */
    atomic_store_explicit(&region->generation, generation, memory_order_release);
}

void sonde__region_refresh(struct sonde__region *region)
{
    uint32_t generation = atomic_load_explicit(&sonde__fork_generation, memory_order_relaxed);
    /* Acquire: who sees the new generation sees the new epoch and the free leases. */
    if (region->shared ||
        atomic_load_explicit(&region->generation, memory_order_acquire) == generation)
        return;
    if (!sonde__region_lock(region))
        return;
    if (atomic_load_explicit(&region->generation, memory_order_relaxed) != generation)
        inherit(region, generation);
    sonde__region_unlock(region);
}
