/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/shared.h - a Resource or InstrumentationScope message that many spans or metrics belong
 * to. */
#ifndef SONDE_CLI_STORE_SHARED_H
#define SONDE_CLI_STORE_SHARED_H

#include <sonde/base.h>

struct sonde__shared {
    uint32_t  refs;
    uint64_t  hash;  /* of the bytes */
    sonde_str name;  /* service.name of a resource, name of a scope; may be empty */
    sonde_str bytes; /* the message */
};

/* One reference, or NULL when memory is out. */
struct sonde__shared *sonde__shared_new_resource(sonde_str message);
struct sonde__shared *sonde__shared_new_scope(sonde_str message);

struct sonde__shared *sonde__shared_ref(struct sonde__shared *shared);

/* Returns: the bytes of memory that were given back, 0 while others hold it. NULL is nothing. */
size_t sonde__shared_unref(struct sonde__shared *shared);

/* An order of no meaning in which equal messages are equal. */
int sonde__shared_compare(const struct sonde__shared *a, const struct sonde__shared *b);

/* The bytes of memory that it takes. */
static inline size_t sonde__shared_size(const struct sonde__shared *shared)
{
    return sizeof *shared + shared->bytes.len;
}

/* The messages that spans or metrics which follow one another in a request have in common.
 * Zeroed at first. */
struct sonde__family {
    const char           *resource_at, *scope_at; /* in the request */
    struct sonde__shared *resource, *scope;
};

/* Makes both members stand for these messages of the request. held: the store's count of its
 * memory.
 * Returns: false when memory is out. */
bool sonde__family_join(struct sonde__family *family, sonde_str resource, sonde_str scope,
                        size_t *held);

void sonde__family_leave(struct sonde__family *family, size_t *held);

#endif
