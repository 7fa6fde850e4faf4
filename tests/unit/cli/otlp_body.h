/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* otlp_body.h - OTLP requests written by hand, so that what reads them is checked against something
 * that is not Sonde's. Requests may be appended to one another: that is how protobuf merges them. */
#ifndef SONDE_TESTS_OTLP_BODY_H
#define SONDE_TESTS_OTLP_BODY_H

#include <sonde/base.h>

struct body {
    char  *data;
    size_t len, room;
};

static inline sonde_str body_view(const struct body *body)
{
    return sonde_str_n(body->data, body->len);
}

void body_free(struct body *body);

/* Fields of a message. Attributes are "key=text other=#12 third=~1.5", # before integers, ~ before
 * doubles, ! before booleans. */
void body_bytes(struct body *body, uint32_t field, const void *bytes, size_t len);
void body_text(struct body *body, uint32_t field, const char *text);
void body_varint(struct body *body, uint32_t field, uint64_t value);
void body_fixed64(struct body *body, uint32_t field, uint64_t value);
void body_double(struct body *body, uint32_t field, double value);
void body_attributes(struct body *body, uint32_t field, const char *attributes);

/* Appends message as a field, and frees it. */
void body_message(struct body *body, uint32_t field, struct body *message);

/* A span in words. Times are milliseconds after SPAN_EPOCH_NS; ids are their first byte. */
struct span {
    const char *service;
    uint8_t     trace, id, parent; /* trace 0 means 1; parent 0: none */
    const char *name;
    int         kind; /* as OTLP counts: 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
    double      start_ms, took_ms;
    const char *attributes;
    const char *error; /* status message; "" for none */
    const char *event, *event_attributes;
    double      event_ms;
    int         events; /* how many times the event; 0 means 1 */
    const char *link_attributes;
    bool        no_start, no_end;
    uint32_t    dropped_attributes;
    const char *tracestate;
};

/* 2024-05-01 14:03:07.123 UTC */
#define SPAN_EPOCH_NS UINT64_C(1714572187123000000)

/* Appends an ExportTraceServiceRequest with one span. */
void body_span(struct body *request, const struct span *span);

/* Appends a request with one metric of one service: kind is the field of Metric that data is. */
void body_metric(struct body *request, const char *resource, const char *name, const char *unit,
                 uint32_t kind, struct body *data);

/* Appends data points. */
void body_number_point(struct body *data, const char *attributes, double value);
void body_integer_point(struct body *data, const char *attributes, int64_t value);

/* min > max: neither is sent. */
struct histogram {
    const char     *attributes;
    const uint64_t *counts;
    const double   *bounds;
    size_t          bound_count;
    double          sum, min, max;
};
void body_histogram_point(struct body *data, const struct histogram *histogram);

#endif
