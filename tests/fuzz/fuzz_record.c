/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The iterators of sonde/plugin/record.h over any bytes: everything they return lies inside of what
 * they were given, and every walk ends. */
#include "fuzz.h"

#include <sonde/plugin/record.h>

static void inside(sonde_str part, sonde_str whole)
{
    if (part.len == 0)
        return;
    REQUIRE(part.ptr >= whole.ptr && part.len <= whole.len &&
            (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

static void check_value(const sonde_value *value, sonde_str whole, int depth)
{
    char text[64];
    for (size_t size = 0; size <= sizeof text; size += 7) {
        size_t len = sonde_value_text(value, text, size);
        REQUIRE(size == 0 ? len == 0 : len < size && text[len] == '\0');
    }
    bool list = value->type == SONDE_TYPE_MAP || value->type == SONDE_TYPE_STRING_ARRAY;
    if (list || value->type == SONDE_TYPE_STRING || value->type == SONDE_TYPE_BYTES)
        inside(value->value.s, whole);
    sonde_str   rest = value->value.s, key;
    sonde_value item;
    while (list && depth < 20 && sonde_value_next(value->type, &rest, &key, &item)) {
        inside(key, whole);
        check_value(&item, whole, depth + 1);
    }
}

static void check_attributes(uint32_t field, sonde_str message)
{
    sonde_str   rest = message, key;
    sonde_value value;
    while (sonde_attribute_next(field, &rest, &key, &value)) {
        inside(key, message);
        check_value(&value, message, 0);
    }
}

static void check_span(sonde_str bytes)
{
    sonde_span_view  span;
    sonde_event_view event;
    sonde_str        rest, part;
    if (!sonde_span_read(bytes, &span))
        return;
    inside(span.name, bytes);
    inside(span.tracestate, bytes);
    inside(span.status_message, bytes);
    REQUIRE(span.kind <= SONDE_KIND_CONSUMER && span.status <= SONDE_STATUS_ERROR);
    static const sonde_part parts[]  = { SONDE_PART_ATTRIBUTE, SONDE_PART_EVENT, SONDE_PART_LINK };
    const uint32_t          counts[] = { span.attribute_count, span.event_count, span.link_count };
    for (int i = 0; i < 3; i++) {
        uint32_t count = 0;
        for (rest = bytes; sonde_span_next(parts[i], &rest, &part); count++) {
            inside(part, bytes);
            if (sonde_event_read(part, &event))
                inside(event.name, bytes);
            check_attributes(i == 1 ? 3 : 4, part);
        }
        REQUIRE(count == counts[i]); /* a span that reads is well-formed to its end */
    }
    check_attributes(SONDE_PART_ATTRIBUTE, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sonde_request_iter iter;
    sonde_value        value;
    sonde_str          whole = sonde_str_n(data, size), span;
    memset(&iter, 0, sizeof iter);
    iter.body = whole;
    while (sonde_request_next(&iter, &span)) {
        inside(span, whole);
        inside(iter.resource, whole);
        inside(iter.scope, whole);
        check_span(span);
        check_attributes(1, iter.resource);
    }
    REQUIRE(!sonde_request_next(&iter, &span));
    check_span(whole);
    if (sonde_value_read(whole, &value))
        check_value(&value, whole, 0);
    return 0;
}
