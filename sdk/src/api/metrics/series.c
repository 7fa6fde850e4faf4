/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/series.c - the table of a stream's series. It is open-addressed and at most half full; a
 * slot holds the upper half of the hash and where the series is. Readers never lock: slots are only
 * filled, and a larger table is complete before it takes the place of the smaller one. Runs in the
 * thread that adds. */
#include "metrics/series.h"
#include "base/clock.h"
#include "core/diag.h"
#include "metrics/attributes.h"

#include <errno.h>

enum { FIRST_SLOTS = 16, BYTES_MAX = 16 * 1024, FIELD_SUM = 7, FIELD_HISTOGRAM = 9 };

struct table {
    _Atomic uint64_t *slots;
    uint32_t          mask;
};

static struct table table_of(const struct sonde__region *region, const struct sonde__stream *stream)
{
    /* Acquire: pairs with the release that put a filled table in place. */
    uint64_t     word  = atomic_load_explicit(&stream->table, memory_order_acquire);
    struct table table = { sonde__region_at(region, word >> 32), (uint32_t)word };
    return table;
}

static struct sonde__series *find(struct sonde__stream *stream, sonde_attrs attrs,
                                  const struct sonde__digest *digest)
{
    struct sonde__region *region = sonde__stream_region(stream);
    struct table          table  = table_of(region, stream);
    for (uint32_t i = (uint32_t)digest->hash & table.mask;; i = (i + 1) & table.mask) {
        /* Acquire: pairs with the release in put(). */
        uint64_t slot = atomic_load_explicit(&table.slots[i], memory_order_acquire);
        if (slot == 0)
            return NULL;
        if (slot >> 32 != digest->hash >> 32)
            continue;
        struct sonde__series *series = sonde__region_at(region, (uint32_t)slot);
        if (sonde__attributes_same(series, attrs, digest->count))
            return series;
    }
}

static void put(struct table table, const struct sonde__series *series)
{
    uint32_t i = (uint32_t)series->hash & table.mask;
    while (atomic_load_explicit(&table.slots[i], memory_order_relaxed) != 0)
        i = (i + 1) & table.mask;
    atomic_store_explicit(&table.slots[i], (series->hash & ~(uint64_t)UINT32_MAX) | series->at,
                          memory_order_release);
}

static bool holds(struct table table, const struct sonde__series *series)
{
    for (uint32_t i = (uint32_t)series->hash & table.mask;; i = (i + 1) & table.mask) {
        uint64_t slot = atomic_load_explicit(&table.slots[i], memory_order_relaxed);
        if (slot == 0 || (uint32_t)slot == series->at)
            return slot != 0;
    }
}

/* Puts a table of that many slots in place, with all series that are in the list. */
static bool grow(struct sonde__region *region, struct sonde__stream *stream, uint32_t slots)
{
    uint32_t at = sonde__region_take(region, (size_t)slots * sizeof(uint64_t));
    if (at == 0)
        return false;
    struct table table = { sonde__region_at(region, at), slots - 1 };
    for (struct sonde__series *each = sonde__region_follow(region, &stream->series); each;
         each                       = sonde__region_follow(region, &each->next))
        put(table, each);
    atomic_store_explicit(&stream->table, (uint64_t)at << 32 | table.mask, memory_order_release);
    return true;
}

static bool make_room(struct sonde__region *region, struct sonde__stream *stream)
{
    uint32_t slots = table_of(region, stream).mask + 1;
    uint32_t used  = atomic_load_explicit(&stream->series_count, memory_order_relaxed) +
                    1; /* the overflow series, too */
    return (used + 1) * 2 <= slots || grow(region, stream, slots * 2);
}

static void keep(struct sonde__series *series, const struct sonde__canonical *from)
{
    struct sonde__kept *kept  = series->attrs;
    char               *bytes = (char *)(kept + from->count);
    uint32_t            at    = 0;
    for (uint32_t i = 0; i < from->count; i++, kept++) {
        const sonde_attr *attr  = &from->items[i];
        sonde_str         field = from->fields[i];
        memcpy(bytes + at, field.ptr, field.len);
        kept->key     = at + (uint32_t)(attr->key.ptr - field.ptr);
        kept->key_len = (uint32_t)attr->key.len;
        kept->type    = (uint32_t)attr->type;
        if (attr->type == SONDE_TYPE_BOOL) {
            kept->bits = attr->value.b;
        } else if (attr->type == SONDE_TYPE_INT || attr->type == SONDE_TYPE_DOUBLE) {
            memcpy(&kept->bits, &attr->value, sizeof kept->bits);
        } else {
            kept->bits     = at + (uint64_t)(attr->value.s.ptr - field.ptr);
            kept->text_len = (uint32_t)attr->value.s.len;
        }
        at += (uint32_t)field.len;
    }
    series->attr_count = from->count;
    series->bytes_len  = at;
}

/* A complete series that nobody can reach yet. */
static struct sonde__series *make(struct sonde__region *region, struct sonde__stream *stream,
                                  const struct sonde__canonical *from, uint64_t hash)
{
    struct sonde__series *series;
    size_t                size = sizeof *series + from->count * sizeof(struct sonde__kept);
    for (uint32_t i = 0; i < from->count; i++)
        size += from->fields[i].len;
    if (size > BYTES_MAX)
        return NULL;
    if (!sonde__region_has_room(region, size, stream->cell_size)) {
        /* For good: nothing in a region is given back. */
        atomic_store_explicit(&stream->limit, 0, memory_order_relaxed);
        return NULL;
    }
    uint32_t at          = sonde__region_take(region, size);
    series               = sonde__region_at(region, at);
    series->cell         = sonde__region_take_cell(region, stream->cell_size);
    series->at           = at;
    series->after_stream = at - stream->at;
    series->hash         = hash;
    series->start_ns     = sonde__clock_wall();
    /* Relaxed: nobody else knows it, and the lock keeps the region's token. */
    atomic_init(&series->token, atomic_load_explicit(&region->token, memory_order_relaxed));
    keep(series, from);
    return series;
}

/* Into the list first, which is what counts: a table that lacks it is repaired from the list. */
static void publish(struct sonde__region *region, struct sonde__stream *stream,
                    struct sonde__series *series)
{
    uint32_t          last = atomic_load_explicit(&stream->last, memory_order_relaxed);
    _Atomic uint32_t *link = &stream->series;
    if (last)
        link = &((struct sonde__series *)sonde__region_at(region, last))->next;
    /* A writer that died may have got no further than the list itself. */
    for (struct sonde__series *each; (each = sonde__region_follow(region, link)) != NULL;)
        link = &each->next;
    atomic_store_explicit(link, series->at, memory_order_release);
    atomic_store_explicit(&stream->last, series->at, memory_order_relaxed);
    if (series->at != stream->overflow)
        atomic_fetch_add_explicit(&stream->series_count, 1, memory_order_relaxed);
    put(table_of(region, stream), series);
}

void sonde__series_repair(struct sonde__region *region, struct sonde__stream *stream)
{
    uint32_t count = 0;
    for (struct sonde__series *each = sonde__region_follow(region, &stream->series); each;
         each                       = sonde__region_follow(region, &each->next)) {
        struct table table = table_of(region, stream);
        if (!holds(table, each))
            put(table, each);
        count += each->at != stream->overflow;
    }
    atomic_store_explicit(&stream->series_count, count, memory_order_relaxed);
}

static uint32_t field_of(const struct sonde__stream *stream)
{
    return stream->kind == SONDE__HISTOGRAM ? FIELD_HISTOGRAM : FIELD_SUM;
}

bool sonde__series_begin(struct sonde__region *region, struct sonde__stream *stream)
{
    sonde_attr              more = sonde_attr_bool(sonde_str_z("otel.metric.overflow"), true);
    sonde_attrs             list = { &more, 1 };
    struct sonde__canonical canonical;
    struct sonde__series   *series = NULL;
    if (!grow(region, stream, FIRST_SLOTS))
        return false;
    if (sonde__canonical_make(&canonical, list, field_of(stream))) {
        sonde_attrs items = { canonical.items, canonical.count };
        series            = make(region, stream, &canonical,
                                 sonde__attributes_digest(region->seed, items).hash);
    }
    sonde__canonical_done(&canonical);
    if (!series)
        return false;
    stream->overflow = series->at;
    publish(region, stream, series);
    return true;
}

static bool full(const struct sonde__stream *stream)
{
    return atomic_load_explicit(&stream->series_count, memory_order_relaxed) >=
           atomic_load_explicit(&stream->limit, memory_order_relaxed);
}

static struct sonde__series *overflow(struct sonde__stream *stream)
{
    struct sonde__region *region = sonde__stream_region(stream);
    uint32_t              epoch  = atomic_load_explicit(&region->epoch, memory_order_relaxed);
    /* Said once a run: this is a hot path by then. */
    if (atomic_load_explicit(&stream->overflow_told, memory_order_relaxed) != epoch) {
        atomic_store_explicit(&stream->overflow_told, epoch, memory_order_relaxed);
        sonde__diag(SONDE_LEVEL_WARN,
                    "%s: no room for more sets of attributes; they count into otel.metric.overflow",
                    (const char *)sonde__region_at(region, stream->name));
    }
    return sonde__region_at(region, stream->overflow);
}

/* Under the lock: found after all, or made. NULL: no room. */
static struct sonde__series *insert(struct sonde__stream          *stream,
                                    const struct sonde__canonical *canonical,
                                    const struct sonde__digest    *digest)
{
    struct sonde__region *region = sonde__stream_region(stream);
    sonde_attrs           attrs  = { canonical->items, canonical->count };
    struct sonde__series *series = find(stream, attrs, digest);
    if (series || full(stream) || !make_room(region, stream))
        return series;
    series = make(region, stream, canonical, digest->hash);
    if (!series)
        return NULL;
    publish(region, stream, series);
    sonde__series_show(series);
    return series;
}

/* Not found as it was given. */
static struct sonde__series *get_slowly(struct sonde__stream *stream, sonde_attrs attrs)
{
    struct sonde__region   *region = sonde__stream_region(stream);
    struct sonde__series   *series = NULL;
    struct sonde__canonical canonical;
    sonde__region_refresh(region);
    if (full(stream) && !sonde__attributes_odd(attrs))
        return overflow(stream);
    if (sonde__canonical_make(&canonical, attrs, field_of(stream))) {
        sonde_attrs          items  = { canonical.items, canonical.count };
        struct sonde__digest digest = sonde__attributes_digest(region->seed, items);
        series                      = find(stream, items, &digest);
        if (!series && !full(stream) && sonde__stream_enter(region)) {
            series = insert(stream, &canonical, &digest);
            sonde__stream_leave(region);
        }
    }
    sonde__canonical_done(&canonical);
    return series ? series : overflow(stream);
}

struct sonde__series *sonde__series_get(struct sonde__stream *stream, sonde_attrs attrs)
{
    const uint64_t       *seed   = sonde__stream_region(stream)->seed;
    struct sonde__digest  digest = sonde__attributes_digest(seed, attrs);
    struct sonde__series *series = digest.plain ? find(stream, attrs, &digest) : NULL;
    if (series)
        return series;
    int before = errno;
    series     = get_slowly(stream, attrs);
    errno      = before; /* the host's */
    return series;
}

struct sonde__series *sonde__series_plain(struct sonde__stream *stream)
{
    struct sonde__region *region = sonde__stream_region(stream);
    struct sonde__series *series = sonde__region_follow(region, &stream->plain);
    if (series)
        return series;
    series = sonde__series_get(stream, (sonde_attrs){ NULL, 0 });
    if (series->at != stream->overflow) /* which it need not be for ever */
        atomic_store_explicit(&stream->plain, series->at, memory_order_release);
    return series;
}

void sonde__series_show(struct sonde__series *series)
{
    struct sonde__region *region = sonde__series_region(series);
    sonde__region_refresh(region);
    /* Relaxed: whoever collects meanwhile sees it now or the next time. */
    atomic_store_explicit(&series->epoch,
                          atomic_load_explicit(&region->epoch, memory_order_relaxed),
                          memory_order_relaxed);
}
