/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/record.c - reading OTLP bytes, ours and anybody's. Nothing is allocated, nothing is trusted.
 */
#include <sonde/plugin/record.h>

/* Behind the varint at p; NULL when it does not end before end, or has more than 10 bytes. */
static const uint8_t *varint_long(const uint8_t *p, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (int shift = 0; p < end && shift < 70; shift += 7) {
        uint8_t byte = *p++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return p;
        }
    }
    return NULL;
}

/* Nearly all of them have one byte. */
static inline const uint8_t *varint(const uint8_t *p, const uint8_t *end, uint64_t *ret_value)
{
    if (p == end || *p >= 0x80)
        return varint_long(p, end, ret_value);
    *ret_value = *p;
    return p + 1;
}

/* How many bytes a field has behind its tag and its length; false for groups, which are gone from
 * proto3. */
static inline bool payload(uint8_t wire, uint64_t length, uint64_t *ret_count)
{
    *ret_count = wire == 1 ? 8 : wire == 5 ? 4 : wire == 2 ? length : 0;
    return wire <= 2 || wire == 5;
}

/* Inlined, so that what is read stays in registers. */
static inline __attribute__((always_inline)) bool next_field(sonde_str   *rest,
                                                             sonde_field *ret_field)
{
    if (!rest->ptr || rest->len == 0)
        return false;
    const uint8_t *p = (const uint8_t *)rest->ptr, *end = p + rest->len;
    uint64_t       tag, value                           = 0, count;
    p = varint(p, end, &tag);
    if (!p || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return false;
    uint8_t wire = (uint8_t)(tag & 7);
    if (wire == 0 || wire == 2)
        p = varint(p, end, &value);
    if (!p || !payload(wire, value, &count) || count > (uint64_t)(end - p))
        return false;
    if (wire == 1 || wire == 5)
        memcpy(&value, p, (size_t)count);
    ret_field->number    = (uint32_t)(tag >> 3);
    ret_field->wire      = wire;
    ret_field->value     = wire == 2 ? 0 : value;
    ret_field->bytes.ptr = wire == 2 ? (const char *)p : NULL;
    ret_field->bytes.len = wire == 2 ? (size_t)count : 0;
    rest->ptr            = (const char *)p + count;
    rest->len            = (size_t)(end - p) - (size_t)count;
    return true;
}

bool sonde_field_next(sonde_str *rest, sonde_field *ret_field)
{
    return rest && ret_field && next_field(rest, ret_field);
}

static inline sonde_type type_of(const sonde_field *field)
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
    sonde_type  type = SONDE_TYPE_NONE;
    uint64_t    bits = 0;
    sonde_str   text = { NULL, 0 };
    sonde_field field;
    while (next_field(&any_value, &field)) {
        if (type_of(&field) == SONDE_TYPE_NONE)
            continue;
        type     = type_of(&field);
        bits     = field.value;
        text.ptr = field.bytes.ptr;
        text.len = field.bytes.len;
    }
    if (any_value.len != 0 || !ret_value)
        return false;
    ret_value->type        = type;
    ret_value->value.s.ptr = text.ptr;
    ret_value->value.s.len = text.len;
    if (type == SONDE_TYPE_BOOL)
        ret_value->value.b = bits != 0;
    else if (type == SONDE_TYPE_INT)
        ret_value->value.i = (int64_t)bits;
    else if (type == SONDE_TYPE_DOUBLE)
        memcpy(&ret_value->value.d, &bits, 8);
    return true;
}

bool sonde_key_value_read(sonde_str key_value, sonde_str *ret_key, sonde_value *ret_value)
{
    const char *key = "", *any = "";
    size_t      key_len = 0, any_len = 0;
    sonde_value value;
    sonde_field field;
    while (next_field(&key_value, &field)) {
        if (field.wire != 2)
            continue;
        if (field.number == 1) {
            key     = field.bytes.ptr;
            key_len = field.bytes.len;
        } else if (field.number == 2) {
            /* The last one counts; all have to make sense. */
            if (!sonde_value_read(sonde_str_n(any, any_len), &value))
                return false;
            any     = field.bytes.ptr;
            any_len = field.bytes.len;
        }
    }
    if (key_value.len != 0 ||
        !sonde_value_read(sonde_str_n(any, any_len), ret_value ? ret_value : &value))
        return false;
    if (ret_key)
        *ret_key = sonde_str_n(key, key_len);
    return true;
}

/* The next length-delimited field with that number. */
static bool next_message(uint32_t number, sonde_str *rest, sonde_str *ret_bytes)
{
    sonde_field field;
    while (rest && next_field(rest, &field)) {
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
