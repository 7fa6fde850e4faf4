/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/pump.c - the turn of the pump and its two drivers. sonde__pump_turn() runs in the pump's own
 * thread or in the application's event loop; flush, stop and wake may come from any thread. */
#include "core/pump.h"
#include "base/clock.h"
#include "core/core.h"
#include "core/destination.h"
#include "core/diag.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum { MS = 1000000, CLOCK_NS = 1000000000, FORK_PATIENCE_NS = 100 * MS };

static void collect(struct sonde__pump *pump)
{
    const struct sonde__core_options *options = &pump->core->options;
    if (!options->metrics || !options->collect)
        return;
    pump->seq++;
    sonde__buf_clear(&pump->scratch);
    sonde_str resource = options->owner ? options->owner->resource(options->owner)
                                        : sonde_str_n(NULL, 0);
    uint32_t  points   = options->collect(options->metrics, resource, &pump->scratch);
    for (uint32_t i = 0; points && !pump->scratch.failed && i < pump->destination_count; i++) {
        struct sonde__destination *d = &pump->destinations[i];
        sonde_batch *batch = d->exporter->signals & SONDE_SIGNAL_METRICS ? calloc(1, sizeof *batch)
                                                                         : NULL;
        if (!batch)
            continue;
        batch->signal    = SONDE_SIGNAL_METRICS;
        batch->count     = points;
        batch->first_seq = pump->seq;
        sonde__buf_add(&batch->body, pump->scratch.data, pump->scratch.len);
        if (batch->body.failed)
            sonde__batch_free(batch);
        else
            sonde__destination_add_metrics(d, batch);
    }
}

/* A new request to flush: everything up to here, at once, and one try even of what is waiting for
 * its next. */
static void begin_flush(struct sonde__pump *pump, uint64_t wanted)
{
    collect(pump);
    pump->flush_asked  = wanted;
    pump->flush_to_seq = pump->seq;
    pump->send_to_seq  = pump->seq;
    for (uint32_t i = 0; i < pump->destination_count; i++)
        pump->destinations[i].retry_at_ns = 0;
}

static bool flushed(const struct sonde__pump *pump)
{
    for (uint32_t i = 0; i < pump->destination_count; i++)
        if (sonde__destination_oldest(&pump->destinations[i]) <= pump->flush_to_seq)
            return false;
    return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t turn_locked(struct sonde__pump *pump, uint64_t wanted)
{
    const struct sonde__core_options *options = &pump->core->options;
    uint64_t                          now     = sonde__clock_mono();
    if (now >= pump->next_clock_ns) {
        sonde__clock_refresh();
        pump->next_clock_ns = now + CLOCK_NS;
    }
    sonde__pump_drain(pump);
    if (now >= pump->next_drain_ns) {
        pump->next_drain_ns = now + (uint64_t)options->schedule_delay_ms * MS;
        pump->send_to_seq   = pump->seq;
    }
    if (now >= pump->next_collect_ns) {
        pump->next_collect_ns = now + (uint64_t)options->metric_interval_ms * MS;
        collect(pump);
    }
    if (wanted > pump->flush_asked)
        begin_flush(pump, wanted);
    uint64_t next = pump->next_drain_ns;
    if (options->metrics)
        next = earlier(next, pump->next_collect_ns);
    for (uint32_t i = 0; i < pump->destination_count; i++)
        next = earlier(next, sonde__destination_turn(&pump->destinations[i], pump, now));
    return next;
}

void sonde__pump_turn(struct sonde__pump *pump)
{
    pthread_mutex_lock(&pump->asked.mutex);
    uint64_t wanted = pump->asked.flush_wanted;
    pthread_mutex_unlock(&pump->asked.mutex);

    pthread_mutex_lock(&pump->turn);
    uint64_t next = turn_locked(pump, wanted);
    bool     done = flushed(pump);
    wanted        = pump->flush_asked;
    sonde__poller_arm(&pump->poller, next);
    pthread_mutex_unlock(&pump->turn);

    pthread_mutex_lock(&pump->asked.mutex);
    if (done && pump->asked.flush_done < wanted) {
        pump->asked.flush_done = wanted;
        pthread_cond_broadcast(&pump->asked.changed);
    }
    pthread_mutex_unlock(&pump->asked.mutex);
}

static void *thread_main(void *arg)
{
    struct sonde__pump      *pump = arg;
    struct sonde__poll_event events[8];
    for (bool stop = false; !stop;) {
        sonde__pump_turn(pump);
        pthread_mutex_lock(&pump->asked.mutex);
        stop = pump->asked.stop;
        pthread_mutex_unlock(&pump->asked.mutex);
        if (!stop)
            sonde__poller_wait(&pump->poller, events, 8, -1);
    }
    pthread_mutex_lock(&pump->asked.mutex);
    pump->asked.stopped = true;
    pthread_cond_broadcast(&pump->asked.changed);
    pthread_mutex_unlock(&pump->asked.mutex);
    return NULL;
}

void sonde__pump_thread_start(struct sonde__pump *pump)
{
    sigset_t all, before;
    pthread_mutex_lock(&pump->asked.mutex);
    if (!pump->asked.thread_runs && !pump->asked.stop) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all,
                        &before); /* the thread inherits: the host's signals are the host's */
        int err = pthread_create(&pump->thread, NULL, thread_main, pump);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pump->asked.thread_runs = err == 0;
        if (err == 0)
            pthread_setname_np(pump->thread, "sonde-pump");
    }
    bool runs = pump->asked.thread_runs || pump->asked.stop;
    pthread_mutex_unlock(&pump->asked.mutex);
    if (!runs)
        sonde__diag(SONDE_LEVEL_ERROR, "no thread could be started: nothing is sent");
}

/* The requests and their locks, as new. */
static void asked_init(struct sonde__pump *pump)
{
    pthread_condattr_t attr;
    memset(&pump->asked, 0, sizeof pump->asked);
    pthread_mutex_init(&pump->asked.mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pump->asked.changed, &attr);
    pthread_condattr_destroy(&attr);
}

void sonde__pump_make(struct sonde__pump *pump, struct sonde__core *core)
{
    pump->core = core;
    pthread_mutex_init(&pump->turn, NULL);
    asked_init(pump);
    pump->asked.stop = true;
}

static void begin_anew(struct sonde__pump *pump)
{
    const struct sonde__core_options *options = &pump->core->options;
    uint64_t                          now     = sonde__clock_mono();
    pump->seq = pump->send_to_seq = pump->flush_to_seq = pump->flush_asked = 0;
    atomic_store_explicit(&pump->taken, 0, memory_order_relaxed);
    pump->next_drain_ns   = now + (uint64_t)options->schedule_delay_ms * MS;
    pump->next_collect_ns = now + (uint64_t)options->metric_interval_ms * MS;
    pump->next_clock_ns   = now;
    sonde__rand_seed(&pump->rand);
}

sonde_err sonde__pump_start(struct sonde__pump *pump)
{
    const struct sonde__core_options *options      = &pump->core->options;
    struct sonde__destination        *destinations = calloc(options->exporter_count + 1,
                                                            sizeof *destinations);
    if (!destinations)
        return SONDE_ERR_NOMEM;
    if (!sonde__poller_init(&pump->poller, SONDE__POLLER_WAKE | SONDE__POLLER_TIMER)) {
        sonde__poller_done(&pump->poller);
        free(destinations);
        return SONDE_ERR_NOMEM;
    }
    begin_anew(pump);
    pump->destinations      = destinations;
    pump->destination_count = 0;
    for (size_t i = 0; i < options->exporter_count; i++) {
        if (!options->exporters[i])
            continue;
        destinations[pump->destination_count].exporter  = options->exporters[i];
        destinations[pump->destination_count++].watched = -1;
    }
    sonde__poller_arm(&pump->poller, pump->next_drain_ns);
    pthread_mutex_lock(&pump->asked.mutex);
    pump->asked.flush_wanted = pump->asked.flush_done = 0;
    pump->asked.thread_runs = pump->asked.stop = pump->asked.stopped = false;
    pump->asked.open                                                 = true;
    pthread_mutex_unlock(&pump->asked.mutex);
    return SONDE_OK;
}

void sonde__pump_wake(struct sonde__pump *pump)
{
    pthread_mutex_lock(&pump->asked.mutex);
    if (pump->asked.open)
        sonde__poller_wake(&pump->poller);
    pthread_mutex_unlock(&pump->asked.mutex);
}

static struct timespec deadline_spec(uint64_t deadline_ns)
{
    return (struct timespec){ .tv_sec  = (time_t)(deadline_ns / 1000000000),
                              .tv_nsec = (long)(deadline_ns % 1000000000) };
}

/* The loop driver: whoever flushes drives. */
static void drive_until(struct sonde__pump *pump, uint64_t request, uint64_t deadline_ns)
{
    struct sonde__poll_event events[8];
    for (;;) {
        sonde__pump_turn(pump);
        pthread_mutex_lock(&pump->asked.mutex);
        bool done = pump->asked.flush_done >= request;
        pthread_mutex_unlock(&pump->asked.mutex);
        uint64_t now = sonde__clock_mono();
        if (done || now >= deadline_ns)
            return;
        uint64_t left_ms = (deadline_ns - now) / MS + 1;
        sonde__poller_wait(&pump->poller, events, 8,
                           left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
    }
}

static bool has_destinations(struct sonde__pump *pump)
{
    pthread_mutex_lock(&pump->core->locked.mutex); /* another thread may be stopping it */
    bool any = pump->destination_count > 0;
    pthread_mutex_unlock(&pump->core->locked.mutex);
    return any;
}

sonde_err sonde__pump_flush(struct sonde__pump *pump, uint32_t timeout_ms)
{
    uint64_t        deadline_ns = sonde__clock_mono() + (uint64_t)timeout_ms * MS;
    struct timespec until       = deadline_spec(deadline_ns);
    if (!has_destinations(pump))
        return SONDE_OK;
    if (!pump->core->options.loop)
        sonde__pump_thread_start(pump);
    pthread_mutex_lock(&pump->asked.mutex);
    uint64_t request = ++pump->asked.flush_wanted;
    bool     by_us   = !pump->asked.thread_runs;
    pthread_mutex_unlock(&pump->asked.mutex);
    sonde__pump_wake(pump);
    if (by_us)
        drive_until(pump, request, deadline_ns);
    pthread_mutex_lock(&pump->asked.mutex);
    while (!by_us && pump->asked.flush_done < request && !pump->asked.stopped)
        if (pthread_cond_timedwait(&pump->asked.changed, &pump->asked.mutex, &until) == ETIMEDOUT)
            break;
    bool done = pump->asked.flush_done >= request;
    pthread_mutex_unlock(&pump->asked.mutex);
    return done ? SONDE_OK : SONDE_ERR_TIMEOUT;
}

/* Ends the thread; false when it did not come back: it is inside an exporter that blocks. */
static bool thread_stop(struct sonde__pump *pump, uint64_t deadline_ns)
{
    struct timespec until = deadline_spec(deadline_ns);
    pthread_mutex_lock(&pump->asked.mutex);
    bool runs        = pump->asked.thread_runs;
    pump->asked.stop = true;
    pthread_mutex_unlock(&pump->asked.mutex);
    sonde__pump_wake(pump);
    if (!runs)
        return true;
    pthread_mutex_lock(&pump->asked.mutex);
    while (!pump->asked.stopped)
        if (pthread_cond_timedwait(&pump->asked.changed, &pump->asked.mutex, &until) == ETIMEDOUT)
            break;
    bool stopped = pump->asked.stopped;
    pthread_mutex_unlock(&pump->asked.mutex);
    if (stopped)
        pthread_join(pump->thread, NULL);
    else
        pthread_detach(pump->thread);
    return stopped;
}

sonde_err sonde__pump_stop(struct sonde__pump *pump, uint32_t timeout_ms)
{
    enum { LAST_WORD_MS = 500 };
    uint64_t  deadline_ns = sonde__clock_mono() + (uint64_t)timeout_ms * MS;
    sonde_err err         = sonde__pump_flush(pump, timeout_ms);
    if (!thread_stop(pump, deadline_ns + (uint64_t)LAST_WORD_MS * MS)) {
        pump->abandoned = true;
        sonde__diag(SONDE_LEVEL_ERROR, "an exporter blocks: its thread is left behind");
        return SONDE_ERR_TIMEOUT;
    }
    pthread_mutex_lock(&pump->turn);
    uint64_t lost = 0;
    for (uint32_t i = 0; i < pump->destination_count; i++) {
        struct sonde__destination *d = &pump->destinations[i];
        lost += atomic_load_explicit(&d->waiting, memory_order_relaxed);
        sonde__destination_drop_all(d);
        if (d->exporter->done)
            d->exporter->done(d->exporter);
        free(d->segments);
    }
    struct sonde__destination *destinations = pump->destinations;
    pthread_mutex_lock(&pump->core->locked.mutex); /* who reads statistics holds it */
    pump->destinations      = NULL;
    pump->destination_count = 0;
    pthread_mutex_unlock(&pump->core->locked.mutex);
    free(destinations);
    sonde__buf_done(&pump->scratch);
    pthread_mutex_unlock(&pump->turn);
    pthread_mutex_lock(&pump->asked.mutex);
    pump->asked.open = false;
    sonde__poller_done(&pump->poller);
    pthread_mutex_unlock(&pump->asked.mutex);
    if (lost)
        sonde__diag(SONDE_LEVEL_WARN, "stopped with %llu spans undelivered",
                    (unsigned long long)lost);
    struct sonde__owner *owner = pump->core->options.owner;
    if (owner && owner->done)
        owner->done(owner);
    return err;
}

void sonde__pump_stats(struct sonde__pump *pump, sonde_stats *stats)
{
    uint64_t taken = atomic_load_explicit(&pump->taken, memory_order_relaxed);
    stats->spans_waiting -= taken; /* the caller adds what was accepted */
    for (uint32_t i = 0; i < pump->destination_count; i++) {
        struct sonde__destination *d = &pump->destinations[i];
        stats->spans_delivered += atomic_load_explicit(&d->delivered, memory_order_relaxed);
        stats->spans_dropped_failed += atomic_load_explicit(&d->dropped_failed,
                                                            memory_order_relaxed);
        stats->spans_dropped_behind += atomic_load_explicit(&d->dropped_behind,
                                                            memory_order_relaxed);
        stats->points_delivered += atomic_load_explicit(&d->points_delivered, memory_order_relaxed);
        stats->points_dropped += atomic_load_explicit(&d->points_dropped, memory_order_relaxed);
        stats->spans_waiting += atomic_load_explicit(&d->waiting, memory_order_relaxed);
    }
}

bool sonde__pump_lock(struct sonde__pump *pump)
{
    struct timespec until;
    if (pthread_mutex_trylock(&pump->turn) == 0)
        return true;
    clock_gettime(CLOCK_REALTIME, &until); /* the clock of pthread_mutex_timedlock() */
    until.tv_nsec += FORK_PATIENCE_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_mutex_timedlock(&pump->turn, &until) == 0;
}

void sonde__pump_unlock(struct sonde__pump *pump)
{
    pthread_mutex_unlock(&pump->turn);
}

void sonde__pump_forked(struct sonde__pump *pump, bool consistent)
{
    struct sonde__owner *owner = pump->core->options.owner;
    asked_init(pump);
    pump->asked.open = true;
    sonde__poller_forked(&pump->poller);
    if (!consistent) {
        pthread_mutex_init(&pump->turn, NULL);
        memset(&pump->scratch, 0, sizeof pump->scratch);
    }
    for (uint32_t i = 0; i < pump->destination_count; i++)
        sonde__destination_forked(&pump->destinations[i], consistent);
    if (owner && owner->forked)
        owner->forked(owner);
    begin_anew(pump);
    sonde__poller_arm(&pump->poller, pump->next_drain_ns);
}
