/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/metrics.h - what the rest of libsonde-api knows of metrics. */
#ifndef SONDE_METRICS_METRICS_H
#define SONDE_METRICS_METRICS_H

#include "core/table.h"

/* See core/table.h. */
sonde_err sonde__metrics_start(bool global, void *memory, struct sonde__metrics **ret_metrics);
void      sonde__metrics_stop(struct sonde__metrics *metrics);
bool sonde__metrics_visit(struct sonde__metrics *metrics, struct sonde__metric_visitor *visitor);
sonde_err sonde__metrics_memory_init(void *memory, size_t size);

/* Collects everything once and appends an ExportMetricsServiceRequest to into (nothing when there
 * is no point). resource: an encoded Resource message. Returns the number of data points. The
 * pump's driver. */
uint32_t sonde__metrics_write_otlp(struct sonde__metrics *metrics, sonde_str resource,
                                   struct sonde__buf *into);

#endif
