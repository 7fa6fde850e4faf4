/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/sdk.c - the SDK that rows record into, and the exporter behind it. The exporter runs in the
 * pump's thread; its figures are read when a flush has returned. */
#include "bench.h"

#include <inttypes.h>

enum { NEVER_MS = 600000, PATIENCE_MS = 60000, MEMORY = 256 << 20 };

struct bench_sdk bench_sdk;

/* The first span of all, read back from the bytes. */
static void look(struct bench_sdk *self, sonde_str body)
{
    sonde_request_iter iter;
    sonde_str          span;
    memset(&iter, 0, sizeof iter);
    iter.body = body;
    if (!sonde_request_next(&iter, &span) || !sonde_span_read(span, &self->first_span))
        bench_fail("the first request body does not hold a span");
}

static void begin(sonde_exporter *base, const sonde_batch *batch, uint64_t deadline_ns)
{
    struct bench_sdk *self = (struct bench_sdk *)base;
    sonde_str         body = sonde_batch_body(batch);
    (void)deadline_ns;
    if (sonde_batch_signal(batch) == SONDE_SIGNAL_TRACES) {
        if (self->spans == 0)
            look(self, body);
        self->spans += sonde_batch_count(batch);
    } else {
        self->points += sonde_batch_count(batch);
    }
    self->bytes += body.len;
    self->begun = batch;
}

static bool progress(sonde_exporter *base, sonde_result *ret_result)
{
    struct bench_sdk *self = (struct bench_sdk *)base;
    if (!self->begun)
        return false;
    ret_result->batch   = self->begun;
    ret_result->outcome = SONDE_DELIVERED;
    self->begun         = NULL;
    return true;
}

void bench_sdk_start(const sonde_sdk_options *options)
{
    static sonde_exporter *const exporters[] = { &bench_sdk.base };
    sonde_sdk_options            set         = *options;
    memset(&bench_sdk, 0, sizeof bench_sdk);
    bench_sdk.base.size     = sizeof bench_sdk.base;
    bench_sdk.base.name     = "bench";
    bench_sdk.base.signals  = SONDE_SIGNAL_TRACES | SONDE_SIGNAL_METRICS;
    bench_sdk.base.begin    = begin;
    bench_sdk.base.progress = progress;
    set.size                = sizeof set;
    set.service_name        = "bench";
    set.ignore_environment  = true;
    set.exporters           = exporters;
    set.exporter_count      = 1;
    set.metric_interval_ms  = NEVER_MS;
    if (set.memory_bytes == 0)
        set.memory_bytes = MEMORY;
    if (set.schedule_delay_ms == 0)
        set.schedule_delay_ms = NEVER_MS;
    if (set.batch_spans == 0)
        set.batch_spans = 1 << 20;
    sonde_err err = sonde_sdk_start_opts(&bench_sdk.sdk, &set);
    if (err)
        bench_fail("the SDK did not start: %s", sonde_err_str(err));
}

void bench_sdk_flush(void)
{
    sonde_err err = sonde_sdk_flush(bench_sdk.sdk, PATIENCE_MS);
    if (err)
        bench_fail("flush: %s", sonde_err_str(err));
}

static void same(const char *what, uint64_t is, uint64_t should_be)
{
    if (is != should_be)
        bench_fail("%s: %" PRIu64 ", and not %" PRIu64, what, is, should_be);
}

uint64_t bench_sdk_stop(const struct bench_expected *expected)
{
    sonde_stats stats = { .size = sizeof stats };
    bench_sdk_flush();
    sonde_sdk_stats(bench_sdk.sdk, &stats);
    same("spans started", stats.spans_started, expected->started);
    same("spans accepted", stats.spans_accepted, expected->recorded);
    same("spans delivered", stats.spans_delivered, expected->recorded);
    same("spans in request bodies", bench_sdk.spans, expected->recorded);
    same("spans dropped",
         stats.spans_dropped_full + stats.spans_dropped_failed + stats.spans_dropped_behind +
             stats.spans_dropped_oversize,
         0);
    same("attributes dropped", stats.attributes_dropped, 0);
    same("attributes of the first span", bench_sdk.first_span.attribute_count,
         expected->attributes);
    same("points dropped", stats.points_dropped, 0);
    same("misuse", stats.misuse, 0);
    sonde_err err = sonde_sdk_stop(&bench_sdk.sdk, PATIENCE_MS);
    if (err)
        bench_fail("stop: %s", sonde_err_str(err));
    return bench_sdk.bytes;
}
