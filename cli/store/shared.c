/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/shared.c - a Resource or InstrumentationScope message with its references. Not for two
 * threads at a time. */
#include "store/shared.h"

#include <sonde/plugin/record.h>

#include <stdlib.h>

/* FNV-1a. Somebody who makes hashes collide makes comparisons slow, no more. */
static uint64_t hash_of(sonde_str bytes)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (uint8_t)bytes.ptr[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static struct sonde__shared *new_shared(sonde_str message)
{
    struct sonde__shared *shared = malloc(sizeof *shared + message.len);
    if (!shared)
        return NULL;
    shared->refs  = 1;
    shared->bytes = (sonde_str){ (const char *)(shared + 1), message.len };
    shared->name  = sonde_str_n("", 0);
    if (message.len > 0)
        memcpy(shared + 1, message.ptr, message.len);
    shared->hash = hash_of(shared->bytes);
    return shared;
}

struct sonde__shared *sonde__shared_new_resource(sonde_str message)
{
    struct sonde__shared *shared = new_shared(message);
    sonde_str             rest   = shared ? shared->bytes : message, key;
    sonde_value           value;
    while (shared && sonde_attribute_next(1, &rest, &key, &value))
        if (key.len == 12 && memcmp(key.ptr, "service.name", 12) == 0 &&
            value.type == SONDE_TYPE_STRING)
            shared->name = value.value.s;
    return shared;
}

struct sonde__shared *sonde__shared_new_scope(sonde_str message)
{
    struct sonde__shared *shared = new_shared(message);
    sonde_str             rest   = shared ? shared->bytes : message;
    sonde_field           field;
    while (shared && sonde_field_next(&rest, &field))
        if (field.number == 1 && field.wire == 2)
            shared->name = field.bytes;
    return shared;
}

struct sonde__shared *sonde__shared_ref(struct sonde__shared *shared)
{
    shared->refs++;
    return shared;
}

size_t sonde__shared_unref(struct sonde__shared *shared)
{
    if (!shared || --shared->refs > 0)
        return 0;
    size_t size = sonde__shared_size(shared);
    free(shared);
    return size;
}

int sonde__shared_compare(const struct sonde__shared *a, const struct sonde__shared *b)
{
    if (a == b)
        return 0;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->bytes.len != b->bytes.len)
        return a->bytes.len < b->bytes.len ? -1 : 1;
    return memcmp(a->bytes.ptr, b->bytes.ptr, a->bytes.len);
}

static void leave(struct sonde__shared **member, size_t *held)
{
    *held -= sonde__shared_unref(*member);
    *member = NULL;
}

static void join(struct sonde__shared **member, struct sonde__shared *joined, size_t *held)
{
    leave(member, held);
    *member = joined;
    *held += joined ? sonde__shared_size(joined) : 0;
}

bool sonde__family_join(struct sonde__family *family, sonde_str resource, sonde_str scope,
                        size_t *held)
{
    if (!family->resource || family->resource_at != resource.ptr)
        join(&family->resource, sonde__shared_new_resource(resource), held);
    if (!family->scope || family->scope_at != scope.ptr)
        join(&family->scope, sonde__shared_new_scope(scope), held);
    family->resource_at = resource.ptr;
    family->scope_at    = scope.ptr;
    return family->resource && family->scope;
}

void sonde__family_leave(struct sonde__family *family, size_t *held)
{
    leave(&family->resource, held);
    leave(&family->scope, held);
}
