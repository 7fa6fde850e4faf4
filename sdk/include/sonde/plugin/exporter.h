/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/plugin/exporter.h - for who writes an exporter: one small non-blocking interface (begin,
 * progress).
 *
 * The pump hands a batch to begin() and takes results from progress(); batching, deadlines, retry,
 * flush, stop and fork are the pump's. An exporter embeds sonde_exporter as its first member. Every
 * function is called by the pump's driver, one call at a time, never from a thread that records. */
#ifndef SONDE_PLUGIN_EXPORTER_H
#define SONDE_PLUGIN_EXPORTER_H

#include <sonde/plugin/record.h>
#include <sonde/sdk.h>

SONDE_BEGIN

typedef enum sonde_signal {
    SONDE_SIGNAL_TRACES  = 1,
    SONDE_SIGNAL_METRICS = 2
} sonde_signal; /* bits */

/* Finished records on their way; immutable, shared by all exporters, valid until the exporter gives
 * its result. */
typedef struct sonde_batch sonde_batch;

/* The signal of a batch.
 * Threads: same (the driver's). Blocks: never. Since: 0.1 */
SONDE_API sonde_signal sonde_batch_signal(const sonde_batch *batch);

/* Spans or data points in a batch.
 * Threads: same (the driver's). Blocks: never. Since: 0.1 */
SONDE_API uint32_t sonde_batch_count(const sonde_batch *batch);

/* The OTLP request (ExportTraceServiceRequest or ExportMetricsServiceRequest) that holds the batch.
 * Traces can be walked with sonde_request_next().
 * Threads: same (the driver's). Blocks: never. Standard: OTLP. Since: 0.1 */
SONDE_API sonde_str sonde_batch_body(const sonde_batch *batch);

typedef enum sonde_outcome {
    SONDE_DELIVERED, /* the receiver has it */
    SONDE_RETRY,     /* not delivered; the same batch may be given again after retry_after_ms */
    SONDE_REFUSED    /* not delivered, and never will be */
} sonde_outcome;

typedef struct sonde_result {
    const sonde_batch *batch;
    sonde_outcome      outcome;
    uint32_t           retry_after_ms; /* what the receiver asked for; 0: the pump's own back-off */
    uint32_t           rejected;       /* DELIVERED: how many of them the receiver did not take */
    char               message[160];   /* for people; empty: nothing to say */
} sonde_result;

struct sonde_exporter {
    size_t      size;          /* sizeof(sonde_exporter) */
    const char *name;          /* "otlp_http", for messages */
    unsigned    signals;       /* which of sonde_signal it takes */
    unsigned    max_in_flight; /* batches at once; 0: 1 */

    /* Takes a batch. The result comes through progress(). deadline_ns: on the monotonic clock. */
    void (*begin)(sonde_exporter *self, const sonde_batch *batch, uint64_t deadline_ns);
    /* Does what can be done without waiting. True and fills ret_result for a batch that is
     * finished; called until false. */
    bool (*progress)(sonde_exporter *self, sonde_result *ret_result);
    /* Gives up everything that was begun, without waiting; no results follow. NULL: nothing to do.
     */
    void (*cancel)(sonde_exporter *self);
    /* A descriptor that is readable when progress() has something to do (an epoll set, say); -1:
     * none yet. NULL: none. */
    int (*fd)(sonde_exporter *self);
    /* When progress() wants to be called whatever the descriptor says: monotonic ns, UINT64_MAX:
     * never. NULL: never. */
    uint64_t (*wake_at)(sonde_exporter *self);
    /* In a forked child, before anything else there: forget what is under way; close no connection
     * of the parent's. The child's first begin() comes after. NULL: nothing to do. */
    void (*forked)(sonde_exporter *self);
    /* The SDK has stopped and lets go of it. NULL: nothing to do. */
    void (*done)(sonde_exporter *self);
};

SONDE_END
#endif
