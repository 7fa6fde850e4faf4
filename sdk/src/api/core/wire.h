/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/wire.h - writing OTLP protobuf, each field once, in its final form. Lengths that are not
 * known yet are reserved as padded varints of 4 bytes (lengths only, never tags). */
#ifndef SONDE_CORE_WIRE_H
#define SONDE_CORE_WIRE_H

#include "base/buf.h"

#include <sonde/attr.h>

enum {
    SONDE__VARINT    = 0,
    SONDE__FIXED64   = 1,
    SONDE__LEN       = 2,
    SONDE__FIXED32   = 5,
    SONDE__DEPTH_MAX = 64
};

static inline uint32_t sonde__varint_size(uint64_t value)
{
    return (uint32_t)(70 - __builtin_clzll(value | 1)) / 7;
}

/* Writes a varint at p, which has room for 10 bytes; returns where it ends. */
static inline uint8_t *sonde__varint_put(uint8_t *p, uint64_t value)
{
    while (value >= 0x80) {
        *p++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *p++ = (uint8_t)value;
    return p;
}

static inline void sonde__wire_varint(struct sonde__buf *buf, uint64_t value)
{
    if (sonde__buf_reserve(buf, 10))
        buf->len = (uint32_t)(sonde__varint_put(buf->data + buf->len, value) - buf->data);
}

static inline void sonde__wire_tag(struct sonde__buf *buf, uint32_t field, uint32_t wire)
{
    sonde__wire_varint(buf, field << 3 | wire);
}

static inline void sonde__wire_uint(struct sonde__buf *buf, uint32_t field, uint64_t value)
{
    sonde__wire_tag(buf, field, SONDE__VARINT);
    sonde__wire_varint(buf, value);
}

static inline void sonde__wire_fixed64(struct sonde__buf *buf, uint32_t field, uint64_t value)
{
    sonde__wire_tag(buf, field, SONDE__FIXED64);
    sonde__buf_add(buf, &value, 8); /* little-endian hosts only, as checked in wire.c */
}

static inline void sonde__wire_double(struct sonde__buf *buf, uint32_t field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    sonde__wire_fixed64(buf, field, bits);
}

static inline void sonde__wire_fixed32(struct sonde__buf *buf, uint32_t field, uint32_t value)
{
    sonde__wire_tag(buf, field, SONDE__FIXED32);
    sonde__buf_add(buf, &value, 4);
}

static inline void sonde__wire_bytes(struct sonde__buf *buf, uint32_t field, const void *bytes,
                                     size_t len)
{
    sonde__wire_tag(buf, field, SONDE__LEN);
    sonde__wire_varint(buf, len);
    sonde__buf_add(buf, bytes, len);
}

/* A string field: repaired where it is not UTF-8. */
void sonde__wire_text(struct sonde__buf *buf, uint32_t field, sonde_str text);

/* Begins a message whose length is not known yet; returns what sonde__wire_end() wants. */
static inline uint32_t sonde__wire_begin(struct sonde__buf *buf, uint32_t field)
{
    sonde__wire_tag(buf, field, SONDE__LEN);
    sonde__buf_add(buf, "\x80\x80\x80", 4);
    return buf->len;
}

/* Writes a padded length of 4 bytes at p; length < 2^28. */
static inline void sonde__wire_length(uint8_t *p, uint32_t length)
{
    p[0] = (uint8_t)(length | 0x80);
    p[1] = (uint8_t)(length >> 7 | 0x80);
    p[2] = (uint8_t)(length >> 14 | 0x80);
    p[3] = (uint8_t)(length >> 21 & 0x7F);
}

static inline void sonde__wire_end(struct sonde__buf *buf, uint32_t begun)
{
    if (buf->failed)
        return;
    uint32_t length = buf->len - begun;
    if (length >= 1u << 28) {
        buf->failed = true;
        return;
    }
    sonde__wire_length(buf->data + begun - 4, length);
}

/* A KeyValue as field `field`. Nothing is written for an empty key or SONDE_TYPE_NONE. What nests
 * deeper than SONDE__DEPTH_MAX becomes an empty value. */
void sonde__wire_attr(struct sonde__buf *buf, uint32_t field, const sonde_attr *attr);

/* Each of a list, in order; of a key given twice the last one stays. */
void sonde__wire_attrs(struct sonde__buf *buf, uint32_t field, sonde_attrs attrs);

#endif
