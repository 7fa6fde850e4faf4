/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/core.h - a core is what one running SDK is made of: its options, its lanes, its pump.
 *
 * Cores are never freed, only used again (and not soon), so that a stale pointer always finds a
 * core; `run` tells whether it is still the one that was meant. An even run is at rest, an odd one is running. */
#ifndef SONDE_CORE_CORE_H
#define SONDE_CORE_CORE_H

#include "base/poller.h"
#include "core/lane.h"
#include "core/pump.h"
#include "core/table.h"

#include <pthread.h>

struct sonde__core {
    struct sonde__core_options options;
    sonde_exporter           **exporters; /* the list of options, copied */
    _Atomic uint32_t           run;       /* acquire: what the run was started with is seen */
    bool recording;           /* not disabled, and somebody takes traces; constant during a run */
    bool pump_locked;         /* between the two sides of a fork */
    struct sonde__core *next; /* in the list of all cores, for ever */
    uint64_t            stopped; /* the number of its last stop; under the lock of that list */

    _Atomic size_t
        memory_used; /* bytes of all pages and batches of spans, wherever they are held */
    _Atomic size_t   bytes_filled;  /* of full pages, since the pump looked last */
    size_t           bytes_to_wake; /* so many wake it */
    _Atomic uint32_t lane_count;    /* changed under the lock */

    struct {
        pthread_mutex_t           mutex;
        struct sonde__lane       *lanes;
        struct sonde__page_pool   pool;
        struct sonde__lane_counts gone; /* what lanes that are no more had counted */
    } locked;

    struct sonde__pump pump;
};

/* The process-wide SDK's core; NULL while none runs. */
extern _Atomic(struct sonde__core *) sonde__core_global;

static inline struct sonde__core *sonde__core_current(void)
{
    /* Acquire: pairs with the release when the core was started. */
    return atomic_load_explicit(&sonde__core_global, memory_order_acquire);
}

static inline uint32_t sonde__core_run(const struct sonde__core *core)
{
    return atomic_load_explicit(&core->run, memory_order_acquire);
}

/* See core/table.h. */
sonde_err sonde__core_start(const struct sonde__core_options *options,
                            struct sonde__core              **ret_core);
sonde_err sonde__core_flush(struct sonde__core *core, uint32_t timeout_ms);
sonde_err sonde__core_stop(struct sonde__core *core, uint32_t timeout_ms);
int       sonde__core_fd(const struct sonde__core *core);
void      sonde__core_dispatch(struct sonde__core *core);
void      sonde__core_stats(struct sonde__core *core, sonde_stats *ret_stats);

/* Something was recorded in this process for the first time (a thread's first span, a series' first
 * value): the pump's thread is started if it is not there yet, which is how a forked child gets
 * one. Any thread; off the hot path. */
void sonde__core_touch(struct sonde__core *core);

/* The same for every core that sends metrics: a thread counts for the first time. */
void sonde__core_touch_metrics(void);

/* The propagator that OTEL_PROPAGATORS named, or W3C trace context and baggage while no SDK runs.
 */
const sonde_propagator *sonde__core_propagator(void);

#endif
