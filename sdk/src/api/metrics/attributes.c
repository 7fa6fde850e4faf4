/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/attributes.c - hashing and comparing, in the thread that adds. The hash folds 16 bytes by
 * one wide multiplication, with a secret seed; it only has to be quick and hard to guess, since
 * equality never rests on it. */
#include "metrics/attributes.h"
#include "base/utf8.h"
#include "core/wire.h"

#include <sonde/plugin/record.h>

#define ODD1 UINT64_C(0x9E3779B97F4A7C15)
#define ODD2 UINT64_C(0xD6E8FEB86659FD93)

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t low = al * bl, cross = ah * bl + (low >> 32), other = al * bh + (uint32_t)cross;
    return (other << 32 | (uint32_t)low) ^ (ah * bh + (cross >> 32) + (other >> 32));
}
#endif

static inline uint64_t load8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

static inline uint64_t load4(const char *p)
{
    uint32_t word;
    memcpy(&word, p, 4);
    return word;
}

static inline uint64_t hash_text(uint64_t from, uint64_t seed, const char *p, size_t len)
{
    uint64_t a = 0, b = 0, hash = from ^ len * ODD1;
    if (len >= 8) {
        for (; len > 16; p += 16, len -= 16)
            hash = fold(load8(p) ^ seed, load8(p + 8) ^ hash);
        if (len >= 8) {
            a = load8(p);
            b = load8(p + len - 8);
        } else {
            a = load8(p + len - 8); /* of which some bytes have been hashed already */
        }
    } else if (len >= 4) {
        a = load4(p);
        b = load4(p + len - 4);
    } else if (len > 0) {
        a = (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[len / 2] << 8 |
            (uint8_t)p[len - 1];
    }
    return fold(a ^ seed, b ^ hash);
}

static inline bool skipped(const sonde_attr *attr)
{
    return attr->type == SONDE_TYPE_NONE || attr->key.len == 0 || !attr->key.ptr;
}

static inline size_t text_len(sonde_str text)
{
    return text.ptr ? text.len : 0;
}

static inline uint64_t number_bits(const sonde_attr *attr)
{
    uint64_t bits;
    if (attr->type == SONDE_TYPE_BOOL)
        return attr->value.b;
    memcpy(&bits, &attr->value, 8); /* an integer or a double */
    return bits;
}

static inline bool is_number(sonde_type type)
{
    return type == SONDE_TYPE_BOOL || type == SONDE_TYPE_INT || type == SONDE_TYPE_DOUBLE;
}

struct sonde__digest sonde__attributes_digest(const uint64_t seed[2], sonde_attrs attrs)
{
    struct sonde__digest digest = { 0, 0, true };
    for (size_t i = 0; attrs.items && i < attrs.count; i++) {
        const sonde_attr *attr = &attrs.items[i];
        if (skipped(attr))
            continue;
        uint64_t key = hash_text(seed[0] + (uint64_t)attr->type, seed[1], attr->key.ptr,
                                 attr->key.len);
        digest.plain &= attr->type <= SONDE_TYPE_BYTES;
        digest.hash += is_number(attr->type)
                           ? fold(number_bits(attr) ^ seed[1], key ^ ODD2)
                           : hash_text(key, seed[1], attr->value.s.ptr, text_len(attr->value.s));
        digest.count++;
    }
    digest.hash = fold(digest.hash ^ seed[0], ODD2 + digest.count);
    return digest;
}

/* memcmp() without the call: what is compared here is short. */
static inline bool same_bytes(const char *a, const char *b, size_t len)
{
    if (len < 8) {
        if (len >= 4)
            return load4(a) == load4(b) && load4(a + len - 4) == load4(b + len - 4);
        for (size_t i = 0; i < len; i++)
            if (a[i] != b[i])
                return false;
        return true;
    }
    for (size_t i = 0; i + 8 < len; i += 8)
        if (load8(a + i) != load8(b + i))
            return false;
    return load8(a + len - 8) == load8(b + len - 8);
}

static inline bool same_key(const struct sonde__kept *kept, const char *bytes,
                            const sonde_attr *attr)
{
    return kept->key_len == attr->key.len && !skipped(attr) &&
           same_bytes(bytes + kept->key, attr->key.ptr, kept->key_len);
}

static inline bool same_value(const struct sonde__kept *kept, const char *bytes,
                              const sonde_attr *attr)
{
    if (kept->type != (uint32_t)attr->type)
        return false;
    if (is_number(attr->type))
        return kept->bits == number_bits(attr);
    return kept->text_len == text_len(attr->value.s) &&
           same_bytes(bytes + kept->bits, attr->value.s.ptr, kept->text_len);
}

static const sonde_attr *find_key(const struct sonde__kept *kept, const char *bytes,
                                  sonde_attrs attrs)
{
    for (size_t i = 0; i < attrs.count; i++)
        if (same_key(kept, bytes, &attrs.items[i]))
            return &attrs.items[i];
    return NULL;
}

bool sonde__attributes_same(const struct sonde__series *series, sonde_attrs attrs, uint32_t count)
{
    const char *bytes = sonde__series_bytes(series);
    size_t      next  = 0; /* callers mostly keep an order */
    if (series->attr_count != count)
        return false;
    /* The kept keys differ from each other: if each is found among as many, both are the same set.
     * */
    for (uint32_t i = 0; i < count; i++) {
        const struct sonde__kept *kept = &series->attrs[i];
        while (next < attrs.count && skipped(&attrs.items[next]))
            next++;
        const sonde_attr *attr = next < attrs.count ? &attrs.items[next++] : NULL;
        if (!attr || !same_key(kept, bytes, attr))
            attr = find_key(kept, bytes, attrs);
        if (!attr || !same_value(kept, bytes, attr))
            return false;
    }
    return true;
}

static bool key_given_later(sonde_attrs attrs, size_t i)
{
    sonde_str key = attrs.items[i].key;
    for (size_t k = i + 1; k < attrs.count; k++)
        if (!skipped(&attrs.items[k]) && attrs.items[k].key.len == key.len &&
            memcmp(attrs.items[k].key.ptr, key.ptr, key.len) == 0)
            return true;
    return false;
}

bool sonde__attributes_odd(sonde_attrs attrs)
{
    for (size_t i = 0; attrs.items && i < attrs.count; i++) {
        const sonde_attr *attr = &attrs.items[i];
        if (skipped(attr))
            continue;
        if (attr->type > SONDE_TYPE_BYTES || !sonde__utf8_valid(attr->key.ptr, attr->key.len) ||
            key_given_later(attrs, i))
            return true;
        if (attr->type == SONDE_TYPE_STRING &&
            !sonde__utf8_valid(attr->value.s.ptr, text_len(attr->value.s)))
            return true;
    }
    return false;
}

/* An attribute as it is kept, from its KeyValue. */
static bool read_back(sonde_str key_value, sonde_attr *ret_attr)
{
    sonde_value value;
    sonde_attr  attr;
    memset(&attr, 0, sizeof attr);
    if (!sonde_key_value_read(key_value, &attr.key, &value) || value.type == SONDE_TYPE_NONE)
        return false;
    attr.type = value.type;
    if (value.type == SONDE_TYPE_BOOL)
        attr.value.b = value.value.b;
    else if (value.type == SONDE_TYPE_INT)
        attr.value.i = value.value.i;
    else if (value.type == SONDE_TYPE_DOUBLE)
        attr.value.d = value.value.d;
    else
        attr.value.s = value.value.s;
    *ret_attr = attr;
    return true;
}

bool sonde__canonical_make(struct sonde__canonical *canonical, sonde_attrs attrs, uint32_t field)
{
    memset(canonical, 0, sizeof *canonical);
    size_t count = attrs.items ? attrs.count : 0;
    for (size_t i = 0; i < count; i++)
        sonde__wire_attr(&canonical->bytes, field, &attrs.items[i]);
    canonical->items  = calloc(count + 1, sizeof *canonical->items);
    canonical->fields = calloc(count + 1, sizeof *canonical->fields);
    if (canonical->bytes.failed || !canonical->items || !canonical->fields)
        return false;
    sonde_str   rest = sonde_str_n(canonical->bytes.data, canonical->bytes.len);
    const char *from = rest.ptr;
    sonde_field read;
    while (sonde_field_next(&rest, &read)) {
        uint32_t n = canonical->count;
        if (read_back(read.bytes, &canonical->items[n])) {
            canonical->fields[n] = sonde_str_n(from, (size_t)(rest.ptr - from));
            canonical->count++;
        }
        from = rest.ptr;
    }
    /* Now that keys are repaired: the last of equal ones stays. */
    uint32_t    kept = 0;
    sonde_attrs all  = { canonical->items, canonical->count };
    for (uint32_t i = 0; i < all.count; i++) {
        if (key_given_later(all, i))
            continue;
        canonical->items[kept]    = canonical->items[i];
        canonical->fields[kept++] = canonical->fields[i];
    }
    canonical->count = kept;
    return true;
}

void sonde__canonical_done(struct sonde__canonical *canonical)
{
    sonde__buf_done(&canonical->bytes);
    free(canonical->items);
    free(canonical->fields);
}
