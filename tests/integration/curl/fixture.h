/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A server of plain sockets, an SDK that keeps its spans, and a handle that asks the one. */
#ifndef CURL_FIXTURE_H
#define CURL_FIXTURE_H

#include <curl/curl.h>
#include <sonde/curl.h>

#include "spans.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct curl_fixture {
    struct spans       spans;
    struct wire       *wire;
    CURL              *easy;
    struct curl_slist *list;    /* "X-Mine: 1", "X-Also: 2" */
    struct curl_slist *resolve; /* other.test is the same server */
    char               url[64];
    char               other_url[64]; /* the same server by another host's name */
    sonde_tracer      *tracer;
};

int curl_setup(void **state);
int curl_teardown(void **state);

/* libcurl's own functions, from a source file that curl_auto.h has not seen. */
CURL    *untraced_init(void);
CURLcode untraced_set_headers(CURL *easy, struct curl_slist *list);
CURLcode untraced_set_url(CURL *easy, const char *url);
CURLcode untraced_perform(CURL *easy);
CURL    *untraced_duphandle(CURL *easy);

/* The span's ids as the header says them. */
const char *traceparent_of(const sonde_span_view *span);

/* Whether the nth request carries the traceparent of this span. */
bool was_sent(struct curl_fixture *f, size_t n, const sonde_span_view *span);

/* A callback that takes what the server sends and forgets it. */
size_t forget(char *bytes, size_t size, size_t count, void *data);

#define TEST(function) cmocka_unit_test_setup_teardown(function, curl_setup, curl_teardown)

#endif
