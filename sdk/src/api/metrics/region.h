/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/region.h - the memory that series live in: private, or shared by processes. Everything in
 * it refers to the rest by its distance from the beginning, so that each process may map it elsewhere.
 *   header | leases | what is taken: scopes, streams, series, tables ... | stripe 0 | stripe 1 | ...
 * A series has the same position in every stripe; there its cell lies. A stripe that nobody leases
 * is never touched: it is address space and no memory. */
#ifndef SONDE_METRICS_REGION_H
#define SONDE_METRICS_REGION_H

#include <sonde/base.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SONDE__REGION_VERSION = 1,
    SONDE__REGION_MIN     = 64 * 1024,
    SONDE__STRIPES_MAX    = 64,
    SONDE__LINE           = 64
};

/* Who writes into a stripe. On a line of its own: leases of different threads change independently.
 * */
struct sonde__lease {
    _Alignas(SONDE__LINE) _Atomic uint64_t owner; /* a process (base/process.h); 0: free */
    _Atomic uint64_t thread;                      /* of that process: its struct sonde__thread */
    _Atomic uint32_t epoch; /* the region's, when the stripe began at zero; 0: never used */
};

struct sonde__region {
    uint64_t magic; /* written last */
    uint32_t version;
    uint32_t shared; /* between processes */
    uint64_t size;
    uint64_t seed[2];      /* of the hashes of attributes */
    uint32_t stripe_count; /* the last crowd_count of them take any number of writers */
    uint32_t crowd_count;
    uint64_t stripes; /* where stripe 0 begins, and how long each is */
    uint32_t stripe_size;
    uint32_t taken_end;

    _Atomic uint64_t lock;    /* the process that changes scopes, streams or tables; 0: nobody */
    _Atomic uint32_t damaged; /* a process died in there: see sonde__stream_enter() */
    _Atomic uint32_t taken;   /* up to where memory is in use */
    _Atomic uint32_t cells;   /* up to where positions in a stripe are */
    _Atomic uint32_t leased; /* stripes that were ever leased: 0 .. leased-1, besides the crowd's */
    _Atomic uint32_t scopes; /* the first scope */

    /* A private region starts anew when the SDK does, and in a forked child: the epoch goes up, and
     * each stripe is cleared by its next writer, which is the only one who can do so without a
     * race. */
    _Atomic uint32_t epoch;
    _Atomic uint32_t generation; /* private: sonde__fork_generation of the epoch */
    _Atomic uint64_t epoch_ns;   /* wall time of its beginning */
    _Atomic uint64_t token;      /* copied into every series; never 0 */

    struct sonde__lease leases[SONDE__STRIPES_MAX];
};

static inline void *sonde__region_at(const struct sonde__region *region, uint64_t at)
{
    return (char *)(uintptr_t)region + at;
}

static inline uint8_t *sonde__region_stripe(const struct sonde__region *region, uint32_t stripe)
{
    return sonde__region_at(region, region->stripes + (uint64_t)stripe * region->stripe_size);
}

/* Lays out zeroed memory. SONDE_ERR_INVALID: not aligned to a line, too small, or laid out by
 * another version. Memory that has been laid out before is left as it is. */
sonde_err sonde__region_init(void *memory, size_t size, bool shared);

/* Whether memory holds a region of this version. */
bool sonde__region_valid(const void *memory);

/* A private region of about `wanted` bytes of address space, less where there is not so much. NULL:
 * out of memory. */
struct sonde__region *sonde__region_new(size_t wanted);

/* Gives back the memory of a private region's cells; what is added to it from now on goes nowhere.
 * Its records stay, for the handles that point to them. */
void sonde__region_retire(struct sonde__region *region);

/* Memory of the region, zeroed and aligned to 8 bytes, for ever; 0: there is no room. Any thread,
 * any process. */
uint32_t sonde__region_take(struct sonde__region *region, size_t size);

/* Whether both can be taken; for the lock's holder. */
bool sonde__region_has_room(const struct sonde__region *region, size_t size, uint32_t cell_size);

/* A position for a cell of `size` bytes in every stripe; UINT32_MAX: there is no room. Any thread,
 * any process. */
uint32_t sonde__region_take_cell(struct sonde__region *region, uint32_t size);

/* Locks out all who change what is taken. Survives the death of its holder: then `damaged` is set.
 * False when it cannot be had within a tenth of a second, which is when somebody stopped the
 * holder. */
bool sonde__region_lock(struct sonde__region *region);
void sonde__region_unlock(struct sonde__region *region);

/* Begins a new epoch with a new token, in which everything counts from zero. With the lock held. */
void sonde__region_restart(struct sonde__region *region);

/* What a forked child owes a private region, once: no leases, a new epoch. Every path but the
 * shortest goes through here. */
void sonde__region_refresh(struct sonde__region *region);

#endif
