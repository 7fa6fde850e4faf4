/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Propagators read and write what crosses a process boundary; a carrier is the message it crosses
 * in.  A propagator of one's own embeds sonde_propagator as its first member. */
#ifndef SONDE_PROPAGATOR_H
#define SONDE_PROPAGATOR_H

#include <sonde/baggage.h>
#include <sonde/span_context.h>
#include <sonde/tracestate.h>

SONDE_BEGIN

/* Embedded as the first member of the caller's struct.  A function that is NULL finds or writes
 * nothing.  Names are given in lower case; how they compare is the carrier's affair (HTTP: without
 * regard to case). */
typedef struct sonde_carrier sonde_carrier;
struct sonde_carrier {
    /* Fills ret_values with up to max values of the header, in order; returns how many there are,
     * which may be more than max.  The views last until the carrier changes. */
    size_t (*get)(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max);
    /* Puts the value in the place of whatever the header had.  Both views last for this call. */
    void (*set)(sonde_carrier *self, sonde_str name, sonde_str value);
};

enum {
    /* The scratch with which reading one message never has to leave anything out. */
    SONDE_PROPAGATION_SCRATCH = (int)SONDE_TRACESTATE_MAX + (int)SONDE_BAGGAGE_MAX,
    /* Different header names that a composite can list. */
    SONDE_PROPAGATOR_FIELDS = 16
};

/* What one message carries.  The lists are in normal form and borrowed: from the carrier's values
 * or the scratch after reading, from the caller when writing.  All zero: nothing. */
typedef struct sonde_propagation {
    sonde_span_context span_context;
    sonde_str          tracestate;
    sonde_str          baggage;
} sonde_propagation;

typedef struct sonde_propagator sonde_propagator;
struct sonde_propagator {
    size_t size; /* sizeof(sonde_propagator) when it was compiled */
    /* Puts what it finds over what is in io already and leaves the rest alone.  No pointer is
     * NULL. */
    void (*read)(const sonde_propagator *self, sonde_carrier *from, sonde_scratch *scratch,
                 sonde_propagation *io);
    /* Sets the headers for what is there to be sent.  No pointer is NULL. */
    void (*write)(const sonde_propagator *self, const sonde_propagation *what, sonde_carrier *into);
    const sonde_str *fields; /* every header name that write may set */
    size_t           field_count;
};

/* Several propagators as one.  Not to be moved or copied after sonde_propagator_composite_init(). */
typedef struct sonde_propagator_composite {
    sonde_propagator               base;
    const sonde_propagator *const *items; /* borrowed */
    size_t                         count;
    sonde_str                      field_names[SONDE_PROPAGATOR_FIELDS];
} sonde_propagator_composite;

/* W3C Trace Context: the headers traceparent and tracestate.
 * Two traceparent headers, or one that breaks a rule, count as none, and without a traceparent the
 * tracestate counts as absent; a tracestate that breaks a rule leaves the traceparent valid.
 * Returns the one propagator of static storage, never NULL.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2; OTEL_PROPAGATORS "tracecontext".  Since: 0.1 */
SONDE_API const sonde_propagator *sonde_propagator_tracecontext(void);

/* W3C Baggage: the header baggage.
 * Returns the one propagator of static storage, never NULL.
 * Threads: any.  Blocks: never.
 * Standard: W3C Baggage; OTEL_PROPAGATORS "baggage".  Since: 0.1 */
SONDE_API const sonde_propagator *sonde_propagator_baggage(void);

/* Reads and writes nothing.
 * Returns the one propagator of static storage, never NULL.
 * Threads: any.  Blocks: never.
 * Standard: OTEL_PROPAGATORS "none".  Since: 0.1 */
SONDE_API const sonde_propagator *sonde_propagator_none(void);

/* Makes several propagators one: all read in turn, a later one over an earlier, and all write.
 * ret_composite: initialised in place, nothing to be undone; its `base` is the propagator; NULL is
 * invalid.
 * items, count: borrowed as long as the composite is used; a NULL item is passed over; a composite
 * may hold composites, but not itself.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when the items have more than SONDE_PROPAGATOR_FIELDS
 * different header names, or when items is NULL and count is not 0.
 * Threads: setup.  Blocks: never.
 * Standard: OpenTelemetry context/api-propagators.md, "Composite Propagator".  Since: 0.1 */
SONDE_API sonde_err sonde_propagator_composite_init(const sonde_propagator *const *items,
                                                    size_t                         count,
                                                    sonde_propagator_composite    *ret_composite);

/* Reads what a message carries.
 * propagator: NULL reads nothing.  from: the message; NULL has nothing.
 * scratch: SONDE_PROPAGATION_SCRATCH free bytes always suffice; with less, or NULL, whole members
 * of lists that must be rebuilt are left out.
 * ret_found: what was found, all zero when nothing was; NULL reads nothing.
 * Returns nothing and cannot fail: a header that breaks a rule is as if absent.
 * Threads: one (per carrier and scratch).  Blocks: never.
 * Standard: OpenTelemetry context/api-propagators.md, "Extract".  Since: 0.1 */
SONDE_API void sonde_propagator_read(const sonde_propagator *propagator, sonde_carrier *from,
                                     sonde_scratch *scratch, sonde_propagation *ret_found);

/* Writes what a message shall carry.  An invalid span context or an empty list sets no header.
 * propagator, what, into: NULL writes nothing.
 * Returns nothing and cannot fail.
 * Threads: one (per carrier).  Blocks: never.
 * Standard: OpenTelemetry context/api-propagators.md, "Inject".  Since: 0.1 */
SONDE_API void sonde_propagator_write(const sonde_propagator  *propagator,
                                      const sonde_propagation *what, sonde_carrier *into);

SONDE_END
#endif
