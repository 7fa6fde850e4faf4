/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fake_exporter.h"

#include <stdlib.h>

static void fake_begin(sonde_exporter *self, const sonde_batch *batch, uint64_t deadline_ns)
{
    struct fake_exporter *fake = (struct fake_exporter *)self;
    (void)deadline_ns;
    pthread_mutex_lock(&fake->mutex);
    fake->begins++;
    fake->answer[fake->begun_count]  = fake->outcome;
    fake->begun[fake->begun_count++] = batch;
    if (fake->answers_left && --fake->answers_left == 0)
        fake->outcome = SONDE_DELIVERED;
    pthread_mutex_unlock(&fake->mutex);
}

static void keep(struct fake_exporter *fake, const sonde_batch *batch)
{
    sonde_str body = sonde_batch_body(batch);
    if (sonde_batch_signal(batch) == SONDE_SIGNAL_TRACES)
        fake->spans += sonde_batch_count(batch);
    else
        fake->points += sonde_batch_count(batch);
    if (fake->body_count == FAKE_BODIES)
        return;
    char *copy = malloc(body.len ? body.len : 1);
    if (!copy)
        return; /* counted, not kept: tests that take memory away do not read it */
    memcpy(copy, body.ptr, body.len);
    fake->bodies[fake->body_count]    = copy;
    fake->lengths[fake->body_count++] = body.len;
}

static bool fake_progress(sonde_exporter *self, sonde_result *ret_result)
{
    struct fake_exporter *fake = (struct fake_exporter *)self;
    bool                  any  = false;
    pthread_mutex_lock(&fake->mutex);
    if (!fake->hold && fake->begun_count) {
        any                        = true;
        ret_result->batch          = fake->begun[0];
        ret_result->outcome        = fake->answer[0];
        ret_result->retry_after_ms = fake->retry_after_ms;
        if (ret_result->outcome == SONDE_DELIVERED)
            keep(fake, fake->begun[0]);
        fake->begun_count--;
        memmove(fake->begun, fake->begun + 1, fake->begun_count * sizeof fake->begun[0]);
        memmove(fake->answer, fake->answer + 1, fake->begun_count * sizeof fake->answer[0]);
    }
    pthread_mutex_unlock(&fake->mutex);
    return any;
}

static void fake_cancel(sonde_exporter *self)
{
    struct fake_exporter *fake = (struct fake_exporter *)self;
    pthread_mutex_lock(&fake->mutex);
    fake->cancels++;
    fake->begun_count = 0;
    pthread_mutex_unlock(&fake->mutex);
}

static void fake_forked(sonde_exporter *self)
{
    struct fake_exporter *fake = (struct fake_exporter *)self;
    pthread_mutex_init(&fake->mutex, NULL);
    fake->forks++;
    fake->begun_count = 0;
}

static void fake_done_call(sonde_exporter *self)
{
    ((struct fake_exporter *)self)->dones++;
}

void fake_exporter_init(struct fake_exporter *fake)
{
    memset(fake, 0, sizeof *fake);
    pthread_mutex_init(&fake->mutex, NULL);
    fake->base.size     = sizeof fake->base;
    fake->base.name     = "fake";
    fake->base.signals  = SONDE_SIGNAL_TRACES | SONDE_SIGNAL_METRICS;
    fake->base.begin    = fake_begin;
    fake->base.progress = fake_progress;
    fake->base.cancel   = fake_cancel;
    fake->base.forked   = fake_forked;
    fake->base.done     = fake_done_call;
}

void fake_exporter_done(struct fake_exporter *fake)
{
    for (uint32_t i = 0; i < fake->body_count; i++)
        free(fake->bodies[i]);
    pthread_mutex_destroy(&fake->mutex);
}

bool fake_exporter_span(struct fake_exporter *fake, uint64_t n, sonde_span_view *ret_span,
                        sonde_request_iter *ret_at)
{
    for (uint32_t i = 0; i < fake->body_count; i++) {
        sonde_request_iter iter;
        sonde_str          span;
        memset(&iter, 0, sizeof iter);
        iter.body = sonde_str_n(fake->bodies[i], fake->lengths[i]);
        while (sonde_request_next(&iter, &span)) {
            if (n-- != 0)
                continue;
            if (ret_at)
                *ret_at = iter;
            return !ret_span || sonde_span_read(span, ret_span);
        }
    }
    return false;
}

const char *fake_attribute(const sonde_span_view *span, const char *key)
{
    static _Thread_local char text[8][256];
    static _Thread_local int  turn;
    sonde_str                 rest = span->bytes, found;
    sonde_value               value;
    char                     *into = text[turn++ % 8];
    into[0]                        = '\0';
    while (sonde_attribute_next(SONDE_PART_ATTRIBUTE, &rest, &found, &value))
        if (found.len == strlen(key) && memcmp(found.ptr, key, found.len) == 0)
            sonde_value_text(&value, into, 256);
    return into;
}
