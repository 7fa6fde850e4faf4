/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/config.c - runs in the thread that starts the SDK. */
#include "config/config.h"
#include "base/host.h"
#include "config/pairs.h"
#include "config/url.h"

#include <sonde/plugin/exporter.h>

#include <stdlib.h>
#include <strings.h>

enum { HEADERS_MAX = 64 };

static bool copy_text(const char *text, char **ret_copy)
{
    if (!text)
        return true;
    *ret_copy = strdup(text);
    return *ret_copy != NULL;
}

static bool is_token(sonde_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c     = name.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return true;
}

/* What the request itself decides. */
static bool is_ours(sonde_str name)
{
    static const char *const ours[] = { "content-type",      "content-length", "content-encoding",
                                        "transfer-encoding", "connection",     "expect" };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (name.len == strlen(ours[i]) && strncasecmp(name.ptr, ours[i], name.len) == 0)
            return true;
    return false;
}

static bool is_field_value(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7F)
            return false;
    return true;
}

/* One header as libcurl takes it. False: not a header, *ret_why says why, or out of memory (NULL). */
static bool make_header(sonde_str name, sonde_str value, char **ret_header, const char **ret_why)
{
    size_t at = name.len + 2, length;
    char  *header;
    *ret_why = "a name is not a header's name";
    if (!is_token(name))
        return false;
    *ret_why = "a header that the request itself sets";
    if (is_ours(name))
        return false;
    *ret_why = NULL;
    header   = malloc(at + value.len + 1);
    if (!header)
        return false;
    if (!sonde__pairs_decode(value, header + at, &length) || !is_field_value(header + at, length)) {
        *ret_why = "a value that a header cannot have, or bad percent-encoding";
        free(header);
        return false;
    }
    memcpy(header, name.ptr, name.len);
    memcpy(header + name.len, length ? ": " : ";", 2);
    header[at + length] = '\0';
    *ret_header         = header;
    return true;
}

/* Puts the header in the place of one with the same name, or behind the others. */
static void put_header(struct sonde__otlp_target *target, char *header, size_t name_length)
{
    for (size_t i = 0; i < target->header_count; i++) {
        if (strncasecmp(target->headers[i], header, name_length) == 0 &&
            strchr(":;", target->headers[i][name_length])) {
            free(target->headers[i]);
            target->headers[i] = header;
            return;
        }
    }
    target->headers[target->header_count++] = header;
}

static bool make_headers(enum sonde__key key, const char *text, sonde__diag_fn *diag,
                         struct sonde__otlp_target *target)
{
    sonde_str   rest = sonde_str_z(text), name, value;
    const char *why = NULL, *bad = NULL;
    sonde__pair pair;
    if (rest.len == 0)
        return true;
    target->headers = calloc(HEADERS_MAX, sizeof *target->headers);
    if (!target->headers)
        return false;
    while ((pair = sonde__pairs_next(&rest, &name, &value)) != SONDE__PAIR_END) {
        char *header;
        if (pair == SONDE__PAIR_BAD) {
            bad = "a member is not name=value";
        } else if (target->header_count == HEADERS_MAX) {
            bad = "more than 64 headers";
        } else if (make_header(name, value, &header, &why)) {
            put_header(target, header, name.len);
        } else if (why) {
            bad = why;
        } else {
            return false;
        }
    }
    if (bad)
        sonde__settings_report(key, "(not shown)", bad, "the rest of the list", diag);
    return true;
}

/* The keys of one signal beside the general ones, and what its path is. */
struct signal_keys {
    enum sonde__key endpoint, headers, timeout;
    const char     *path;
};

static const struct signal_keys trace_keys  = { SONDE__KEY_OTLP_TRACES_ENDPOINT,
                                                SONDE__KEY_OTLP_TRACES_HEADERS,
                                                SONDE__KEY_OTLP_TRACES_TIMEOUT, "v1/traces" };
static const struct signal_keys metric_keys = { SONDE__KEY_OTLP_METRICS_ENDPOINT,
                                                SONDE__KEY_OTLP_METRICS_HEADERS,
                                                SONDE__KEY_OTLP_METRICS_TIMEOUT, "v1/metrics" };

/* Endpoints of the options, which win over the environment's; NULL: not given. */
struct given {
    const char *base, *own;
};

static bool make_target(const struct sonde__settings *settings, const struct signal_keys *keys,
                        const struct given *given, sonde__diag_fn *diag,
                        struct sonde__otlp_target *ret_target)
{
    const struct sonde__setting *own  = &settings->of[keys->endpoint];
    const struct sonde__setting *list = &settings->of[keys->headers];
    struct sonde__url            url;
    const char *text     = given->own ? given->own : given->base ? given->base : own->text;
    bool        verbatim = given->own || (!given->base && own->given);
    if (!sonde__url_parse(sonde_str_z(text), &url))
        return false;
    ret_target->url         = sonde__url_join(&url, verbatim ? NULL : keys->path);
    ret_target->is_loopback = sonde__url_is_loopback(&url);
    ret_target->timeout_ms  = (uint32_t)settings->of[keys->timeout].number;
    enum sonde__key from    = list->given ? keys->headers : SONDE__KEY_OTLP_HEADERS;
    return ret_target->url && make_headers(from, list->text, diag, ret_target);
}

/* An endpoint of the options, or NULL: what else there is. */
static const char *given_endpoint(const char *name, const char *text, sonde__diag_fn *diag)
{
    char              shown[128];
    struct sonde__url url;
    if (!text || !text[0])
        return NULL;
    if (sonde__url_parse(sonde_str_z(text), &url))
        return text;
    sonde__url_redact(sonde_str_z(text), shown, sizeof shown);
    diag(SONDE_LEVEL_WARN,
         ".%s=\"%.100s\": is not an http:// or https:// URL; used instead: "
         "what OTEL_EXPORTER_OTLP_ENDPOINT says",
         name, shown);
    return NULL;
}

static uint32_t least_one(uint64_t value)
{
    return value ? (uint32_t)value : 1;
}

static void make_numbers(const sonde_sdk_options *options, const struct sonde__settings *settings,
                         struct sonde__config *config)
{
    const struct sonde__setting *of = settings->of;
    config->disabled                = of[SONDE__KEY_SDK_DISABLED].number != 0;
    config->propagators             = (unsigned)of[SONDE__KEY_PROPAGATORS].number;
    unsigned signals                = options->signals ? options->signals : ~0u;
    if (signals & SONDE_SIGNAL_TRACES)
        config->trace_exporters = (unsigned)of[SONDE__KEY_TRACES_EXPORTER].number;
    if (signals & SONDE_SIGNAL_METRICS)
        config->metric_exporters = (unsigned)of[SONDE__KEY_METRICS_EXPORTER].number;
    config->sampler            = (unsigned)of[SONDE__KEY_TRACES_SAMPLER].number;
    config->sampler_ratio      = of[SONDE__KEY_TRACES_SAMPLER_ARG].ratio;
    config->schedule_delay_ms  = least_one(options->schedule_delay_ms
                                               ? options->schedule_delay_ms
                                               : of[SONDE__KEY_BSP_SCHEDULE_DELAY].number);
    config->batch_spans        = options->batch_spans
                                     ? options->batch_spans
                                     : (uint32_t)of[SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE].number;
    config->metric_interval_ms = options->metric_interval_ms
                                     ? options->metric_interval_ms
                                     : least_one(of[SONDE__KEY_METRIC_EXPORT_INTERVAL].number);
    config->export_timeout_ms  = (uint32_t)of[SONDE__KEY_BSP_EXPORT_TIMEOUT].number;
    config->attribute_limit    = (uint32_t)of[SONDE__KEY_SPAN_ATTRIBUTE_COUNT_LIMIT].number;
    config->event_limit        = (uint32_t)of[SONDE__KEY_SPAN_EVENT_COUNT_LIMIT].number;
    config->link_limit         = (uint32_t)of[SONDE__KEY_SPAN_LINK_COUNT_LIMIT].number;
}

bool sonde__config_make(const sonde_sdk_options *options, sonde__getenv_fn *get,
                        sonde__diag_fn *diag, struct sonde__config *ret_config)
{
    struct sonde__settings settings;
    struct sonde__config  *config = ret_config;
    *config                       = (struct sonde__config){ 0 };
    sonde__settings_read(get, diag, &settings);
    make_numbers(options, &settings, config);
    config->use_proxies = get != NULL && !sonde__host_is_privileged();

    /* A list that serves both signals is complained of once. */
    bool own_lists = settings.of[SONDE__KEY_OTLP_TRACES_HEADERS].given ||
                     settings.of[SONDE__KEY_OTLP_METRICS_HEADERS].given;
    sonde__diag_fn *again = own_lists ? diag : NULL;

    struct given                 traces  = { given_endpoint("endpoint", options->endpoint, diag),
                                             given_endpoint("traces_endpoint", options->traces_endpoint, diag) };
    struct given                 metrics = { traces.base, NULL };
    const struct sonde__setting *name    = &settings.of[SONDE__KEY_SERVICE_NAME];
    const struct sonde__setting *list    = &settings.of[SONDE__KEY_RESOURCE_ATTRIBUTES];
    if (!copy_text(name->given ? name->text : NULL, &config->service_name) ||
        !copy_text(list->given ? list->text : NULL, &config->resource_attributes) ||
        !make_target(&settings, &trace_keys, &traces, diag, &config->traces) ||
        !make_target(&settings, &metric_keys, &metrics, again, &config->metrics))
        return false;

    /* The limit that metrics have besides, as part of the one that a request has. */
    uint32_t limit = (uint32_t)settings.of[SONDE__KEY_METRIC_EXPORT_TIMEOUT].number;
    if (config->metrics.timeout_ms > limit)
        config->metrics.timeout_ms = limit;
    if (config->metric_exporters & SONDE__EXPORT_PROMETHEUS)
        diag(SONDE_LEVEL_WARN,
             "OTEL_METRICS_EXPORTER=\"prometheus\": nothing listens for a scrape; "
             "the text comes from sonde_sdk_prometheus()");
    return true;
}

struct sonde__log_config sonde__config_log(const sonde_sdk_options *options, sonde__getenv_fn *get)
{
    static const sonde_level levels[] = { SONDE_LEVEL_ERROR, SONDE_LEVEL_ERROR, SONDE_LEVEL_WARN,
                                          SONDE_LEVEL_INFO, SONDE_LEVEL_DEBUG };
    struct sonde__settings   settings;
    sonde__setting_read(SONDE__KEY_LOG_LEVEL, get, NULL, &settings);
    const struct sonde__setting *word = &settings.of[SONDE__KEY_LOG_LEVEL];
    struct sonde__log_config log = { .quiet = options->quiet || word->number == SONDE__LOG_NONE };
    log.level                    = levels[word->number];
    /* A program that takes reports itself can tell them apart, and gets the standard's default. */
    if (options->diagnostics && !word->given)
        log.level = SONDE_LEVEL_INFO;
    return log;
}

static void target_done(struct sonde__otlp_target *target)
{
    for (size_t i = 0; i < target->header_count; i++)
        free(target->headers[i]);
    free(target->headers);
    free(target->url);
}

void sonde__config_done(struct sonde__config *config)
{
    target_done(&config->traces);
    target_done(&config->metrics);
    free(config->service_name);
    free(config->resource_attributes);
    *config = (struct sonde__config){ 0 };
}
