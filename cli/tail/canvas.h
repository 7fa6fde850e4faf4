/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/canvas.h - what the parts of a waterfall share: its columns, and the lines of the tree
 * that are open. */
#ifndef SONDE_CLI_TAIL_CANVAS_H
#define SONDE_CLI_TAIL_CANVAS_H

#include "tail/facts.h"
#include "tail/waterfall.h"

enum { SONDE__DEPTH_SHOWN = 24 };

struct sonde__columns {
    unsigned name_at, name, start_end, took_end, bar_at, bar, detail_at;
    unsigned service;
    unsigned depth_max; /* deeper rows are not moved further to the right */
};

struct sonde__canvas {
    struct sonde__pen                     *pen;
    const struct sonde__tree              *tree;
    const struct sonde__waterfall_options *options;
    struct sonde__columns                  columns;
    bool open[SONDE__DEPTH_SHOWN + 1]; /* by depth: more children are to come */
    struct {
        sonde_str name;
        int       style;
    } services[SONDE__HUES]; /* the first ones, each with a colour of its own */
    unsigned service_count;
};

/* Chooses columns that suit the rows and the width of the terminal. */
void sonde__canvas_arrange(struct sonde__canvas *canvas, uint32_t rows);

/* The colour of a service: the same in every trace, as long as two of one trace need not share
 * it. */
int sonde__canvas_style(struct sonde__canvas *canvas, sonde_str service);

/* The lines of the tree, up to the mark of a row; call once for each row, in order. Returns:
 * columns used. */
unsigned sonde__canvas_branch(struct sonde__canvas *canvas, const struct sonde__row *row);

/* The same for a line below the row. */
void sonde__canvas_below(struct sonde__canvas *canvas, const struct sonde__row *row);

/* What stands behind the bar, as far as it fits. ret_told: SONDE__TOLD_... of what need not be
 * said again. */
enum { SONDE__TOLD_TYPE = 1, SONDE__TOLD_OWN = 2 };
unsigned sonde__canvas_detail(struct sonde__canvas *canvas, const struct sonde__row *row,
                              const struct sonde__facts *facts);

/* The lines below a row: errors, doubts, attributes, events, links. told: as returned above. */
void sonde__canvas_details(struct sonde__canvas *canvas, const struct sonde__row *row,
                           const struct sonde__facts *facts, unsigned told);

#endif
