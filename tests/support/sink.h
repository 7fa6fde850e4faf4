/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* support/sink.h - an OTLP/HTTP receiver on loopback for tests: keeps what it is sent, answers what
 * it is told to, and lets a test wait for what it expects instead of sleeping. It reads protobuf with
 * a reader of its own, so that the SDK is not checked by itself. Any thread may call anything. */
#ifndef SONDE_TEST_SINK_H
#define SONDE_TEST_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

/* One request, as it came in. Borrowed from the sink until it stops. */
struct sink_request {
    const char          *path;    /* "/v1/traces" */
    const char          *headers; /* "Name: value\n" each */
    const unsigned char *body;
    size_t               length;
    unsigned             status; /* what it was answered; 0: the connection was dropped */
};

/* What the sink does with a request, from the moment it is set. Zero: 200 with an empty body. */
struct sink_answer {
    unsigned    status;      /* 0: 200 */
    const char *retry_after; /* the header's value; NULL: none */
    const char *location;    /* the same */
    const void *body;        /* borrowed as long as it is set */
    size_t      length;
    unsigned    delay_ms; /* before the answer */
    bool        hold;     /* no answer until sink_answer() is called again; what that says counts */
    bool        drop;     /* the connection is closed without an answer */
};

/* Listens on a free port of 127.0.0.1. NULL when that fails. */
struct sink *sink_start(void);
/* The same on a port that was free a moment ago; 0: any. */
struct sink *sink_start_at(uint16_t port);
/* Closes its connections and frees it and what was borrowed. NULL is ignored. */
void sink_stop(struct sink *sink);

uint16_t    sink_port(const struct sink *sink);
const char *sink_url(const struct sink *sink); /* "http://127.0.0.1:PORT" */

void sink_answer(struct sink *sink, const struct sink_answer *answer);

/* Wait until at least count have come in; false when timeout_ms passed first. Only requests that
 * were answered with 2xx count as received; sink_wait_requests() counts all of them, also while
 * they are held. */
bool sink_wait_spans(struct sink *sink, size_t count, unsigned timeout_ms);
bool sink_wait_points(struct sink *sink, size_t count, unsigned timeout_ms);
bool sink_wait_requests(struct sink *sink, size_t count, unsigned timeout_ms);

/* Waits until no more than count connections are open. */
bool sink_wait_closed(struct sink *sink, size_t count, unsigned timeout_ms);

size_t sink_spans(struct sink *sink);
size_t sink_points(struct sink *sink);
size_t sink_requests(struct sink *sink);
size_t sink_connections(struct sink *sink); /* opened since it started */
size_t sink_connections_open(struct sink *sink);

/* The request number index, from 0 in order of arrival; all zero when there is none. */
struct sink_request sink_request(struct sink *sink, size_t index);

/* Copies the value of a request's header (any case) into ret_value; false when it has none. */
bool sink_header(const struct sink_request *request, const char *name, char *ret_value,
                 size_t size);

/* How many spans or data points a request body holds; SIZE_MAX when it is not protobuf. */
size_t sink_count_spans(const void *body, size_t length);
size_t sink_count_points(const void *body, size_t length);

/* A port of 127.0.0.1 that refuses connections as long as *ret_fd is open; 0 on failure. */
uint16_t sink_refusing_port(int *ret_fd);

#endif
