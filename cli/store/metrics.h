/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/metrics.h - the latest state of every metric that came, within bounds. One thread at a
 * time. */
#ifndef SONDE_CLI_STORE_METRICS_H
#define SONDE_CLI_STORE_METRICS_H

#include "store/points.h"
#include "store/shared.h"

/* One metric of one process, as it came last. */
struct sonde__reading {
    struct sonde__metric   metric; /* into the bytes behind this struct */
    struct sonde__shared  *resource, *scope;
    uint64_t               came_ns;
    bool                   is_new; /* since sonde__metrics_shown() */
    size_t                 size;
    struct sonde__reading *older, *newer;
};

struct sonde__metrics_limits {
    uint32_t metrics_max;
    size_t   bytes_max;
};

struct sonde__metrics;

/* NULL when memory is out. */
struct sonde__metrics *sonde__metrics_new(const struct sonde__metrics_limits *limits);
void                   sonde__metrics_free(struct sonde__metrics *metrics);

/* Takes in an ExportMetricsServiceRequest that came at now_ns. Returns: false when it is
 * malformed: then nothing of it is taken. */
bool sonde__metrics_add(struct sonde__metrics *metrics, sonde_str request, uint64_t now_ns);

/* What there is, or what is new, by service, process and name, until the next call with metrics.
 * ret_count: its length.
 * Returns: an array for free(); NULL when there is nothing or memory is out. */
const struct sonde__reading **sonde__metrics_list(const struct sonde__metrics *metrics,
                                                  bool only_new, size_t *ret_count);

/* Nothing is new any more. */
void sonde__metrics_shown(struct sonde__metrics *metrics);

/* Metrics that went, or found no room, because others needed it. */
uint64_t sonde__metrics_dropped(const struct sonde__metrics *metrics);

#endif
