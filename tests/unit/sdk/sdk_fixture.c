/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/sdk_fixture.c - the test's thread; reports come from any. */
#include "sdk_fixture.h"

#include <sonde/plugin/record.h>

#include <stdio.h>
#include <stdlib.h>

static void report(sonde_diagnostics *self, sonde_level level, sonde_str message)
{
    struct reports *reports = (struct reports *)self;
    (void)level;
    pthread_mutex_lock(&reports->mutex);
    if (reports->count < sizeof reports->text / sizeof *reports->text)
        snprintf(reports->text[reports->count++], sizeof *reports->text, "%.*s", (int)message.len,
                 message.ptr);
    pthread_mutex_unlock(&reports->mutex);
}

/* What the machine or an earlier test has said must not count. */
static void clear_environment(void)
{
    static const char *const names[] = {
        "OTEL_SDK_DISABLED",           "OTEL_LOG_LEVEL",          "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",    "OTEL_PROPAGATORS",        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",     "OTEL_TRACES_EXPORTER",    "OTEL_METRICS_EXPORTER",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_METRIC_EXPORT_INTERVAL"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    clear_environment();
    pthread_mutex_init(&fixture.reports.mutex, NULL);
    fixture.reports.base.report = report;
    fixture.memory              = sonde_memory_exporter_new();
    fixture.list[0]             = sonde_memory_exporter_base(fixture.memory);
    *state                      = &fixture;
    return fixture.memory ? 0 : -1;
}

int tear_down(void **state)
{
    struct fixture *f = *state;
    sonde_sdk_stop(&f->sdk, 0);
    sonde_memory_exporter_free(f->memory);
    pthread_mutex_destroy(&f->reports.mutex);
    return 0;
}

sonde_sdk_options to_memory(struct fixture *f)
{
    return (sonde_sdk_options){ .size           = sizeof(sonde_sdk_options),
                                .diagnostics    = &f->reports.base,
                                .exporters      = f->list,
                                .exporter_count = 1 };
}

size_t reported(struct fixture *f, const char *text)
{
    size_t found = 0;
    pthread_mutex_lock(&f->reports.mutex);
    for (size_t i = 0; i < f->reports.count; i++)
        found += strstr(f->reports.text[i], text) != NULL;
    pthread_mutex_unlock(&f->reports.mutex);
    return found;
}

void end_spans(sonde_tracer *tracer, int count)
{
    for (int i = 0; i < count; i++)
        sonde_span_end(sonde_span_start(tracer, "work", .root = true));
}

const char *resource_text(struct fixture *f, const char *key)
{
    static char        text[256];
    sonde_request_iter iter = { .body = sonde_memory_exporter_body(f->memory, SONDE_SIGNAL_TRACES,
                                                                   0) };
    sonde_str          span, name;
    sonde_value        value;
    text[0] = '\0';
    if (sonde_request_next(&iter, &span))
        while (sonde_attribute_next(1, &iter.resource, &name, &value))
            if (name.len == strlen(key) && memcmp(name.ptr, key, name.len) == 0)
                sonde_value_text(&value, text, sizeof text);
    return text;
}
