/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/destination.c - one exporter: its queue, its batches, its retries. The pump's driver. */
#include "core/destination.h"
#include "base/clock.h"
#include "core/core.h"
#include "core/diag.h"
#include "core/lane.h"

#include <stdlib.h>

enum { BATCH_BYTES = 4 << 20 }; /* a request of much more would be refused by many receivers */

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 30000, GRACE_MS = 1000, MS = 1000000 };

static void add(_Atomic uint64_t *counter, uint64_t more)
{
    sonde__count(counter, more); /* the driver is its only writer */
}

/* What stats show as waiting; after every change. */
static void publish(struct sonde__destination *d)
{
    uint64_t records = d->records;
    for (int list = 0; list < 2; list++)
        for (const sonde_batch *batch = list ? d->in_flight : d->pending; batch;
             batch                    = batch->next)
            records += batch->signal == SONDE_SIGNAL_TRACES ? batch->count : 0;
    atomic_store_explicit(&d->waiting, records, memory_order_relaxed);
}

static bool ring_grow(struct sonde__destination *d)
{
    uint32_t               cap      = d->cap ? d->cap * 2 : 16;
    struct sonde__segment *segments = malloc(cap * sizeof *segments);
    if (!segments)
        return false;
    for (uint32_t i = 0; i < d->count; i++)
        segments[i] = d->segments[(d->first + i) % d->cap];
    free(d->segments);
    d->segments = segments;
    d->first    = 0;
    d->cap      = cap;
    return true;
}

static void pop_first(struct sonde__destination *d)
{
    struct sonde__segment *segment = &d->segments[d->first];
    d->records -= segment->records;
    d->first = (d->first + 1) % d->cap;
    d->count--;
}

void sonde__destination_add(struct sonde__destination *d, const struct sonde__segment *segment)
{
    if (d->count == d->cap && !ring_grow(d)) {
        add(&d->dropped_behind, segment->records);
        sonde__page_unref(segment->page);
        return;
    }
    d->segments[(d->first + d->count++) % d->cap] = *segment;
    d->records += segment->records;
    publish(d);
}

void sonde__destination_drop_oldest(struct sonde__destination *d)
{
    struct sonde__segment segment = d->segments[d->first];
    pop_first(d);
    add(&d->dropped_behind, segment.records);
    sonde__page_unref(segment.page);
    publish(d);
}

static void settle(struct sonde__destination *d, sonde_batch *batch, uint32_t lost)
{
    bool traces = batch->signal == SONDE_SIGNAL_TRACES;
    if (lost > batch->count)
        lost = batch->count;
    add(traces ? &d->delivered : &d->points_delivered, batch->count - lost);
    add(traces ? &d->dropped_failed : &d->points_dropped, lost);
    sonde__batch_free(batch);
}

void sonde__destination_add_metrics(struct sonde__destination *d, sonde_batch *batch)
{
    for (sonde_batch **at = &d->pending; *at;) {
        sonde_batch *old = *at;
        if (old->signal != SONDE_SIGNAL_METRICS) {
            at = &old->next;
            continue;
        }
        *at = old->next;
        settle(d, old, old->count);
    }
    sonde_batch **end = &d->pending;
    while (*end)
        end = &(*end)->next;
    batch->next = NULL;
    *end        = batch;
    publish(d);
}

/* Takes up to max records off the ring into ret_cut (room for max segments); each has a page
 * reference of its own. */
static uint32_t cut(struct sonde__destination *d, uint32_t max, struct sonde__segment *ret_cut,
                    uint32_t *ret_records)
{
    uint32_t count = 0, records = 0;
    size_t   bytes = 0;
    while (d->count && records < max && count < max) {
        struct sonde__segment *segment = &d->segments[d->first];
        if (bytes && bytes + (segment->to - segment->from) > BATCH_BYTES)
            break;
        bytes += segment->to - segment->from;
        if (records + segment->records <= max) {
            records += segment->records;
            ret_cut[count++] = *segment;
            pop_first(d);
            continue;
        }
        struct sonde__segment part = *segment;
        uint32_t              at   = part.from;
        part.records               = max - records;
        for (uint32_t i = 0; i < part.records; i++) {
            struct sonde__frame frame;
            memcpy(&frame, part.page->data + at, sizeof frame);
            at += (uint32_t)sizeof frame + frame.length;
        }
        part.to = at;
        atomic_fetch_add_explicit(&part.page->refs, 1, memory_order_relaxed);
        d->records -= part.records;
        segment->records -= part.records;
        segment->from    = at;
        records          = max;
        ret_cut[count++] = part;
    }
    *ret_records = records;
    return count;
}

static sonde_batch *cut_batch(struct sonde__destination *d, struct sonde__pump *pump)
{
    struct sonde__owner   *owner    = pump->core->options.owner;
    uint32_t               max      = pump->core->options.batch_spans;
    sonde_batch           *batch    = calloc(1, sizeof *batch);
    struct sonde__segment *segments = malloc((max < d->count ? max : d->count) * sizeof *segments);
    uint32_t               records, count;
    if (!batch || !segments)
        goto fail;
    batch->signal    = SONDE_SIGNAL_TRACES;
    batch->first_seq = d->segments[d->first].seq;
    count            = cut(d, max, segments, &records);
    batch->count     = records;
    bool encoded     = sonde__batch_encode(
            &batch->body, owner ? owner->resource(owner) : sonde_str_n(NULL, 0), segments, count);
    for (uint32_t i = 0; i < count; i++)
        sonde__page_unref(segments[i].page);
    free(segments);
    batch->charged_to = &pump->core->memory_used;
    atomic_fetch_add_explicit(batch->charged_to, batch->body.cap, memory_order_relaxed);
    if (encoded)
        return batch;
    add(&d->dropped_failed, records);
    sonde__batch_free(batch);
    return NULL;
fail:
    free(segments);
    free(batch);
    return NULL;
}

static void back_off(struct sonde__destination *d, struct sonde__pump *pump, uint32_t asked_ms,
                     uint64_t now_ns)
{
    uint32_t wait_ms = asked_ms;
    if (wait_ms == 0) {
        d->backoff_ms = d->backoff_ms ? d->backoff_ms + d->backoff_ms / 2 : BACKOFF_FIRST_MS;
        if (d->backoff_ms > BACKOFF_MAX_MS)
            d->backoff_ms = BACKOFF_MAX_MS;
        /* half of it fixed, half by chance: hosts that failed together do not come back together */
        wait_ms = d->backoff_ms / 2 +
                  (uint32_t)(sonde__rand_next(&pump->rand) % (d->backoff_ms / 2 + 1));
    }
    d->retry_at_ns = now_ns + (uint64_t)wait_ms * MS;
}

static void report(struct sonde__destination *d, const sonde_result *result)
{
    if (result->outcome == SONDE_DELIVERED) {
        if (d->failing)
            sonde__diag(SONDE_LEVEL_INFO, "%s: sending works again", d->exporter->name);
        if (result->rejected)
            sonde__diag(SONDE_LEVEL_WARN, "%s: the receiver did not take %u items: %s",
                        d->exporter->name, (unsigned)result->rejected, result->message);
        else if (result->message[0])
            sonde__diag(SONDE_LEVEL_WARN, "%s: the receiver says: %s", d->exporter->name,
                        result->message);
    } else if (result->outcome == SONDE_REFUSED) {
        sonde__diag(SONDE_LEVEL_ERROR, "%s: refused for good, %u items dropped: %s",
                    d->exporter->name, (unsigned)result->batch->count, result->message);
    } else if (!d->failing) {
        sonde__diag(SONDE_LEVEL_WARN, "%s: sending fails and will be tried again: %s",
                    d->exporter->name, result->message);
    }
    d->failing = result->outcome == SONDE_RETRY;
}

static sonde_batch *unlink_batch(sonde_batch **list, const sonde_batch *batch)
{
    for (; *list; list = &(*list)->next) {
        if (*list != batch)
            continue;
        sonde_batch *found = *list;
        *list              = found->next;
        found->next        = NULL;
        return found;
    }
    return NULL;
}

/* Back to the front of the line, in the order of age. */
static void put_back(struct sonde__destination *d, sonde_batch *batch)
{
    sonde_batch **at = &d->pending;
    while (*at && (*at)->first_seq < batch->first_seq)
        at = &(*at)->next;
    batch->next = *at;
    *at         = batch;
}

static void take_results(struct sonde__destination *d, struct sonde__pump *pump, uint64_t now_ns)
{
    sonde_result result;
    memset(&result, 0, sizeof result);
    while (d->in_flight && d->exporter->progress(d->exporter, &result)) {
        sonde_batch *batch = unlink_batch(&d->in_flight, result.batch);
        if (!batch)
            continue;
        d->in_flight_count--;
        result.message[sizeof result.message - 1] = '\0';
        report(d, &result);
        if (result.outcome == SONDE_RETRY) {
            put_back(d, batch);
            back_off(d, pump, result.retry_after_ms, now_ns);
        } else {
            d->backoff_ms  = 0;
            d->retry_at_ns = 0;
            settle(d, batch, result.outcome == SONDE_DELIVERED ? result.rejected : batch->count);
        }
        memset(&result, 0, sizeof result);
    }
}

/* An exporter that has let its deadline pass by more than its grace is told to give up; its batches
 * wait for another try. */
static void check_deadlines(struct sonde__destination *d, struct sonde__pump *pump, uint64_t now_ns)
{
    bool late = false;
    for (const sonde_batch *batch = d->in_flight; batch; batch = batch->next)
        late |= now_ns > batch->deadline_ns + (uint64_t)GRACE_MS * MS;
    if (!late)
        return;
    if (d->exporter->cancel)
        d->exporter->cancel(d->exporter);
    sonde__diag(SONDE_LEVEL_WARN, "%s: no answer within the deadline", d->exporter->name);
    while (d->in_flight)
        put_back(d, unlink_batch(&d->in_flight, d->in_flight));
    d->in_flight_count = 0;
    back_off(d, pump, 0, now_ns);
}

static bool has_work(const struct sonde__destination *d, const struct sonde__pump *pump)
{
    if (d->pending)
        return true;
    return d->count && (d->records >= pump->core->options.batch_spans ||
                        d->segments[d->first].seq <= pump->send_to_seq);
}

static void begin_some(struct sonde__destination *d, struct sonde__pump *pump, uint64_t now_ns)
{
    uint32_t max = d->exporter->max_in_flight ? d->exporter->max_in_flight : 1;
    while (d->in_flight_count < max && now_ns >= d->retry_at_ns && has_work(d, pump)) {
        sonde_batch *batch = d->pending ? unlink_batch(&d->pending, d->pending)
                                        : cut_batch(d, pump);
        if (!batch)
            return; /* out of memory: the next turn tries again */
        batch->attempts++;
        batch->deadline_ns = now_ns + (uint64_t)pump->core->options.export_timeout_ms * MS;
        batch->next        = d->in_flight;
        d->in_flight       = batch;
        d->in_flight_count++;
        d->exporter->begin(d->exporter, batch, batch->deadline_ns);
        take_results(d, pump, now_ns);
    }
}

static void watch(struct sonde__destination *d, struct sonde__pump *pump)
{
    int fd = d->exporter->fd ? d->exporter->fd(d->exporter) : -1;
    if (fd == d->watched)
        return;
    if (d->watched >= 0)
        sonde__poller_watch(&pump->poller, d->watched, 0);
    if (fd >= 0)
        sonde__poller_watch(&pump->poller, fd, SONDE__POLL_IN);
    d->watched = fd;
}

uint64_t sonde__destination_turn(struct sonde__destination *d, struct sonde__pump *pump,
                                 uint64_t now_ns)
{
    uint64_t next = UINT64_MAX;
    take_results(d, pump, now_ns);
    check_deadlines(d, pump, now_ns);
    begin_some(d, pump, now_ns);
    watch(d, pump);
    publish(d);
    if (d->in_flight && d->exporter->wake_at)
        next = d->exporter->wake_at(d->exporter);
    for (const sonde_batch *batch = d->in_flight; batch; batch = batch->next) {
        uint64_t late = batch->deadline_ns + (uint64_t)(GRACE_MS + 1) * MS;
        next          = late < next ? late : next;
    }
    if (has_work(d, pump) && now_ns < d->retry_at_ns && d->retry_at_ns < next)
        next = d->retry_at_ns;
    return next;
}

uint64_t sonde__destination_oldest(const struct sonde__destination *d)
{
    uint64_t oldest = d->count ? d->segments[d->first].seq : UINT64_MAX;
    for (int list = 0; list < 2; list++)
        for (const sonde_batch *batch = list ? d->in_flight : d->pending; batch;
             batch                    = batch->next)
            oldest = batch->first_seq < oldest ? batch->first_seq : oldest;
    return oldest;
}

void sonde__destination_drop_all(struct sonde__destination *d)
{
    if (d->in_flight && d->exporter->cancel)
        d->exporter->cancel(d->exporter);
    for (int list = 0; list < 2; list++) {
        sonde_batch **head = list ? &d->in_flight : &d->pending;
        while (*head) {
            sonde_batch *batch = unlink_batch(head, *head);
            settle(d, batch, batch->count);
        }
    }
    d->in_flight_count = 0;
    while (d->count) {
        struct sonde__segment segment = d->segments[d->first];
        pop_first(d);
        add(&d->dropped_failed, segment.records);
        sonde__page_unref(segment.page);
    }
    publish(d);
}

void sonde__destination_forked(struct sonde__destination *d, bool consistent)
{
    if (consistent) {
        for (uint32_t i = 0; i < d->count; i++)
            sonde__page_forget(d->segments[(d->first + i) % d->cap].page);
        free(d->segments);
        for (int list = 0; list < 2; list++)
            for (sonde_batch *batch = list ? d->in_flight : d->pending, *next; batch;
                 batch              = next) {
                next = batch->next;
                sonde__batch_free(batch);
            }
    }
    sonde_exporter *exporter = d->exporter;
    memset(d, 0, sizeof *d);
    d->exporter = exporter;
    d->watched  = -1;
    if (exporter->forked)
        exporter->forked(exporter);
}
