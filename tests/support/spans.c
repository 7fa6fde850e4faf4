/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "spans.h"

#include <stdlib.h>

enum { PATIENCE_MS = 20000 };

bool spans_start(struct spans *spans)
{
    memset(spans, 0, sizeof *spans);
    spans->memory          = sonde_memory_exporter_new();
    sonde_exporter *list[] = { sonde_memory_exporter_base(spans->memory) };
    return sonde_sdk_start(&spans->sdk, .service_name = "test", .exporters = list,
                           .exporter_count = 1, .schedule_delay_ms = 20,
                           .metric_interval_ms = 600000, .ignore_environment = true,
                           .quiet = true) == SONDE_OK;
}

void spans_stop(struct spans *spans)
{
    sonde_sdk_stop(&spans->sdk, PATIENCE_MS);
    sonde_memory_exporter_free(spans->memory);
    free(spans->metrics);
    memset(spans, 0, sizeof *spans);
}

bool spans_wait(struct spans *spans, uint64_t count)
{
    return sonde_memory_exporter_wait(spans->memory, SONDE_SIGNAL_TRACES, count, PATIENCE_MS) ==
           SONDE_OK;
}

uint64_t spans_count(struct spans *spans)
{
    sonde_sdk_flush(spans->sdk, PATIENCE_MS);
    return sonde_memory_exporter_count(spans->memory, SONDE_SIGNAL_TRACES);
}

static bool has_name(const sonde_span_view *span, const char *name)
{
    return !name ||
           (span->name.len == strlen(name) && memcmp(span->name.ptr, name, span->name.len) == 0);
}

bool spans_find(struct spans *spans, const char *name, size_t n, sonde_span_view *ret_span)
{
    sonde_sdk_flush(spans->sdk, PATIENCE_MS);
    for (size_t i = 0;; i++) {
        sonde_request_iter iter;
        sonde_str          bytes;
        memset(&iter, 0, sizeof iter);
        iter.body = sonde_memory_exporter_body(spans->memory, SONDE_SIGNAL_TRACES, i);
        if (!iter.body.ptr)
            return false;
        while (sonde_request_next(&iter, &bytes))
            if (sonde_span_read(bytes, ret_span) && has_name(ret_span, name) && n-- == 0)
                return true;
    }
}

const char *spans_attribute(const sonde_span_view *span, const char *key)
{
    static _Thread_local char     text[8][1024];
    static _Thread_local unsigned turn;
    char                         *into = text[turn++ % 8];
    sonde_str                     rest = span->bytes, found;
    sonde_value                   value;
    into[0] = '\0';
    while (sonde_attribute_next(SONDE_PART_ATTRIBUTE, &rest, &found, &value))
        if (found.len == strlen(key) && memcmp(found.ptr, key, found.len) == 0)
            sonde_value_text(&value, into, sizeof text[0]);
    return into;
}

bool spans_is_parent(const sonde_span_view *parent, const sonde_span_view *child)
{
    return memcmp(parent->span_context.trace_id, child->span_context.trace_id, 16) == 0 &&
           memcmp(parent->span_context.span_id, child->parent_id, 8) == 0;
}

double spans_metric(struct spans *spans, const char *name, const char *label)
{
    char  *rest   = NULL;
    double value  = -1;
    size_t length = 0, name_len = strlen(name);
    free(spans->metrics);
    spans->metrics = NULL;
    if (sonde_sdk_prometheus(spans->sdk, &spans->metrics, &length) != SONDE_OK)
        return -1;
    char *text = strdup(spans->metrics);
    for (char *line = strtok_r(text, "\n", &rest); line && value < 0;
         line       = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, name, name_len) == 0 && line[name_len] == '{' && strstr(line, label))
            value = strtod(strrchr(line, ' '), NULL);
    free(text);
    return value;
}
