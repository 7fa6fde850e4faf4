/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/context.c - contexts, attach and detach, baggage. Any thread; nothing here locks. */
#include "core/context.h"
#include "core/diag.h"
#include "core/pool.h"

#include <stdlib.h>

static struct sonde__blob *blob_sized(size_t len)
{
    size_t size = sizeof(struct sonde__blob) + len;
    if (len == 0 || len > UINT16_MAX)
        return NULL;
    struct sonde__blob *blob = sonde__pool_take(size);
    if (!blob)
        return NULL;
    atomic_init(&blob->refs, 1);
    blob->len  = (uint32_t)len;
    blob->size = (uint32_t)size;
    return blob;
}

struct sonde__blob *sonde__blob_new(sonde_str text)
{
    struct sonde__blob *blob = blob_sized(text.len);
    if (blob)
        memcpy(blob->text, text.ptr, text.len);
    return blob;
}

/* One reference more. Relaxed: whoever counts up holds one already. */
static void count_up(_Atomic uint32_t *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

/* True for the last reference. A sole owner needs no read-modify-write. Acquire and release: what
 * others did with the object happens before it is freed. */
static bool count_down(_Atomic uint32_t *refs)
{
    return atomic_load_explicit(refs, memory_order_acquire) == 1 ||
           atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

struct sonde__blob *sonde__blob_ref(struct sonde__blob *blob)
{
    if (blob)
        count_up(&blob->refs);
    return blob;
}

void sonde__blob_unref(struct sonde__blob *blob)
{
    if (blob && count_down(&blob->refs))
        sonde__pool_give(blob, blob->size);
}

sonde_context *sonde__context_new(const sonde_context *base)
{
    sonde_context *context = sonde__pool_take(sizeof *context);
    if (!context)
        return NULL;
    memset(context, 0, sizeof *context);
    atomic_init(&context->refs, 1);
    if (!base)
        return context;
    context->has_span     = base->has_span;
    context->span_context = base->span_context;
    context->span         = base->span;
    context->tracestate   = sonde__blob_ref(base->tracestate);
    context->baggage      = sonde__blob_ref(base->baggage);
    return context;
}

sonde_context *sonde_context_ref(sonde_context *context)
{
    if (context)
        count_up(&context->refs);
    return context;
}

void sonde_context_unref(sonde_context *context)
{
    if (!context || !count_down(&context->refs))
        return;
    sonde__blob_unref(context->tracestate);
    sonde__blob_unref(context->baggage);
    sonde__pool_give(context, sizeof *context);
}

sonde_context *sonde_context_current(void)
{
    struct sonde__thread *self = sonde__thread_self;
    return self ? sonde_context_ref(self->current) : NULL;
}

static sonde_context *own(const sonde_context *base)
{
    return sonde_context_ref((sonde_context *)(uintptr_t)base); /* a reference changes no value */
}

static void set_remote(sonde_context *context, const sonde_span_context *remote,
                       sonde_str tracestate)
{
    context->has_span               = true;
    context->span_context           = *remote;
    context->span_context.is_remote = true;
    context->span                   = NULL;
    sonde__blob_unref(context->tracestate);
    context->tracestate = sonde__blob_new(tracestate);
}

sonde_context *sonde_context_with_remote(const sonde_context      *base,
                                         const sonde_span_context *remote, sonde_str tracestate)
{
    char          room[SONDE_TRACESTATE_MAX];
    sonde_scratch scratch = sonde_scratch_of(room, sizeof room);
    sonde_str     list    = sonde_str_n("", 0);
    if (!remote || !sonde_span_context_is_valid(remote))
        return own(base);
    /* Whoever writes a header trusts that a context holds nothing but normal lists. */
    if (tracestate.len && sonde_tracestate_parse(&tracestate, 1, &scratch, &list) != SONDE_OK)
        list = sonde_str_n("", 0);
    sonde_context *context = sonde__context_new(base);
    if (!context)
        return own(base);
    set_remote(context, remote, list);
    return context;
}

static struct sonde__blob *baggage_new(sonde_str text);

sonde_context *sonde_context_with_baggage(const sonde_context *base, const char *key,
                                          sonde_str value)
{
    char                 room[2 * SONDE_BAGGAGE_MAX];
    sonde_scratch        scratch = { room, sizeof room, 0 };
    sonde_str            before = sonde__blob_text(base ? base->baggage : NULL), after = before;
    sonde_baggage_member member = { sonde_str_z(key), value, { NULL, 0 } };
    sonde_err            err    = value.ptr ? sonde_baggage_set(before, member, &scratch, &after)
                                            : sonde_baggage_delete(before, member.key, &scratch, &after);
    if (err != SONDE_OK)
        return own(base);
    sonde_context *context = sonde__context_new(base);
    if (!context)
        return own(base);
    sonde__blob_unref(context->baggage);
    context->baggage = baggage_new(after);
    return context;
}

/* The blob of a baggage list: its header text and, behind it, the values that are percent-encoded
 * there, decoded, one after the other in the order of the list. */
static struct sonde__blob *baggage_new(sonde_str text)
{
    char                 room[SONDE_BAGGAGE_MAX];
    sonde_scratch        scratch = sonde_scratch_of(room, sizeof room);
    sonde_str            rest    = text;
    sonde_baggage_member member;
    while (sonde_baggage_next(&rest, &scratch, &member))
        ;
    if (scratch.used == 0)
        return sonde__blob_new(text);
    struct sonde__blob *blob = blob_sized(text.len + scratch.used);
    if (!blob)
        return NULL;
    memcpy(blob->text, text.ptr, text.len);
    memcpy(blob->text + text.len, room, scratch.used);
    blob->len = (uint32_t)text.len;
    return blob;
}

sonde_str sonde_context_baggage(const sonde_context *context, const char *key)
{
    char                 room[SONDE_BAGGAGE_MAX];
    sonde_scratch        scratch = sonde_scratch_of(room, sizeof room);
    sonde_str            rest    = sonde__blob_text(context ? context->baggage : NULL);
    size_t               len     = key ? strlen(key) : 0;
    sonde_baggage_member member;
    while (len && sonde_baggage_next(&rest, &scratch, &member)) {
        if (member.key.len != len || memcmp(member.key.ptr, key, len) != 0)
            continue;
        if (member.value.ptr < room || member.value.ptr >= room + sizeof room)
            return member.value;
        const char *decoded = context->baggage->text + context->baggage->len;
        return sonde_str_n(decoded + (member.value.ptr - room), member.value.len);
    }
    return sonde_str_n(NULL, 0);
}

bool sonde__context_add_found(sonde_context *context, const sonde_propagation *found)
{
    if (sonde_span_context_is_valid(&found->span_context))
        set_remote(context, &found->span_context, found->tracestate);
    if (found->baggage.len) {
        sonde__blob_unref(context->baggage);
        context->baggage = baggage_new(found->baggage);
    }
    return context->has_span || context->baggage;
}

bool sonde_context_span_context(const sonde_context *context, sonde_span_context *ret_span_context)
{
    if (!context || !context->has_span)
        return false;
    if (ret_span_context)
        *ret_span_context = context->span_context;
    return true;
}

sonde_str sonde_context_tracestate(const sonde_context *context)
{
    return sonde__blob_text(context ? context->tracestate : NULL);
}

bool sonde__context_push(struct sonde__thread *self, sonde_context *context)
{
    if (self->depth == self->stack_cap) {
        uint32_t                cap   = self->stack_cap ? self->stack_cap * 2 : 16;
        struct sonde__attached *stack = realloc(self->stack, cap * sizeof *stack);
        if (!stack) {
            sonde_context_unref(context);
            return false;
        }
        self->stack     = stack;
        self->stack_cap = cap;
    }
    self->stack[self->depth++] = (struct sonde__attached){ context, ++self->serial, false };
    self->current              = context;
    return true;
}

bool sonde__context_pop(struct sonde__thread *self, uint32_t depth, uint32_t serial)
{
    if (depth == 0 || depth > self->depth || self->stack[depth - 1].serial != serial)
        return false;
    if (depth < self->depth) {
        self->stack[depth - 1].dead = true;
        return true;
    }
    do
        sonde_context_unref(self->stack[--self->depth].context);
    while (self->depth > 0 && self->stack[self->depth - 1].dead);
    self->current = self->depth ? self->stack[self->depth - 1].context : NULL;
    return true;
}

sonde_token sonde_context_attach(sonde_context *context)
{
    sonde_token           token = { NULL, 0, 0 };
    struct sonde__thread *self  = sonde__thread_get();
    if (!self)
        return token;
    sonde_context *before = self->current;
    if (!sonde__context_push(self, sonde_context_ref(context)))
        return token;
    token.before = before;
    token.depth  = self->depth;
    token.serial = sonde__context_serial(self);
    return token;
}

void sonde_context_detach(sonde_token token)
{
    struct sonde__thread *self = sonde__thread_self;
    if (token.depth == 0)
        return; /* the attach found no memory */
    if (!self || token.depth != self->depth || !sonde__context_pop(self, token.depth, token.serial))
        sonde__misuse("a context was detached out of order or in another thread");
}
