/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/wire.c - attributes and text as OTLP protobuf. Runs in whatever thread records. */
#include "core/wire.h"
#include "base/utf8.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "fixed64 fields are copied from memory as they are");

enum {
    ANY_STRING = 1,
    ANY_BOOL   = 2,
    ANY_INT    = 3,
    ANY_DOUBLE = 4,
    ANY_ARRAY  = 5,
    ANY_MAP    = 6,
    ANY_BYTES  = 7
};

static void write_value(struct sonde__buf *buf, const sonde_attr *attr, uint32_t depth);

void sonde__wire_text(struct sonde__buf *buf, uint32_t field, sonde_str text)
{
    sonde__wire_tag(buf, field, SONDE__LEN);
    size_t len = text.ptr ? text.len : 0;
    if (!sonde__buf_reserve(buf, len + 10))
        return;
    uint32_t before = buf->len;
    uint8_t *p      = sonde__varint_put(buf->data + buf->len, len);
    if (sonde__ascii_copy(p, text.ptr, len) || sonde__utf8_valid(text.ptr, len)) {
        buf->len = (uint32_t)(p - buf->data) + (uint32_t)len;
        return;
    }
    buf->len        = before;
    size_t repaired = sonde__utf8_repaired_len(text.ptr, len);
    sonde__wire_varint(buf, repaired);
    if (!sonde__buf_reserve(buf, repaired))
        return;
    sonde__utf8_repair(buf->data + buf->len, text.ptr, len);
    buf->len += (uint32_t)repaired;
}

static sonde_attr element(const sonde_attr *array, size_t i)
{
    const void *items = array->value.array.items;
    switch (array->type) {
    case SONDE_TYPE_STRING_ARRAY: {
        sonde_str s = ((const sonde_str *)items)[i];
        return sonde_attr_string(sonde_str_z(NULL), s.ptr ? s : sonde_str_z(""));
    }
    case SONDE_TYPE_BOOL_ARRAY:
        return sonde_attr_bool(sonde_str_z(NULL), ((const bool *)items)[i]);
    case SONDE_TYPE_INT_ARRAY:
        return sonde_attr_int(sonde_str_z(NULL), ((const int64_t *)items)[i]);
    default:
        return sonde_attr_double(sonde_str_z(NULL), ((const double *)items)[i]);
    }
}

static void write_array(struct sonde__buf *buf, const sonde_attr *array, uint32_t depth)
{
    uint32_t begun = sonde__wire_begin(buf, ANY_ARRAY);
    for (size_t i = 0; depth < SONDE__DEPTH_MAX && i < array->value.array.count && !buf->failed;
         i++) {
        sonde_attr item  = element(array, i);
        uint32_t   inner = sonde__wire_begin(buf, 1);
        write_value(buf, &item, depth + 1);
        sonde__wire_end(buf, inner);
    }
    sonde__wire_end(buf, begun);
}

static void write_key_value(struct sonde__buf *buf, uint32_t field, const sonde_attr *attr,
                            uint32_t depth)
{
    if (attr->key.len == 0 || !attr->key.ptr || attr->type == SONDE_TYPE_NONE)
        return;
    uint32_t begun = sonde__wire_begin(buf, field);
    sonde__wire_text(buf, 1, attr->key);
    uint32_t value = sonde__wire_begin(buf, 2);
    write_value(buf, attr, depth);
    sonde__wire_end(buf, value);
    sonde__wire_end(buf, begun);
}

static void write_map(struct sonde__buf *buf, sonde_attrs members, uint32_t depth)
{
    uint32_t begun = sonde__wire_begin(buf, ANY_MAP);
    for (size_t i = 0;
         depth < SONDE__DEPTH_MAX && members.items && i < members.count && !buf->failed; i++)
        write_key_value(buf, 1, &members.items[i], depth + 1);
    sonde__wire_end(buf, begun);
}

/* The fields of an AnyValue. */
static void write_value(struct sonde__buf *buf, const sonde_attr *attr, uint32_t depth)
{
    switch (attr->type) {
    case SONDE_TYPE_STRING:
        sonde__wire_text(buf, ANY_STRING, attr->value.s);
        return;
    case SONDE_TYPE_BOOL:
        sonde__wire_uint(buf, ANY_BOOL, attr->value.b);
        return;
    case SONDE_TYPE_INT:
        sonde__wire_uint(buf, ANY_INT, (uint64_t)attr->value.i);
        return;
    case SONDE_TYPE_DOUBLE:
        sonde__wire_double(buf, ANY_DOUBLE, attr->value.d);
        return;
    case SONDE_TYPE_BYTES:
        sonde__wire_bytes(buf, ANY_BYTES, attr->value.s.ptr, attr->value.s.len);
        return;
    case SONDE_TYPE_STRING_ARRAY:
    case SONDE_TYPE_BOOL_ARRAY:
    case SONDE_TYPE_INT_ARRAY:
    case SONDE_TYPE_DOUBLE_ARRAY:
        write_array(buf, attr, depth);
        return;
    case SONDE_TYPE_MAP:
        write_map(buf, attr->value.map, depth);
        return;
    case SONDE_TYPE_NONE:
        return;
    }
}

/* What a scalar's AnyValue takes, tag included; 0: not a scalar. */
static size_t scalar_size(const sonde_attr *attr)
{
    switch (attr->type) {
    case SONDE_TYPE_BOOL:
        return 2;
    case SONDE_TYPE_INT:
        return 1 + sonde__varint_size((uint64_t)attr->value.i);
    case SONDE_TYPE_DOUBLE:
        return 9;
    default:
        return 0;
    }
}

static uint8_t *put_scalar(uint8_t *p, const sonde_attr *attr)
{
    if (attr->type == SONDE_TYPE_INT) {
        *p++ = ANY_INT << 3;
        return sonde__varint_put(p, (uint64_t)attr->value.i);
    }
    if (attr->type == SONDE_TYPE_BOOL) {
        *p++ = ANY_BOOL << 3;
        *p++ = attr->value.b;
        return p;
    }
    *p++ = ANY_DOUBLE << 3 | SONDE__FIXED64;
    memcpy(p, &attr->value.d, 8);
    return p + 8;
}

/* Text and scalars whose KeyValue is shorter than 128 bytes, which is nearly all of them: each length
 * is one byte and is known before anything is written. False: the long way it is, and nothing was
 * written (text that is not ASCII is not looked at closer here). */
static bool write_short(struct sonde__buf *buf, uint32_t field, const sonde_attr *attr)
{
    enum { ROOM = 128 + 2 };
    size_t key   = attr->key.len;
    bool   text  = attr->type == SONDE_TYPE_STRING;
    size_t value = text ? 2 + attr->value.s.len : scalar_size(attr);
    if (value == 0 || key > 127 || value > 127 || key + value + 4 > 127 || field > 15 ||
        !sonde__buf_reserve(buf, ROOM))
        return false;
    uint8_t *p = buf->data + buf->len;
    p[0]       = (uint8_t)(field << 3 | SONDE__LEN);
    p[1]       = (uint8_t)(4 + key + value);
    p[2]       = 1 << 3 | SONDE__LEN;
    p[3]       = (uint8_t)key;
    bool ascii = sonde__ascii_copy(p + 4, attr->key.ptr, key);
    p += 4 + key;
    p[0] = 2 << 3 | SONDE__LEN;
    p[1] = (uint8_t)value;
    p += 2;
    if (text) {
        p[0] = ANY_STRING << 3 | SONDE__LEN;
        p[1] = (uint8_t)attr->value.s.len;
        ascii &= sonde__ascii_copy(p + 2, attr->value.s.ptr, attr->value.s.len);
        p += value;
    } else {
        p = put_scalar(p, attr);
    }
    if (!ascii)
        return false;
    buf->len = (uint32_t)(p - buf->data);
    return true;
}

void sonde__wire_attr(struct sonde__buf *buf, uint32_t field, const sonde_attr *attr)
{
    if (attr->key.len == 0 || !attr->key.ptr || attr->type == SONDE_TYPE_NONE)
        return;
    if (!write_short(buf, field, attr))
        write_key_value(buf, field, attr, 1);
}

static bool repeated_later(sonde_attrs attrs, size_t i)
{
    for (size_t k = i + 1; attrs.items[i].key.len && k < attrs.count; k++)
        if (attrs.items[k].key.len == attrs.items[i].key.len &&
            attrs.items[k].type != SONDE_TYPE_NONE &&
            memcmp(attrs.items[k].key.ptr, attrs.items[i].key.ptr, attrs.items[i].key.len) == 0)
            return true;
    return false;
}

void sonde__wire_attrs(struct sonde__buf *buf, uint32_t field, sonde_attrs attrs)
{
    for (size_t i = 0; attrs.items && i < attrs.count && !buf->failed; i++)
        if (!repeated_later(attrs, i))
            sonde__wire_attr(buf, field, &attrs.items[i]);
}
