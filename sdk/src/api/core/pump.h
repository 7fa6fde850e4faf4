/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/pump.h - the one road out: takes committed records from the lanes, cuts batches, drives
 * exporters, collects metrics; deadline, retry, flush, stop and fork exist here, once, for every
 * signal and every destination.
 *
 * Everything but the requests in `asked` belongs to the driver: the pump's own thread, or the
 * application's event loop. */
#ifndef SONDE_CORE_PUMP_H
#define SONDE_CORE_PUMP_H

#include "base/buf.h"
#include "base/poller.h"
#include "base/rand.h"
#include "core/batch.h"

#include <pthread.h>

struct sonde__core;

/* A run of committed records of one page that a destination has still to send. */
struct sonde__segment {
    struct sonde__page *page; /* a reference */
    uint32_t            from, to, records;
    uint64_t            seq; /* in the order in which they were taken from the lanes */
};

/* Where batches go: one exporter. */
struct sonde__destination {
    sonde_exporter        *exporter;
    struct sonde__segment *segments; /* a ring */
    uint32_t               first, count, cap;
    uint64_t               records; /* in the ring */
    sonde_batch *pending; /* batches that wait for begin(), oldest first: retries, metrics */
    sonde_batch *in_flight;
    uint32_t     in_flight_count;
    uint64_t     retry_at_ns; /* not before */
    uint32_t     backoff_ms;
    bool         failing; /* said so */
    int          watched; /* descriptor; -1: none */
    /* read by sonde__core_stats(): relaxed */
    _Atomic uint64_t delivered, dropped_failed, dropped_behind, points_delivered, points_dropped;
    _Atomic uint64_t waiting;
};

/* Lives as long as its core, which is for ever: late calls of threads that record find its locks
 * where they were. */
struct sonde__pump {
    struct sonde__core *core;
    pthread_mutex_t turn; /* held while the driver works, not while it waits; taken before a fork */
    struct sonde__poller       poller;
    struct sonde__destination *destinations;
    uint32_t                   destination_count;
    uint64_t                   seq;         /* of the last segment or metrics batch */
    uint64_t                   send_to_seq; /* up to here at once, however few they are */
    uint64_t                   flush_to_seq, flush_asked; /* what the flush under way waits for */
    _Atomic uint64_t           taken;                     /* records from lanes */
    uint64_t                   next_drain_ns, next_collect_ns, next_clock_ns;
    struct sonde__rand         rand;
    struct sonde__buf          scratch;
    bool                       abandoned; /* its thread did not come back: never to be used again */
    pthread_t                  thread;

    struct {
        pthread_mutex_t mutex;
        pthread_cond_t  changed;
        uint64_t        flush_wanted, flush_done; /* numbers of requests */
        bool            open;                     /* between start and stop: the poller is there */
        bool            thread_runs, stop, stopped;
    } asked;
};

/* Once, when the core is made. */
void sonde__pump_make(struct sonde__pump *pump, struct sonde__core *core);

/* A run begins; the core's options are set. */
sonde_err sonde__pump_start(struct sonde__pump *pump);

/* Starts the driver's thread if there is none and there should be one. */
void sonde__pump_thread_start(struct sonde__pump *pump);

/* One turn: everything that is due, nothing that waits. The driver. */
void sonde__pump_turn(struct sonde__pump *pump);

/* Takes what is committed from all lanes. The driver, in its turn. */
void sonde__pump_drain(struct sonde__pump *pump);

/* Ends the driver's present wait. Any thread, at any time. No system call while a wake-up is
 * already on its way. */
void sonde__pump_wake(struct sonde__pump *pump);

sonde_err sonde__pump_flush(struct sonde__pump *pump, uint32_t timeout_ms);

/* Flushes, ends the driver, drops and counts what is left, lets go of the exporters. */
sonde_err sonde__pump_stop(struct sonde__pump *pump, uint32_t timeout_ms);

/* Adds what the pump knows; spans_waiting is short by what was accepted, which the caller adds. Any
 * thread, with the core's lock held. */
void sonde__pump_stats(struct sonde__pump *pump, sonde_stats *stats);

/* Around a fork; see core/fork.h. */
bool sonde__pump_lock(struct sonde__pump *pump);
void sonde__pump_unlock(struct sonde__pump *pump);
void sonde__pump_forked(struct sonde__pump *pump, bool consistent);

#endif
