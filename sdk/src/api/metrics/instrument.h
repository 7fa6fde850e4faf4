/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/instrument.h - what sonde_counter, sonde_updown_counter and sonde_histogram are, and
 * meters. An instrument is for ever and belongs to this process; what it counts into is a stream of
 * the region of whichever SDK runs. */
#ifndef SONDE_METRICS_INSTRUMENT_H
#define SONDE_METRICS_INSTRUMENT_H

#include "metrics/stream.h"

#include <sonde/metrics.h>

struct sonde__metrics {
    struct sonde__region *region;
    bool                  global, shared;
    uint64_t              number; /* of this run, never used again */
};

struct sonde__instrument {
    _Atomic(struct sonde__stream *) stream; /* NULL while no SDK runs */
    struct sonde__instrument       *next;
    sonde__metric_kind              kind;
    char                           *name, *unit, *description;
    uint32_t                        bound_count;
    double                          bounds[];
};

struct sonde_meter {
    struct sonde_meter        *next;
    const struct sonde__scope *scope;
    uint64_t
        run; /* the number of a .local SDK's metrics; 0: the process-wide ones, whichever run */
    struct sonde__metrics    *metrics; /* NULL while they do not run */
    struct sonde__instrument *instruments;
};

static inline struct sonde__stream *sonde__instrument_stream(const void *instrument)
{
    const struct sonde__instrument *self = instrument;
    /* Acquire: pairs with the release of whoever started the SDK. */
    return self ? atomic_load_explicit(&self->stream, memory_order_acquire) : NULL;
}

/* What is asked for, checked already. Text is never NULL. */
struct sonde__instrument_spec {
    const char        *name, *unit, *description;
    sonde__metric_kind kind;
    const double      *bounds;
    uint32_t           bound_count;
};

/* metrics/meter.c. The instrument of these values; names are compared without case. NULL: out of
 * memory. Reports what the name is registered with already. Any thread; one lock. */
struct sonde__instrument *sonde__meter_instrument(sonde_meter                         *meter,
                                                  const struct sonde__instrument_spec *spec);

/* metrics/meter.c: makes the meters that belong to metrics count into them; no longer. Whoever
 * starts and stops. */
void sonde__meter_attach(struct sonde__metrics *metrics);
void sonde__meter_detach(struct sonde__metrics *metrics);
void sonde__meter_forked(void); /* in a forked child */

#endif
