/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/plugin/sampler.h - for who writes a sampler, and the ones that are built in. */
#ifndef SONDE_PLUGIN_SAMPLER_H
#define SONDE_PLUGIN_SAMPLER_H

#include <sonde/sdk.h>
#include <sonde/trace.h>

SONDE_BEGIN

typedef enum sonde_decision {
    SONDE_DROP,
    SONDE_RECORD_ONLY, /* recorded for processors, not exported */
    SONDE_RECORD_AND_SAMPLE
} sonde_decision;

/* What is known before the span exists; borrowed for the call. */
typedef struct sonde_sampling {
    size_t                    size;
    const sonde_span_context *parent; /* NULL: a root span */
    sonde_str                 parent_tracestate;
    uint8_t                   trace_id[16];
    bool                      trace_id_random; /* W3C random flag */
    sonde_str                 name;
    sonde_span_kind           kind;
    sonde_attrs               attrs;
    sonde_links               links;
} sonde_sampling;

struct sonde_sampler {
    size_t size; /* sizeof(sonde_sampler) */
    /* Threads: any. Must not start spans. */
    sonde_decision (*decide)(sonde_sampler *self, const sonde_sampling *sampling);
    /* NULL: nothing to free */
    void (*done)(sonde_sampler *self);
};

/* The built-in samplers that have no setting; borrowed, never freed.
 * Threads: any. Blocks: never. Standard: Trace SDK, "AlwaysOn". Since: 0.1 */
SONDE_API sonde_sampler *sonde_sampler_always_on(void);

/* As above.
 * Threads: any. Blocks: never. Standard: Trace SDK, "AlwaysOff". Since: 0.1 */
SONDE_API sonde_sampler *sonde_sampler_always_off(void);

/* Keeps a share of the traces, by trace id, the same in every process. ratio: 0 to 1 (NaN and what
 * is outside: 1). Returns: a sampler to be freed with sonde_sampler_free() after the SDK has
 * stopped; NULL when out of memory.
 * Threads: any. Blocks: never. Standard: Trace SDK, "TraceIdRatioBased". Since: 0.1 */
SONDE_API sonde_sampler *sonde_sampler_ratio_new(double ratio);

/* Follows the parent's decision; root decides where there is none (NULL: always on) and is owned by
 * the new sampler. Returns: a sampler to be freed with sonde_sampler_free() after the SDK has
 * stopped; NULL when out of memory.
 * Threads: any. Blocks: never. Standard: Trace SDK, "ParentBased". Since: 0.1 */
SONDE_API sonde_sampler *sonde_sampler_parent_based_new(sonde_sampler *root);

/* Frees a sampler of the two calls above; NULL and the built-in ones are ignored.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API void sonde_sampler_free(sonde_sampler *sampler);

SONDE_END
#endif
