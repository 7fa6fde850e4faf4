/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/span.c - using and ending spans. The request path: no allocation after warm-up, no lock (but
 * for shared spans), no system call. */
#include "core/core.h"
#include "core/diag.h"
#include "core/scope.h"
#include "trace/recorder.h"
#include "trace/slot.h"

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

static void detach(struct sonde__slot *slot)
{
    struct sonde__thread *self = sonde__thread_self;
    slot->attached             = false;
    if (!self || !sonde__context_pop(self, slot->attached_depth, slot->attached_serial))
        sonde__misuse("a current span was ended in another thread");
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
