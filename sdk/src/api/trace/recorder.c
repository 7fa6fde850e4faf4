/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/recorder.c - a span's bytes. Runs in the thread that uses the span; allocates only while a
 * slot's buffer grows. */
#include "trace/recorder.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "core/core.h"
#include "core/wire.h"

#include <stdlib.h>

/* Keeps the compiler from joining what was taken apart on purpose. */
#if defined(__GNUC__)
#define SONDE__OPAQUE(word) __asm__("" : "+r"(word))
#else
#define SONDE__OPAQUE(word) ((void)0)
#endif

enum {
    /* fields of Span */
    TRACE_STATE        = 3,
    PARENT             = 4,
    NAME               = 5,
    ATTRIBUTE          = 9,
    DROPPED_ATTRIBUTES = 10,
    EVENT              = 11,
    DROPPED_EVENTS     = 12,
    LINK               = 13,
    DROPPED_LINKS      = 14,
    STATUS             = 15,
    /* where things stand in the fixed part; the length counts from AT_TRACE on */
    AT_LENGTH     = 1,
    AT_TRACE      = 5,
    AT_TRACE_ID   = 7,
    AT_SPAN_ID    = 25,
    AT_START      = 34,
    AT_END        = 43,
    AT_KIND       = 52,
    AT_FLAGS      = 55,
    FIXED         = 59,
    HAS_IS_REMOTE = 0x100,
    IS_REMOTE     = 0x200
};

/* ScopeSpans.spans with a padded length, trace id, span id, start, end, kind, flags. */
static const uint8_t template[FIXED] = {
    [0]         = 2 << 3 | 2,
    [AT_LENGTH] = 0x80,
    0x80,
    0x80,
    0x00,
    [AT_TRACE] = 1 << 3 | 2,
    16,
    [AT_SPAN_ID - 2] = 2 << 3 | 2,
    8,
    [AT_START - 1] = 7 << 3 | 1,
    [AT_END - 1]   = 8 << 3 | 1,
    [AT_KIND - 1]  = 6 << 3,
    [AT_FLAGS - 2] = 0x85,
    0x01, /* 16 << 3 | 5 */
};

/* By the words in which it was just written: one wide load would wait for those stores. */
static void copy_id(uint8_t *to, const uint8_t *id)
{
    uint64_t high, low;
    memcpy(&high, id, 8);
    SONDE__OPAQUE(high);
    memcpy(&low, id + 8, 8);
    memcpy(to, &high, 8);
    memcpy(to + 8, &low, 8);
}

bool sonde__recorder_begin(struct sonde__slot *slot, const struct sonde__recorder_start *start)
{
    struct sonde__buf *record = &slot->record;
    sonde__buf_clear(record);
    record->max           = SONDE__RECORD_MAX; /* what is larger is refused before it is copied */
    slot->keys            = 0;
    slot->attribute_count = slot->event_count = slot->link_count = 0;
    slot->dropped_attributes = slot->dropped_events = slot->dropped_links = 0;
    slot->status                                                          = SONDE_STATUS_UNSET;
    if (!sonde__buf_reserve(record, 512))
        return false;
    uint8_t *p     = record->data;
    uint32_t flags = slot->span_context.flags | HAS_IS_REMOTE;
    if (start->parent && start->parent->is_remote)
        flags |= IS_REMOTE;
    memcpy(p, template, FIXED);
    copy_id(p + AT_TRACE_ID, slot->span_context.trace_id);
    memcpy(p + AT_SPAN_ID, slot->span_context.span_id, 8);
    memcpy(p + AT_START, &start->start_ns, 8);
    p[AT_KIND] = (uint8_t)(start->kind <= SONDE_KIND_CONSUMER ? start->kind + 1 : 1);
    memcpy(p + AT_FLAGS, &flags, 4);
    record->len = FIXED;
    if (start->parent)
        sonde__wire_bytes(record, PARENT, start->parent->span_id, 8);
    if (slot->tracestate)
        sonde__wire_bytes(record, TRACE_STATE, slot->tracestate->text, slot->tracestate->len);
    sonde__wire_text(record, NAME, start->name);
    return !record->failed;
}

/* Takes back what was written since before when it did not fit; says whether it is there. */
static bool fits(struct sonde__buf *record, uint32_t before)
{
    /* room is left for the counts that sonde__recorder_end() adds */
    if (!record->failed && record->len <= SONDE__RECORD_MAX - 64)
        return true;
    record->len    = before;
    record->failed = false;
    return false;
}

/* The field at `at` of a record, all of which are length-delimited from FIXED on: where it begins
 * and ends. */
struct field {
    uint32_t at, body, end;
    uint8_t  number;
};

static bool field_at(const struct sonde__buf *record, uint32_t at, struct field *ret_field)
{
    if (at >= record->len)
        return false;
    const uint8_t *p      = record->data + at + 1;
    uint32_t       length = 0, shift = 0;
    do {
        length |= (uint32_t)(*p & 0x7F) << shift;
        shift += 7;
    } while (*p++ & 0x80);
    ret_field->at     = at;
    ret_field->number = record->data[at] >> 3;
    ret_field->body   = (uint32_t)(p - record->data);
    ret_field->end    = ret_field->body + length;
    return true;
}

static void cut_field(struct sonde__buf *record, uint8_t number)
{
    struct field field;
    for (uint32_t at = FIXED; field_at(record, at, &field); at = field.end) {
        if (field.number != number)
            continue;
        sonde__buf_cut(record, field.at, field.end);
        return;
    }
}

/* A bit for a key, of its length, its beginning and its end; keys that share one are told apart by
 * comparing. Looked at on the way: whether it is ASCII. */
static inline uint64_t key_bit(sonde_str key, bool *ret_ascii)
{
    uint64_t head = 0, tail = 0;
    uint32_t half[2];
    if (key.len >= 8) {
        memcpy(&head, key.ptr, 8);
        memcpy(&tail, key.ptr + key.len - 8, 8);
    } else if (key.len >= 4) {
        memcpy(&half[0], key.ptr, 4);
        memcpy(&half[1], key.ptr + key.len - 4, 4);
        head = half[0];
        tail = half[1];
    } else {
        head = (uint8_t)key.ptr[0];
        tail = (uint64_t)(uint8_t)key.ptr[key.len / 2] << 8 | (uint8_t)key.ptr[key.len - 1];
    }
    /* The two words are the whole of most keys. */
    *ret_ascii = ((head | tail) & UINT64_C(0x8080808080808080)) == 0 &&
                 (key.len <= 16 || sonde__ascii(key.ptr + 8, key.len - 16));
    uint64_t mixed = (head ^ (tail << 29 | tail >> 35)) + key.len;
    return UINT64_C(1) << ((mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 58);
}

/* Whether the KeyValue in [body, end) has that key: its first field, as we write it. */
static bool has_key(const uint8_t *body, const uint8_t *end, sonde_str key)
{
    const uint8_t *p      = body + 1;
    size_t         length = 0;
    uint32_t       shift  = 0;
    do {
        length |= (size_t)(*p & 0x7F) << shift;
        shift += 7;
    } while (*p++ & 0x80);
    return length == key.len && (size_t)(end - p) >= length && memcmp(p, key.ptr, length) == 0;
}

/* Moves an attribute that was set before out of the record. */
static bool cut_attr(struct sonde__buf *record, sonde_str key)
{
    struct field field;
    for (uint32_t at = FIXED; field_at(record, at, &field); at = field.end) {
        if (field.number != ATTRIBUTE ||
            !has_key(record->data + field.body, record->data + field.end, key))
            continue;
        sonde__buf_cut(record, field.at, field.end);
        return true;
    }
    return false;
}

/* An attribute whose key is not UTF-8: the repaired key is the one that may be there already. */
static void attr_repaired(struct sonde__slot *slot, const sonde_attr *attr)
{
    sonde_attr repaired = *attr;
    size_t     len      = attr->key.len < SONDE__RECORD_MAX
                              ? sonde__utf8_repaired_len(attr->key.ptr, attr->key.len)
                              : 0;
    char      *key      = len ? malloc(len) : NULL;
    if (!key) {
        slot->dropped_attributes++;
        return;
    }
    sonde__utf8_repair((uint8_t *)key, attr->key.ptr, attr->key.len);
    repaired.key = sonde_str_n(key, len);
    sonde__recorder_attr(slot, &repaired);
    free(key);
}

void sonde__recorder_attr(struct sonde__slot *slot, const sonde_attr *attr)
{
    struct sonde__buf *record = &slot->record;
    if (attr->type == SONDE_TYPE_NONE || attr->key.len == 0 || !attr->key.ptr)
        return;
    bool     ascii;
    uint64_t bit = key_bit(attr->key, &ascii);
    if (!ascii && !sonde__utf8_valid(attr->key.ptr, attr->key.len)) {
        attr_repaired(slot, attr);
        return;
    }
    if ((slot->keys & bit) && cut_attr(record, attr->key))
        slot->attribute_count--;
    if (slot->attribute_count >= slot->core->options.attribute_limit) {
        slot->dropped_attributes++;
        return;
    }
    uint32_t before = record->len;
    sonde__wire_attr(record, ATTRIBUTE, attr);
    if (!fits(record, before)) {
        slot->dropped_attributes++;
        return;
    }
    slot->keys |= bit;
    slot->attribute_count++;
}

/* The attributes of an event or a link: up to the limit; returns how many were left out. */
static uint32_t write_attrs(struct sonde__slot *slot, uint32_t field, sonde_attrs attrs)
{
    size_t limit = slot->core->options.attribute_limit, count = attrs.items ? attrs.count : 0;
    size_t kept = count < limit ? count : limit;
    sonde__wire_attrs(&slot->record, field, (sonde_attrs){ attrs.items, kept });
    return (uint32_t)(count - kept);
}

void sonde__recorder_event(struct sonde__slot *slot, sonde_str name, uint64_t time_ns,
                           sonde_attrs attrs)
{
    struct sonde__buf *record = &slot->record;
    uint32_t           before = record->len;
    if (slot->event_count >= slot->core->options.event_limit) {
        slot->dropped_events++;
        return;
    }
    uint32_t begun = sonde__wire_begin(record, EVENT);
    sonde__wire_fixed64(record, 1, time_ns ? time_ns : sonde__clock_wall());
    sonde__wire_text(record, 2, name);
    uint32_t dropped = write_attrs(slot, 3, attrs);
    if (dropped)
        sonde__wire_uint(record, 4, dropped);
    sonde__wire_end(record, begun);
    if (fits(record, before))
        slot->event_count++;
    else
        slot->dropped_events++;
}

void sonde__recorder_link(struct sonde__slot *slot, const sonde_link *link)
{
    struct sonde__buf *record = &slot->record;
    uint32_t           before = record->len;
    bool               valid  = sonde_span_context_is_valid(&link->span_context);
    if (!valid && link->attrs.count == 0 && link->tracestate.len == 0)
        return;
    if (slot->link_count >= slot->core->options.link_limit) {
        slot->dropped_links++;
        return;
    }
    uint32_t begun = sonde__wire_begin(record, LINK);
    sonde__wire_bytes(record, 1, link->span_context.trace_id, 16);
    sonde__wire_bytes(record, 2, link->span_context.span_id, 8);
    if (link->tracestate.ptr && link->tracestate.len)
        sonde__wire_text(record, 3, link->tracestate);
    uint32_t dropped = write_attrs(slot, 4, link->attrs);
    if (dropped)
        sonde__wire_uint(record, 5, dropped);
    sonde__wire_fixed32(record, 6,
                        link->span_context.flags | HAS_IS_REMOTE |
                            (link->span_context.is_remote ? IS_REMOTE : 0));
    sonde__wire_end(record, begun);
    if (fits(record, before))
        slot->link_count++;
    else
        slot->dropped_links++;
}

void sonde__recorder_name(struct sonde__slot *slot, sonde_str name)
{
    struct sonde__buf *record = &slot->record;
    uint32_t           before = record->len;
    sonde__wire_text(record, NAME, name);
    if (!fits(record, before))
        return;
    /* The old one is cut only now that the new one is there: the first in the record. */
    cut_field(record, NAME);
}

void sonde__recorder_status(struct sonde__slot *slot, sonde_status status, sonde_str description)
{
    struct sonde__buf *record = &slot->record;
    uint32_t           before = record->len;
    if (status == SONDE_STATUS_UNSET || slot->status == SONDE_STATUS_OK)
        return;
    uint32_t begun = sonde__wire_begin(record, STATUS);
    if (status == SONDE_STATUS_ERROR && description.ptr && description.len)
        sonde__wire_text(record, 2, description);
    sonde__wire_uint(record, 3, status);
    sonde__wire_end(record, begun);
    if (!fits(record, before))
        return;
    if (slot->status != SONDE_STATUS_UNSET)
        cut_field(record, STATUS);
    slot->status = status;
}

void sonde__recorder_end(struct sonde__slot *slot, uint64_t end_ns)
{
    struct sonde__buf *record = &slot->record;
    uint64_t           start_ns;
    memcpy(&start_ns, record->data + AT_START, 8);
    if (end_ns == 0)
        end_ns = sonde__clock_wall();
    if (end_ns < start_ns)
        end_ns = start_ns;
    memcpy(record->data + AT_END, &end_ns, 8);
    if (slot->dropped_attributes | slot->dropped_events | slot->dropped_links) {
        if (slot->dropped_attributes)
            sonde__wire_uint(record, DROPPED_ATTRIBUTES, slot->dropped_attributes);
        if (slot->dropped_events)
            sonde__wire_uint(record, DROPPED_EVENTS, slot->dropped_events);
        if (slot->dropped_links)
            sonde__wire_uint(record, DROPPED_LINKS, slot->dropped_links);
    }
    record->failed = false; /* without memory for a count, the span goes without it */
    sonde__wire_length(record->data + AT_LENGTH, record->len - AT_TRACE);
}
