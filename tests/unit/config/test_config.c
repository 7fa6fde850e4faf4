/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/test_config.c */
#include "config/config.h"
#include "fake_env.h"

#include <sonde/plugin/exporter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    sonde_sdk_options    options;
    struct sonde__config config;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fake_env_clear();
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sonde__config_done(&f->config);
    return 0;
}

static void make(struct fixture *f)
{
    assert_true(sonde__config_make(&f->options, fake_getenv, fake_diag, &f->config));
}

static void test_config__general_endpoint_gets_the_signals_paths(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/base/");
    make(f);
    assert_string_equal(f->config.traces.url, "https://collector/base/v1/traces");
    assert_string_equal(f->config.metrics.url, "https://collector/base/v1/metrics");
    assert_false(f->config.traces.is_loopback);
}

static void test_config__endpoint_of_a_signal_is_taken_as_it_is(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector");
    fake_env_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/spans");
    make(f);
    assert_string_equal(f->config.traces.url, "http://127.0.0.1:9/spans");
    assert_true(f->config.traces.is_loopback);
    assert_string_equal(f->config.metrics.url, "https://collector/v1/metrics");
}

static void test_config__the_program_wins_over_the_environment(void **state)
{
    struct fixture *f             = *state;
    f->options.endpoint           = "http://mine:1";
    f->options.schedule_delay_ms  = 11;
    f->options.batch_spans        = 12;
    f->options.metric_interval_ms = 13;
    fake_env_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://theirs/spans");
    fake_env_set("OTEL_BSP_SCHEDULE_DELAY", "21");
    fake_env_set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "22");
    fake_env_set("OTEL_METRIC_EXPORT_INTERVAL", "23");
    make(f);
    assert_string_equal(f->config.traces.url, "http://mine:1/v1/traces");
    assert_string_equal(f->config.metrics.url, "http://mine:1/v1/metrics");
    assert_int_equal(f->config.schedule_delay_ms, 11);
    assert_int_equal(f->config.batch_spans, 12);
    assert_int_equal(f->config.metric_interval_ms, 13);
}

static void test_config__url_for_spans_of_the_program_is_taken_as_it_is(void **state)
{
    struct fixture *f          = *state;
    f->options.endpoint        = "http://mine:1";
    f->options.traces_endpoint = "http://mine:2/spans";
    fake_env_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://theirs/spans");
    make(f);
    assert_string_equal(f->config.traces.url, "http://mine:2/spans");
    assert_string_equal(f->config.metrics.url, "http://mine:1/v1/metrics");
}

static void test_config__signals_of_the_program_limit_the_exporters(void **state)
{
    struct fixture *f  = *state;
    f->options.signals = SONDE_SIGNAL_TRACES;
    fake_env_set("OTEL_METRICS_EXPORTER", "console");
    make(f);
    assert_int_equal(f->config.trace_exporters, SONDE__EXPORT_OTLP);
    assert_int_equal(f->config.metric_exporters, 0);
}

static void test_config__a_bad_endpoint_of_the_program_is_reported_without_secrets(void **state)
{
    struct fixture *f   = *state;
    f->options.endpoint = "joe:secret@collector:4318";
    make(f);
    assert_string_equal(f->config.traces.url, "http://localhost:4318/v1/traces");
    assert_int_equal(fake_env.report_count, 1);
    assert_non_null(strstr(fake_env.reports[0], ".endpoint=\"REDACTED@collector:4318\""));
}

static void test_config__headers_are_decoded_and_the_last_of_a_name_counts(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=abc,X-Team=a%20b , Api-Key=x%3Dy,empty=");
    make(f);
    assert_int_equal(f->config.traces.header_count, 3);
    assert_string_equal(f->config.traces.headers[0], "Api-Key: x=y");
    assert_string_equal(f->config.traces.headers[1], "X-Team: a b");
    assert_string_equal(f->config.traces.headers[2], "empty;");
    assert_int_equal(f->config.metrics.header_count, 3);
    assert_int_equal(fake_env.report_count, 0);
}

static void test_config__headers_of_a_signal_replace_the_general_ones(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=2");
    fake_env_set("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "c=3");
    make(f);
    assert_int_equal(f->config.traces.header_count, 2);
    assert_int_equal(f->config.metrics.header_count, 1);
    assert_string_equal(f->config.metrics.headers[0], "c: 3");
}

static void test_config__bad_headers_are_left_out_and_reported_once(void **state)
{
    static const char *const rows[] = { "novalue",
                                        "a b=1",
                                        "x=1%0d%0aevil: 2",
                                        "x=%zz",
                                        "n(=1",
                                        "Content-Type=text/plain",
                                        "content-length=5",
                                        "Expect=x",
                                        "x=%00" };
    struct fixture          *f      = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char list[100] = "good=1,";
        strcat(list, rows[i]);
        fake_env_clear();
        fake_env_set("OTEL_EXPORTER_OTLP_HEADERS", list);
        make(f);
        if (f->config.traces.header_count != 1 || fake_env.report_count != 1)
            fail_msg("%s: %zu reports", rows[i], fake_env.report_count);
        assert_null(strstr(fake_env.reports[0], rows[i]));
        assert_string_equal(f->config.traces.headers[0], "good: 1");
        sonde__config_done(&f->config);
    }
}

static void test_config__metrics_take_the_shorter_of_two_timeouts(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_METRIC_EXPORT_TIMEOUT", "700");
    make(f);
    assert_int_equal(f->config.traces.timeout_ms, 10000);
    assert_int_equal(f->config.metrics.timeout_ms, 700);
    assert_int_equal(f->config.export_timeout_ms, 30000);
}

static void test_config__a_delay_of_nothing_is_not_the_default(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_BSP_SCHEDULE_DELAY", "0");
    make(f);
    assert_int_equal(f->config.schedule_delay_ms, 1);
}

static void test_config__prometheus_is_said_to_be_fetched_only(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_METRICS_EXPORTER", "prometheus");
    make(f);
    assert_int_equal(f->config.metric_exporters, SONDE__EXPORT_PROMETHEUS);
    assert_int_equal(fake_env.report_count, 1);
    assert_non_null(strstr(fake_env.reports[0], "sonde_sdk_prometheus()"));
}

static void test_config__log_level_comes_before_everything_else(void **state)
{
    static const struct {
        const char *text;
        bool        own_sink;
        sonde_level level;
        bool        quiet;
    } rows[] = {
        { "", false, SONDE_LEVEL_WARN, false },      { "", true, SONDE_LEVEL_INFO, false },
        { "error", true, SONDE_LEVEL_ERROR, false }, { "debug", false, SONDE_LEVEL_DEBUG, false },
        { "none", false, SONDE_LEVEL_ERROR, true },  { "chatty", false, SONDE_LEVEL_WARN, false },
    };
    struct fixture   *f = *state;
    sonde_diagnostics sink;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake_env_clear();
        fake_env_set("OTEL_LOG_LEVEL", rows[i].text);
        f->options.diagnostics       = rows[i].own_sink ? &sink : NULL;
        struct sonde__log_config log = sonde__config_log(&f->options, fake_getenv);
        if (log.level != rows[i].level || log.quiet != rows[i].quiet)
            fail_msg("\"%s\": %d", rows[i].text, (int)log.level);
    }
    f->options.quiet = true;
    assert_true(sonde__config_log(&f->options, fake_getenv).quiet);
}

static void test_config__asks_nothing_of_the_environment_when_told_so(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://theirs");
    fake_env_set("OTEL_SERVICE_NAME", "theirs");
    assert_true(sonde__config_make(&f->options, NULL, fake_diag, &f->config));
    assert_string_equal(f->config.traces.url, "http://localhost:4318/v1/traces");
    assert_null(f->config.service_name);
    assert_false(f->config.use_proxies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_config__##name, set_up, tear_down)
        TEST(general_endpoint_gets_the_signals_paths),
        TEST(endpoint_of_a_signal_is_taken_as_it_is),
        TEST(the_program_wins_over_the_environment),
        TEST(url_for_spans_of_the_program_is_taken_as_it_is),
        TEST(signals_of_the_program_limit_the_exporters),
        TEST(a_bad_endpoint_of_the_program_is_reported_without_secrets),
        TEST(headers_are_decoded_and_the_last_of_a_name_counts),
        TEST(headers_of_a_signal_replace_the_general_ones),
        TEST(bad_headers_are_left_out_and_reported_once),
        TEST(metrics_take_the_shorter_of_two_timeouts),
        TEST(a_delay_of_nothing_is_not_the_default),
        TEST(prometheus_is_said_to_be_fetched_only),
        TEST(log_level_comes_before_everything_else),
        TEST(asks_nothing_of_the_environment_when_told_so),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
