/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/keys.h - every environment variable that is honoured, once: name, kind, default, help. The
 * parser, its messages and the documentation are made from this list. */
#ifndef SONDE_CONFIG_KEYS_H
#define SONDE_CONFIG_KEYS_H

/* Kinds:
 *   FLAG      true or false, in any case
 *   COUNT     an integer, 1 or more
 *   DURATION  milliseconds
 *   TIMEOUT   milliseconds; 0: no limit
 *   RATIO     a decimal number from 0 to 1
 *   CHOICE    one word of a list, in any case
 *   CHOICES   several such words with commas between them
 *   URL       http:// or https://
 *   PAIRS     name=value,name=value with percent-encoding; never shown, since it may hold secrets
 *   TEXT      as it is
 * A default that begins with OTEL_ means: what that variable says. */
#define SONDE__KEYS(X)                                                                           \
    X(SDK_DISABLED, "OTEL_SDK_DISABLED", FLAG, "false",                                          \
      "Record nothing and send nothing; contexts are still carried on")                          \
    X(LOG_LEVEL, "OTEL_LOG_LEVEL", CHOICE, "warn",                                               \
      "What the SDK says of itself: none, error, warn, info or debug")                           \
    X(SERVICE_NAME, "OTEL_SERVICE_NAME", TEXT, "unknown_service:<program>",                      \
      "The resource's service.name")                                                             \
    X(RESOURCE_ATTRIBUTES, "OTEL_RESOURCE_ATTRIBUTES", PAIRS, "",                                \
      "Attributes of the resource, as name=value,name=value")                                    \
    X(PROPAGATORS, "OTEL_PROPAGATORS", CHOICES, "tracecontext,baggage",                          \
      "Headers that carry a context: tracecontext, baggage, or none")                            \
    X(TRACES_SAMPLER, "OTEL_TRACES_SAMPLER", CHOICE, "parentbased_always_on",                    \
      "Which traces are kept: always_on, always_off, traceidratio, or parentbased_ and one of "  \
      "these")                                                                                   \
    X(TRACES_SAMPLER_ARG, "OTEL_TRACES_SAMPLER_ARG", RATIO, "1.0",                               \
      "The share of traces that the ratio samplers keep, 0 to 1")                                \
    X(TRACES_EXPORTER, "OTEL_TRACES_EXPORTER", CHOICES, "otlp",                                  \
      "Where spans go: otlp, console, or none")                                                  \
    X(METRICS_EXPORTER, "OTEL_METRICS_EXPORTER", CHOICES, "otlp",                                \
      "Where metrics go: otlp, console, prometheus (they are only fetched), or none")            \
    X(OTLP_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT", URL, "http://localhost:4318",                \
      "The collector's base URL; v1/traces and v1/metrics are appended")                         \
    X(OTLP_TRACES_ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", URL,                           \
      "OTEL_EXPORTER_OTLP_ENDPOINT", "The URL for spans, used as it is")                         \
    X(OTLP_METRICS_ENDPOINT, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", URL,                         \
      "OTEL_EXPORTER_OTLP_ENDPOINT", "The URL for metrics, used as it is")                       \
    X(OTLP_HEADERS, "OTEL_EXPORTER_OTLP_HEADERS", PAIRS, "",                                     \
      "Headers of every request, as name=value,name=value")                                      \
    X(OTLP_TRACES_HEADERS, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", PAIRS,                           \
      "OTEL_EXPORTER_OTLP_HEADERS", "The same for spans")                                        \
    X(OTLP_METRICS_HEADERS, "OTEL_EXPORTER_OTLP_METRICS_HEADERS", PAIRS,                         \
      "OTEL_EXPORTER_OTLP_HEADERS", "The same for metrics")                                      \
    X(OTLP_TIMEOUT, "OTEL_EXPORTER_OTLP_TIMEOUT", TIMEOUT, "10000",                              \
      "How long one request may take")                                                           \
    X(OTLP_TRACES_TIMEOUT, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", TIMEOUT,                         \
      "OTEL_EXPORTER_OTLP_TIMEOUT", "The same for spans")                                        \
    X(OTLP_METRICS_TIMEOUT, "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", TIMEOUT,                       \
      "OTEL_EXPORTER_OTLP_TIMEOUT", "The same for metrics")                                      \
    X(OTLP_PROTOCOL, "OTEL_EXPORTER_OTLP_PROTOCOL", CHOICE, "http/protobuf",                     \
      "How requests are sent: http/protobuf")                                                    \
    X(OTLP_TRACES_PROTOCOL, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", CHOICE,                        \
      "OTEL_EXPORTER_OTLP_PROTOCOL", "The same for spans")                                       \
    X(OTLP_METRICS_PROTOCOL, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", CHOICE,                      \
      "OTEL_EXPORTER_OTLP_PROTOCOL", "The same for metrics")                                     \
    X(OTLP_COMPRESSION, "OTEL_EXPORTER_OTLP_COMPRESSION", CHOICE, "none",                        \
      "How request bodies are compressed: none")                                                 \
    X(OTLP_TRACES_COMPRESSION, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", CHOICE,                  \
      "OTEL_EXPORTER_OTLP_COMPRESSION", "The same for spans")                                    \
    X(OTLP_METRICS_COMPRESSION, "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", CHOICE,                \
      "OTEL_EXPORTER_OTLP_COMPRESSION", "The same for metrics")                                  \
    X(BSP_SCHEDULE_DELAY, "OTEL_BSP_SCHEDULE_DELAY", DURATION, "5000",                           \
      "How long a finished span waits at most before it is sent")                                \
    X(BSP_EXPORT_TIMEOUT, "OTEL_BSP_EXPORT_TIMEOUT", TIMEOUT, "30000",                           \
      "How long the sending of one batch of spans may take")                                     \
    X(BSP_MAX_EXPORT_BATCH_SIZE, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", COUNT, "512",                 \
      "Spans in a batch")                                                                        \
    X(METRIC_EXPORT_INTERVAL, "OTEL_METRIC_EXPORT_INTERVAL", DURATION, "60000",                  \
      "How often metrics are collected and sent")                                                \
    X(METRIC_EXPORT_TIMEOUT, "OTEL_METRIC_EXPORT_TIMEOUT", TIMEOUT, "30000",                     \
      "How long the sending of metrics may take")                                                \
    X(ATTRIBUTE_COUNT_LIMIT, "OTEL_ATTRIBUTE_COUNT_LIMIT", COUNT, "128", "Attributes of a span") \
    X(SPAN_ATTRIBUTE_COUNT_LIMIT, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", COUNT,                      \
      "OTEL_ATTRIBUTE_COUNT_LIMIT", "Attributes of a span")                                      \
    X(SPAN_EVENT_COUNT_LIMIT, "OTEL_SPAN_EVENT_COUNT_LIMIT", COUNT, "128", "Events of a span")   \
    X(SPAN_LINK_COUNT_LIMIT, "OTEL_SPAN_LINK_COUNT_LIMIT", COUNT, "128", "Links of a span")

enum sonde__key {
#define X(id, name, kind, preset, help) SONDE__KEY_##id,
    SONDE__KEYS(X)
#undef X
        SONDE__KEY_COUNT
};

#endif
