/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/start.c - starting spans: where one comes from, its ids, whether it is kept. The request path:
 * no allocation after warm-up, no lock (but for shared parents), no system call. */
#include "base/clock.h"
#include "core/diag.h"
#include "trace/recorder.h"
#include "trace/slot.h"
#include "trace/tracer.h"

#include <sonde/plugin/sampler.h>

/* What a new span comes from. */
struct origin {
    bool                has_parent;
    sonde_span_context  parent;
    struct sonde__blob *tracestate, *baggage;
    bool                owned; /* the blobs: a shared parent may end at any time */
};

static void from_context(struct origin *origin, const sonde_context *context)
{
    if (!context)
        return;
    origin->baggage = context->baggage;
    if (!context->has_span)
        return;
    origin->has_parent = true;
    origin->parent     = context->span_context;
    origin->tracestate = context->tracestate;
}

static void from_span(struct origin *origin, const sonde_span *span)
{
    uint64_t            handle = sonde__handle_of(span);
    struct sonde__slot *slot   = sonde__slot_enter(handle);
    if (!slot) {
        sonde__misuse("a span that has ended was given as a parent");
        return;
    }
    origin->owned      = (handle & SONDE__SHARED) != 0;
    origin->has_parent = sonde_span_context_is_valid(&slot->span_context);
    origin->parent     = slot->span_context;
    origin->tracestate = origin->owned ? sonde__blob_ref(slot->tracestate) : slot->tracestate;
    origin->baggage    = origin->owned ? sonde__blob_ref(slot->baggage) : slot->baggage;
    sonde__slot_leave(slot, handle);
}

static void find_origin(struct origin *origin, const sonde_span_options *options)
{
    const struct sonde__thread *self    = sonde__thread_self;
    const sonde_context        *current = self ? self->current : NULL;
    origin->has_parent = origin->owned = false;
    origin->tracestate = origin->baggage = NULL;
    if (options->root) {
        origin->baggage = current ? current->baggage : NULL;
        return;
    }
    if (options->parent_context) {
        from_context(origin, options->parent_context);
        return;
    }
    if (options->parent) {
        from_span(origin, options->parent);
        return;
    }
    from_context(origin, current);
}

static void origin_done(struct origin *origin)
{
    if (!origin->owned)
        return;
    sonde__blob_unref(origin->tracestate);
    sonde__blob_unref(origin->baggage);
}

/* Makes the span current for this thread; without memory for that it just is not. */
static void attach(struct sonde__slot *slot, sonde_span *span)
{
    struct sonde__thread *self    = sonde__thread_get();
    sonde_context        *context = self ? sonde__context_new(NULL) : NULL;
    if (!context)
        return;
    context->has_span     = sonde_span_context_is_valid(&slot->span_context);
    context->span_context = slot->span_context;
    context->span         = span;
    context->tracestate   = sonde__blob_ref(slot->tracestate);
    context->baggage      = sonde__blob_ref(slot->baggage);
    if (!sonde__context_push(self, context))
        return;
    slot->attached        = true;
    slot->attached_depth  = self->depth;
    slot->attached_serial = sonde__context_serial(self);
}

static struct sonde__slot *slot_for(const struct origin *origin)
{
    struct sonde__slot *slot = sonde__slot_take();
    if (!slot)
        return NULL;
    atomic_store_explicit(&slot->recording, false, memory_order_relaxed);
    slot->attached   = false;
    slot->tracestate = sonde__blob_ref(origin->tracestate);
    slot->baggage    = sonde__blob_ref(origin->baggage);
    return slot;
}

static sonde_span *opened(struct sonde__slot *slot, const sonde_span_options *options)
{
    uint64_t flags = (options->shared ? SONDE__SHARED : 0) |
                     (sonde__slot_records(slot) ? SONDE__RECORDING : 0);
    sonde_span *span = sonde__slot_open(slot, flags);
    if (options->current)
        attach(slot, span);
    return span;
}

/* No SDK: what came in goes on. */
static sonde_span *carry(const struct origin *origin, const sonde_span_options *options)
{
    if (!origin->has_parent)
        return NULL;
    struct sonde__slot *slot = slot_for(origin);
    if (!slot)
        return NULL;
    slot->span_context = origin->parent;
    return opened(slot, options);
}

/* A new span id, in the parent's trace or in a new one. Each id is copied in the pieces in which it
 * was made or will be read: a wider copy would stall on the narrow stores before it. */
static void make_ids(struct sonde__rand *rand, const sonde_span_context *parent,
                     sonde_span_context *ret_ids)
{
    uint64_t span_id, high, low;
    do
        span_id = sonde__rand_next(rand);
    while (span_id == 0);
    memcpy(ret_ids->span_id, &span_id, 8);
    ret_ids->is_remote = false;
    if (parent) {
        memcpy(ret_ids->trace_id, parent->trace_id, 16);
        ret_ids->flags = parent->flags & SONDE_TRACE_RANDOM;
        return;
    }
    do {
        high = sonde__rand_next(rand);
        low  = sonde__rand_next(rand);
    } while ((high | low) == 0);
    memcpy(ret_ids->trace_id, &high, 8);
    memcpy(ret_ids->trace_id + 8, &low, 8);
    ret_ids->flags = SONDE_TRACE_RANDOM;
}

sonde_span_context sonde_span_context_make(const sonde_span_context *parent)
{
    sonde_span_context    ids;
    struct sonde__thread *self = sonde__thread_get();
    memset(&ids, 0, sizeof ids);
    if (parent && !sonde_span_context_is_valid(parent))
        parent = NULL;
    if (!self)
        return ids;
    make_ids(&self->rand, parent, &ids);
    if (parent)
        ids.flags = parent->flags;
    return ids;
}

/* The ids that the caller has told already, where they are of the parent's trace; else new ones. */
static void choose_ids(struct sonde__rand *rand, const struct origin *origin,
                       const sonde_span_context *told, sonde_span_context *ret_ids)
{
    const sonde_span_context *parent = origin->has_parent ? &origin->parent : NULL;
    if (!told || !sonde_span_context_is_valid(told) ||
        (parent && memcmp(told->trace_id, parent->trace_id, sizeof told->trace_id) != 0)) {
        make_ids(rand, parent, ret_ids);
        return;
    }
    *ret_ids           = *told;
    ret_ids->flags     = (parent ? parent->flags : told->flags) & SONDE_TRACE_RANDOM;
    ret_ids->is_remote = false;
}

static sonde_str name_of(const sonde_span_options *options)
{
    if (!options->name)
        return sonde_str_n("", 0);
    return options->name_len ? sonde_str_n(options->name, options->name_len)
                             : sonde_str_z(options->name);
}

static bool sampled(const struct sonde__core *core, const struct origin *origin,
                    const sonde_span_options *options, const sonde_span_context *ids)
{
    sonde_sampler *sampler = core->options.sampler;
    if (!sampler) /* parent based, root always on */
        return !origin->has_parent || (origin->parent.flags & SONDE_TRACE_SAMPLED);
    if (sampler ==
        sonde_sampler_always_off()) /* who asks for nothing shall not pay for the asking */
        return false;
    if (sampler == sonde_sampler_always_on())
        return true;
    sonde_sampling sampling = {
        .size              = sizeof sampling,
        .parent            = origin->has_parent ? &origin->parent : NULL,
        .parent_tracestate = sonde__blob_text(origin->tracestate),
        .trace_id_random   = (ids->flags & SONDE_TRACE_RANDOM) != 0,
        .name              = name_of(options),
        .kind              = options->kind,
        .attrs             = options->attrs,
        .links             = options->links,
    };
    memcpy(sampling.trace_id, ids->trace_id, 16);
    /* RECORD_ONLY is for processors; without one there is nobody to record for. */
    return sampler->decide(sampler, &sampling) == SONDE_RECORD_AND_SAMPLE;
}

static void record_start(struct sonde__slot *slot, const struct origin *origin,
                         const sonde_span_options *options)
{
    struct sonde__recorder_start start = {
        .parent   = origin->has_parent ? &origin->parent : NULL,
        .name     = name_of(options),
        .kind     = options->kind,
        .start_ns = options->start_ns ? options->start_ns : sonde__clock_wall(),
    };
    if (!sonde__recorder_begin(slot, &start))
        return;
    atomic_store_explicit(&slot->recording, true, memory_order_relaxed);
    for (size_t i = 0; options->attrs.items && i < options->attrs.count; i++)
        sonde__recorder_attr(slot, &options->attrs.items[i]);
    for (size_t i = 0; options->links.items && i < options->links.count; i++)
        sonde__recorder_link(slot, &options->links.items[i]);
}

static const sonde_span_options *whole(const sonde_span_options *options, sonde_span_options *room)
{
    if (options->size == 0 || options->size >= sizeof *room)
        return options;
    memset(room, 0, sizeof *room);
    memcpy(room, options, options->size);
    return room;
}

/* With an SDK. */
static sonde_span *begin(sonde_tracer *tracer, struct sonde__core *core, uint32_t run,
                         const struct origin *origin, const sonde_span_options *options)
{
    struct sonde__lane   *lane = sonde__lane_of(core, run);
    struct sonde__thread *self = sonde__thread_self;
    struct sonde__slot   *slot = lane && self ? slot_for(origin) : NULL;
    if (!slot) {
        sonde__lane_missed(core, run);
        return carry(origin, options);
    }
    sonde__count(&lane->counts.started, 1);
    choose_ids(&self->rand, origin, options->ids, &slot->span_context);
    if (sampled(core, origin, options, &slot->span_context)) {
        slot->span_context.flags |= SONDE_TRACE_SAMPLED;
        slot->core  = core;
        slot->run   = run;
        slot->scope = tracer->scope;
        if (core->recording)
            record_start(slot, origin, options);
        if (core->recording && !sonde__slot_records(slot))
            sonde__count(name_of(options).len > SONDE__RECORD_MAX / 4
                             ? &lane->counts.dropped_oversize
                             : &lane->counts.dropped_full,
                         1);
    }
    return opened(slot, options);
}

sonde_span *sonde_span_start_opts(sonde_tracer *tracer, const sonde_span_options *options)
{
    static const sonde_span_options none = { .size = sizeof none };
    sonde_span_options              room;
    struct origin                   origin;
    uint32_t                        run  = 0;
    struct sonde__core             *core = tracer ? sonde__tracer_core(tracer, &run) : NULL;
    options                              = whole(options ? options : &none, &room);
    find_origin(&origin, options);
    sonde_span *span = core && !core->options.disabled ? begin(tracer, core, run, &origin, options)
                                                       : carry(&origin, options);
    origin_done(&origin);
    return span;
}
