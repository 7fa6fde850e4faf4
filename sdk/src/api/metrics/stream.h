/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/stream.h - what a region holds besides cells: scopes, the streams of each scope (what one
 * instrument becomes), the series of each stream. They describe themselves, so that any process
 * that maps the region can collect all of it. Records are only added; a record is complete before a
 * single store makes it reachable, so that readers need no lock and a writer may die at any point.
 * */
#ifndef SONDE_METRICS_STREAM_H
#define SONDE_METRICS_STREAM_H

#include "core/scope.h"
#include "core/table.h"
#include "metrics/region.h"

enum {
    SONDE__SERIES_LIMIT = 2000, /* a stream's cardinality limit, the overflow series not counted */
    SONDE__BOUNDS_MAX   = 64,
    SONDE__BOUNDS_BLOCK = 8
};

/* Words of a cell. A sum has one word. */
enum { SONDE__CELL_TOTAL, SONDE__CELL_MIN, SONDE__CELL_MAX, SONDE__CELL_BUCKETS };

struct sonde__scope_record {
    _Atomic uint32_t next, streams;
    uint32_t         name, version, schema_url; /* NUL-terminated */
    uint32_t         message, message_len;      /* InstrumentationScope */
};

struct sonde__stream {
    uint32_t         at; /* of itself */
    _Atomic uint32_t next;
    uint32_t         scope;
    uint32_t         kind; /* sonde__metric_kind */
    uint32_t         name, unit, description;
    uint32_t         cell_size;
    _Atomic uint64_t
        table; /* where the series' table is, and its size less one: metrics/series.c */
    _Atomic uint32_t series, last, series_count;
    _Atomic uint32_t plain; /* the series without attributes; 0: none yet */
    _Atomic uint32_t limit; /* of series_count */
    uint32_t         overflow;
    _Atomic uint32_t overflow_told; /* the epoch in which its use was reported */
    uint32_t         bound_count;
    double           bounds[]; /* HISTOGRAM; filled up with infinity to a whole block */
};

/* One attribute of a series, for comparing: distances are from the end of the list, where the
 * encoded attributes are. */
struct sonde__kept {
    uint32_t key, key_len;
    uint32_t type; /* sonde_type; an array or a map is kept as the bytes of its message */
    uint32_t text_len;
    uint64_t bits; /* of a number; of text and bytes the distance */
};

struct sonde__series {
    _Atomic uint64_t token;        /* the region's */
    uint32_t         cell;         /* where its cell is in a stripe */
    uint32_t         at;           /* of itself */
    uint32_t         after_stream; /* how far behind its stream it is */
    _Atomic uint32_t next;
    _Atomic uint32_t epoch; /* the last one in which it was shown or bound */
    uint32_t         attr_count;
    uint64_t         hash;
    uint64_t         start_ns;
    uint32_t bytes_len; /* KeyValue fields, numbered as the kind's data point numbers them */
    struct sonde__kept attrs[];
};

static inline struct sonde__region *sonde__stream_region(const struct sonde__stream *stream)
{
    return (struct sonde__region *)((uintptr_t)stream - stream->at);
}

static inline struct sonde__region *sonde__series_region(const struct sonde__series *series)
{
    return (struct sonde__region *)((uintptr_t)series - series->at);
}

static inline struct sonde__stream *sonde__series_stream(const struct sonde__series *series)
{
    return (struct sonde__stream *)((uintptr_t)series - series->after_stream);
}

static inline const char *sonde__series_bytes(const struct sonde__series *series)
{
    return (const char *)(series->attrs + series->attr_count);
}

/* Acquire: pairs with the store that made the record reachable. */
static inline void *sonde__region_follow(const struct sonde__region *region,
                                         const _Atomic uint32_t     *link)
{
    uint32_t at = atomic_load_explicit(link, memory_order_acquire);
    return at ? sonde__region_at(region, at) : NULL;
}

/* Walks all streams, those of one scope behind each other: NULL gives the first, the last one gives
 * NULL. */
struct sonde__stream *sonde__stream_next(const struct sonde__region *region,
                                         const struct sonde__stream *stream);

struct sonde__stream_key {
    const struct sonde__scope *scope;
    const char                *name, *unit, *description;
    sonde__metric_kind         kind;
    const double              *bounds;
    uint32_t                   bound_count;
};

/* The stream of these values, made when it is new; names are compared without case, and the bounds
 * and the description of the first one stay. NULL: no room. Any thread; the region's lock. */
struct sonde__stream *sonde__stream_get(struct sonde__region           *region,
                                        const struct sonde__stream_key *key);

/* The region's lock, after which everything is as it should be, even if its last holder died in the
 * middle. */
bool sonde__stream_enter(struct sonde__region *region);
void sonde__stream_leave(struct sonde__region *region);

/* Restarts a private region that exists already: a new epoch, a new token in every series. */
bool sonde__stream_restart(struct sonde__region *region);

/* Clears the cells of all up-down counters in a stripe whose writer died. */
void sonde__stream_discard(const struct sonde__region *region, uint32_t stripe);

#endif
