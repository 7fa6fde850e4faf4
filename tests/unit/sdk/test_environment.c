/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/test_environment.c - what OTEL_ variables do to an SDK that runs. */
#include "sdk_fixture.h"
#include "sink.h"

#include <sonde/plugin/sampler.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void start(struct fixture *f)
{
    sonde_sdk_options options = to_memory(f);
    assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);
}

/* How many of count root spans are delivered. */
static uint64_t delivered(struct fixture *f, int count)
{
    uint64_t before = sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES);
    end_spans(sonde_tracer_get("test", "1"), count);
    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    return sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES) - before;
}

static void test_environment__names_the_sampler(void **state)
{
    static const struct {
        const char *sampler, *arg;
        uint64_t    least, most; /* of 1,000 */
    } rows[] = {
        { "", NULL, 1000, 1000 },
        { "always_on", NULL, 1000, 1000 },
        { "always_off", NULL, 0, 0 },
        { "parentbased_always_off", NULL, 0, 0 },
        { "parentbased_always_on", "0", 1000, 1000 },
        { "traceidratio", NULL, 1000, 1000 },
        { "traceidratio", "0", 0, 0 },
        { "parentbased_traceidratio", "0.5", 350, 650 },
        { "parentbased_traceidratio", "2", 1000, 1000 },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setenv("OTEL_TRACES_SAMPLER", rows[i].sampler, 1);
        unsetenv("OTEL_TRACES_SAMPLER_ARG");
        if (rows[i].arg)
            setenv("OTEL_TRACES_SAMPLER_ARG", rows[i].arg, 1);
        start(f);
        uint64_t count = delivered(f, 1000);
        if (count < rows[i].least || count > rows[i].most)
            fail_msg("%s: %lu", rows[i].sampler, (unsigned long)count);
    }
}

static void test_environment__sampler_of_the_program_wins(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    options.sampler           = sonde_sampler_always_on();
    setenv("OTEL_TRACES_SAMPLER", "always_off", 1);
    sonde_sdk_start_opts(&f->sdk, &options);
    assert_int_equal(delivered(f, 5), 5);
}

static void test_environment__names_service_and_resource(void **state)
{
    struct fixture *f = *state;
    setenv("OTEL_SERVICE_NAME", "named", 1);
    setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=other", 1);
    start(f);
    delivered(f, 1);
    assert_string_equal(resource_text(f, "service.name"), "named");
    assert_string_equal(resource_text(f, "deployment.environment.name"), "test");
}

/* A carrier that counts what is set. */
struct headers {
    sonde_carrier base;
    int           traceparent, baggage;
};

static size_t no_header(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max)
{
    (void)self;
    (void)name;
    (void)ret_values;
    (void)max;
    return 0;
}

static void set_header(sonde_carrier *self, sonde_str name, sonde_str value)
{
    struct headers *headers = (struct headers *)self;
    (void)value;
    headers->traceparent += name.len == 11 && memcmp(name.ptr, "traceparent", 11) == 0;
    headers->baggage += name.len == 7 && memcmp(name.ptr, "baggage", 7) == 0;
}

static struct headers injected(void)
{
    struct headers     headers = { .base = { no_header, set_header } };
    sonde_context     *remote  = NULL;
    sonde_span_context context = { .trace_id = { 1 }, .span_id = { 2 }, .flags = 1 };
    remote                     = sonde_context_with_remote(NULL, &context, sonde_str_z(NULL));
    sonde_context *all         = sonde_context_with_baggage(remote, "k", sonde_str_z("v"));
    sonde_propagator_inject(NULL, all, &headers.base);
    sonde_context_unref(all);
    sonde_context_unref(remote);
    return headers;
}

static void test_environment__names_the_propagators(void **state)
{
    static const struct {
        const char *text, *disabled;
        int         traceparent, baggage;
    } rows[] = {
        { "", "", 1, 1 },     { "tracecontext", "", 1, 0 }, { "baggage", "", 0, 1 },
        { "none", "", 0, 0 }, { "b3", "", 1, 1 },           { "b3,baggage", "", 0, 1 },
        { "", "true", 1, 1 }, { "none", "true", 0, 0 },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setenv("OTEL_PROPAGATORS", rows[i].text, 1);
        setenv("OTEL_SDK_DISABLED", rows[i].disabled, 1);
        start(f);
        struct headers headers = injected();
        sonde_sdk_stop(&f->sdk, PATIENCE_MS);
        if (headers.traceparent != rows[i].traceparent || headers.baggage != rows[i].baggage)
            fail_msg("\"%s\": %d and %d", rows[i].text, headers.traceparent, headers.baggage);
    }
}

static void test_environment__can_switch_it_off(void **state)
{
    struct fixture *f     = *state;
    sonde_stats     stats = { .size = sizeof stats };
    char           *text;
    size_t          length;
    setenv("OTEL_SDK_DISABLED", "true", 1);
    start(f);
    sonde_counter_add(sonde_counter_get(sonde_meter_get("test", "1"), "orders"), 1);
    end_spans(sonde_tracer_get("test", "1"), 2);
    sonde_sdk_stats(f->sdk, &stats);
    assert_int_equal(stats.spans_accepted, 0);
    assert_int_equal(sonde_sdk_prometheus(f->sdk, &text, &length), SONDE_ERR_INVALID);
    assert_int_equal(delivered(f, 2), 0);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_METRICS), 0);
}

static void test_environment__bad_values_are_reported_once_and_stop_nothing(void **state)
{
    struct fixture *f = *state;
    setenv("OTEL_BSP_SCHEDULE_DELAY", "soon", 1);
    setenv("OTEL_METRIC_EXPORT_INTERVAL", "-1", 1);
    setenv("OTEL_TRACES_SAMPLER", "xray", 1);
    start(f);
    assert_int_equal(reported(f, "OTEL_BSP_SCHEDULE_DELAY=\"soon\""), 1);
    assert_int_equal(reported(f, "OTEL_METRIC_EXPORT_INTERVAL=\"-1\""), 1);
    assert_int_equal(reported(f, "OTEL_TRACES_SAMPLER=\"xray\""), 1);
    assert_int_equal(f->reports.count, 3);
    assert_int_equal(delivered(f, 1), 1);
}

static void test_environment__log_level_says_how_much_is_reported(void **state)
{
    struct fixture *f = *state;
    setenv("OTEL_BSP_SCHEDULE_DELAY", "soon", 1);
    setenv("OTEL_LOG_LEVEL", "error", 1);
    start(f);
    assert_int_equal(f->reports.count, 0);
}

static void test_environment__is_not_asked_when_told_so(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    setenv("OTEL_TRACES_SAMPLER", "always_off", 1);
    setenv("OTEL_SERVICE_NAME", "named", 1);
    setenv("OTEL_SDK_DISABLED", "true", 1);
    options.ignore_environment = true;
    sonde_sdk_start_opts(&f->sdk, &options);
    assert_int_equal(delivered(f, 1), 1);
    assert_memory_equal(resource_text(f, "service.name"), "unknown_service:", 16);
}

static void test_environment__names_the_collector(void **state)
{
    struct fixture *f    = *state;
    struct sink    *sink = sink_start();
    assert_non_null(sink);
    setenv("OTEL_EXPORTER_OTLP_ENDPOINT", sink_url(sink), 1);
    assert_int_equal(sonde_sdk_start(&f->sdk, .service_name = "shop"), SONDE_OK);
    size_t connections = sink_connections(
        sink); /* nothing is connected before there is something */
    sonde_counter_add(sonde_counter_get(sonde_meter_get("test", "1"), "orders"), 1);
    end_spans(sonde_tracer_get("test", "1"), 7);

    assert_int_equal(sonde_sdk_flush(f->sdk, PATIENCE_MS), SONDE_OK);

    size_t spans = sink_spans(sink), points = sink_points(sink);
    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    sink_stop(sink);
    assert_int_equal(connections, 0);
    assert_int_equal(spans, 7);
    assert_int_equal(points, 1);
}

static void test_environment__a_hung_collector_ends_a_stop_at_its_timeout(void **state)
{
    struct fixture *f    = *state;
    struct sink    *sink = sink_start();
    assert_non_null(sink);
    sink_answer(sink, &(struct sink_answer){ .hold = true });
    assert_int_equal(sonde_sdk_start(&f->sdk, .endpoint = sink_url(sink), .quiet = true), SONDE_OK);
    end_spans(sonde_tracer_get("test", "1"), 1);

    assert_int_equal(sonde_sdk_stop(&f->sdk, 50), SONDE_ERR_TIMEOUT);

    sink_stop(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_environment__##name, set_up, tear_down)
        TEST(names_the_sampler),
        TEST(sampler_of_the_program_wins),
        TEST(names_service_and_resource),
        TEST(names_the_propagators),
        TEST(can_switch_it_off),
        TEST(bad_values_are_reported_once_and_stop_nothing),
        TEST(log_level_says_how_much_is_reported),
        TEST(is_not_asked_when_told_so),
        TEST(names_the_collector),
        TEST(a_hung_collector_ends_a_stop_at_its_timeout),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
