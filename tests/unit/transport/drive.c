/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/transport/drive.c - one thread. */
#include "drive.h"
#include "base/clock.h"
#include "core/wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static void add_points(struct sonde__buf *body, uint32_t count)
{
    uint32_t metric = sonde__wire_begin(body, 2);
    sonde__wire_text(body, 1, sonde_str_z("metric"));
    uint32_t sum = sonde__wire_begin(body, 7);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t point = sonde__wire_begin(body, 1);
        sonde__wire_fixed64(body, 6, i);
        sonde__wire_end(body, point);
    }
    sonde__wire_end(body, sum);
    sonde__wire_end(body, metric);
}

static void add_spans(struct sonde__buf *body, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t span = sonde__wire_begin(body, 2);
        sonde__wire_text(body, 5, sonde_str_z("span"));
        sonde__wire_end(body, span);
    }
}

sonde_batch *batch_of(sonde_signal signal, uint32_t count)
{
    sonde_batch       *batch = calloc(1, sizeof *batch);
    struct sonde__buf *body  = &batch->body;
    batch->signal            = signal;
    batch->count             = count;
    uint32_t of_resource     = sonde__wire_begin(body, 1);
    uint32_t of_scope        = sonde__wire_begin(body, 2);
    if (signal == SONDE_SIGNAL_TRACES)
        add_spans(body, count);
    else
        add_points(body, count);
    sonde__wire_end(body, of_scope);
    sonde__wire_end(body, of_resource);
    return batch;
}

void batch_free(sonde_batch *batch)
{
    sonde__batch_free(batch);
}

uint64_t in_ms(unsigned ms)
{
    return sonde__clock_mono() + (uint64_t)ms * 1000000;
}

static void wait_for(sonde_exporter *exporter, uint64_t until_ns)
{
    struct pollfd one     = { .fd = exporter->fd ? exporter->fd(exporter) : -1, .events = POLLIN };
    uint64_t      wake_ns = exporter->wake_at ? exporter->wake_at(exporter) : UINT64_MAX;
    uint64_t      now_ns  = sonde__clock_mono();
    if (wake_ns > until_ns)
        wake_ns = until_ns;
    poll(&one, 1, wake_ns > now_ns ? (int)((wake_ns - now_ns + 999999) / 1000000) : 0);
}

bool drive(sonde_exporter *exporter, sonde_result *ret_result)
{
    uint64_t until_ns = in_ms(DRIVE_MS);
    while (sonde__clock_mono() < until_ns) {
        if (exporter->progress(exporter, ret_result))
            return true;
        wait_for(exporter, until_ns);
    }
    return false;
}

sonde_result deliver(sonde_exporter *exporter, const sonde_batch *batch)
{
    sonde_result result = { .outcome = SONDE_RETRY };
    exporter->begin(exporter, batch, in_ms(DRIVE_MS));
    if (!drive(exporter, &result))
        snprintf(result.message, sizeof result.message, "no result");
    return result;
}
