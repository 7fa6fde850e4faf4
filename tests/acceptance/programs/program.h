/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* acceptance/programs/program.h - what the programs of the acceptance scripts share: figures as a line of JSON on
 * standard output. They are linked with the shipped libraries alone. */
#ifndef SONDE_ACCEPTANCE_PROGRAM_H
#define SONDE_ACCEPTANCE_PROGRAM_H

#include <sonde/sonde.h>

#include <inttypes.h>
#include <stdio.h>

/* The line of one step: its name, what the program measured itself, and the SDK's counters. */
static inline void print_figures(sonde_sdk *sdk, const char *step, const char *own, uint64_t value)
{
    sonde_stats stats = { .size = sizeof stats };
    sonde_sdk_stats(sdk, &stats);
    printf("{\"step\": \"%s\", \"%s\": %" PRIu64, step, own, value);
#define FIGURE(name) printf(", \"" #name "\": %" PRIu64, stats.name)
    FIGURE(spans_started);
    FIGURE(spans_accepted);
    FIGURE(spans_delivered);
    FIGURE(spans_waiting);
    FIGURE(spans_dropped_full);
    FIGURE(spans_dropped_failed);
    FIGURE(spans_dropped_behind);
    FIGURE(spans_dropped_oversize);
    FIGURE(bytes_waiting);
    FIGURE(misuse);
#undef FIGURE
    puts("}");
    fflush(stdout);
}

#endif
