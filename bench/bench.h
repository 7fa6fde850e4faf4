/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/bench.h - what the rows share: how a row is described and timed, and an SDK whose every
 * figure is checked afterwards. One process measures one row, in its main thread unless a row says
 * otherwise; whatever is not as it should be ends it with a sentence. */
#ifndef BENCH_H
#define BENCH_H

#include <sonde/plugin/exporter.h>
#include <sonde/sonde.h>

/* The least that the hardware has to do for one operation, in units of the machine's own costs
 * (machine.c). All zero: the row has no limit of this kind. */
struct bench_limit {
    unsigned clocks; /* clock reads */
    unsigned ids;    /* 24 random bytes */
    unsigned cells;  /* relaxed load and store */
    bool     bytes;  /* one copy of the bytes that come out */
    double   other;  /* a limit that does not come from the machine's costs; 0: none */
};

struct bench_figure {
    double value; /* in the row's unit */
    double bytes; /* that come out of one operation; 0: not asked */
};

struct bench_row {
    const char        *name, *unit, *goal;
    struct bench_limit limit;
    uint64_t           window;  /* operations timed in one go */
    unsigned           windows; /* of which the median counts */
    bool               whole;   /* instructions of the whole process, not of bench_timed() alone */
    struct bench_figure (*measure)(const struct bench_row *row, unsigned windows);
};

/* Ends with an entry that has no name. */
extern const struct bench_row bench_rows_trace[];
extern const struct bench_row bench_rows_propagation[];
extern const struct bench_row bench_rows_metrics[];

/* Says what went wrong and ends the process with 1. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* run(operations) is timed by the thread's CPU clock, windows times over, and between() is called
 * before each (NULL: nothing). Returns the median of nanoseconds per operation. */
struct bench_work {
    void (*run)(uint64_t operations);
    void (*between)(void);
};
double bench_time(const struct bench_work *work, uint64_t window, unsigned windows);

/* Where instructions are counted. */
void bench_timed(void (*run)(uint64_t operations), uint64_t operations);

uint64_t bench_clock(int clock);
double   bench_median(double *values, unsigned count);

/* The compiler has to have value ready here. */
static inline void bench_use(const void *value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

/* The process-wide SDK with an exporter that takes each body and answers "delivered". Options that
 * are not set get values with which nothing is sent or collected while a window lasts. */
struct bench_sdk {
    sonde_exporter     base;
    sonde_sdk         *sdk;
    const sonde_batch *begun;
    uint64_t           spans, points, bytes;
    sonde_span_view    first_span; /* what of it points into the body is gone */
};
extern struct bench_sdk bench_sdk;

void bench_sdk_start(const sonde_sdk_options *options);
void bench_sdk_flush(void);

/* What has to have come out of it in the end: fails when it did not, when anything was dropped, or
 * when a handle was misused. Stops the SDK. Returns the bytes of request bodies. */
struct bench_expected {
    uint64_t started, recorded;
    uint32_t attributes; /* of the first span */
};
uint64_t bench_sdk_stop(const struct bench_expected *expected);

#endif
