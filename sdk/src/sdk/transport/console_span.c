/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/console_span.c - a span as a block of text. Pure functions. */
#include "transport/console.h"
#include "base/iso8601.h"

#include <sonde/plugin/record.h>

static void put_hex(struct sonde__buf *text, const char *before, const uint8_t *bytes, size_t count)
{
    sonde__buf_text(text, before);
    for (size_t i = 0; i < count; i++)
        sonde__console_format(text, "%02x", bytes[i]);
}

static double ms_between(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns >= from_ns ? (double)(to_ns - from_ns) / 1e6 : -(double)(from_ns - to_ns) / 1e6;
}

static void put_head(struct sonde__buf *text, const sonde_span_view *span)
{
    static const char *const kinds[] = { "internal", "server", "client", "producer", "consumer" };
    static const uint8_t     none[8] = { 0 };
    char                     at[SONDE__ISO8601_SIZE];
    unsigned                 kind = (unsigned)span->kind;

    sonde__console_put(text, span->name);
    sonde__console_format(text, "  %s  %.3f ms", kind < 5 ? kinds[kind] : "?",
                          ms_between(span->start_ns, span->end_ns));
    if (span->status == SONDE_STATUS_OK)
        sonde__buf_text(text, "  ok");
    if (span->status == SONDE_STATUS_ERROR)
        sonde__buf_text(text, span->status_message.len ? "  error: " : "  error");
    sonde__console_put(text, span->status_message);
    put_hex(text, "\n  trace ", span->span_context.trace_id, sizeof span->span_context.trace_id);
    put_hex(text, "  span ", span->span_context.span_id, sizeof span->span_context.span_id);
    if (memcmp(span->parent_id, none, sizeof none) != 0) {
        put_hex(text, "  parent ", span->parent_id, sizeof span->parent_id);
        sonde__buf_text(text, span->parent_is_remote ? " (remote)" : "");
    }
    sonde__iso8601(span->start_ns, 6, at);
    sonde__console_format(text, "\n  %s", at);
}

static void put_events(struct sonde__buf *text, const sonde_span_view *span)
{
    sonde_str        rest = span->bytes, bytes;
    sonde_event_view event;
    while (sonde_span_next(SONDE_PART_EVENT, &rest, &bytes)) {
        if (!sonde_event_read(bytes, &event))
            continue;
        sonde__console_format(text, "  event +%.3f ms ", ms_between(span->start_ns, event.time_ns));
        sonde__console_put(text, event.name);
        sonde__buf_byte(text, '\n');
        sonde__console_attributes(text, "    ", 3, event.bytes);
    }
}

static void put_links(struct sonde__buf *text, const sonde_span_view *span)
{
    enum { TRACE_ID = 1, SPAN_ID = 2 };
    sonde_str   rest = span->bytes, bytes;
    sonde_field field;
    while (sonde_span_next(SONDE_PART_LINK, &rest, &bytes)) {
        sonde_str fields = bytes;
        sonde__buf_text(text, "  link");
        while (sonde_field_next(&fields, &field)) {
            if (field.wire != 2 || field.number > SPAN_ID)
                continue;
            put_hex(text, field.number == TRACE_ID ? " trace " : " span ",
                    (const uint8_t *)field.bytes.ptr, field.bytes.len);
        }
        sonde__buf_byte(text, '\n');
        sonde__console_attributes(text, "    ", 4, bytes);
    }
}

static void put_dropped(struct sonde__buf *text, const sonde_span_view *span)
{
    if (span->dropped_attributes || span->dropped_events || span->dropped_links)
        sonde__console_format(text, "  dropped: %u attributes, %u events, %u links\n",
                              (unsigned)span->dropped_attributes, (unsigned)span->dropped_events,
                              (unsigned)span->dropped_links);
}

void sonde__console_spans(struct sonde__buf *text, sonde_str request)
{
    sonde_request_iter iter = { .body = request };
    sonde_str          bytes;
    sonde_span_view    span;
    while (sonde_request_next(&iter, &bytes)) {
        if (!sonde_span_read(bytes, &span))
            continue;
        put_head(text, &span);
        sonde__console_origin(text, iter.resource, iter.scope);
        sonde__console_attributes(text, "  ", SONDE_PART_ATTRIBUTE, span.bytes);
        put_events(text, &span);
        put_links(text, &span);
        put_dropped(text, &span);
        sonde__buf_byte(text, '\n');
    }
}
