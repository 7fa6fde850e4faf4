/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/bar.h - a stretch of time as a bar. */
#ifndef SONDE_CLI_TAIL_BAR_H
#define SONDE_CLI_TAIL_BAR_H

#include "term/pen.h"

/* Draws what lies between two shares (0 to 1) of a field of width columns, at least a hair's
 * breadth of it. */
void sonde__bar_put(struct sonde__pen *pen, double from, double to, unsigned width);

#endif
