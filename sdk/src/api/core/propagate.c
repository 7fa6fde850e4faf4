/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/propagate.c - contexts into and out of carriers. Any thread. */
#include "core/context.h"
#include "core/core.h"

/* What goes without an SDK: W3C trace context, then baggage. */
static void read_default(const sonde_propagator *self, sonde_carrier *from, sonde_scratch *scratch,
                         sonde_propagation *io)
{
    (void)self;
    const sonde_propagator *trace   = sonde_propagator_tracecontext(),
                           *baggage = sonde_propagator_baggage();
    trace->read(trace, from, scratch, io);
    baggage->read(baggage, from, scratch, io);
}

static void write_default(const sonde_propagator *self, const sonde_propagation *what,
                          sonde_carrier *into)
{
    (void)self;
    const sonde_propagator *trace   = sonde_propagator_tracecontext(),
                           *baggage = sonde_propagator_baggage();
    trace->write(trace, what, into);
    baggage->write(baggage, what, into);
}

static const sonde_propagator default_propagator = { sizeof default_propagator, read_default,
                                                     write_default, NULL, 0 };

static const sonde_propagator *chosen(const sonde_propagator *propagator)
{
    if (!propagator)
        propagator = sonde__core_propagator();
    return propagator ? propagator : &default_propagator;
}

sonde_context *sonde_propagator_extract(const sonde_propagator *propagator,
                                        const sonde_context *base, sonde_carrier *from)
{
    char              room[SONDE_PROPAGATION_SCRATCH];
    sonde_scratch     scratch = sonde_scratch_of(room, sizeof room);
    sonde_propagation found;
    sonde_propagator_read(chosen(propagator), from, &scratch, &found);
    bool any = found.baggage.len || sonde_span_context_is_valid(&found.span_context);
    if (!any)
        return sonde_context_ref((sonde_context *)(uintptr_t)base);
    sonde_context *context = sonde__context_new(base);
    if (!context)
        return sonde_context_ref((sonde_context *)(uintptr_t)base);
    sonde__context_add_found(context, &found);
    return context;
}

void sonde_propagator_inject(const sonde_propagator *propagator, const sonde_context *context,
                             sonde_carrier *into)
{
    sonde_propagation what;
    if (!context && sonde__thread_self)
        context = sonde__thread_self->current;
    if (!context)
        return;
    memset(&what, 0, sizeof what);
    if (context->has_span) {
        what.span_context = context->span_context;
        what.tracestate   = sonde__blob_text(context->tracestate);
    }
    what.baggage = sonde__blob_text(context->baggage);
    sonde_propagator_write(chosen(propagator), &what, into);
}
