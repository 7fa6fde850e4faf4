/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/rows_propagation.c - headers in, headers out. Each operation reads another of 64 messages,
 * so that no branch is learnt by heart. */
#include "bench.h"

#include <sonde/context.h>
#include <sonde/tracestate.h>

#include <stdio.h>

enum { MESSAGES = 64, WINDOW = 10000, WINDOWS = 60, STATE_MAX = 64 };

static struct {
    char   traceparent[SONDE_TRACEPARENT_LEN + 1];
    char   tracestate[STATE_MAX]; /* two members */
    size_t tracestate_len;
} messages[MESSAGES];

static struct {
    char traceparent[SONDE_TRACEPARENT_LEN + 1];
    char tracestate[SONDE_TRACESTATE_MAX];
} sent;

static void make_messages(void)
{
    uint64_t x = 88172645463325252;
    for (int i = 0; i < MESSAGES; i++) {
        sonde_span_context ids = { .flags = SONDE_TRACE_SAMPLED };
        for (int k = 0; k < 24; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            *(k < 16 ? &ids.trace_id[k] : &ids.span_id[k - 16]) = (uint8_t)(x | 1);
        }
        sonde_traceparent_format(&ids, messages[i].traceparent);
        messages[i].tracestate_len = (size_t)snprintf(messages[i].tracestate, STATE_MAX,
                                                      "rojo=%016llx,congo=t61rc%02dWkgMzE",
                                                      (unsigned long long)x, i);
    }
}

static sonde_str traceparent_of(uint64_t i)
{
    return sonde_str_n(messages[i % MESSAGES].traceparent, SONDE_TRACEPARENT_LEN);
}

static sonde_str tracestate_of(uint64_t i)
{
    return sonde_str_n(messages[i % MESSAGES].tracestate, messages[i % MESSAGES].tracestate_len);
}

/* What went out is what came in. */
static void check_sent(uint64_t i, bool tracestate)
{
    sonde_str list = tracestate_of(i);
    if (memcmp(sent.traceparent, messages[i % MESSAGES].traceparent, SONDE_TRACEPARENT_LEN) != 0)
        bench_fail("traceparent: %.55s became %.55s", messages[i % MESSAGES].traceparent,
                   sent.traceparent);
    if (tracestate && memcmp(sent.tracestate, list.ptr, list.len) != 0)
        bench_fail("tracestate: %.*s is not what was sent", (int)list.len, list.ptr);
}

static void traceparents(uint64_t count)
{
    sonde_span_context ids;
    for (uint64_t i = 0; i < count; i++) {
        if (sonde_traceparent_parse(traceparent_of(i), &ids))
            bench_fail("a good traceparent was refused");
        sonde_traceparent_format(&ids, sent.traceparent);
        bench_use(&sent);
    }
    check_sent(count - 1, false);
}

static struct bench_figure traceparent_roundtrip(const struct bench_row *row, unsigned windows)
{
    struct bench_work   work   = { traceparents, NULL };
    struct bench_figure figure = { 0 };
    make_messages();
    figure.value = bench_time(&work, row->window, windows);
    return figure;
}

static void traceparents_with_list(uint64_t count)
{
    char               room[SONDE_PROPAGATION_SCRATCH];
    sonde_span_context ids;
    for (uint64_t i = 0; i < count; i++) {
        sonde_scratch scratch = sonde_scratch_of(room, sizeof room);
        sonde_str     value   = tracestate_of(i), list;
        if (sonde_traceparent_parse(traceparent_of(i), &ids) ||
            sonde_tracestate_parse(&value, 1, &scratch, &list))
            bench_fail("a good header was refused");
        sonde_traceparent_format(&ids, sent.traceparent);
        memcpy(sent.tracestate, list.ptr, list.len);
        bench_use(&sent);
    }
    check_sent(count - 1, true);
}

static struct bench_figure traceparent_roundtrip_tracestate2(const struct bench_row *row,
                                                             unsigned                windows)
{
    struct bench_work   work   = { traceparents_with_list, NULL };
    struct bench_figure figure = { 0 };
    make_messages();
    figure.value = bench_time(&work, row->window, windows);
    return figure;
}

/* A message with two headers, found by their names. */
struct message {
    sonde_carrier base;
    uint64_t      number;
};

static bool is(sonde_str name, const char *text)
{
    return name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0;
}

static size_t get(sonde_carrier *base, sonde_str name, sonde_str *ret_values, size_t max)
{
    struct message *self  = (struct message *)base;
    sonde_str       value = { NULL, 0 };
    if (is(name, "traceparent"))
        value = traceparent_of(self->number);
    else if (is(name, "tracestate"))
        value = tracestate_of(self->number);
    if (!value.ptr)
        return 0;
    if (max)
        ret_values[0] = value;
    return 1;
}

static void set(sonde_carrier *base, sonde_str name, sonde_str value)
{
    (void)base;
    if (is(name, "traceparent") && value.len <= SONDE_TRACEPARENT_LEN)
        memcpy(sent.traceparent, value.ptr, value.len);
    else if (is(name, "tracestate") && value.len <= sizeof sent.tracestate)
        memcpy(sent.tracestate, value.ptr, value.len);
}

static void crossings(uint64_t count)
{
    struct message message = { { get, set }, 0 };
    for (; message.number < count; message.number++) {
        sonde_context *context = sonde_propagator_extract(NULL, NULL, &message.base);
        sonde_propagator_inject(NULL, context, &message.base);
        sonde_context_unref(context);
        bench_use(&sent);
    }
    check_sent(count - 1, true);
}

static struct bench_figure propagator_roundtrip(const struct bench_row *row, unsigned windows)
{
    struct bench_work     work     = { crossings, NULL };
    struct bench_expected expected = { 0, 0, 0 };
    struct bench_figure   figure   = { 0 };
    make_messages();
    bench_sdk_start(&(sonde_sdk_options){ 0 });
    figure.value = bench_time(&work, row->window, windows);
    bench_sdk_stop(&expected);
    return figure;
}

const struct bench_row bench_rows_propagation[] = {
    { "traceparent_roundtrip",
      "ns",
      "<= 30",
      { 0 },
      WINDOW,
      WINDOWS,
      false,
      traceparent_roundtrip },
    { "traceparent_roundtrip_tracestate2",
      "ns",
      "<= 80",
      { 0 },
      WINDOW,
      WINDOWS,
      false,
      traceparent_roundtrip_tracestate2 },
    { "propagator_roundtrip", "ns", "<= 120", { 0 }, WINDOW, WINDOWS, false, propagator_roundtrip },
    { .name = NULL },
};
