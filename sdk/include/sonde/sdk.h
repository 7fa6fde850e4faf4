/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/sdk.h - start, stop and watch the SDK. What an application includes besides api.h. */
#ifndef SONDE_SDK_H
#define SONDE_SDK_H

#include <sonde/attr.h>

SONDE_BEGIN

typedef struct sonde_sdk      sonde_sdk;
typedef struct sonde_exporter sonde_exporter; /* sonde/plugin/exporter.h */
typedef struct sonde_sampler  sonde_sampler;  /* sonde/plugin/sampler.h */

typedef enum sonde_driver {
    SONDE_DRIVER_THREAD, /* a thread of our own sends */
    SONDE_DRIVER_LOOP /* the application's event loop sends: sonde_sdk_fd(), sonde_sdk_dispatch() */
} sonde_driver;

typedef enum sonde_level {
    SONDE_LEVEL_ERROR,
    SONDE_LEVEL_WARN,
    SONDE_LEVEL_INFO,
    SONDE_LEVEL_DEBUG
} sonde_level;

/* Where the SDK says what is wrong. Embed it as the first member of a struct of your own; it must
 * outlive the SDK. report is called from any thread, possibly several at once, and must not call
 * the SDK. message: one line without its end. */
typedef struct sonde_diagnostics sonde_diagnostics;
struct sonde_diagnostics {
    void (*report)(sonde_diagnostics *self, sonde_level level, sonde_str message);
};

/* Zero is the default of every field. What the environment says (OTEL_*) fills what is not given
 * here. */
typedef struct sonde_sdk_options {
    size_t      size;         /* set by the macro; 0: as first released */
    const char *service_name; /* NULL: OTEL_SERVICE_NAME, then unknown_service:<program> */
    const char *service_version;
    const char
        *endpoint; /* base URL; NULL: OTEL_EXPORTER_OTLP_ENDPOINT, then http://localhost:4318 */
    sonde_driver       driver;
    sonde_diagnostics *diagnostics; /* NULL: standard error, warnings and worse */
    bool               quiet;       /* report nowhere */
    bool               local;       /* not the process-wide SDK */
    bool               ignore_environment;
    sonde_attrs        resource; /* wins over OTEL_RESOURCE_ATTRIBUTES and what is detected */
    sonde_sampler
        *sampler; /* NULL: OTEL_TRACES_SAMPLER, then parentbased_always_on; borrowed until stop */
    sonde_exporter *const *exporters; /* in place of those OTEL_*_EXPORTER names; borrowed until
                                       * stop. Not NULL, with a count of 0: nothing is exported */
    size_t      exporter_count;
    size_t      memory_bytes;       /* budget of finished spans that wait; 0: 16 MiB */
    uint32_t    schedule_delay_ms;  /* 0: OTEL_BSP_SCHEDULE_DELAY, then 5,000 */
    uint32_t    batch_spans;        /* 0: OTEL_BSP_MAX_EXPORT_BATCH_SIZE, then 512 */
    uint32_t    metric_interval_ms; /* 0: OTEL_METRIC_EXPORT_INTERVAL, then 60,000 */
    void       *metrics_memory;     /* NULL: from the heap; else see sonde_metrics_memory_init() */
    const char *traces_endpoint;    /* the URL for spans, used as it is; wins over endpoint */
    unsigned    signals; /* bits of sonde_signal (sonde/plugin/exporter.h) that OTEL_*_EXPORTER may
                          * export; 0: all */
} sonde_sdk_options;

/* Starts an SDK: reads the environment, works out the resource, starts the pump. Nothing is
 * connected before the first send. Bad values are reported and their defaults used. options NULL:
 * all defaults. Returns: SONDE_OK and sets *ret_sdk; else an error, *ret_sdk is left alone and
 * everything stays a no-op: SONDE_ERR_STARTED (the process-wide SDK runs already), SONDE_ERR_NOMEM,
 * SONDE_ERR_CONFIG (libsonde-api and libsonde-sdk are of different versions).
 * OTEL_SDK_DISABLED=true: SONDE_OK, and nothing is recorded.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API sonde_err sonde_sdk_start_opts(sonde_sdk **ret_sdk, const sonde_sdk_options *options);

/* Sends what has been recorded before this call, and collects metrics once. sdk NULL: SONDE_OK.
 * Returns: SONDE_OK when nothing of it waits any more: it was delivered, or refused for good
 * (sonde_sdk_stats()); SONDE_ERR_TIMEOUT when timeout_ms milliseconds passed first.
 * Threads: any. Blocks: up to timeout_ms. Standard: Trace SDK, "ForceFlush". Since: 0.1 */
SONDE_API sonde_err sonde_sdk_flush(sonde_sdk *sdk, uint32_t timeout_ms);

/* Flushes, stops and frees; *sdk becomes NULL. Handles of spans and instruments stay valid as
 * no-ops. sdk or *sdk NULL: SONDE_OK. Not from an exporter or a diagnostics callback. Returns:
 * SONDE_OK; SONDE_ERR_TIMEOUT when something was left undelivered after timeout_ms milliseconds.
 * Threads: any, once. Blocks: up to timeout_ms. Standard: Trace SDK, "Shutdown". Since: 0.1 */
SONDE_API sonde_err sonde_sdk_stop(sonde_sdk **sdk, uint32_t timeout_ms);

/* SONDE_DRIVER_LOOP: one descriptor to watch for reading; -1 for the thread driver and NULL. Owned
 * by the SDK.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API int sonde_sdk_fd(const sonde_sdk *sdk);

/* SONDE_DRIVER_LOOP: does what is due. Call it when the descriptor is readable. Nothing for the
 * thread driver and NULL.
 * Threads: one. Blocks: never. Since: 0.1 */
SONDE_API void sonde_sdk_dispatch(sonde_sdk *sdk);

/* Counted since the SDK started. With one exporter, accepted = delivered + dropped_failed +
 * dropped_behind + waiting; with several the four on the right are sums over them, and the sum is
 * accepted times their number. */
typedef struct sonde_stats {
    size_t   size;
    uint64_t spans_started;   /* recording or not */
    uint64_t spans_accepted;  /* ended, sampled, and stored for sending */
    uint64_t spans_delivered; /* the receiver said so */
    uint64_t spans_waiting;
    uint64_t spans_dropped_full;   /* never accepted: memory_bytes was reached, or out of memory */
    uint64_t spans_dropped_failed; /* refused, or not delivered when the SDK stopped */
    uint64_t spans_dropped_behind; /* one of several exporters fell behind: its oldest */
    uint64_t spans_dropped_oversize; /* never accepted: larger than a record may be (1 MiB) */
    uint64_t attributes_dropped;     /* of spans that were accepted */
    uint64_t points_delivered;       /* metric data points */
    uint64_t points_dropped;
    uint64_t misuse;        /* of handles and tokens, in the whole process */
    uint64_t bytes_waiting; /* of memory_bytes */
} sonde_stats;

/* Fills ret_stats; ret_stats->size is set by the caller (sizeof(sonde_stats)) and never exceeded.
 * sdk NULL: the process-wide SDK; without one all is zero but misuse.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API void sonde_sdk_stats(sonde_sdk *sdk, sonde_stats *ret_stats);

/* Collects the metrics of an SDK as Prometheus text (version 0.0.4). sdk NULL: the process-wide
 * SDK. Returns: SONDE_OK, *ret_text (NUL-terminated, to be freed with free()) and its length
 * without the NUL; SONDE_ERR_INVALID when no SDK runs; SONDE_ERR_NOMEM.
 * Threads: any. Blocks: never for long. Standard: Prometheus and OpenMetrics compatibility.
 * Since: 0.1 */
SONDE_API sonde_err sonde_sdk_prometheus(sonde_sdk *sdk, char **ret_text, size_t *ret_length);

/* Lays out memory that processes share (a MAP_SHARED mapping, nginx's zone) for metrics, so that
 * each of them can give it as .metrics_memory and all of them count into it. memory: aligned to 64
 * bytes; all zero, or laid out by this call before, in which case it is left as it is. Call it
 * before the processes part. What is not touched costs no memory, so give plenty: 16 MiB are enough
 * for 60 writers and 1,500 histograms. Returns: SONDE_OK; SONDE_ERR_INVALID (NULL, not aligned,
 * smaller than 64 KiB, or laid out by another version or for another size).
 * Threads: setup. Blocks: never. Since: 0.1 */
SONDE_API sonde_err sonde_metrics_memory_init(void *memory, size_t size);

SONDE_END

#ifndef __cplusplus
/* sonde_sdk_start(&sdk) or sonde_sdk_start(&sdk, .service_name = "shop", ...) */
#define sonde_sdk_start(...) SONDE__SDK_START(__VA_ARGS__, .size = sizeof(sonde_sdk_options))
#define SONDE__SDK_START(ret_sdk, ...) \
    sonde_sdk_start_opts((ret_sdk), &(const sonde_sdk_options){ __VA_ARGS__ })
#endif
#endif
