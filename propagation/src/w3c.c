/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The two W3C propagators: Trace Context and Baggage.  No state: any thread. */
#include <sonde/propagator.h>
#include <sonde/traceparent.h>

#include "ascii.h"

#define FIELD(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }

static const sonde_str tracecontext_fields[] = { FIELD("traceparent"), FIELD("tracestate") };
static const sonde_str baggage_fields[]      = { FIELD("baggage") };

/* All values of a header.  Returns how many there are, which may be more than max. */
static size_t get(sonde_carrier *from, sonde_str name, sonde_str *ret_values, size_t max)
{
    return from->get ? from->get(from, name, ret_values, max) : 0;
}

static void set(sonde_carrier *into, sonde_str name, sonde_str value)
{
    if (into->set)
        into->set(into, name, value);
}

/* More header lines than a list may have members count as a list that breaks the grammar. */
static sonde_str read_tracestate(sonde_carrier *from, sonde_scratch *scratch)
{
    sonde_str values[SONDE_TRACESTATE_MEMBERS], tracestate = { NULL, 0 };
    size_t    count = get(from, tracecontext_fields[1], values, SONDE_TRACESTATE_MEMBERS);
    if (count <= SONDE_TRACESTATE_MEMBERS)
        sonde_tracestate_parse(values, count, scratch, &tracestate);
    return tracestate;
}

static void tracecontext_read(const sonde_propagator *self, sonde_carrier *from,
                              sonde_scratch *scratch, sonde_propagation *io)
{
    (void)self;
    sonde_str values[2];
    if (get(from, tracecontext_fields[0], values, 2) != 1)
        return;
    /* Some servers leave white space around a header's value that is not part of it. */
    if (sonde_traceparent_parse(sonde__str_trim(values[0]), &io->span_context) == SONDE_OK)
        io->tracestate = read_tracestate(from, scratch);
}

static void tracecontext_write(const sonde_propagator *self, const sonde_propagation *what,
                               sonde_carrier *into)
{
    (void)self;
    char text[SONDE_TRACEPARENT_LEN + 1];
    if (!sonde_span_context_is_valid(&what->span_context))
        return;
    sonde_traceparent_format(&what->span_context, text);
    set(into, tracecontext_fields[0], sonde_str_n(text, SONDE_TRACEPARENT_LEN));
    if (what->tracestate.len)
        set(into, tracecontext_fields[1], what->tracestate);
}

static void baggage_read(const sonde_propagator *self, sonde_carrier *from, sonde_scratch *scratch,
                         sonde_propagation *io)
{
    (void)self;
    sonde_str values[SONDE_BAGGAGE_MEMBERS], baggage = { NULL, 0 };
    size_t    count = get(from, baggage_fields[0], values, SONDE_BAGGAGE_MEMBERS);
    if (count > SONDE_BAGGAGE_MEMBERS)
        count = SONDE_BAGGAGE_MEMBERS;
    if (sonde_baggage_parse(values, count, scratch, &baggage) == SONDE_OK && baggage.len)
        io->baggage = baggage;
}

static void baggage_write(const sonde_propagator *self, const sonde_propagation *what,
                          sonde_carrier *into)
{
    (void)self;
    if (what->baggage.len)
        set(into, baggage_fields[0], what->baggage);
}

const sonde_propagator *sonde_propagator_tracecontext(void)
{
    static const sonde_propagator tracecontext = {
        .size        = sizeof(sonde_propagator),
        .read        = tracecontext_read,
        .write       = tracecontext_write,
        .fields      = tracecontext_fields,
        .field_count = sizeof(tracecontext_fields) / sizeof(tracecontext_fields[0]),
    };
    return &tracecontext;
}

const sonde_propagator *sonde_propagator_baggage(void)
{
    static const sonde_propagator baggage = {
        .size        = sizeof(sonde_propagator),
        .read        = baggage_read,
        .write       = baggage_write,
        .fields      = baggage_fields,
        .field_count = sizeof(baggage_fields) / sizeof(baggage_fields[0]),
    };
    return &baggage;
}
