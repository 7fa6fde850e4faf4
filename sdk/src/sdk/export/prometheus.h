/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export/prometheus.h - metrics as Prometheus text, version 0.0.4. */
#ifndef SONDE_EXPORT_PROMETHEUS_H
#define SONDE_EXPORT_PROMETHEUS_H

#include "core/table.h"

/* Collects metrics (NULL: the process-wide ones) and appends the page to into. resource: an encoded
 * Resource message, which becomes target_info. SONDE_ERR_INVALID: no SDK runs; SONDE_ERR_NOMEM:
 * into is not to be used. Any thread. */
sonde_err sonde__prometheus_write(const struct sonde__table *table, struct sonde__metrics *metrics,
                                  sonde_str resource, struct sonde__buf *into);

/* export/prometheus_name.c: the metric's name, with its unit and, for a counter, _total; without a
 * histogram's suffixes. */
void sonde__prometheus_name(struct sonde__buf *into, const struct sonde__metric_view *metric);

/* export/prometheus_name.c: an attribute's key as a label's name. prefix: put in front
 * ("otel_scope_"), or "". */
void sonde__prometheus_label(struct sonde__buf *into, const char *prefix, sonde_str key);

#endif
