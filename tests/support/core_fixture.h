/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A core with a fake exporter behind it, as the process-wide one. */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include "core/core.h"
#include "fake_exporter.h"

struct core_fixture {
    struct fake_exporter       fake;
    sonde_exporter            *exporters[2];
    struct sonde__core_options options;
    struct sonde__core        *core;
    sonde_tracer              *tracer;
};

/* Options that never send by themselves within a test; change them, then start. */
static inline void core_fixture_init(struct core_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fake_exporter_init(&fixture->fake);
    fixture->exporters[0]               = &fixture->fake.base;
    fixture->options.size               = sizeof fixture->options;
    fixture->options.exporters          = fixture->exporters;
    fixture->options.exporter_count     = 1;
    fixture->options.global             = true;
    fixture->options.schedule_delay_ms  = 600000;
    fixture->options.metric_interval_ms = 600000;
}

static inline sonde_err core_fixture_start(struct core_fixture *fixture)
{
    fixture->tracer = sonde_tracer_get("test", "1");
    return sonde__core_start(&fixture->options, &fixture->core);
}

static inline sonde_err core_fixture_flush(struct core_fixture *fixture)
{
    return sonde__core_flush(fixture->core, 20000);
}

static inline sonde_stats core_fixture_stats(struct core_fixture *fixture)
{
    sonde_stats stats = { .size = sizeof stats };
    sonde__core_stats(fixture->core, &stats);
    return stats;
}

static inline void core_fixture_done(struct core_fixture *fixture)
{
    sonde__core_stop(fixture->core, 20000);
    fake_exporter_done(&fixture->fake);
}

#endif
