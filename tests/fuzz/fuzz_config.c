/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config: each line of the input is a variable of the environment, NAME=value. Whatever it says, an SDK
 * can run with what comes out, and no header line has been smuggled into it. */
#include "config/config.h"
#include "config/url.h"
#include "fuzz.h"

#include <stdarg.h>

enum { LINES = 40 };

static struct {
    char  *names[LINES], *values[LINES];
    size_t count;
} environment;

static char *copy_of(sonde_str text)
{
    char *copy = fuzz_memory(text.len + 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

static const char *get(const char *name)
{
    for (size_t i = 0; i < environment.count; i++)
        if (strcmp(environment.names[i], name) == 0)
            return environment.values[i];
    return NULL;
}

static void report(sonde_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(sonde_level level, const char *format, ...)
{
    char    text[512];
    va_list args;
    va_start(args, format);
    REQUIRE(vsnprintf(text, sizeof text, format, args) > 0);
    va_end(args);
    REQUIRE(level == SONDE_LEVEL_WARN);
}

static void check_header(const char *header)
{
    size_t name = strcspn(header, ":;");
    REQUIRE(name > 0 && header[name] != '\0');
    for (const char *c = header; *c; c++)
        REQUIRE((unsigned char)*c >= 0x20 || *c == '\t');
}

static void check_target(const struct sonde__otlp_target *target)
{
    struct sonde__url url;
    char              shown[64];
    sonde_str         text = sonde_str_z(target->url);
    REQUIRE(sonde__url_parse(text, &url));
    REQUIRE(url.path.len > 0 && url.path.ptr[0] == '/');
    sonde__url_redact(text, shown, sizeof shown);
    REQUIRE(url.userinfo.len == 0 || !strstr(shown, ":") || strstr(shown, "REDACTED"));
    REQUIRE(target->timeout_ms > 0 && target->header_count <= 64);
    for (size_t i = 0; i < target->header_count; i++)
        check_header(target->headers[i]);
}

static void check(const struct sonde__config *config)
{
    REQUIRE(config->schedule_delay_ms > 0 && config->batch_spans > 0);
    REQUIRE(config->metric_interval_ms > 0 && config->export_timeout_ms > 0);
    REQUIRE(config->attribute_limit > 0 && config->event_limit > 0 && config->link_limit > 0);
    REQUIRE(config->sampler_ratio >= 0 && config->sampler_ratio <= 1);
    REQUIRE(config->sampler <= (SONDE__SAMPLE_PARENT | SONDE__SAMPLE_RATIO));
    REQUIRE(config->propagators <= 3 && config->trace_exporters <= 3 &&
            config->metric_exporters <= 7);
    check_target(&config->traces);
    check_target(&config->metrics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sonde_str               lines[LINES], name, value;
    const sonde_sdk_options options = { .size = sizeof options };
    struct sonde__config    config;
    environment.count = fuzz_lines(data, size, lines, LINES);
    for (size_t i = 0; i < environment.count; i++) {
        fuzz_cut(lines[i], '=', &name, &value);
        environment.names[i]  = copy_of(name);
        environment.values[i] = copy_of(value);
    }
    REQUIRE(sonde__config_make(&options, get, report, &config));
    check(&config);
    sonde__config_done(&config);
    for (size_t i = 0; i < environment.count; i++) {
        free(environment.names[i]);
        free(environment.values[i]);
    }
    return 0;
}
