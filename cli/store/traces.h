/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/traces.h - spans collected into traces, within bounds, and the decision when a trace is
 * finished. Time comes from the caller. One thread at a time. */
#ifndef SONDE_CLI_STORE_TRACES_H
#define SONDE_CLI_STORE_TRACES_H

#include "store/shared.h"

#include <sonde/plugin/record.h>

struct sonde__span {
    sonde_span_view       view; /* into the bytes behind this struct */
    struct sonde__shared *resource, *scope;
};

struct sonde__trace {
    uint8_t              id[16];
    struct sonde__span **spans; /* in the order in which they came */
    uint32_t             count, room;
    uint32_t shown;       /* how many of them were there when it was last shown; 0: never shown */
    uint32_t times_shown; /* each time, it must be quiet for longer */
    uint64_t dropped;     /* spans of it that did not fit into memory */
    uint64_t last_ns;     /* when its last span came */
    bool     judged, incomplete; /* incomplete, where judged: some parent has not come */
    struct sonde__trace *older, *newer;
};

struct sonde__traces_limits {
    uint64_t quiet_ns; /* a complete trace is finished when nothing came for so long */
    uint64_t patience; /* ... and so many times longer when a parent is missing */
    uint32_t traces_max, spans_max;
    size_t   bytes_max;
};

struct sonde__traces_counts {
    uint64_t dropped_traces; /* never shown; the oldest went when newer ones needed the room */
    uint64_t dropped_spans;  /* theirs, and those that found no room */
};

struct sonde__traces;

/* NULL when memory is out. */
struct sonde__traces *sonde__traces_new(const struct sonde__traces_limits *limits);
void                  sonde__traces_free(struct sonde__traces *traces);

/* Takes in the spans of an ExportTraceServiceRequest that came at now_ns. ret_rejected: spans
 * without a valid id, which are left out. Returns: false when the request is malformed: then
 * nothing of it is taken. */
bool sonde__traces_add(struct sonde__traces *traces, sonde_str request, uint64_t now_ns,
                       uint64_t *ret_rejected);

/* The next trace that is finished at now_ns (UINT64_MAX: any that has something to show), until
 * the next call with traces; NULL when there is none, and then ret_next_ns is when to ask again,
 * UINT64_MAX for when something came. */
struct sonde__trace *sonde__traces_due(struct sonde__traces *traces, uint64_t now_ns,
                                       uint64_t *ret_next_ns);

/* The trace was shown as it is. It is kept for what may still come for it. */
void sonde__traces_shown(struct sonde__traces *traces, struct sonde__trace *trace);

struct sonde__traces_counts sonde__traces_counts(const struct sonde__traces *traces);

#endif
