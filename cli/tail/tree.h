/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/tree.h - a trace as rows, in the order in which they are printed. */
#ifndef SONDE_CLI_TAIL_TREE_H
#define SONDE_CLI_TAIL_TREE_H

#include "store/traces.h"

struct sonde__row {
    const struct sonde__span *span;
    const struct sonde__span *parent;  /* NULL: none, or it has not come */
    uint32_t                  depth;   /* 0: a root */
    bool                      is_last; /* among the children of its parent */
    bool                      has_children;
    bool                      is_orphan; /* it names a parent that has not come */
    bool is_in_cycle; /* its parents lead back to itself; here the circle was cut */
    bool is_late;     /* it came after the trace was shown */
};

struct sonde__tree {
    struct sonde__row *rows;
    uint32_t           count;
    uint32_t shown; /* spans that were there when the trace was shown before; 0: it was not */
    uint32_t late, errors;
    uint64_t start_ns, end_ns; /* over all spans with sensible times; equal when there is none */
};

/* Children stand under their parents by start time; a span that came twice stands once. The tree
 * points into the trace.
 * Returns: false when memory is out. */
bool sonde__tree_init(struct sonde__tree *tree, const struct sonde__trace *trace);
void sonde__tree_done(struct sonde__tree *tree);

/* Whether the span has a start and an end, in this order. */
static inline bool sonde__tree_has_times(const sonde_span_view *span)
{
    return span->start_ns > 0 && span->end_ns >= span->start_ns;
}

#endif
