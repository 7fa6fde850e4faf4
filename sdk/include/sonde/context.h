/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/context.h - the context of one piece of work: its span, its baggage; and carrying it across
 * processes.
 *
 * A sonde_context is immutable and counted; NULL is the empty context. Every with_ function and
 * sonde_context_current() give the caller a reference of its own, to be given back with
 * sonde_context_unref(). Functions that take a context borrow it. */
#ifndef SONDE_CONTEXT_H
#define SONDE_CONTEXT_H

#include <sonde/attr.h>
#include <sonde/propagator.h>
#include <sonde/span_context.h>
#include <sonde/traceparent.h>

SONDE_BEGIN

typedef struct sonde_context sonde_context;
typedef struct sonde_span    sonde_span;

/* The context that is current for the calling thread.
 * Returns: a reference of the caller's own, or NULL when nothing is attached.
 * Threads: any. Blocks: never. Standard: Context, "Get current Context". Since: 0.1 */
SONDE_API sonde_context *sonde_context_current(void);

/* One more reference to a context. NULL gives NULL.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API sonde_context *sonde_context_ref(sonde_context *context);

/* Gives a reference back; the last one frees the context. NULL is ignored.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API void sonde_context_unref(sonde_context *context);

/* base with span as its span; base and span may be NULL.
 * Returns: a reference of the caller's own; NULL when out of memory or nothing is carried.
 * Threads: any for base, one for span. Blocks: never. Standard: Trace API, "Context
 * Interaction". Since: 0.1 */
SONDE_API sonde_context *sonde_context_with_span(const sonde_context *base, sonde_span *span);

/* base with the context of a span in another process. tracestate: the list of the tracestate
 * header, copied; may be empty. A remote context that is not valid leaves base's span as it is.
 * Returns: a reference of the caller's own; NULL when out of memory or nothing is carried.
 * Threads: any. Blocks: never. Standard: Trace API, "Wrapping a SpanContext in a Span".
 * Since: 0.1 */
SONDE_API sonde_context *sonde_context_with_remote(const sonde_context      *base,
                                                   const sonde_span_context *remote,
                                                   sonde_str                 tracestate);

/* base with one baggage entry more, or one replaced. key: a token of RFC 7230, not empty; an entry
 * that would take the baggage over 64 members or 8,192 bytes is left out. value.ptr NULL removes
 * the entry. Returns: a reference of the caller's own; NULL when out of memory or nothing is
 * carried.
 * Threads: any. Blocks: never. Standard: Baggage API, "Set Value", "Remove Value". Since: 0.1 */
SONDE_API sonde_context *sonde_context_with_baggage(const sonde_context *base, const char *key,
                                                    sonde_str value);

/* The span context that a context carries.
 * Returns: true and fills ret_span_context when there is a valid one.
 * Threads: any. Blocks: never. Standard: Trace API, "Get active Span". Since: 0.1 */
SONDE_API bool sonde_context_span_context(const sonde_context *context,
                                          sonde_span_context  *ret_span_context);

/* The tracestate that goes with the context's span; empty when there is none. Borrowed from the
 * context.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API sonde_str sonde_context_tracestate(const sonde_context *context);

/* The value of one baggage entry, decoded; {NULL, 0} when there is none. Borrowed from the context.
 * Threads: any. Blocks: never. Standard: Baggage API, "Get Value". Since: 0.1 */
SONDE_API sonde_str sonde_context_baggage(const sonde_context *context, const char *key);

/* What attach returns and detach takes: plain bytes. */
typedef struct sonde_token {
    sonde_context *before;
    uint32_t       depth;
    uint32_t       serial;
} sonde_token;

/* Makes context current for the calling thread; takes a reference of its own. NULL makes the empty
 * context current. Returns: a token for sonde_context_detach().
 * Threads: same. Blocks: never. Standard: Context, "Attach Context". Since: 0.1 */
SONDE_API sonde_token sonde_context_attach(sonde_context *context);

/* Brings back the context that was current before the matching attach. Out of order, or in another
 * thread: counted, and nothing changes.
 * Threads: same. Blocks: never. Standard: Context, "Detach Context". Since: 0.1 */
SONDE_API void sonde_context_detach(sonde_token token);

/* Reads a context out of a carrier. propagator NULL: what OTEL_PROPAGATORS names (W3C trace context
 * and baggage before an SDK runs). base NULL: the empty context. What is malformed is treated as
 * absent. Returns: a reference of the caller's own to base with what was found; NULL when base is
 * NULL and nothing was.
 * Threads: any. Blocks: never. Standard: Propagators API, "Extract". Since: 0.1 */
SONDE_API sonde_context *sonde_propagator_extract(const sonde_propagator *propagator,
                                                  const sonde_context *base, sonde_carrier *from);

/* Writes a context into a carrier. context NULL: the calling thread's current context. propagator
 * NULL: as above.
 * Threads: any. Blocks: never. Standard: Propagators API, "Inject". Since: 0.1 */
SONDE_API void sonde_propagator_inject(const sonde_propagator *propagator,
                                       const sonde_context *context, sonde_carrier *into);

SONDE_END
#endif
