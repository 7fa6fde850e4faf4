/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/metrics_table.h - metrics as text: a header for each process, a block for each metric, a
 * line for each series. */
#ifndef SONDE_CLI_TAIL_METRICS_TABLE_H
#define SONDE_CLI_TAIL_METRICS_TABLE_H

#include "store/metrics.h"
#include "term/pen.h"

struct sonde__metrics_options {
    bool     all_attributes;
    uint64_t now_ns; /* of the clock that came_ns is of */
};

/* Writes readings, which are ordered as sonde__metrics_list() does, and an empty line behind
 * each process's. Depends on nothing but its arguments and the locale. */
void sonde__metrics_print(struct sonde__pen *pen, const struct sonde__reading *const *readings,
                          size_t count, const struct sonde__metrics_options *options);

#endif
