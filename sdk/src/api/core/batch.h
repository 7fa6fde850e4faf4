/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/batch.h - one request's worth of records, as its OTLP body. */
#ifndef SONDE_CORE_BATCH_H
#define SONDE_CORE_BATCH_H

#include "base/buf.h"

#include <sonde/plugin/exporter.h>

struct sonde_batch {
    sonde_signal      signal;
    uint32_t          count; /* spans or data points */
    uint32_t          attempts;
    uint64_t          first_seq; /* of what is in it, see pump.h */
    uint64_t          deadline_ns;
    struct sonde__buf body;
    _Atomic size_t   *charged_to; /* a core's memory_used, by all of body; NULL: nothing */
    sonde_batch      *next;
};

struct sonde__segment;

/* An ExportTraceServiceRequest of the records in these segments, grouped by scope, into body. False
 * when out of memory. */
bool sonde__batch_encode(struct sonde__buf *body, sonde_str resource,
                         const struct sonde__segment *segments, uint32_t count);

void sonde__batch_free(sonde_batch *batch);

#endif
