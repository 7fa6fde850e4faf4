/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The span context: what names a span to other processes. */
#ifndef SONDE_SPAN_CONTEXT_H
#define SONDE_SPAN_CONTEXT_H

#include <sonde/base.h>

SONDE_BEGIN

/* Bits of sonde_span_context.flags.  No other bit is ever kept or sent. */
enum {
    SONDE_TRACE_SAMPLED = 1, /* the caller may have recorded this trace */
    SONDE_TRACE_RANDOM  = 2  /* the last 7 bytes of the trace id are random */
};

/* Plain bytes, no pointer inside: copy it, store it, send it.  All zero: invalid. */
typedef struct sonde_span_context {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags;     /* SONDE_TRACE_SAMPLED | SONDE_TRACE_RANDOM */
    bool    is_remote; /* it came from another process */
} sonde_span_context;

SONDE__STATIC_ASSERT(sizeof(sonde_span_context) == 26, "a span context is 26 plain bytes");

/* Tells whether a span context names a span: neither id is all zero.
 * span_context: NULL is not valid.
 * Returns true when it is valid.
 * Threads: any.  Blocks: never.
 * Standard: OpenTelemetry trace/api.md, "IsValid".  Since: 0.1 */
static inline bool sonde_span_context_is_valid(const sonde_span_context *span_context)
{
    uint64_t high, low, span;
    if (!span_context)
        return false;
    memcpy(&high, span_context->trace_id, 8);
    memcpy(&low, span_context->trace_id + 8, 8);
    memcpy(&span, span_context->span_id, 8);
    return (high | low) != 0 && span != 0;
}

/* Tells whether the sampled flag is set.
 * span_context: NULL is not sampled.
 * Returns true when it is set, whether or not the ids are valid.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "Sampled flag".  Since: 0.1 */
static inline bool sonde_span_context_is_sampled(const sonde_span_context *span_context)
{
    return span_context && (span_context->flags & SONDE_TRACE_SAMPLED) != 0;
}

SONDE_END
#endif
