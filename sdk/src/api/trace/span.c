/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/span.c - starting, using and ending spans. The request path: no allocation after warm-up,
 * no lock (but for shared spans), no system call. */
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

static void detach(struct sonde__slot *slot)
{
    struct sonde__thread *self = sonde__thread_self;
    slot->attached             = false;
    if (!self || !sonde__context_pop(self, slot->attached_depth, slot->attached_serial))
        sonde__misuse("a current span was ended in another thread");
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

/* The slot of a span that records, with its lock when it is shared; NULL: nothing to do. What is
 * not recording costs one test; a handle that has ended is counted. */
static struct sonde__slot *enter(sonde_span *span)
{
    uint64_t handle = sonde__handle_of(span);
    if (!(handle & SONDE__RECORDING))
        return NULL;
    struct sonde__slot *slot = sonde__slot_enter(handle);
    if (!slot) {
        sonde__misuse("a span was used after its end");
        return NULL;
    }
    if (sonde__slot_records(slot))
        return slot;
    sonde__slot_leave(slot, handle); /* in a forked child */
    return NULL;
}

static void leave(sonde_span *span, struct sonde__slot *slot)
{
    sonde__slot_leave(slot, sonde__handle_of(span));
}

void sonde_span_set_attr(sonde_span *span, sonde_attr attr)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    sonde__recorder_attr(slot, &attr);
    leave(span, slot);
}

void sonde_span_set_string(sonde_span *span, sonde_str key, sonde_str value)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    /* Written in place: the constructors' copies would stall on their own stores. */
    const sonde_attr attr = { key, value.ptr ? SONDE_TYPE_STRING : SONDE_TYPE_NONE, { value } };
    sonde__recorder_attr(slot, &attr);
    leave(span, slot);
}

void sonde_span_set_bool(sonde_span *span, sonde_str key, bool value)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    const sonde_attr attr = { key, SONDE_TYPE_BOOL, { .b = value } };
    sonde__recorder_attr(slot, &attr);
    leave(span, slot);
}

void sonde_span_set_int(sonde_span *span, sonde_str key, int64_t value)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    const sonde_attr attr = { key, SONDE_TYPE_INT, { .i = value } };
    sonde__recorder_attr(slot, &attr);
    leave(span, slot);
}

void sonde_span_set_double(sonde_span *span, sonde_str key, double value)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    const sonde_attr attr = { key, SONDE_TYPE_DOUBLE, { .d = value } };
    sonde__recorder_attr(slot, &attr);
    leave(span, slot);
}

void sonde_span_set_attrs(sonde_span *span, sonde_attrs attrs)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    for (size_t i = 0; attrs.items && i < attrs.count; i++)
        sonde__recorder_attr(slot, &attrs.items[i]);
    leave(span, slot);
}

void sonde_span_set_name(sonde_span *span, sonde_str name)
{
    struct sonde__slot *slot = name.ptr ? enter(span) : NULL;
    if (!slot)
        return;
    sonde__recorder_name(slot, name);
    leave(span, slot);
}

void sonde_span_set_status(sonde_span *span, sonde_status status, const char *description)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    sonde__recorder_status(slot, status, sonde_str_z(description));
    leave(span, slot);
}

void sonde_span_fail(sonde_span *span, const char *error_type, const char *description)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    sonde_attr type = sonde_attr_string(sonde_str_z("error.type"),
                                        sonde_str_z(error_type ? error_type : "_OTHER"));
    sonde__recorder_status(slot, SONDE_STATUS_ERROR, sonde_str_z(description));
    sonde__recorder_attr(slot, &type);
    leave(span, slot);
}

void sonde_span_add_event_at(sonde_span *span, sonde_str name, uint64_t time_ns, sonde_attrs attrs)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    sonde__recorder_event(slot, name, time_ns, attrs);
    leave(span, slot);
}

void sonde_span_add_event_attrs(sonde_span *span, const char *name, sonde_attrs attrs)
{
    sonde_span_add_event_at(span, sonde_str_z(name), 0, attrs);
}

void sonde_span_add_link(sonde_span *span, sonde_link link)
{
    struct sonde__slot *slot = enter(span);
    if (!slot)
        return;
    sonde__recorder_link(slot, &link);
    leave(span, slot);
}

void sonde_span_record_exception(sonde_span *span, const sonde_exception *exception)
{
    enum { OWN = 3, MAX = 128 };
    sonde_attr items[MAX];
    size_t     count = 0;
    if (!exception || !(sonde__handle_of(span) & SONDE__RECORDING))
        return;
    items[count++] = sonde_kv("exception.type", exception->type);
    items[count++] = sonde_kv("exception.message", exception->message);
    items[count++] = sonde_kv("exception.stacktrace", exception->stacktrace);
    for (size_t i = 0; exception->attrs.items && i < exception->attrs.count && count < MAX; i++)
        items[count++] = exception->attrs.items[i];
    sonde_span_add_event_at(span, sonde_str_z("exception"), 0, (sonde_attrs){ items, count });
}

/* Hands the finished record to this thread's lane. */
static void commit(struct sonde__slot *slot, uint64_t end_ns)
{
    sonde__recorder_end(slot, end_ns);
    struct sonde__lane *lane = sonde__lane_of(slot->core, slot->run);
    if (!lane) { /* out of memory, or the thread is at its very end, or that SDK has stopped */
        sonde__lane_missed(slot->core, slot->run);
        return;
    }
    if (slot->dropped_attributes)
        sonde__count(&lane->counts.attributes_dropped, slot->dropped_attributes);
    sonde__lane_append(lane, slot->scope->id, slot->record.data, slot->record.len);
}

static void finish(sonde_span *span, uint64_t end_ns, bool keep)
{
    uint64_t handle = sonde__handle_of(span);
    if (handle == 0)
        return;
    struct sonde__slot *slot = sonde__slot_claim(handle);
    if (!slot) {
        sonde__misuse("a span was ended twice");
        return;
    }
    if (slot->attached)
        detach(slot);
    if (keep && sonde__slot_records(slot))
        commit(slot, end_ns);
    sonde__slot_give(slot);
}

void sonde_span_end_at(sonde_span *span, uint64_t end_ns)
{
    finish(span, end_ns, true);
}

void sonde_span_discard(sonde_span *span)
{
    finish(span, 0, false);
}

void sonde_span_end(sonde_span *span)
{
    sonde_span_end_at(span, 0);
}

bool sonde_span_is_recording(const sonde_span *span)
{
    uint64_t handle = sonde__handle_of(span);
    if (!(handle & SONDE__RECORDING))
        return false;
    struct sonde__slot *slot = sonde__slot_find(handle);
    return slot && sonde__slot_records(slot);
}

sonde_span_context sonde_span_context_of(const sonde_span *span)
{
    sonde_span_context  context;
    uint64_t            handle = sonde__handle_of(span);
    struct sonde__slot *slot   = sonde__slot_enter(handle);
    memset(&context, 0, sizeof context);
    if (!slot)
        return context;
    context = slot->span_context;
    sonde__slot_leave(slot, handle);
    return context;
}

sonde_span *sonde_span_current(void)
{
    const struct sonde__thread *self = sonde__thread_self;
    return self && self->current ? self->current->span : NULL;
}

sonde_context *sonde_context_with_span(const sonde_context *base, sonde_span *span)
{
    uint64_t            handle  = sonde__handle_of(span);
    struct sonde__slot *slot    = sonde__slot_enter(handle);
    sonde_context      *context = slot ? sonde__context_new(base) : NULL;
    if (context) {
        context->has_span     = sonde_span_context_is_valid(&slot->span_context);
        context->span_context = slot->span_context;
        context->span         = span;
        sonde__blob_unref(context->tracestate);
        context->tracestate = sonde__blob_ref(slot->tracestate);
    }
    if (slot)
        sonde__slot_leave(slot, handle);
    return context ? context : sonde_context_ref((sonde_context *)(uintptr_t)base);
}
