/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/record.c - reading OTLP bytes, ours and anybody's. Nothing is allocated, nothing is trusted.
 */
#include <sonde/plugin/record.h>

static bool varint(sonde_str *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->len && i < 10; i++) {
        uint8_t byte = (uint8_t)rest->ptr[i];
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            rest->ptr += i + 1;
            rest->len -= i + 1;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take(sonde_str *rest, uint64_t count, sonde_str *ret_bytes)
{
    if (count > rest->len)
        return false;
    *ret_bytes = sonde_str_n(rest->ptr, (size_t)count);
    rest->ptr += count;
    rest->len -= (size_t)count;
    return true;
}

bool sonde_field_next(sonde_str *rest, sonde_field *ret_field)
{
    if (!rest || !ret_field || !rest->ptr || rest->len == 0)
        return false;
    sonde_str   at = *rest;
    sonde_field field;
    uint64_t    tag;
    memset(&field, 0, sizeof field);
    if (!varint(&at, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return false;
    field.number = (uint32_t)(tag >> 3);
    field.wire   = (uint8_t)(tag & 7);
    switch (field.wire) {
    case 0:
        if (!varint(&at, &field.value))
            return false;
        break;
    case 1:
    case 5:
        if (!take(&at, field.wire == 1 ? 8 : 4, &field.bytes))
            return false;
        memcpy(&field.value, field.bytes.ptr, field.bytes.len);
        field.bytes = sonde_str_n(NULL, 0);
        break;
    case 2: {
        uint64_t length;
        if (!varint(&at, &length) || !take(&at, length, &field.bytes))
            return false;
        break;
    }
    default: /* groups are gone from proto3 */
        return false;
    }
    *rest      = at;
    *ret_field = field;
    return true;
}

static sonde_type type_of(const sonde_field *field)
{
    static const struct {
        uint8_t    wire;
        sonde_type type;
    } any[8] = { { 0, SONDE_TYPE_NONE }, { 2, SONDE_TYPE_STRING }, { 0, SONDE_TYPE_BOOL },
                 { 0, SONDE_TYPE_INT },  { 1, SONDE_TYPE_DOUBLE }, { 2, SONDE_TYPE_STRING_ARRAY },
                 { 2, SONDE_TYPE_MAP },  { 2, SONDE_TYPE_BYTES } };
    return field->number < 8 && any[field->number].wire == field->wire ? any[field->number].type
                                                                       : SONDE_TYPE_NONE;
}

bool sonde_value_read(sonde_str any_value, sonde_value *ret_value)
{
    sonde_value value;
    sonde_field field;
    memset(&value, 0, sizeof value);
    while (sonde_field_next(&any_value, &field)) {
        sonde_type type = type_of(&field);
        if (type == SONDE_TYPE_NONE)
            continue;
        memset(&value, 0, sizeof value);
        value.type = type;
        if (type == SONDE_TYPE_BOOL)
            value.value.b = field.value != 0;
        else if (type == SONDE_TYPE_INT)
            value.value.i = (int64_t)field.value;
        else if (type == SONDE_TYPE_DOUBLE)
            memcpy(&value.value.d, &field.value, 8);
        else
            value.value.s = field.bytes;
    }
    if (any_value.len != 0 || !ret_value)
        return false;
    *ret_value = value;
    return true;
}

bool sonde_key_value_read(sonde_str key_value, sonde_str *ret_key, sonde_value *ret_value)
{
    sonde_str   key = sonde_str_n("", 0);
    sonde_value value;
    sonde_field field;
    memset(&value, 0, sizeof value);
    while (sonde_field_next(&key_value, &field)) {
        if (field.number == 1 && field.wire == 2)
            key = field.bytes;
        if (field.number == 2 && field.wire == 2 && !sonde_value_read(field.bytes, &value))
            return false;
    }
    if (key_value.len != 0)
        return false;
    if (ret_key)
        *ret_key = key;
    if (ret_value)
        *ret_value = value;
    return true;
}

/* The next length-delimited field with that number. */
static bool next_message(uint32_t number, sonde_str *rest, sonde_str *ret_bytes)
{
    sonde_field field;
    while (rest && sonde_field_next(rest, &field)) {
        if (field.number == number && field.wire == 2) {
            if (ret_bytes)
                *ret_bytes = field.bytes;
            return true;
        }
    }
    return false;
}

bool sonde_value_next(sonde_type of, sonde_str *rest, sonde_str *ret_key, sonde_value *ret_value)
{
    sonde_str bytes;
    if (!next_message(1, rest, &bytes))
        return false;
    if (of == SONDE_TYPE_MAP)
        return sonde_key_value_read(bytes, ret_key, ret_value);
    if (ret_key)
        *ret_key = sonde_str_n(NULL, 0);
    return sonde_value_read(bytes, ret_value);
}

bool sonde_attribute_next(uint32_t field, sonde_str *rest, sonde_str *ret_key,
                          sonde_value *ret_value)
{
    sonde_str bytes;
    return next_message(field, rest, &bytes) && sonde_key_value_read(bytes, ret_key, ret_value);
}

bool sonde_span_next(sonde_part of, sonde_str *rest, sonde_str *ret_bytes)
{
    return next_message((uint32_t)of, rest, ret_bytes);
}

static void read_status(sonde_str status, sonde_span_view *span)
{
    sonde_field field;
    while (sonde_field_next(&status, &field)) {
        if (field.number == 2 && field.wire == 2)
            span->status_message = field.bytes;
        if (field.number == 3 && field.wire == 0)
            span->status = field.value <= SONDE_STATUS_ERROR ? (sonde_status)field.value
                                                             : SONDE_STATUS_UNSET;
    }
}

static void read_id(sonde_str bytes, uint8_t *id, size_t size)
{
    if (bytes.len == size)
        memcpy(id, bytes.ptr, size);
}

static void read_bytes_field(const sonde_field *field, sonde_span_view *span)
{
    switch (field->number) {
    case 1:
        read_id(field->bytes, span->span_context.trace_id, 16);
        return;
    case 2:
        read_id(field->bytes, span->span_context.span_id, 8);
        return;
    case 3:
        span->tracestate = field->bytes;
        return;
    case 4:
        read_id(field->bytes, span->parent_id, 8);
        return;
    case 5:
        span->name = field->bytes;
        return;
    case 9:
        span->attribute_count++;
        return;
    case 11:
        span->event_count++;
        return;
    case 13:
        span->link_count++;
        return;
    case 15:
        read_status(field->bytes, span);
        return;
    default:
        return;
    }
}

static void read_number_field(const sonde_field *field, sonde_span_view *span)
{
    switch (field->number) {
    case 6: /* OTLP counts kinds from 1; 0 is unspecified, which its readers take for internal */
        span->kind = field->value >= 1 && field->value <= 5 ? (sonde_span_kind)(field->value - 1)
                                                            : SONDE_KIND_INTERNAL;
        return;
    case 7:
        span->start_ns = field->value;
        return;
    case 8:
        span->end_ns = field->value;
        return;
    case 10:
        span->dropped_attributes = (uint32_t)field->value;
        return;
    case 12:
        span->dropped_events = (uint32_t)field->value;
        return;
    case 14:
        span->dropped_links = (uint32_t)field->value;
        return;
    case 16:
        span->span_context.flags = (uint8_t)field->value;
        span->parent_is_remote   = (field->value & 0x300) == 0x300;
        return;
    default:
        return;
    }
}

bool sonde_span_read(sonde_str bytes, sonde_span_view *ret_span)
{
    sonde_span_view span;
    sonde_field     field;
    memset(&span, 0, sizeof span);
    span.bytes = bytes;
    while (sonde_field_next(&bytes, &field)) {
        if (field.wire == 2)
            read_bytes_field(&field, &span);
        else
            read_number_field(&field, &span);
    }
    if (bytes.len != 0 || !ret_span)
        return false;
    *ret_span = span;
    return true;
}

bool sonde_event_read(sonde_str bytes, sonde_event_view *ret_event)
{
    sonde_event_view event;
    sonde_field      field;
    memset(&event, 0, sizeof event);
    event.bytes = bytes;
    while (sonde_field_next(&bytes, &field)) {
        if (field.number == 1 && field.wire == 1)
            event.time_ns = field.value;
        if (field.number == 2 && field.wire == 2)
            event.name = field.bytes;
        if (field.number == 4 && field.wire == 0)
            event.dropped_attributes = (uint32_t)field.value;
    }
    if (bytes.len != 0 || !ret_event)
        return false;
    *ret_event = event;
    return true;
}

/* The first message with that number, wherever it stands: protobuf does not order fields. */
static sonde_str find_message(uint32_t number, sonde_str message)
{
    sonde_str found = sonde_str_n("", 0);
    next_message(number, &message, &found);
    return found;
}

/* A message that holds nothing but whole fields. */
static bool well_formed(sonde_str message)
{
    sonde_field field;
    while (sonde_field_next(&message, &field))
        ;
    return message.len == 0;
}

bool sonde_request_next(sonde_request_iter *iter, sonde_str *ret_span)
{
    if (!iter || iter->malformed)
        return false;
    for (;;) {
        if (next_message(2, &iter->scope_spans, ret_span))
            return true;
        if (next_message(2, &iter->resource_spans, &iter->scope_spans)) {
            iter->malformed = !well_formed(iter->scope_spans);
            iter->scope     = find_message(1, iter->scope_spans);
        } else if (next_message(1, &iter->body, &iter->resource_spans)) {
            iter->malformed = !well_formed(iter->resource_spans);
            iter->resource  = find_message(1, iter->resource_spans);
        } else {
            iter->malformed = iter->body.len != 0;
            return false;
        }
        if (iter->malformed)
            return false;
    }
}
