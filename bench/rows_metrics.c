/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/rows_metrics.c - adding to a counter, recording in a histogram, and collecting 1,000
 * series. What was counted is read back as Prometheus text. */
#include "bench.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WINDOW = 50000, WINDOWS = 60, SERIES = 1000, STATUSES = 8, VALUES = 64 };

static sonde_counter         *requests;
static sonde_counter_bound   *requests_bound;
static sonde_histogram       *duration;
static sonde_histogram_bound *duration_bound;
static double                 values[VALUES]; /* seconds, over all the buckets of the histogram */

static void start_sdk(sonde_driver driver)
{
    static const double bounds[] = { 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                     0.5,   0.75, 1,     2.5,  5,     7.5, 10 };
    bench_sdk_start(&(sonde_sdk_options){ .driver = driver });
    sonde_meter *meter = sonde_meter_get("bench", "1.0");
    requests           = sonde_counter_get(meter, "bench.requests", .unit = "{request}");
    duration     = sonde_histogram_get(meter, "bench.duration", .unit = "s", .boundaries = bounds,
                                       .boundary_count = sizeof bounds / sizeof bounds[0]);
    double value = 0.004;
    for (int i = 0; i < VALUES; i++, value *= 1.13)
        values[(i * 29) % VALUES] = value;
}

static void stop_sdk(uint64_t spans)
{
    struct bench_expected expected = { spans, spans, 0 };
    bench_sdk_stop(&expected);
}

/* The sum of all samples of that name, and how many they are. */
static double sum_of(const char *name, unsigned *ret_count)
{
    char  *text = NULL;
    size_t len  = strlen(name), length;
    double sum  = 0;
    *ret_count  = 0;
    if (sonde_sdk_prometheus(bench_sdk.sdk, &text, &length))
        bench_fail("no Prometheus text");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, name, len) != 0 || (line[len] != '{' && line[len] != ' '))
            continue;
        sum += strtod(strrchr(line, ' '), NULL);
        ++*ret_count;
    }
    free(text);
    return sum;
}

static void check_counted(const char *name, uint64_t expected, unsigned series)
{
    unsigned count;
    double   sum = sum_of(name, &count);
    if (sum != (double)expected || count != series)
        bench_fail("%s: %.0f in %u series, and not %llu in %u", name, sum, count,
                   (unsigned long long)expected, series);
}

static sonde_attr attrs_4(uint64_t i, int k)
{
    static const char *const routes[] = { "/", "/orders", "/orders/{id}", "/cart" };
    switch (k) {
    case 0:
        return sonde_kv("http.request.method", "GET");
    case 1:
        return sonde_kv("http.route", routes[i % 4]);
    case 2:
        return sonde_kv("http.response.status_code", (int)(i % STATUSES < 4 ? 200 : 404));
    default:
        return sonde_kv("url.scheme", "https");
    }
}

#define ATTRS_4(i) attrs_4(i, 0), attrs_4(i, 1), attrs_4(i, 2), attrs_4(i, 3)

static void add_bound(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        sonde_counter_bound_add(requests_bound, 1);
}

static void add_4(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        sonde_counter_add_with(requests, 1, ATTRS_4(i));
}

static void record_bound(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        sonde_histogram_bound_record(duration_bound, values[i % VALUES]);
}

static void record_4(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        sonde_histogram_record_with(duration, values[i % VALUES], ATTRS_4(i));
}

static struct bench_figure counter_add_bound(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work   = { add_bound, NULL };
    struct bench_figure figure = { 0 };
    start_sdk(SONDE_DRIVER_THREAD);
    requests_bound = sonde_counter_bind(requests, sonde_attrs_of(ATTRS_4(0)));
    figure.value   = bench_time(&work, row->window, windows);
    check_counted("bench_requests_total", row->window * windows, 1);
    stop_sdk(0);
    return figure;
}

static struct bench_figure counter_add_4(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work   = { add_4, NULL };
    struct bench_figure figure = { 0 };
    start_sdk(SONDE_DRIVER_THREAD);
    figure.value = bench_time(&work, row->window, windows);
    check_counted("bench_requests_total", row->window * windows, STATUSES);
    stop_sdk(0);
    return figure;
}

static struct bench_figure histogram_record_bound(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work   = { record_bound, NULL };
    struct bench_figure figure = { 0 };
    start_sdk(SONDE_DRIVER_THREAD);
    duration_bound = sonde_histogram_bind(duration, sonde_attrs_of(ATTRS_4(0)));
    figure.value   = bench_time(&work, row->window, windows);
    check_counted("bench_duration_seconds_count", row->window * windows, 1);
    stop_sdk(0);
    return figure;
}

static struct bench_figure histogram_record_4(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work   = { record_4, NULL };
    struct bench_figure figure = { 0 };
    start_sdk(SONDE_DRIVER_THREAD);
    figure.value = bench_time(&work, row->window, windows);
    check_counted("bench_duration_seconds_count", row->window * windows, STATUSES);
    stop_sdk(0);
    return figure;
}

/* Where an exemplar is offered: the current span is sampled. */
static struct bench_figure histogram_record_bound_sampled(const struct bench_row *row,
                                                          unsigned                windows)
{
    struct bench_work   work   = { record_bound, NULL };
    struct bench_figure figure = { 0 };
    start_sdk(SONDE_DRIVER_THREAD);
    duration_bound   = sonde_histogram_bind(duration, sonde_attrs_of(ATTRS_4(0)));
    sonde_span *span = sonde_span_start(sonde_tracer_get("bench", "1.0"), "one", .current = true);
    if (!sonde_span_is_recording(span) || sonde_span_current() != span)
        bench_fail("there is no current sampled span");
    figure.value = bench_time(&work, row->window, windows);
    sonde_span_end(span);
    check_counted("bench_duration_seconds_count", row->window * windows, 1);
    stop_sdk(1);
    return figure;
}

/* 1,000 series of one counter: 10 routes, 10 methods, 10 status codes. */
static void make_series(void)
{
    static const char *const methods[] = { "GET",     "HEAD",  "POST",  "PUT",     "DELETE",
                                           "CONNECT", "TRACE", "PATCH", "OPTIONS", "QUERY" };
    for (int i = 0; i < SERIES; i++) {
        char route[32];
        snprintf(route, sizeof route, "/orders/%d/items/{id}", i / 100);
        sonde_counter_add_with(requests, i + 1, sonde_kv("http.route", (const char *)route),
                               sonde_kv("http.request.method", methods[i / 10 % 10]),
                               sonde_kv("http.response.status_code", 200 + i % 10));
    }
    check_counted("bench_requests_total", SERIES * (SERIES + 1) / 2, SERIES);
}

static size_t text_length;

static void write_text(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        char *text;
        if (sonde_sdk_prometheus(bench_sdk.sdk, &text, &text_length))
            bench_fail("no Prometheus text");
        free(text);
    }
}

static struct bench_figure prometheus_1000_series(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work = { write_text, NULL };
    struct bench_figure figure;
    start_sdk(SONDE_DRIVER_THREAD);
    make_series();
    figure.value = bench_time(&work, row->window, windows) / 1000;
    figure.bytes = (double)text_length;
    stop_sdk(0);
    return figure;
}

/* With the loop driver the calling thread collects, encodes and hands over: all of it is timed. */
static void write_body(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        bench_sdk_flush();
}

static struct bench_figure otlp_1000_series(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work = { write_body, NULL };
    struct bench_figure figure;
    uint64_t            bodies = row->window * windows;
    start_sdk(SONDE_DRIVER_LOOP);
    make_series();
    figure.value = bench_time(&work, row->window, windows) / 1000;
    figure.bytes = (double)bench_sdk.bytes / (double)bodies;
    if (bench_sdk.points != bodies * SERIES)
        bench_fail("request bodies held %llu points, and not %llu",
                   (unsigned long long)bench_sdk.points, (unsigned long long)(bodies * SERIES));
    stop_sdk(0);
    return figure;
}

const struct bench_row bench_rows_metrics[] = {
    { "counter_add_bound",
      "ns",
      "<= 4",
      { .cells = 1 },
      WINDOW,
      WINDOWS,
      false,
      counter_add_bound },
    { "counter_add_4", "ns", "<= 45", { 0 }, WINDOW / 10, WINDOWS, false, counter_add_4 },
    { "histogram_record_bound",
      "ns",
      "<= 8",
      { .cells = 2 },
      WINDOW,
      WINDOWS,
      false,
      histogram_record_bound },
    { "histogram_record_4", "ns", "<= 50", { 0 }, WINDOW / 10, WINDOWS, false, histogram_record_4 },
    { "histogram_record_bound_sampled",
      "ns",
      "<= 15",
      { .cells = 2 },
      WINDOW,
      WINDOWS,
      false,
      histogram_record_bound_sampled },
    { "prometheus_1000_series",
      "us",
      "<= 120",
      { .bytes = true },
      4,
      WINDOWS,
      false,
      prometheus_1000_series },
    { "otlp_1000_series", "us", "<= 60", { .bytes = true }, 4, WINDOWS, false, otlp_1000_series },
    { .name = NULL },
};
