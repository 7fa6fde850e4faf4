/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/bench.c - measures one row and prints it as a line of JSON, or lists the rows. bench/run
 * starts it, row after row, round after round. */
#include "bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct bench_row *const groups[] = { bench_rows_trace, bench_rows_propagation,
                                                  bench_rows_metrics };
enum { GROUPS = sizeof groups / sizeof groups[0], WINDOWS_MAX = 4096 };

_Noreturn void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

uint64_t bench_clock(int clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

__attribute__((noinline)) void bench_timed(void (*run)(uint64_t operations), uint64_t operations)
{
    run(operations);
    __asm__ volatile("" : : : "memory"); /* so that the call above is no jump */
}

double bench_time(const struct bench_work *work, uint64_t window, unsigned windows)
{
    static double each[WINDOWS_MAX];
    for (unsigned i = 0; i < windows; i++) {
        if (work->between)
            work->between();
        uint64_t before = bench_clock(CLOCK_THREAD_CPUTIME_ID);
        bench_timed(work->run, window);
        uint64_t after = bench_clock(CLOCK_THREAD_CPUTIME_ID);
        each[i]        = (double)(after - before) / (double)window;
    }
    return bench_median(each, windows);
}

static const struct bench_row *find(const char *name)
{
    for (int g = 0; g < GROUPS; g++)
        for (const struct bench_row *row = groups[g]; row->name; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    bench_fail("no such row: %s", name);
}

static void list(void)
{
    for (int g = 0; g < GROUPS; g++)
        for (const struct bench_row *row = groups[g]; row->name; row++)
            printf("{\"name\": \"%s\", \"unit\": \"%s\", \"goal\": \"%s\", \"window\": %" PRIu64
                   ", \"windows\": %u, \"whole\": %s}\n",
                   row->name, row->unit, row->goal, row->window, row->windows,
                   row->whole ? "true" : "false");
}

static void measure(const struct bench_row *row, unsigned windows)
{
    struct bench_figure figure = row->measure(row, windows);
    printf("{\"name\": \"%s\", \"value\": %.4f, \"bytes\": %.1f, \"clocks\": %u, \"ids\": %u, "
           "\"cells\": %u, \"copied\": %.1f, \"other\": %.4f}\n",
           row->name, figure.value, figure.bytes, row->limit.clocks, row->limit.ids,
           row->limit.cells, row->limit.bytes ? figure.bytes : 0, row->limit.other);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    if (argc != 3 && argc != 5)
        bench_fail("usage: sonde_bench --list | --row NAME [--windows N]");
    if (strcmp(argv[1], "--row") != 0 || (argc == 5 && strcmp(argv[3], "--windows") != 0))
        bench_fail("not understood: %s", argv[1]);
    const struct bench_row *row     = find(argv[2]);
    unsigned long           windows = argc == 5 ? strtoul(argv[4], NULL, 10) : row->windows;
    if (windows == 0 || windows > WINDOWS_MAX)
        bench_fail("windows: 1 to %d", WINDOWS_MAX);
    measure(row, (unsigned)windows);
    return 0;
}
