/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A core with a fake exporter, metrics beside it, and both sides' instruments. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "core_fixture.h"
#include "metrics/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sonde/http.h>

struct http_fixture {
    struct core_fixture    core;
    struct sonde__metrics *metrics;
    sonde_http_metrics     server;
    sonde_http_metrics     client;
    sonde_http_exchange    exchange;
    sonde_span_view        span; /* the last that http_sent() fetched */
    char                   series[4096];
};

int http_setup(void **state);
int http_teardown(void **state);

/* Fetches the nth span that was sent, and one of its attributes as text; "" when it has none. */
const sonde_span_view *http_sent(struct http_fixture *fixture, uint64_t n);
const char            *http_attribute(struct http_fixture *fixture, const char *key);

/* Every series with its count or sum, one a line: "name{key=value,...} 1". */
const char *http_series(struct http_fixture *fixture);

#define Z(text) sonde_str_z(text)

void assert_view(sonde_str got, const char *wanted);

#endif
