/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/session.h - a running sonde tail: what came, what was printed, what is to be told. */
#ifndef SONDE_CLI_TAIL_SESSION_H
#define SONDE_CLI_TAIL_SESSION_H

#include "receiver/receiver.h"
#include "store/metrics.h"
#include "store/traces.h"
#include "tail/options.h"

#include <pthread.h>

enum { SONDE__SENDER_SIZE = 100 };

struct sonde__session {
    struct sonde__sink          sink; /* first: the receiver knows us by it */
    struct sonde__tail_options  options;
    bool                        utf8;
    int                         wake_fd;        /* an eventfd: something came */
    bool                        is_output_gone; /* nobody reads us any more */
    uint64_t                    traces_printed; /* each counted once */
    uint64_t                    metrics_printed;
    struct sonde__traces_counts told_counts;
    uint64_t                    told_metrics, told_at_ns;
    struct {
        uint64_t count, at_ns;
    } told_refusals[SONDE__REFUSALS];
    struct { /* by mutex */
        pthread_mutex_t        mutex;
        struct sonde__traces  *traces;
        struct sonde__metrics *metrics;
        struct {
            uint64_t count;
            char     sender[SONDE__SENDER_SIZE];
        } refusals[SONDE__REFUSALS];
    } locked;
};

/* False when memory or descriptors are out; sonde__session_done() is due all the same. */
bool sonde__session_init(struct sonde__session *session, const struct sonde__tail_options *options,
                         bool utf8);
void sonde__session_done(struct sonde__session *session);

/* Prints the traces that are finished at now_ns of the monotonic clock (UINT64_MAX: all), as far
 * as --once allows.
 * Returns: when to come again. */
uint64_t sonde__session_print_traces(struct sonde__session *session, uint64_t now_ns);

void sonde__session_print_metrics(struct sonde__session *session, bool only_new, uint64_t now_ns);

/* Says on standard error what was refused and what found no room, not more often than helps. */
void sonde__session_tell(struct sonde__session *session, uint64_t now_ns);

/* Whether --once is fulfilled. */
bool sonde__session_is_full(const struct sonde__session *session);

/* Nanoseconds of the monotonic clock. */
uint64_t sonde__session_now(void);

#endif
