/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/attr.h - typed attributes: one key and one value of an OpenTelemetry AnyValue type.
 *
 * An attribute borrows its key and its value; whoever receives it copies what it keeps before the
 * call returns. */
#ifndef SONDE_ATTR_H
#define SONDE_ATTR_H

#include <sonde/base.h>

SONDE_BEGIN

typedef enum sonde_type {
    SONDE_TYPE_NONE, /* the attribute is skipped */
    SONDE_TYPE_STRING,
    SONDE_TYPE_BOOL,
    SONDE_TYPE_INT,
    SONDE_TYPE_DOUBLE,
    SONDE_TYPE_BYTES,
    SONDE_TYPE_STRING_ARRAY, /* items: sonde_str */
    SONDE_TYPE_BOOL_ARRAY,   /* items: bool */
    SONDE_TYPE_INT_ARRAY,    /* items: int64_t */
    SONDE_TYPE_DOUBLE_ARRAY, /* items: double */
    SONDE_TYPE_MAP
} sonde_type;

struct sonde_attr;

/* A borrowed list. */
typedef struct sonde_attrs {
    const struct sonde_attr *items;
    size_t                   count;
} sonde_attrs;

/* Keys are case-sensitive and not empty (an empty key is skipped). Text is UTF-8; what is not valid
 * is repaired with U+FFFD when it is recorded. */
typedef struct sonde_attr {
    sonde_str  key;
    sonde_type type;
    union {
        sonde_str s; /* STRING and BYTES */
        bool      b;
        int64_t   i;
        double    d;
        struct {
            const void *items;
            size_t      count;
        } array;
        sonde_attrs map;
    } value;
} sonde_attr;

/* Function forms: for keys and values without a terminator (nginx), for bindings, for C++. */
static inline sonde_attr sonde_attr_string(sonde_str key, sonde_str value)
{
    sonde_attr a;
    a.key     = key;
    a.type    = value.ptr ? SONDE_TYPE_STRING : SONDE_TYPE_NONE;
    a.value.s = value;
    return a;
}

static inline sonde_attr sonde_attr_bytes(sonde_str key, sonde_str value)
{
    sonde_attr a;
    a.key     = key;
    a.type    = value.ptr ? SONDE_TYPE_BYTES : SONDE_TYPE_NONE;
    a.value.s = value;
    return a;
}

static inline sonde_attr sonde_attr_bool(sonde_str key, bool value)
{
    sonde_attr a;
    a.key     = key;
    a.type    = SONDE_TYPE_BOOL;
    a.value.b = value;
    return a;
}

static inline sonde_attr sonde_attr_int(sonde_str key, int64_t value)
{
    sonde_attr a;
    a.key     = key;
    a.type    = SONDE_TYPE_INT;
    a.value.i = value;
    return a;
}

static inline sonde_attr sonde_attr_double(sonde_str key, double value)
{
    sonde_attr a;
    a.key     = key;
    a.type    = SONDE_TYPE_DOUBLE;
    a.value.d = value;
    return a;
}

/* of: one of the SONDE_TYPE_..._ARRAY types; items: count of the element type named beside it. */
static inline sonde_attr sonde_attr_array(sonde_str key, sonde_type of, const void *items,
                                          size_t count)
{
    sonde_attr a;
    a.key               = key;
    a.type              = of;
    a.value.array.items = items;
    a.value.array.count = items ? count : 0;
    return a;
}

static inline sonde_attr sonde_attr_map(sonde_str key, sonde_attrs members)
{
    sonde_attr a;
    a.key       = key;
    a.type      = SONDE_TYPE_MAP;
    a.value.map = members;
    return a;
}

/* The branches of sonde_kv(). literal: the value was spelled true or false. */
static inline sonde_attr sonde_kv_string(const char *key, const char *value, bool literal)
{
    (void)literal;
    return sonde_attr_string(sonde_str_z(key), sonde_str_z(value));
}

static inline sonde_attr sonde_kv_view(const char *key, sonde_str value, bool literal)
{
    (void)literal;
    return sonde_attr_string(sonde_str_z(key), value);
}

static inline sonde_attr sonde_kv_bool(const char *key, bool value, bool literal)
{
    (void)literal;
    return sonde_attr_bool(sonde_str_z(key), value);
}

static inline sonde_attr sonde_kv_int(const char *key, int64_t value, bool literal)
{
    return literal ? sonde_attr_bool(sonde_str_z(key), value != 0)
                   : sonde_attr_int(sonde_str_z(key), value);
}

/* Above INT64_MAX the value saturates. */
static inline sonde_attr sonde_kv_uint(const char *key, uint64_t value, bool literal)
{
    (void)literal;
    return sonde_attr_int(sonde_str_z(key), value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static inline sonde_attr sonde_kv_double(const char *key, double value, bool literal)
{
    (void)literal;
    return sonde_attr_double(sonde_str_z(key), value);
}

/* Arrays, bytes and maps. */
static inline sonde_attr sonde_kv_ints(const char *key, const int64_t *items, size_t count)
{
    return sonde_attr_array(sonde_str_z(key), SONDE_TYPE_INT_ARRAY, items, count);
}

static inline sonde_attr sonde_kv_doubles(const char *key, const double *items, size_t count)
{
    return sonde_attr_array(sonde_str_z(key), SONDE_TYPE_DOUBLE_ARRAY, items, count);
}

static inline sonde_attr sonde_kv_bools(const char *key, const bool *items, size_t count)
{
    return sonde_attr_array(sonde_str_z(key), SONDE_TYPE_BOOL_ARRAY, items, count);
}

static inline sonde_attr sonde_kv_strings(const char *key, const sonde_str *items, size_t count)
{
    return sonde_attr_array(sonde_str_z(key), SONDE_TYPE_STRING_ARRAY, items, count);
}

static inline sonde_attr sonde_kv_bytes(const char *key, const void *bytes, size_t length)
{
    return sonde_attr_bytes(sonde_str_z(key), sonde_str_n(bytes, length));
}

static inline sonde_attr sonde_kv_map(const char *key, sonde_attrs members)
{
    return sonde_attr_map(sonde_str_z(key), members);
}

SONDE_END

#ifndef __cplusplus
/* In C11 `true` and `false` are ints; their spelling tells them apart, so that sonde_kv("retry",
 * true) is a boolean in C11, C23 and C++ alike. The macros of <stdbool.h> expand to 1 and 0 before
 * an argument reaches a second macro, hence the text is taken in the first. */
#define SONDE__BOOL_WORD(text)                                \
    ((sizeof(text) == 5 && memcmp((text), "true", 4) == 0) || \
     (sizeof(text) == 6 && memcmp((text), "false", 5) == 0))
#define SONDE__KV(key, value, text) \
    _Generic((value),                                             \
        char *: sonde_kv_string,                                  \
        const char *: sonde_kv_string,                            \
        sonde_str: sonde_kv_view,                                 \
        bool: sonde_kv_bool,                                      \
        float: sonde_kv_double,                                   \
        double: sonde_kv_double,                                  \
        signed char: sonde_kv_int,                                \
        short: sonde_kv_int,                                      \
        int: sonde_kv_int,                                        \
        long: sonde_kv_int,                                       \
        long long: sonde_kv_int,                                  \
        unsigned char: sonde_kv_uint,                             \
        unsigned short: sonde_kv_uint,                            \
        unsigned: sonde_kv_uint,                                  \
        unsigned long: sonde_kv_uint,                             \
        unsigned long long: sonde_kv_uint)((key), (value), SONDE__BOOL_WORD(text))
/* sonde_kv("key", value): value is a string, a sonde_str, a bool, a floating or an integer number;
 * a void * does not compile. A NULL string is skipped. */
#define sonde_kv(key, value) SONDE__KV(key, value, #value)
/* A list, valid until the end of the enclosing block; callees copy. */
#define sonde_attrs_of(...)                              \
    ((sonde_attrs){ (const sonde_attr[]){ __VA_ARGS__ }, \
                    sizeof((const sonde_attr[]){ __VA_ARGS__ }) / sizeof(sonde_attr) })
#else
inline sonde_attr sonde_kv(const char *k, const char *v)
{
    return sonde_kv_string(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, sonde_str v)
{
    return sonde_kv_view(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, bool v)
{
    return sonde_kv_bool(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, int v)
{
    return sonde_kv_int(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, long v)
{
    return sonde_kv_int(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, long long v)
{
    return sonde_kv_int(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, unsigned v)
{
    return sonde_kv_uint(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, unsigned long v)
{
    return sonde_kv_uint(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, unsigned long long v)
{
    return sonde_kv_uint(k, v, false);
}
inline sonde_attr sonde_kv(const char *k, double v)
{
    return sonde_kv_double(k, v, false);
}
/* A list, valid until the end of the full expression. */
template <size_t N> struct sonde_attrs_box {
    sonde_attr items[N];
               operator sonde_attrs() const
    {
        sonde_attrs a;
        a.items = items;
        a.count = N;
        return a;
    }
};
template <class... A> inline sonde_attrs_box<sizeof...(A)> sonde_attrs_of(A... a)
{
    return { { a... } };
}
#endif
#endif
