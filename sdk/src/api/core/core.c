/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/core.c - the list of cores, their start, stop, statistics and fork. Set-up calls, any
 * thread. */
#include "core/core.h"
#include "core/diag.h"
#include "core/fork.h"
#include "core/thread.h"

#include <stdlib.h>

_Atomic(struct sonde__core *) sonde__core_global;

static struct {
    pthread_mutex_t     mutex;
    struct sonde__core *all;
    uint32_t            count;
    uint64_t            stops; /* so far */
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

enum {
    CORES_MAX   = 64, /* before one is used again; more only when more than that run at once */
    MEMORY      = 16 << 20,
    DELAY_MS    = 5000,
    BATCH       = 512,
    INTERVAL_MS = 60000,
    TIMEOUT_MS  = 30000,
    LIMIT       = 128
};

static void set_default(uint32_t *value, uint32_t otherwise)
{
    if (*value == 0)
        *value = otherwise;
}

/* The core that has been at rest for longest; NULL while new ones may be made. */
static struct sonde__core *core_at_rest(void)
{
    struct sonde__core *found = NULL;
    for (struct sonde__core *core = locked.all; core; core = core->next)
        if (!(sonde__core_run(core) & 1) && (!found || core->stopped < found->stopped))
            found = core;
    return locked.count < CORES_MAX ? NULL : found;
}

/* A core for a run to come; under the lock. A thread that has looked before the last stop may still
 * read that core's options, so they are not written again soon. */
static struct sonde__core *core_take(void)
{
    struct sonde__core *core = core_at_rest();
    if (core)
        return core;
    core = calloc(1, sizeof *core);
    if (!core)
        return NULL;
    pthread_mutex_init(&core->locked.mutex, NULL);
    sonde__pump_make(&core->pump, core);
    core->next = locked.all;
    locked.all = core;
    locked.count++;
    return core;
}

/* A batch's worth, or an eighth of the budget: less is not worth a wake-up, more would be dangerous. */
static size_t bytes_to_wake(const struct sonde__core_options *set)
{
    enum { SMALL_SPAN = 256 };
    size_t batch = (size_t)set->batch_spans * SMALL_SPAN, budget = set->memory_bytes / 8;
    return batch < budget ? batch : budget;
}

static sonde_err core_set(struct sonde__core *core, const struct sonde__core_options *options)
{
    size_t known    = options->size && options->size < sizeof core->options ? options->size
                                                                            : sizeof core->options;
    core->exporters = NULL;
    memset(&core->options, 0, sizeof core->options);
    memcpy(&core->options, options, known);
    struct sonde__core_options *set = &core->options;
    if (set->memory_bytes == 0)
        set->memory_bytes = MEMORY;
    set_default(&set->schedule_delay_ms, DELAY_MS);
    set_default(&set->batch_spans, BATCH);
    set_default(&set->metric_interval_ms, INTERVAL_MS);
    set_default(&set->export_timeout_ms, TIMEOUT_MS);
    set_default(&set->attribute_limit, LIMIT);
    set_default(&set->event_limit, LIMIT);
    set_default(&set->link_limit, LIMIT);
    core->recording = false;
    for (size_t i = 0; i < set->exporter_count; i++)
        core->recording |= !set->disabled && set->exporters[i] &&
                           (set->exporters[i]->signals & SONDE_SIGNAL_TRACES);
    core->bytes_to_wake = bytes_to_wake(set);
    if (set->exporter_count) {
        core->exporters = malloc(set->exporter_count * sizeof *core->exporters);
        if (!core->exporters)
            return SONDE_ERR_NOMEM;
        memcpy(core->exporters, set->exporters, set->exporter_count * sizeof *core->exporters);
        set->exporters = core->exporters;
    }
    memset(&core->locked.gone, 0, sizeof core->locked.gone);
    return sonde__pump_start(&core->pump);
}

sonde_err sonde__core_start(const struct sonde__core_options *options,
                            struct sonde__core              **ret_core)
{
    sonde_err           err  = SONDE_OK;
    struct sonde__core *core = NULL;
    pthread_mutex_lock(&locked.mutex);
    if (options->global && sonde__core_current()) {
        err = SONDE_ERR_STARTED;
        goto out;
    }
    core = core_take();
    if (!core) {
        err = SONDE_ERR_NOMEM;
        goto out;
    }
    err = core_set(core, options);
    if (err) {
        free(core->exporters);
        core->exporters = NULL;
        goto out;
    }
    atomic_fetch_add_explicit(&core->run, 1, memory_order_release);
    if (options->global)
        atomic_store_explicit(&sonde__core_global, core, memory_order_release);
    *ret_core = core;
out:
    pthread_mutex_unlock(&locked.mutex);
    if (!err && core->options.metrics && core->options.exporter_count)
        sonde__core_touch(core); /* values may come through handles that never ask */
    return err;
}

sonde_err sonde__core_flush(struct sonde__core *core, uint32_t timeout_ms)
{
    return core && (sonde__core_run(core) & 1) ? sonde__pump_flush(&core->pump, timeout_ms)
                                               : SONDE_OK;
}

/* Lanes of the run that is over are their threads' alone. */
static void leave_lanes(struct sonde__core *core)
{
    pthread_mutex_lock(&core->locked.mutex);
    struct sonde__lane     *lane = core->locked.lanes;
    struct sonde__page_pool pool = core->locked.pool;
    core->locked.lanes           = NULL;
    atomic_store_explicit(&core->lane_count, 0, memory_order_relaxed);
    memset(&core->locked.pool, 0, sizeof core->locked.pool);
    pthread_mutex_unlock(&core->locked.mutex);
    while (lane) {
        struct sonde__lane *next = lane->next;
        sonde__lane_discharge(lane);
        sonde__lane_unref(lane);
        lane = next;
    }
    sonde__page_pool_done(&pool);
}

sonde_err sonde__core_stop(struct sonde__core *core, uint32_t timeout_ms)
{
    if (!core || !(sonde__core_run(core) & 1))
        return SONDE_OK;
    struct sonde__core *self = core;
    /* Whoever looks from here on finds no SDK; who has looked already may still store a record,
     * which the flush takes or not. */
    atomic_compare_exchange_strong(&sonde__core_global, &self, NULL);
    sonde_err err = sonde__pump_stop(&core->pump, timeout_ms);
    pthread_mutex_lock(&locked.mutex);
    /* No lane is made from here on. A run that stays odd is never at rest. */
    atomic_fetch_add_explicit(&core->run, core->pump.abandoned ? 2 : 1, memory_order_release);
    core->stopped = ++locked.stops;
    leave_lanes(core);
    free(core->exporters);
    core->exporters = NULL;
    pthread_mutex_unlock(&locked.mutex);
    return err;
}

int sonde__core_fd(const struct sonde__core *core)
{
    return core && core->options.loop ? sonde__poller_fd(&core->pump.poller) : -1;
}

void sonde__core_dispatch(struct sonde__core *core)
{
    struct sonde__poll_event events[8];
    if (!core || !core->options.loop)
        return;
    sonde__poller_wait(&core->pump.poller, events, 8, 0);
    sonde__pump_turn(&core->pump);
}

void sonde__core_touch(struct sonde__core *core)
{
    if (core && !core->options.loop && core->options.exporter_count)
        sonde__pump_thread_start(&core->pump);
}

void sonde__core_touch_metrics(void)
{
    pthread_mutex_lock(&locked.mutex);
    for (struct sonde__core *core = locked.all; core; core = core->next)
        if ((sonde__core_run(core) & 1) && core->options.metrics)
            sonde__core_touch(core);
    pthread_mutex_unlock(&locked.mutex);
}

const sonde_propagator *sonde__core_propagator(void)
{
    struct sonde__core *core = sonde__core_current();
    return core ? core->options.propagator : NULL;
}

static void add_counts(const struct sonde__lane_counts *counts, sonde_stats *stats)
{
    stats->spans_started += atomic_load_explicit(&counts->started, memory_order_relaxed);
    stats->spans_accepted += atomic_load_explicit(&counts->accepted, memory_order_relaxed);
    stats->spans_dropped_full += atomic_load_explicit(&counts->dropped_full, memory_order_relaxed);
    stats->spans_dropped_oversize += atomic_load_explicit(&counts->dropped_oversize,
                                                          memory_order_relaxed);
    stats->attributes_dropped += atomic_load_explicit(&counts->attributes_dropped,
                                                      memory_order_relaxed);
}

void sonde__core_stats(struct sonde__core *core, sonde_stats *ret_stats)
{
    sonde_stats stats;
    size_t      size = ret_stats ? ret_stats->size : 0;
    memset(&stats, 0, sizeof stats);
    if (size < sizeof size)
        return;
    stats.misuse = atomic_load_explicit(&sonde__misuse_count, memory_order_relaxed);
    if (!core)
        core = sonde__core_current();
    if (core && (sonde__core_run(core) & 1)) {
        pthread_mutex_lock(&core->locked.mutex);
        sonde__pump_stats(&core->pump, &stats);
        add_counts(&core->locked.gone, &stats);
        for (struct sonde__lane *lane = core->locked.lanes; lane; lane = lane->next)
            add_counts(&lane->counts, &stats);
        pthread_mutex_unlock(&core->locked.mutex);
        stats.spans_waiting += stats.spans_accepted;
        stats.bytes_waiting += atomic_load_explicit(&core->memory_used, memory_order_relaxed);
    }
    if (size > sizeof stats)
        size = sizeof stats;
    stats.size = size;
    memcpy(ret_stats, &stats, size);
}

void sonde__core_lock_all(void)
{
    pthread_mutex_lock(&locked.mutex); /* nothing starts or stops */
    for (struct sonde__core *core = locked.all; core; core = core->next) {
        if (!(sonde__core_run(core) & 1))
            continue;
        core->pump_locked = sonde__pump_lock(&core->pump);
        pthread_mutex_lock(&core->locked.mutex);
    }
}

void sonde__core_unlock_all(void)
{
    for (struct sonde__core *core = locked.all; core; core = core->next) {
        if (!(sonde__core_run(core) & 1))
            continue;
        pthread_mutex_unlock(&core->locked.mutex);
        if (core->pump_locked)
            sonde__pump_unlock(&core->pump);
    }
    pthread_mutex_unlock(&locked.mutex);
}

static bool is_mine(const struct sonde__lane *lane)
{
    const struct sonde__lane *mine = sonde__thread_self ? sonde__thread_self->lane : NULL;
    while (mine && mine != lane)
        mine = mine->other;
    return mine != NULL;
}

/* The child begins with empty lanes: its own thread's are emptied, those of threads that it does
 * not have are let go. The core's lock is held, so pages are freed without it. */
static void fork_lanes(struct sonde__core *core)
{
    struct sonde__lane **at = &core->locked.lanes;
    while (*at) {
        struct sonde__lane *lane = *at;
        struct sonde__page *page = atomic_load_explicit(&lane->head, memory_order_relaxed);
        while (page) {
            struct sonde__page *next = atomic_load_explicit(&page->next, memory_order_relaxed);
            sonde__page_forget(page);
            page = next;
        }
        atomic_store_explicit(&lane->head, NULL, memory_order_relaxed);
        lane->tail = NULL;
        memset(&lane->counts, 0, sizeof lane->counts);
        if (is_mine(lane)) {
            at = &lane->next;
            continue;
        }
        *at = lane->next;
        atomic_fetch_sub_explicit(&core->lane_count, 1, memory_order_relaxed);
        free(lane);
    }
    memset(&core->locked.gone, 0, sizeof core->locked.gone);
    atomic_store_explicit(&core->memory_used, 0, memory_order_relaxed);
}

void sonde__core_forked(void)
{
    for (struct sonde__core *core = locked.all; core; core = core->next) {
        if (!(sonde__core_run(core) & 1)) {
            /* late calls of threads that are not here may have held its locks */
            pthread_mutex_init(&core->locked.mutex, NULL);
            memset(&core->locked.pool, 0, sizeof core->locked.pool);
            sonde__pump_make(&core->pump, core);
            continue;
        }
        sonde__pump_forked(&core->pump, core->pump_locked);
        fork_lanes(core);
    }
}
