/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/rows_trace.c - spans: recorded, recorded until the request body stands, not sampled, and by
 * two threads at once. Every span is a root span of kind SERVER. */
#include "bench.h"

#include <sonde/plugin/sampler.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

/* A window of recorded spans fills fewer pages than a core keeps for reuse, so that no window asks
 * malloc for memory: with 8 attributes a page of 64 KiB holds some 190 spans. */
enum { VARIANTS = 8, ATTRIBUTES = 8, EMPTY_WINDOW = 4000, FULL_WINDOW = 1200, HALF_WINDOW = 600 };

static sonde_tracer *tracer;

/* Strings of 16 bytes, as they come from a request: not known to the compiler. */
static char texts[5][VARIANTS][17];

static void start_sdk(const sonde_sdk_options *options)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    for (int a = 0; a < 5; a++)
        for (int v = 0; v < VARIANTS; v++)
            for (int i = 0; i < 16; i++)
                texts[a][v][i] = letters[(a * 7 + v * 5 + i * 3) % 26];
    bench_sdk_start(options);
    tracer = sonde_tracer_get("bench", "1.0");
}

static void set_8(sonde_span *span, uint64_t i)
{
    unsigned v = i % VARIANTS;
    sonde_span_set(span, "http.route", texts[0][v]);
    sonde_span_set(span, "server.address", texts[1][v]);
    sonde_span_set(span, "user_agent.name", texts[2][v]);
    sonde_span_set(span, "customer.id", texts[3][v]);
    sonde_span_set(span, "order.id", texts[4][v]);
    sonde_span_set(span, "http.response.status_code", (int)(200 + v));
    sonde_span_set(span, "http.response.body.size", (int64_t)(i * 37 % 100000));
    sonde_span_set(span, "cache.hit", (bool)(i & 1));
}

static void spans_0(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        sonde_span *span = sonde_span_start(tracer, "GET /orders/{id}", .kind = SONDE_KIND_SERVER);
        sonde_span_end(span);
    }
}

static void spans_8(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        sonde_span *span = sonde_span_start(tracer, "GET /orders/{id}", .kind = SONDE_KIND_SERVER);
        set_8(span, i);
        sonde_span_end(span);
    }
}

/* Start until the bytes are committed; the pump sends between the windows only. */
static struct bench_figure recorded(const struct bench_row *row, unsigned windows,
                                    void (*run)(uint64_t), uint32_t       attributes)
{
    struct bench_work     work     = { run, bench_sdk_flush };
    uint64_t              spans    = row->window * windows;
    struct bench_expected expected = { spans, spans, attributes };
    struct bench_figure   figure;
    start_sdk(&(sonde_sdk_options){ 0 });
    figure.value = bench_time(&work, row->window, windows);
    figure.bytes = (double)bench_sdk_stop(&expected) / (double)spans;
    return figure;
}

static struct bench_figure span_0_attr(const struct bench_row *row, unsigned windows)
{
    return recorded(row, windows, spans_0, 0);
}

static struct bench_figure span_8_attr(const struct bench_row *row, unsigned windows)
{
    return recorded(row, windows, spans_8, ATTRIBUTES);
}

/* CPU of the whole process, pump included, until the last body was given to the exporter; batches
 * and delays are the SDK's defaults. */
static struct bench_figure span_8_attr_body(const struct bench_row *row, unsigned windows)
{
    double                each[64];
    uint64_t              spans    = row->window * windows;
    struct bench_expected expected = { spans, spans, ATTRIBUTES };
    struct bench_figure   figure;
    if (windows > 64)
        bench_fail("span_8_attr_body: at most 64 windows");
    start_sdk(&(sonde_sdk_options){ .batch_spans = 512, .schedule_delay_ms = 5000 });
    for (unsigned i = 0; i < windows; i++) {
        uint64_t before = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
        bench_timed(spans_8, row->window);
        bench_sdk_flush();
        each[i] = (double)(bench_clock(CLOCK_PROCESS_CPUTIME_ID) - before) / (double)row->window;
    }
    figure.value = bench_median(each, windows);
    figure.bytes = (double)bench_sdk_stop(&expected) / (double)spans;
    return figure;
}

static struct bench_figure span_unsampled_8(const struct bench_row *row, unsigned windows)
{
    struct bench_work     work     = { spans_8, NULL };
    struct bench_expected expected = { row->window * windows + 1, 0, 0 };
    struct bench_figure   figure   = { 0 };
    start_sdk(&(sonde_sdk_options){ .sampler = sonde_sampler_always_off() });
    sonde_span        *span    = sonde_span_start(tracer, "one");
    sonde_span_context context = sonde_span_context_of(span);
    if (!sonde_span_context_is_valid(&context) || sonde_span_context_is_sampled(&context))
        bench_fail("an unsampled span has no context that could be used");
    sonde_span_end(span);
    figure.value = bench_time(&work, row->window, windows);
    bench_sdk_stop(&expected);
    return figure;
}

/* The n-th CPU that the process may use is this thread's: two that share one measure the
 * scheduler. */
static void pin(int n)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && n-- == 0)
            CPU_SET(cpu, &one);
    if (CPU_COUNT(&one))
        sched_setaffinity(0, sizeof one, &one);
}

/* Two threads that start each window together; the second one sleeps until there is a window for
 * it, and what it awaits then comes so soon that it does not sleep again. */
static struct {
    pthread_t   thread;
    sem_t       wanted;             /* a window, or the end */
    _Atomic int ready, begun, done; /* windows; release and acquire */
    bool        stop;               /* before the last post */
    uint64_t    window;
    uint64_t    from, to; /* when the second thread was at work */
} second;

static void await(_Atomic int *counter, int value)
{
    while (atomic_load_explicit(counter, memory_order_acquire) < value) {
    }
}

static void *second_main(void *arg)
{
    (void)arg;
    pin(1);
    for (int turn = 1;; turn++) {
        sem_wait(&second.wanted);
        if (second.stop)
            return NULL;
        atomic_store_explicit(&second.ready, turn, memory_order_release);
        await(&second.begun, turn);
        second.from = bench_clock(CLOCK_MONOTONIC);
        spans_8(second.window);
        second.to = bench_clock(CLOCK_MONOTONIC);
        atomic_store_explicit(&second.done, turn, memory_order_release);
    }
}

static double alone(uint64_t window)
{
    bench_sdk_flush();
    uint64_t before = bench_clock(CLOCK_MONOTONIC);
    spans_8(window);
    return (double)(bench_clock(CLOCK_MONOTONIC) - before);
}

static double together(uint64_t window, int turn)
{
    bench_sdk_flush();
    sem_post(&second.wanted);
    await(&second.ready, turn);
    atomic_store_explicit(&second.begun, turn, memory_order_release);
    uint64_t from = bench_clock(CLOCK_MONOTONIC);
    spans_8(window);
    uint64_t to = bench_clock(CLOCK_MONOTONIC);
    await(&second.done, turn);
    from = second.from < from ? second.from : from;
    to   = second.to > to ? second.to : to;
    return (double)(to - from);
}

/* Wall time: that a thread waits for the other is what would show here. Windows of a kind come in
 * blocks, because the first one finds pages that the other thread has written last. */
static struct bench_figure two_threads(const struct bench_row *row, unsigned windows)
{
    enum { BLOCK = 20 };
    static double         one[512], two[512];
    uint64_t              spans    = 3 * row->window * windows;
    struct bench_expected expected = { spans, spans, ATTRIBUTES };
    struct bench_figure   figure   = { 0 };
    if (windows > 512)
        bench_fail("two_threads: at most 512 windows");
    start_sdk(&(sonde_sdk_options){ 0 });
    bench_sdk_flush(); /* the pump's thread is there before anything is pinned */
    second.window = row->window;
    sem_init(&second.wanted, 0, 0);
    if (pthread_create(&second.thread, NULL, second_main, NULL) != 0)
        bench_fail("no second thread");
    pin(0);
    for (unsigned i = 0; i < windows; i += BLOCK) {
        unsigned end = i + BLOCK < windows ? i + BLOCK : windows;
        for (unsigned k = i; k < end; k++)
            one[k] = alone(row->window);
        for (unsigned k = i; k < end; k++)
            two[k] = together(row->window, (int)k + 1);
    }
    second.stop = true;
    sem_post(&second.wanted);
    pthread_join(second.thread, NULL);
    figure.value = 2 * bench_median(one, windows) / bench_median(two, windows);
    bench_sdk_stop(&expected);
    return figure;
}

const struct bench_row bench_rows_trace[] = {
    { "span_0_attr",
      "ns",
      "<= 1.5 x limit",
      { .clocks = 2, .ids = 1, .bytes = true },
      EMPTY_WINDOW,
      60,
      false,
      span_0_attr },
    { "span_8_attr",
      "ns",
      "<= 2.6 x limit",
      { .clocks = 2, .ids = 1, .bytes = true },
      FULL_WINDOW,
      100,
      false,
      span_8_attr },
    { "span_8_attr_body",
      "ns",
      "<= 200",
      { .clocks = 2, .ids = 1, .bytes = true },
      20000,
      5,
      true,
      span_8_attr_body },
    { "span_unsampled_8", "ns", "<= 20", { .ids = 1 }, 10000, 60, false, span_unsampled_8 },
    { "two_threads", "x", ">= 1.9", { .other = 2 }, HALF_WINDOW, 100, true, two_threads },
    { .name = NULL },
};
