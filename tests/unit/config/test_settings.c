/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/test_settings.c */
#include "fake_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    static struct sonde__settings settings;
    fake_env_clear();
    *state = &settings;
    return 0;
}

struct row {
    enum sonde__key key;
    const char     *name, *text;
    uint64_t        number;
    const char     *report; /* part of it; NULL: none */
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row      *row = &rows[i];
        struct sonde__settings settings;
        fake_env_clear();
        fake_env_set(row->name, row->text);
        sonde__settings_read(fake_getenv, fake_diag, &settings);
        bool reported = fake_env.report_count == 1 && row->report &&
                        strstr(fake_env.reports[0], row->report) &&
                        strstr(fake_env.reports[0], row->name);
        if (settings.of[row->key].number != row->number ||
            (row->report ? !reported : fake_env.report_count != 0))
            fail_msg("%s=\"%s\": %lu, reported \"%s\"", row->name, row->text,
                     (unsigned long)settings.of[row->key].number, fake_env.reports[0]);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

static void test_settings__are_their_defaults_when_nothing_is_said(void **state)
{
    struct sonde__settings *s = *state;

    sonde__settings_read(fake_getenv, fake_diag, s);

    assert_int_equal(fake_env.report_count, 0);
    assert_int_equal(s->of[SONDE__KEY_SDK_DISABLED].number, 0);
    assert_int_equal(s->of[SONDE__KEY_LOG_LEVEL].number, SONDE__LOG_WARN);
    assert_int_equal(s->of[SONDE__KEY_PROPAGATORS].number,
                     SONDE__PROPAGATE_TRACECONTEXT | SONDE__PROPAGATE_BAGGAGE);
    assert_int_equal(s->of[SONDE__KEY_TRACES_SAMPLER].number, SONDE__SAMPLE_PARENT);
    assert_true(s->of[SONDE__KEY_TRACES_SAMPLER_ARG].ratio == 1.0);
    assert_int_equal(s->of[SONDE__KEY_TRACES_EXPORTER].number, SONDE__EXPORT_OTLP);
    assert_int_equal(s->of[SONDE__KEY_METRICS_EXPORTER].number, SONDE__EXPORT_OTLP);
    assert_string_equal(s->of[SONDE__KEY_OTLP_METRICS_ENDPOINT].text, "http://localhost:4318");
    assert_int_equal(s->of[SONDE__KEY_OTLP_TRACES_TIMEOUT].number, 10000);
    assert_int_equal(s->of[SONDE__KEY_BSP_SCHEDULE_DELAY].number, 5000);
    assert_int_equal(s->of[SONDE__KEY_BSP_EXPORT_TIMEOUT].number, 30000);
    assert_int_equal(s->of[SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE].number, 512);
    assert_int_equal(s->of[SONDE__KEY_METRIC_EXPORT_INTERVAL].number, 60000);
    assert_int_equal(s->of[SONDE__KEY_SPAN_ATTRIBUTE_COUNT_LIMIT].number, 128);
}

static void test_settings__booleans_are_true_only_when_they_say_true(void **state)
{
    static const struct row rows[] = {
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "true", 1, NULL },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "TRUE", 1, NULL },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", " True\t", 1, NULL },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "false", 0, NULL },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "", 0, NULL },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "  ", 0, NULL },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "1", 0, "\"1\": is neither true nor" },
        { SONDE__KEY_SDK_DISABLED, "OTEL_SDK_DISABLED", "yes", 0, "used instead: false" },
    };
    (void)state;
    CHECK(rows);
}

static void test_settings__numbers_are_whole_and_fit(void **state)
{
    static const char size[]  = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                      delay[] = "OTEL_BSP_SCHEDULE_DELAY", timeout[] = "OTEL_BSP_EXPORT_TIMEOUT";
    static const struct row rows[] = {
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "64", 64, NULL },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, " 64 ", 64, NULL },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "4294967295", UINT32_MAX, NULL },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "4294967296", 512, "used instead: 512" },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "99999999999999999999999", 512, "\"9999" },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "0", 512, "is not a whole number from 1" },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "-5", 512, "\"-5\"" },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "5.0", 512, "\"5.0\"" },
        { SONDE__KEY_BSP_MAX_EXPORT_BATCH_SIZE, size, "0x10", 512, "\"0x10\"" },
        { SONDE__KEY_BSP_SCHEDULE_DELAY, delay, "0", 0, NULL },
        { SONDE__KEY_BSP_SCHEDULE_DELAY, delay, "5s", 5000, "is not a whole number of milli" },
        { SONDE__KEY_BSP_EXPORT_TIMEOUT, timeout, "0", UINT32_MAX, NULL },
        { SONDE__KEY_BSP_EXPORT_TIMEOUT, timeout, "250", 250, NULL },
    };
    (void)state;
    CHECK(rows);
}

static void test_settings__choices_are_known_words_in_any_case(void **state)
{
    static const char       sampler[] = "OTEL_TRACES_SAMPLER", level[] = "OTEL_LOG_LEVEL";
    static const struct row rows[] = {
        { SONDE__KEY_TRACES_SAMPLER, sampler, "always_off", SONDE__SAMPLE_OFF, NULL },
        { SONDE__KEY_TRACES_SAMPLER, sampler, "TraceIdRatio", SONDE__SAMPLE_RATIO, NULL },
        { SONDE__KEY_TRACES_SAMPLER, sampler, "parentbased_traceidratio",
          SONDE__SAMPLE_PARENT | SONDE__SAMPLE_RATIO, NULL },
        { SONDE__KEY_TRACES_SAMPLER, sampler, "sometimes", SONDE__SAMPLE_PARENT,
          "'sometimes' is not known; used instead: parentbased_always_on" },
        { SONDE__KEY_TRACES_SAMPLER, sampler, "jaeger_remote", SONDE__SAMPLE_PARENT,
          "'jaeger_remote' needs a component that is not linked" },
        { SONDE__KEY_LOG_LEVEL, level, "DEBUG", SONDE__LOG_DEBUG, NULL },
        { SONDE__KEY_LOG_LEVEL, level, "off", SONDE__LOG_NONE, NULL },
        { SONDE__KEY_LOG_LEVEL, level, "loud", SONDE__LOG_WARN, "'loud'" },
        { SONDE__KEY_OTLP_TRACES_PROTOCOL, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 1,
          "'grpc' needs a component that is not linked; used instead: http/protobuf" },
        { SONDE__KEY_OTLP_COMPRESSION, "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", 0, "'gzip'" },
    };
    (void)state;
    CHECK(rows);
}

static void test_settings__lists_keep_what_is_known(void **state)
{
    static const char       carry[] = "OTEL_PROPAGATORS", traces[] = "OTEL_TRACES_EXPORTER";
    static const struct row rows[] = {
        { SONDE__KEY_PROPAGATORS, carry, "baggage", SONDE__PROPAGATE_BAGGAGE, NULL },
        { SONDE__KEY_PROPAGATORS, carry, "none", 0, NULL },
        { SONDE__KEY_PROPAGATORS, carry, "baggage , baggage,,tracecontext", 3, NULL },
        { SONDE__KEY_PROPAGATORS, carry, "b3,baggage", 2, "used instead: the rest of the list" },
        { SONDE__KEY_PROPAGATORS, carry, "b3", 3, "used instead: tracecontext,baggage" },
        { SONDE__KEY_PROPAGATORS, carry, "b3,pigeon", 3,
          "'b3' needs a component that is not linked, 'pigeon' is not known" },
        { SONDE__KEY_TRACES_EXPORTER, traces, "console,otlp", 3, NULL },
        { SONDE__KEY_TRACES_EXPORTER, traces, "none", 0, NULL },
        { SONDE__KEY_TRACES_EXPORTER, traces, "zipkin", 1, "'zipkin'" },
        { SONDE__KEY_TRACES_EXPORTER, traces, ",", 1, NULL },
        { SONDE__KEY_METRICS_EXPORTER, "OTEL_METRICS_EXPORTER", "prometheus",
          SONDE__EXPORT_PROMETHEUS, NULL },
    };
    (void)state;
    CHECK(rows);
}

static void test_settings__ratio_has_a_point_and_lies_between_0_and_1(void **state)
{
    static const struct {
        const char *text;
        double      ratio;
        size_t      reports;
    } rows[] = { { "0.25", 0.25, 0 }, { "0", 0, 0 },      { "1", 1, 0 },    { ".5", .5, 0 },
                 { "1e-3", .001, 0 }, { " 0.5 ", .5, 0 }, { "1.5", 1, 1 },  { "-0.1", 1, 1 },
                 { "nan", 1, 1 },     { "0,5", 1, 1 },    { "0.5x", 1, 1 }, { "half", 1, 1 } };
    struct sonde__settings *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake_env_clear();
        fake_env_set("OTEL_TRACES_SAMPLER_ARG", rows[i].text);
        sonde__settings_read(fake_getenv, fake_diag, s);
        if (s->of[SONDE__KEY_TRACES_SAMPLER_ARG].ratio != rows[i].ratio ||
            fake_env.report_count != rows[i].reports)
            fail_msg("\"%s\": %g", rows[i].text, s->of[SONDE__KEY_TRACES_SAMPLER_ARG].ratio);
    }
}

static void test_settings__of_a_signal_win_over_the_general_ones(void **state)
{
    struct sonde__settings *s = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_TIMEOUT", "2000");
    fake_env_set("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "300");
    fake_env_set("OTEL_ATTRIBUTE_COUNT_LIMIT", "7");

    sonde__settings_read(fake_getenv, fake_diag, s);

    assert_int_equal(s->of[SONDE__KEY_OTLP_TRACES_TIMEOUT].number, 300);
    assert_int_equal(s->of[SONDE__KEY_OTLP_METRICS_TIMEOUT].number, 2000);
    assert_int_equal(s->of[SONDE__KEY_SPAN_ATTRIBUTE_COUNT_LIMIT].number, 7);
    assert_true(s->of[SONDE__KEY_OTLP_TRACES_TIMEOUT].given);
    assert_false(s->of[SONDE__KEY_OTLP_METRICS_TIMEOUT].given);
}

static void test_settings__bad_ones_of_a_signal_leave_the_general_one(void **state)
{
    struct sonde__settings *s = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_TIMEOUT", "2000");
    fake_env_set("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon");

    sonde__settings_read(fake_getenv, fake_diag, s);

    assert_int_equal(s->of[SONDE__KEY_OTLP_TRACES_TIMEOUT].number, 2000);
    assert_string_equal(fake_env.reports[0],
                        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=\"soon\": is not a whole number of "
                        "milliseconds; used instead: OTEL_EXPORTER_OTLP_TIMEOUT");
}

static void test_settings__reports_never_show_credentials(void **state)
{
    struct sonde__settings *s = *state;
    fake_env_set("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://joe:hunter2@collector:4318/x");

    sonde__settings_read(fake_getenv, fake_diag, s);

    assert_int_equal(fake_env.report_count, 1);
    assert_null(strstr(fake_env.reports[0], "hunter2"));
    assert_non_null(strstr(fake_env.reports[0], "REDACTED@collector:4318/x"));
}

static void test_settings__are_defaults_without_an_environment(void **state)
{
    struct sonde__settings *s = *state;
    fake_env_set("OTEL_BSP_SCHEDULE_DELAY", "1");

    sonde__settings_read(NULL, fake_diag, s);

    assert_int_equal(s->of[SONDE__KEY_BSP_SCHEDULE_DELAY].number, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(test_settings__##name, set_up)
        TEST(are_their_defaults_when_nothing_is_said),
        TEST(booleans_are_true_only_when_they_say_true),
        TEST(numbers_are_whole_and_fit),
        TEST(choices_are_known_words_in_any_case),
        TEST(lists_keep_what_is_known),
        TEST(ratio_has_a_point_and_lies_between_0_and_1),
        TEST(of_a_signal_win_over_the_general_ones),
        TEST(bad_ones_of_a_signal_leave_the_general_one),
        TEST(reports_never_show_credentials),
        TEST(are_defaults_without_an_environment),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
