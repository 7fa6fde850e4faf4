/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* otlp_body.c - OTLP requests written by hand. */
#include "otlp_body.h"

#include <stdio.h>
#include <stdlib.h>

static void add(struct body *body, const void *bytes, size_t len)
{
    if (body->len + len > body->room) {
        body->room = (body->len + len) * 2;
        body->data = realloc(body->data, body->room);
        if (!body->data)
            abort();
    }
    if (len > 0)
        memcpy(body->data + body->len, bytes, len);
    body->len += len;
}

static void add_varint(struct body *body, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)(value & 0x7F);
        value >>= 7;
        byte |= value ? 0x80 : 0;
        add(body, &byte, 1);
    } while (value);
}

void body_free(struct body *body)
{
    free(body->data);
    *body = (struct body){ 0 };
}

void body_bytes(struct body *body, uint32_t field, const void *bytes, size_t len)
{
    add_varint(body, (uint64_t)field << 3 | 2);
    add_varint(body, len);
    add(body, bytes, len);
}

void body_text(struct body *body, uint32_t field, const char *text)
{
    body_bytes(body, field, text, strlen(text));
}

void body_varint(struct body *body, uint32_t field, uint64_t value)
{
    add_varint(body, (uint64_t)field << 3);
    add_varint(body, value);
}

void body_fixed64(struct body *body, uint32_t field, uint64_t value)
{
    add_varint(body, (uint64_t)field << 3 | 1);
    add(body, &value, 8);
}

void body_double(struct body *body, uint32_t field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    body_fixed64(body, field, bits);
}

void body_message(struct body *body, uint32_t field, struct body *message)
{
    body_bytes(body, field, message->data, message->len);
    body_free(message);
}

static void add_attribute(struct body *body, uint32_t field, const char *key, size_t key_len,
                          const char *value)
{
    struct body pair = { 0 }, any = { 0 };
    if (*value == '#')
        body_varint(&any, 3, (uint64_t)strtoll(value + 1, NULL, 10));
    else if (*value == '~')
        body_double(&any, 4, strtod(value + 1, NULL));
    else if (*value == '!')
        body_varint(&any, 2, strcmp(value, "!true") == 0);
    else
        body_text(&any, 1, value);
    body_bytes(&pair, 1, key, key_len);
    body_message(&pair, 2, &any);
    body_message(body, field, &pair);
}

void body_attributes(struct body *body, uint32_t field, const char *attributes)
{
    char *copy = strdup(attributes), *save = NULL;
    for (char *pair = strtok_r(copy, " ", &save); pair; pair = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(pair, '=');
        if (equals)
            add_attribute(body, field, pair, (size_t)(equals - pair), equals + 1);
    }
    free(copy);
}

static uint64_t at(double ms)
{
    return SPAN_EPOCH_NS + (uint64_t)(int64_t)(ms * 1e6 + (ms < 0 ? -0.5 : 0.5));
}

static void add_id(struct body *body, uint32_t field, uint8_t byte, size_t size)
{
    uint8_t id[16];
    memset(id, byte, sizeof id);
    body_bytes(body, field, id, size);
}

static void add_parts(struct body *message, const struct span *span)
{
    for (int i = 0; span->event && i < (span->events ? span->events : 1); i++) {
        struct body event = { 0 };
        body_fixed64(&event, 1, at(span->event_ms));
        body_text(&event, 2, span->event);
        body_attributes(&event, 3, span->event_attributes ? span->event_attributes : "");
        body_message(message, 11, &event);
    }
    if (span->link_attributes) {
        struct body link = { 0 };
        add_id(&link, 1, 0xEE, 16);
        add_id(&link, 2, 0xDD, 8);
        body_attributes(&link, 4, span->link_attributes);
        body_message(message, 13, &link);
    }
    if (span->error) {
        struct body status = { 0 };
        body_text(&status, 2, span->error);
        body_varint(&status, 3, 2);
        body_message(message, 15, &status);
    }
}

static void write_span(struct body *message, const struct span *span)
{
    add_id(message, 1, span->trace ? span->trace : 1, 16);
    add_id(message, 2, span->id, 8);
    if (span->tracestate)
        body_text(message, 3, span->tracestate);
    if (span->parent)
        add_id(message, 4, span->parent, 8);
    body_text(message, 5, span->name ? span->name : "");
    body_varint(message, 6, (uint64_t)span->kind);
    if (!span->no_start)
        body_fixed64(message, 7, at(span->start_ms));
    if (!span->no_end)
        body_fixed64(message, 8, at(span->start_ms + span->took_ms));
    body_attributes(message, 9, span->attributes ? span->attributes : "");
    if (span->dropped_attributes)
        body_varint(message, 10, span->dropped_attributes);
    add_parts(message, span);
}

static void add_scope(struct body *message)
{
    struct body scope = { 0 };
    body_text(&scope, 1, "by.hand");
    body_message(message, 1, &scope);
}

void body_span(struct body *request, const struct span *span)
{
    struct body resource_spans = { 0 }, scope_spans = { 0 }, resource = { 0 }, message = { 0 };
    add_attribute(&resource, 1, "service.name", 12, span->service ? span->service : "svc");
    body_message(&resource_spans, 1, &resource);
    add_scope(&scope_spans);
    write_span(&message, span);
    body_message(&scope_spans, 2, &message);
    body_message(&resource_spans, 2, &scope_spans);
    body_message(request, 1, &resource_spans);
}

void body_metric(struct body *request, const char *resource, const char *name, const char *unit,
                 uint32_t kind, struct body *data)
{
    struct body resource_metrics = { 0 }, scope_metrics = { 0 }, attributes = { 0 }, metric = { 0 };
    body_attributes(&attributes, 1, resource);
    body_message(&resource_metrics, 1, &attributes);
    add_scope(&scope_metrics);
    body_text(&metric, 1, name);
    body_text(&metric, 3, unit);
    body_message(&metric, kind, data);
    body_message(&scope_metrics, 2, &metric);
    body_message(&resource_metrics, 2, &scope_metrics);
    body_message(request, 1, &resource_metrics);
}

void body_number_point(struct body *data, const char *attributes, double value)
{
    struct body point = { 0 };
    body_attributes(&point, 7, attributes);
    body_double(&point, 4, value);
    body_message(data, 1, &point);
}

void body_integer_point(struct body *data, const char *attributes, int64_t value)
{
    struct body point = { 0 };
    body_attributes(&point, 7, attributes);
    body_fixed64(&point, 6, (uint64_t)value);
    body_message(data, 1, &point);
}

void body_histogram_point(struct body *data, const struct histogram *histogram)
{
    struct body point = { 0 };
    uint64_t    count = 0;
    for (size_t i = 0; i <= histogram->bound_count; i++)
        count += histogram->counts[i];
    body_attributes(&point, 9, histogram->attributes);
    body_fixed64(&point, 4, count);
    body_double(&point, 5, histogram->sum);
    body_bytes(&point, 6, histogram->counts, (histogram->bound_count + 1) * 8);
    body_bytes(&point, 7, histogram->bounds, histogram->bound_count * 8);
    if (histogram->min <= histogram->max) {
        body_double(&point, 11, histogram->min);
        body_double(&point, 12, histogram->max);
    }
    body_message(data, 1, &point);
}
