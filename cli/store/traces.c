/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/traces.c - spans collected into traces. A trace waits until it is finished and shown;
 * then it is kept, for late spans, as long as its room is not needed. Runs in the receiver's
 * thread and the main one, under the caller's lock. */
#include "store/traces.h"

#include <search.h>
#include <stdlib.h>

struct list {
    struct sonde__trace *oldest, *newest; /* by the time of the last span */
};

struct sonde__traces {
    struct sonde__traces_limits limits;
    struct sonde__traces_counts counts;
    void                       *by_id; /* libc's search tree, of both lists */
    struct list                 waiting, shown;
    uint32_t                    traces, spans;
    size_t                      bytes;
};

enum {
    TRACE_BYTES   = sizeof(struct sonde__trace) + 64 /* and a node of the tree */,
    DOUBLINGS_MAX = 5
};

/* The id is the first member. */
static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static bool is_waiting(const struct sonde__trace *trace)
{
    return trace->shown < trace->count || trace->count == 0;
}

static void list_remove(struct list *list, struct sonde__trace *trace)
{
    *(trace->older ? &trace->older->newer : &list->oldest) = trace->newer;
    *(trace->newer ? &trace->newer->older : &list->newest) = trace->older;
    trace->older = trace->newer = NULL;
}

static void list_append(struct list *list, struct sonde__trace *trace)
{
    trace->older                                           = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = trace;
    list->newest                                           = trace;
}

struct sonde__traces *sonde__traces_new(const struct sonde__traces_limits *limits)
{
    struct sonde__traces *traces = calloc(1, sizeof *traces);
    if (traces)
        traces->limits = *limits;
    return traces;
}

static size_t span_size(const struct sonde__span *span)
{
    return sizeof *span + span->view.bytes.len + sizeof(struct sonde__span *);
}

static void free_span(struct sonde__traces *traces, struct sonde__span *span)
{
    traces->bytes -= span_size(span);
    traces->bytes -= sonde__shared_unref(span->resource);
    traces->bytes -= sonde__shared_unref(span->scope);
    traces->spans--;
    free(span);
}

static void free_trace(struct sonde__traces *traces, struct sonde__trace *trace)
{
    list_remove(is_waiting(trace) ? &traces->waiting : &traces->shown, trace);
    tdelete(trace->id, &traces->by_id, compare_ids);
    for (uint32_t i = 0; i < trace->count; i++)
        free_span(traces, trace->spans[i]);
    traces->bytes -= TRACE_BYTES;
    traces->traces--;
    free(trace->spans);
    free(trace);
}

void sonde__traces_free(struct sonde__traces *traces)
{
    if (!traces)
        return;
    while (traces->waiting.oldest)
        free_trace(traces, traces->waiting.oldest);
    while (traces->shown.oldest)
        free_trace(traces, traces->shown.oldest);
    free(traces);
}

static bool is_full(const struct sonde__traces *traces)
{
    return traces->traces > traces->limits.traces_max || traces->spans > traces->limits.spans_max ||
           traces->bytes > traces->limits.bytes_max;
}

static struct sonde__trace *oldest_but(const struct list *list, const struct sonde__trace *keep)
{
    return list->oldest && list->oldest == keep ? list->oldest->newer : list->oldest;
}

/* Gives back what was shown first, then what waits longest, but never `keep`. False when there
 * is nothing else. */
static bool make_room(struct sonde__traces *traces, const struct sonde__trace *keep)
{
    while (is_full(traces)) {
        struct sonde__trace *victim = oldest_but(&traces->shown, keep);
        if (!victim)
            victim = oldest_but(&traces->waiting, keep);
        if (!victim)
            return false;
        if (victim->shown == 0)
            traces->counts.dropped_traces++;
        traces->counts.dropped_spans += victim->count - victim->shown;
        free_trace(traces, victim);
    }
    return true;
}

/* The trace of that id, made when it is new; NULL when memory is out. */
static struct sonde__trace *find_trace(struct sonde__traces *traces, const uint8_t *id)
{
    void *node = tfind(id, &traces->by_id, compare_ids);
    if (node)
        return *(struct sonde__trace **)node;
    struct sonde__trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return NULL;
    memcpy(trace->id, id, 16);
    if (!tsearch(trace, &traces->by_id, compare_ids)) {
        free(trace);
        return NULL;
    }
    list_append(&traces->waiting, trace);
    traces->traces++;
    traces->bytes += TRACE_BYTES;
    return trace;
}

static bool grow(struct sonde__trace *trace)
{
    if (trace->count < trace->room)
        return true;
    uint32_t             room  = trace->room ? trace->room * 2 : 8;
    struct sonde__span **spans = realloc(trace->spans, room * sizeof(struct sonde__span *));
    if (!spans)
        return false;
    trace->spans = spans;
    trace->room  = room;
    return true;
}

static struct sonde__span *copy_span(sonde_str bytes)
{
    struct sonde__span *span = malloc(sizeof *span + bytes.len);
    if (!span)
        return NULL;
    span->resource = span->scope = NULL;
    memcpy(span + 1, bytes.ptr, bytes.len);
    sonde_span_read(sonde_str_n(span + 1, bytes.len), &span->view);
    return span;
}

/* A new last span: the trace waits again, as the newest. */
static void append_span(struct sonde__traces *traces, struct sonde__trace *trace,
                        struct sonde__span *span, uint64_t now_ns)
{
    list_remove(is_waiting(trace) ? &traces->waiting : &traces->shown, trace);
    trace->spans[trace->count++] = span;
    trace->last_ns               = now_ns;
    trace->judged                = false;
    list_append(&traces->waiting, trace);
    traces->spans++;
    traces->bytes += span_size(span);
}

/* Nobody holds it: it was not appended. */
static void drop_span(struct sonde__traces *traces, struct sonde__trace *trace)
{
    traces->counts.dropped_spans++;
    if (!trace)
        return;
    trace->dropped++;
    if (trace->count == 0)
        free_trace(traces, trace);
}

static void add_span(struct sonde__traces *traces, const sonde_span_view *view,
                     struct sonde__family *family, uint64_t now_ns)
{
    struct sonde__trace *trace = find_trace(traces, view->span_context.trace_id);
    if (!trace || !family->resource || !family->scope || !grow(trace)) {
        drop_span(traces, trace);
        return;
    }
    /* Counted before it is there, so that memory never holds more than the limit and one span. */
    size_t room = sizeof(struct sonde__span) + view->bytes.len;
    traces->spans++;
    traces->bytes += room;
    bool                fits = make_room(traces, trace);
    struct sonde__span *span = fits ? copy_span(view->bytes) : NULL;
    traces->spans--;
    traces->bytes -= room;
    if (!span) {
        drop_span(traces, trace);
        return;
    }
    span->resource = sonde__shared_ref(family->resource);
    span->scope    = sonde__shared_ref(family->scope);
    append_span(traces, trace, span, now_ns);
}

static bool is_well_formed(sonde_str request)
{
    sonde_request_iter iter = { .body = request };
    sonde_str          bytes;
    sonde_span_view    view;
    while (sonde_request_next(&iter, &bytes))
        if (!sonde_span_read(bytes, &view))
            return false;
    return !iter.malformed;
}

bool sonde__traces_add(struct sonde__traces *traces, sonde_str request, uint64_t now_ns,
                       uint64_t *ret_rejected)
{
    sonde_request_iter   iter     = { .body = request };
    struct sonde__family family   = { 0 };
    uint64_t             rejected = 0;
    sonde_str            bytes;
    sonde_span_view      view;
    if (!is_well_formed(request))
        return false;
    while (sonde_request_next(&iter, &bytes)) {
        sonde_span_read(bytes, &view);
        if (!sonde_span_context_is_valid(&view.span_context)) {
            rejected++;
            continue;
        }
        sonde__family_join(&family, iter.resource, iter.scope, &traces->bytes);
        add_span(traces, &view, &family, now_ns);
    }
    sonde__family_leave(&family, &traces->bytes);
    *ret_rejected = rejected;
    return true;
}

static int compare_span_ids(const void *a, const void *b)
{
    const struct sonde__span *const *left = a, *const *right = b;
    return memcmp((*left)->view.span_context.span_id, (*right)->view.span_context.span_id, 8);
}

static int compare_with_id(const void *id, const void *span)
{
    return memcmp(id, (*(const struct sonde__span *const *)span)->view.span_context.span_id, 8);
}

/* Whether somebody's parent has not come, or there is no root: other processes may not have sent
 * yet. */
static bool is_incomplete(const struct sonde__trace *trace)
{
    static const uint8_t none[8];
    bool                 root    = false;
    bool                 missing = false;
    size_t               size    = sizeof(struct sonde__span *);
    struct sonde__span **sorted  = malloc(trace->count * size);
    if (!sorted)
        return true;
    memcpy(sorted, trace->spans, trace->count * size);
    qsort(sorted, trace->count, size, compare_span_ids);
    for (uint32_t i = 0; i < trace->count && !missing; i++) {
        const uint8_t *parent = sorted[i]->view.parent_id;
        if (memcmp(parent, none, 8) == 0)
            root = true;
        else
            missing = !bsearch(parent, sorted, trace->count, size, compare_with_id);
    }
    free(sorted);
    return missing || !root;
}

/* When the trace is finished if nothing more comes. */
static uint64_t finish_ns(const struct sonde__traces *traces, struct sonde__trace *trace,
                          uint64_t now_ns)
{
    uint32_t doublings = trace->times_shown < DOUBLINGS_MAX ? trace->times_shown : DOUBLINGS_MAX;
    uint64_t quiet_ns  = traces->limits.quiet_ns << doublings;
    if (now_ns < trace->last_ns + quiet_ns)
        return trace->last_ns + quiet_ns;
    if (!trace->judged) { /* costs a sort, hence only once a trace is quiet */
        trace->incomplete = is_incomplete(trace);
        trace->judged     = true;
    }
    return trace->last_ns + quiet_ns * (trace->incomplete ? traces->limits.patience : 1);
}

struct sonde__trace *sonde__traces_due(struct sonde__traces *traces, uint64_t now_ns,
                                       uint64_t *ret_next_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (struct sonde__trace *trace = traces->waiting.oldest; trace; trace = trace->newer) {
        uint64_t at = now_ns == UINT64_MAX ? 0 : finish_ns(traces, trace, now_ns);
        if (at <= now_ns)
            return trace;
        next_ns = at < next_ns ? at : next_ns;
    }
    *ret_next_ns = next_ns;
    return NULL;
}

void sonde__traces_shown(struct sonde__traces *traces, struct sonde__trace *trace)
{
    if (!is_waiting(trace))
        return;
    list_remove(&traces->waiting, trace);
    trace->shown = trace->count;
    trace->times_shown++;
    list_append(&traces->shown, trace);
}

struct sonde__traces_counts sonde__traces_counts(const struct sonde__traces *traces)
{
    return traces->counts;
}
