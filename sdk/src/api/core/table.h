/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/table.h - the cut between libsonde-api and libsonde-sdk: one exported function, which
 * returns one table. The sdk (and the interposer, with an exporter of its own) reaches
 * libsonde-api's internals through nothing else. */
#ifndef SONDE_CORE_TABLE_H
#define SONDE_CORE_TABLE_H

#include "base/buf.h"

#include <sonde/plugin/exporter.h>
#include <sonde/plugin/sampler.h>

#include <stdarg.h>

struct sonde__core;    /* core/core.h: pages, pump, statistics of one SDK */
struct sonde__metrics; /* metrics/metrics.h: the series of one SDK */

enum { SONDE__TABLE_VERSION = 1 };

/* What a core asks of whoever started it. Called by the pump's driver, one call at a time. */
struct sonde__owner {
    /* The encoded Resource message; borrowed until the next call. */
    sonde_str (*resource)(struct sonde__owner *self);
    /* In a forked child: a new identity (service.instance.id, pid, start time). */
    void (*forked)(struct sonde__owner *self);
    /* The core has stopped and lets go of the owner and of its exporters; NULL: nothing to do. Never
     * called when an exporter that blocks keeps the pump's thread: that still uses both. */
    void (*done)(struct sonde__owner *self);
};

struct sonde__core_options {
    size_t                  size;
    struct sonde__owner    *owner;      /* outlives the core's run */
    sonde_sampler          *sampler;    /* NULL: parent based, root always on */
    const sonde_propagator *propagator; /* NULL: W3C trace context and baggage */
    sonde_exporter *const  *exporters;  /* copied list; the exporters live until their done() */
    size_t                  exporter_count;
    struct sonde__metrics  *metrics; /* NULL: none */
    /* Appends a metrics request, returns its points; set by the table's core_start. */
    uint32_t (*collect)(struct sonde__metrics *metrics, sonde_str resource,
                        struct sonde__buf *into);
    size_t   memory_bytes;
    uint32_t schedule_delay_ms, batch_spans, metric_interval_ms, export_timeout_ms;
    uint32_t attribute_limit, event_limit, link_limit; /* counts a span; 0: 128 */
    bool     loop;                                     /* SONDE_DRIVER_LOOP */
    bool     global;   /* the process-wide SDK: sonde_tracer_get() records into it */
    bool     disabled; /* OTEL_SDK_DISABLED: propagates, records nothing */
};

/* The beginning of every struct sonde_sdk, so that a tracer or meter with .sdk = ... finds what it
 * belongs to. */
struct sonde__sdk_head {
    struct sonde__core    *core;
    struct sonde__metrics *metrics;
};

/* One metric point as a visitor sees it. Everything is borrowed for the call. */
typedef enum sonde__metric_kind {
    SONDE__COUNTER,
    SONDE__UPDOWN,
    SONDE__HISTOGRAM
} sonde__metric_kind;

struct sonde__metric_view {
    const char        *name, *unit, *description;
    sonde__metric_kind kind;
    const double      *bounds; /* HISTOGRAM */
    uint32_t           bound_count;
    const char        *scope_name, *scope_version, *scope_schema_url;
    sonde_str          scope_message; /* encoded InstrumentationScope, attributes included */
};

struct sonde__point_view {
    /* Encoded: a run of KeyValue fields, numbered as in the kind's data point: 7, HISTOGRAM 9. */
    sonde_str attributes;
    uint64_t  start_ns, time_ns;
    int64_t   sum;           /* COUNTER, UPDOWN */
    const uint64_t *buckets; /* HISTOGRAM: bound_count + 1, not cumulative */
    uint64_t        count;   /* HISTOGRAM: the sum of the buckets */
    double          total, min, max; /* HISTOGRAM; min and max: NaN where there are no values */
};

struct sonde__metric_visitor {
    /* A new metric begins; its points follow. False: skip its points. */
    bool (*metric)(struct sonde__metric_visitor *self, const struct sonde__metric_view *metric);
    void (*point)(struct sonde__metric_visitor *self, const struct sonde__point_view *point);
};

struct sonde__table {
    uint32_t size, version;

    sonde_err (*core_start)(const struct sonde__core_options *options,
                            struct sonde__core              **ret_core);
    sonde_err (*core_flush)(struct sonde__core *core, uint32_t timeout_ms);
    /* Flushes, joins the pump, lets go of exporters. The core must not be used afterwards. */
    sonde_err (*core_stop)(struct sonde__core *core, uint32_t timeout_ms);
    int (*core_fd)(const struct sonde__core *core);
    void (*core_dispatch)(struct sonde__core *core);
    /* core NULL: the process-wide one. */
    void (*core_stats)(struct sonde__core *core, sonde_stats *ret_stats);

    /* global: instruments of meters without .sdk count into it. memory NULL: from the heap. */
    sonde_err (*metrics_start)(bool global, void *memory, struct sonde__metrics **ret_metrics);
    void (*metrics_stop)(struct sonde__metrics *metrics);
    /* metrics NULL: the process-wide ones; false when there are none. */
    bool (*metrics_visit)(struct sonde__metrics *metrics, struct sonde__metric_visitor *visitor);
    sonde_err (*metrics_memory_init)(void *memory, size_t size);

    void (*diag_set)(sonde_diagnostics *diagnostics, sonde_level level, bool quiet);
    void (*diag)(sonde_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
};

/* The table, or NULL when this libsonde-api is of another version. */
SONDE_API const struct sonde__table *sonde__table_get(uint32_t version);

#endif
