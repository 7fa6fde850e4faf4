/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/waterfall.h - a trace as text: a header, then a line for each span with its bar of time. */
#ifndef SONDE_CLI_TAIL_WATERFALL_H
#define SONDE_CLI_TAIL_WATERFALL_H

#include "tail/tree.h"
#include "term/pen.h"

struct sonde__waterfall_options {
    bool     all_attributes;
    uint32_t rows_max; /* 0: as many as there are */
    uint64_t now_ns;   /* Unix time; a trace of another day shows its date */
};

/* Writes a trace and an empty line. trace and tree belong together. Depends on nothing but its
 * arguments, the locale and the time zone. */
void sonde__waterfall_print(struct sonde__pen *pen, const struct sonde__trace *trace,
                            const struct sonde__tree              *tree,
                            const struct sonde__waterfall_options *options);

#endif
