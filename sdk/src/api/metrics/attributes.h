/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/attributes.h - sets of attributes: hashing them as the caller gives them, and comparing
 * them with those that a series keeps. Neither sorts, copies nor allocates. */
#ifndef SONDE_METRICS_ATTRIBUTES_H
#define SONDE_METRICS_ATTRIBUTES_H

#include "base/buf.h"
#include "metrics/stream.h"

struct sonde__digest {
    uint64_t hash;  /* does not depend on the order */
    uint32_t count; /* of those that are not skipped */
    bool     plain; /* no array, no map: their values are compared in encoded form only */
};

/* Hashes a list. seed: the region's. */
struct sonde__digest sonde__attributes_digest(const uint64_t seed[2], sonde_attrs attrs);

/* Whether a series has exactly these attributes. count: the digest's. A list with a key twice is
 * never equal. */
bool sonde__attributes_same(const struct sonde__series *series, sonde_attrs attrs, uint32_t count);

/* Whether a list has to be put in order before it can be compared: it holds an array or a map, a
 * key twice, or text that is not UTF-8 and is kept repaired. */
bool sonde__attributes_odd(sonde_attrs attrs);

/* A list put in order: nothing skipped, no key twice, text repaired, arrays and maps as bytes in
 * value.s. */
struct sonde__canonical {
    struct sonde__buf bytes;  /* encoded, one KeyValue field after the other */
    sonde_attr       *items;  /* which point into bytes */
    sonde_str        *fields; /* and the whole KeyValue of each */
    uint32_t          count;
};

/* field: the KeyValue's number. False: out of memory. Done with sonde__canonical_done() either way.
 * */
bool sonde__canonical_make(struct sonde__canonical *canonical, sonde_attrs attrs, uint32_t field);
void sonde__canonical_done(struct sonde__canonical *canonical);

#endif
