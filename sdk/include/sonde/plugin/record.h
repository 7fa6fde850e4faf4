/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/plugin/record.h - reading finished records.
 *
 * A record is the OTLP protobuf encoding of what it stands for; there is no other form. Everything
 * here reads untrusted bytes as readily as our own: bounds are checked, unknown fields skipped, and
 * views point into what was given.
 * Threads: any, for every function; Blocks: never. */
#ifndef SONDE_PLUGIN_RECORD_H
#define SONDE_PLUGIN_RECORD_H

#include <sonde/attr.h>
#include <sonde/span_context.h>
#include <sonde/trace.h>

SONDE_BEGIN

/* One field of a protobuf message. */
typedef struct sonde_field {
    uint32_t  number;
    uint8_t   wire;  /* 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32 */
    uint64_t  value; /* wire 0, 1, 5 */
    sonde_str bytes; /* wire 2 */
} sonde_field;

/* Takes the next field off the front of *rest.
 * Returns: false at the end, and at the first malformed byte: then rest->len is not 0.
 * Threads: any. Blocks: never. Standard: protobuf encoding. Since: 0.1 */
SONDE_API bool sonde_field_next(sonde_str *rest, sonde_field *ret_field);

/* An AnyValue: scalars in value, text and bytes as views, arrays and maps as the bytes of their
 * message. */
typedef struct sonde_value {
    sonde_type type; /* STRING BOOL INT DOUBLE BYTES; arrays: STRING_ARRAY whatever the elements
                        are; MAP */
    union {
        sonde_str s; /* STRING, BYTES; of arrays and maps the message's bytes */
        bool      b;
        int64_t   i;
        double    d;
    } value;
} sonde_value;

/* Reads the bytes of an AnyValue message. False when malformed; an empty value has type NONE.
 * Threads: any. Blocks: never. Standard: opentelemetry.proto.common.v1.AnyValue. Since: 0.1 */
SONDE_API bool sonde_value_read(sonde_str any_value, sonde_value *ret_value);

/* Reads the bytes of a KeyValue message. False when malformed.
 * Threads: any. Blocks: never. Standard: opentelemetry.proto.common.v1.KeyValue. Since: 0.1 */
SONDE_API bool sonde_key_value_read(sonde_str key_value, sonde_str *ret_key,
                                    sonde_value *ret_value);

/* Takes the next element (an array) or entry (a map; ret_key gets its key) off *rest, which begins
 * as value.s. Returns: false at the end or when malformed.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API bool sonde_value_next(sonde_type of, sonde_str *rest, sonde_str *ret_key,
                                sonde_value *ret_value);

/* Writes a value as text, as JSON would: numbers, true, "a" inside of arrays and maps, plain text
 * outside. Cut to size-1 bytes at a character, and NUL-terminated; nesting beyond 8 is "...".
 * Returns: the length that was written.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API size_t sonde_value_text(const sonde_value *value, char *ret_text, size_t size);

/* A span's own fields; what repeats is iterated with sonde_span_next(). */
typedef struct sonde_span_view {
    sonde_span_context span_context; /* flags: the W3C flags */
    uint8_t            parent_id[8]; /* all zero: none */
    bool               parent_is_remote;
    sonde_str          tracestate;
    sonde_str          name;
    sonde_span_kind    kind;
    uint64_t           start_ns;
    uint64_t           end_ns;
    sonde_status       status;
    sonde_str          status_message;
    uint32_t           attribute_count, event_count, link_count;
    uint32_t           dropped_attributes, dropped_events, dropped_links;
    sonde_str          bytes; /* the whole message, for the iterators below */
} sonde_span_view;

/* Reads the bytes of a Span message. False when malformed.
 * Threads: any. Blocks: never. Standard: opentelemetry.proto.trace.v1.Span. Since: 0.1 */
SONDE_API bool sonde_span_read(sonde_str span, sonde_span_view *ret_span);

typedef enum sonde_part {
    SONDE_PART_ATTRIBUTE = 9,
    SONDE_PART_EVENT     = 11,
    SONDE_PART_LINK      = 13
} sonde_part;

/* Takes the next part of that kind off *rest, which begins as the span's bytes; ret_bytes is its
 * message. Returns: false at the end.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API bool sonde_span_next(sonde_part of, sonde_str *rest, sonde_str *ret_bytes);

typedef struct sonde_event_view {
    uint64_t  time_ns;
    sonde_str name;
    uint32_t  dropped_attributes;
    sonde_str bytes; /* attributes: sonde_event_next() */
} sonde_event_view;

/* Reads the bytes of a Span.Event message. False when malformed.
 * Threads: any. Blocks: never. Standard: opentelemetry.proto.trace.v1.Span.Event. Since: 0.1 */
SONDE_API bool sonde_event_read(sonde_str event, sonde_event_view *ret_event);

/* Takes the next attribute of an event (field 3), a link (field 4), a resource or any message off
 * *rest. field: the number of the repeated KeyValue field in that message. Returns: false at the
 * end or when malformed.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API bool sonde_attribute_next(uint32_t field, sonde_str *rest, sonde_str *ret_key,
                                    sonde_value *ret_value);

/* Walks an ExportTraceServiceRequest: zero it, set body, and call sonde_request_next() until it
 * returns false. */
typedef struct sonde_request_iter {
    sonde_str body;     /* what is left of the request */
    sonde_str resource; /* Resource message of the span just returned */
    sonde_str scope;    /* InstrumentationScope message of the span just returned */
    sonde_str resource_spans, scope_spans; /* what is left of each */
    bool      malformed;
} sonde_request_iter;

/* The next Span message of a request, with iter->resource and iter->scope set to what it belongs
 * to. Returns: false at the end, or with iter->malformed set where the bytes stop making sense.
 * Threads: one per iterator. Blocks: never. Standard: OTLP, ExportTraceServiceRequest.
 * Since: 0.1 */
SONDE_API bool sonde_request_next(sonde_request_iter *iter, sonde_str *ret_span);

SONDE_END
#endif
