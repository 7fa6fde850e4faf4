/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/stream.c - registering scopes and streams in a region, and the walks over all of it.
 * Whoever fetches an instrument or starts metrics; one lock, the region's. */
#include "metrics/stream.h"
#include "metrics/series.h"

#include <math.h>
#include <strings.h>

static const char *text_at(const struct sonde__region *region, uint32_t at)
{
    return sonde__region_at(region, at);
}

static uint32_t copy(struct sonde__region *region, const void *bytes, size_t len)
{
    uint32_t at = sonde__region_take(region, len + 1); /* zeroed: text gets its NUL */
    if (at && len)
        memcpy(sonde__region_at(region, at), bytes, len);
    return at;
}

static uint32_t copy_text(struct sonde__region *region, const char *text)
{
    return copy(region, text ? text : "", text ? strlen(text) : 0);
}

/* Puts a complete record at the end of a list. */
static void append(const struct sonde__region *region, _Atomic uint32_t *link, size_t next,
                   uint32_t at)
{
    for (char *each; (each = sonde__region_follow(region, link)) != NULL;)
        link = (_Atomic uint32_t *)(void *)(each + next);
    /* Release: pairs with the acquire in sonde__region_follow(). */
    atomic_store_explicit(link, at, memory_order_release);
}

static struct sonde__scope_record *scope_find(struct sonde__region      *region,
                                              const struct sonde__scope *scope)
{
    for (struct sonde__scope_record *each = sonde__region_follow(region, &region->scopes); each;
         each                             = sonde__region_follow(region, &each->next)) {
        if (each->message_len == scope->message.len &&
            (each->message_len == 0 ||
             memcmp(text_at(region, each->message), scope->message.data, each->message_len) == 0) &&
            strcmp(text_at(region, each->schema_url), scope->schema_url) == 0)
            return each;
    }
    return NULL;
}

static struct sonde__scope_record *scope_get(struct sonde__region      *region,
                                             const struct sonde__scope *scope)
{
    struct sonde__scope_record *record = scope_find(region, scope);
    if (record)
        return record;
    uint32_t at = sonde__region_take(region, sizeof *record);
    if (!at)
        return NULL;
    record              = sonde__region_at(region, at);
    record->name        = copy_text(region, scope->name);
    record->version     = copy_text(region, scope->version);
    record->schema_url  = copy_text(region, scope->schema_url);
    record->message     = copy(region, scope->message.data, scope->message.len);
    record->message_len = scope->message.len;
    if (!record->name || !record->version || !record->schema_url || !record->message)
        return NULL;
    append(region, &region->scopes, offsetof(struct sonde__scope_record, next), at);
    return record;
}

static struct sonde__stream *stream_find(const struct sonde__region       *region,
                                         const struct sonde__scope_record *scope,
                                         const struct sonde__stream_key   *key)
{
    for (struct sonde__stream *each = sonde__region_follow(region, &scope->streams); each;
         each                       = sonde__region_follow(region, &each->next)) {
        if (each->kind == (uint32_t)key->kind &&
            strcasecmp(text_at(region, each->name), key->name) == 0 &&
            strcmp(text_at(region, each->unit), key->unit) == 0)
            return each;
    }
    return NULL;
}

static uint32_t padded(uint32_t bound_count)
{
    return (bound_count + SONDE__BOUNDS_BLOCK - 1) / SONDE__BOUNDS_BLOCK * SONDE__BOUNDS_BLOCK;
}

static void set_bounds(struct sonde__stream *stream, const struct sonde__stream_key *key)
{
    stream->cell_size = sizeof(uint64_t);
    if (key->kind != SONDE__HISTOGRAM)
        return;
    stream->bound_count = key->bound_count;
    stream->cell_size   = (uint32_t)sizeof(uint64_t) * (SONDE__CELL_BUCKETS + key->bound_count + 1);
    for (uint32_t i = 0; i < padded(key->bound_count); i++)
        stream->bounds[i] = i < key->bound_count ? key->bounds[i] : INFINITY;
}

static struct sonde__stream *stream_make(struct sonde__region           *region,
                                         struct sonde__scope_record     *scope,
                                         const struct sonde__stream_key *key)
{
    struct sonde__stream *stream;
    uint32_t              bounds = key->kind == SONDE__HISTOGRAM ? padded(key->bound_count) : 0;
    uint32_t              at = sonde__region_take(region, sizeof *stream + bounds * sizeof(double));
    if (!at)
        return NULL;
    stream              = sonde__region_at(region, at);
    stream->at          = at;
    stream->scope       = (uint32_t)((char *)scope - (char *)region);
    stream->kind        = (uint32_t)key->kind;
    stream->name        = copy_text(region, key->name);
    stream->unit        = copy_text(region, key->unit);
    stream->description = copy_text(region, key->description);
    atomic_init(&stream->limit, SONDE__SERIES_LIMIT);
    set_bounds(stream, key);
    if (!stream->name || !stream->unit || !stream->description ||
        !sonde__series_begin(region, stream))
        return NULL;
    append(region, &scope->streams, offsetof(struct sonde__stream, next), at);
    return stream;
}

struct sonde__stream *sonde__stream_get(struct sonde__region           *region,
                                        const struct sonde__stream_key *key)
{
    struct sonde__stream *stream = NULL;
    if (!sonde__stream_enter(region))
        return NULL;
    struct sonde__scope_record *scope = scope_get(region, key->scope);
    if (scope)
        stream = stream_find(region, scope, key);
    if (scope && !stream)
        stream = stream_make(region, scope, key);
    sonde__stream_leave(region);
    return stream;
}

struct sonde__stream *sonde__stream_next(const struct sonde__region *region,
                                         const struct sonde__stream *stream)
{
    struct sonde__stream       *next  = stream ? sonde__region_follow(region, &stream->next) : NULL;
    struct sonde__scope_record *scope = stream ? sonde__region_at(region, stream->scope) : NULL;
    while (!next) {
        scope = sonde__region_follow(region, scope ? &scope->next : &region->scopes);
        if (!scope)
            return NULL;
        next = sonde__region_follow(region, &scope->streams);
    }
    return next;
}

bool sonde__stream_enter(struct sonde__region *region)
{
    if (!sonde__region_lock(region))
        return false;
    if (atomic_load_explicit(&region->damaged, memory_order_relaxed)) {
        for (struct sonde__stream *each = NULL; (each = sonde__stream_next(region, each)) != NULL;)
            sonde__series_repair(region, each);
        atomic_store_explicit(&region->damaged, 0, memory_order_relaxed);
    }
    return true;
}

void sonde__stream_leave(struct sonde__region *region)
{
    sonde__region_unlock(region);
}

bool sonde__stream_restart(struct sonde__region *region)
{
    sonde__region_refresh(region);
    if (!sonde__stream_enter(region))
        return false;
    sonde__region_restart(region);
    uint64_t token = atomic_load_explicit(&region->token, memory_order_relaxed);
    for (struct sonde__stream *stream = NULL;
         (stream = sonde__stream_next(region, stream)) != NULL;)
        for (struct sonde__series *each = sonde__region_follow(region, &stream->series); each;
             each                       = sonde__region_follow(region, &each->next))
            atomic_store_explicit(&each->token, token, memory_order_relaxed);
    sonde__stream_leave(region);
    return true;
}

void sonde__stream_discard(const struct sonde__region *region, uint32_t stripe)
{
    uint8_t *cells = sonde__region_stripe(region, stripe);
    for (struct sonde__stream *stream = NULL;
         (stream = sonde__stream_next(region, stream)) != NULL;) {
        if (stream->kind != SONDE__UPDOWN)
            continue;
        for (struct sonde__series *each = sonde__region_follow(region, &stream->series); each;
             each                       = sonde__region_follow(region, &each->next))
            atomic_store_explicit((_Atomic uint64_t *)(void *)(cells + each->cell), 0,
                                                        memory_order_relaxed);
    }
}
