/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/context.h - the immutable, counted context, and the stack of current ones. */
#ifndef SONDE_CORE_CONTEXT_H
#define SONDE_CORE_CONTEXT_H

#include "core/thread.h"

/* Counted text. */
struct sonde__blob {
    _Atomic uint32_t refs;
    uint32_t         len, size; /* of text; of the whole block as it was taken from the pool */
    char             text[];
};

struct sonde_context {
    _Atomic uint32_t    refs;
    bool                has_span; /* span_context is valid */
    sonde_span_context  span_context;
    sonde_span         *span;       /* the handle; NULL for a remote one */
    struct sonde__blob *tracestate; /* NULL: empty */
    struct sonde__blob *baggage;    /* header text in normal form; NULL: empty */
};

struct sonde__blob *sonde__blob_new(sonde_str text);
struct sonde__blob *sonde__blob_ref(struct sonde__blob *blob);
void                sonde__blob_unref(struct sonde__blob *blob);

static inline sonde_str sonde__blob_text(const struct sonde__blob *blob)
{
    return blob ? sonde_str_n(blob->text, blob->len) : sonde_str_n("", 0);
}

/* A context with one reference, its fields a copy of base's with references of their own; NULL when
 * out of memory. */
sonde_context *sonde__context_new(const sonde_context *base);

/* Puts what a propagator found into a context that nobody else has yet; false when it carries
 * nothing. */
bool sonde__context_add_found(sonde_context *context, const sonde_propagation *found);

/* The serial of the entry on top, which there is. */
static inline uint32_t sonde__context_serial(const struct sonde__thread *self)
{
    return self->stack[self->depth - 1].serial;
}

/* Pushes a context, whose reference the stack takes over; false (and the reference is given back)
 * when out of memory. */
bool sonde__context_push(struct sonde__thread *self, sonde_context *context);

/* Pops the entry at depth (1: the first pushed) when it is on top; else marks it, to be popped with
 * what lies above. Returns false when there is no such entry, or not the one of that serial. */
bool sonde__context_pop(struct sonde__thread *self, uint32_t depth, uint32_t serial);

#endif
