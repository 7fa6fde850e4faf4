/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/test_start.c - starting and stopping, and what options mean. */
#include "sdk_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_start__spans_go_to_the_exporter_with_the_resource(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    const sonde_attr  attrs[] = { sonde_kv("team", "blue") };
    options.service_name      = "shop";
    options.service_version   = "1.4.0";
    options.resource          = (sonde_attrs){ attrs, 1 };
    assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);

    end_spans(sonde_tracer_get("test", "1"), 3);

    assert_int_equal(sonde_sdk_flush(f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 3);
    assert_string_equal(resource_text(f, "service.name"), "shop");
    assert_string_equal(resource_text(f, "service.version"), "1.4.0");
    assert_string_equal(resource_text(f, "team"), "blue");
    assert_string_equal(resource_text(f, "telemetry.sdk.name"), "sonde");
    assert_int_equal(f->reports.count, 0);
}

static void test_start__stop_delivers_and_ends_the_handle(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_sdk_start_opts(&f->sdk, &options);
    end_spans(sonde_tracer_get("test", "1"), 2);

    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);

    assert_null(f->sdk);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 2);
    assert_null(sonde_span_start(sonde_tracer_get("test", "1"), "late"));
}

static void test_start__only_one_sdk_is_process_wide(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_sdk        *second  = (sonde_sdk *)f;
    sonde_sdk_start_opts(&f->sdk, &options);

    assert_int_equal(sonde_sdk_start_opts(&second, &options), SONDE_ERR_STARTED);

    assert_ptr_equal(second, f); /* left alone */
    end_spans(sonde_tracer_get("test", "1"), 1);
    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 1);
    assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);
}

static void test_start__a_local_one_runs_beside_it(void **state)
{
    struct fixture        *f       = *state;
    sonde_memory_exporter *other   = sonde_memory_exporter_new();
    sonde_exporter *const  list[]  = { sonde_memory_exporter_base(other) };
    sonde_sdk_options      options = to_memory(f);
    sonde_sdk             *local   = NULL;
    sonde_sdk_start_opts(&f->sdk, &options);
    options.exporters = list;
    options.local     = true;
    assert_int_equal(sonde_sdk_start_opts(&local, &options), SONDE_OK);

    const sonde_tracer_options mine = { .size = sizeof mine, .name = "test", .sdk = local };
    end_spans(sonde_tracer_get_opts(&mine), 2);
    end_spans(sonde_tracer_get("test", NULL), 3);

    assert_int_equal(sonde_sdk_stop(&local, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_sdk_flush(f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(other, SONDE_SIGNAL_TRACES), 2);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 3);
    sonde_memory_exporter_free(other);
}

static void test_start__can_be_done_again_and_again(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    setenv("OTEL_TRACES_SAMPLER", "traceidratio", 1);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);
        end_spans(sonde_tracer_get("test", "1"), 1);
        assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    }
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 20);
}

static void test_start__takes_null(void **state)
{
    sonde_sdk  *none  = NULL;
    sonde_stats stats = { .size = sizeof stats };
    char       *text  = NULL;
    size_t      length;
    (void)state;
    assert_int_equal(sonde_sdk_start_opts(NULL, NULL), SONDE_ERR_INVALID);
    assert_int_equal(sonde_sdk_flush(NULL, 0), SONDE_OK);
    assert_int_equal(sonde_sdk_stop(NULL, 0), SONDE_OK);
    assert_int_equal(sonde_sdk_stop(&none, 0), SONDE_OK);
    assert_int_equal(sonde_sdk_fd(NULL), -1);
    sonde_sdk_dispatch(NULL);
    sonde_sdk_stats(NULL, NULL);
    sonde_sdk_stats(NULL, &stats);
    assert_int_equal(stats.spans_started, 0);
    assert_int_equal(sonde_sdk_prometheus(NULL, &text, &length), SONDE_ERR_INVALID);
    assert_int_equal(sonde_sdk_prometheus(NULL, NULL, NULL), SONDE_ERR_INVALID);
    assert_null(text);
    assert_int_equal(sonde_metrics_memory_init(NULL, 0), SONDE_ERR_INVALID);
}

static void test_start__options_of_an_older_program_end_earlier(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    options.local             = true;
    options.sampler           = (sonde_sampler *)f; /* behind the end: must not be looked at */
    options.size              = offsetof(sonde_sdk_options, sampler);
    setenv("OTEL_TRACES_EXPORTER", "none", 1);
    setenv("OTEL_METRICS_EXPORTER", "none", 1);

    assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);

    const sonde_tracer_options mine = { .size = sizeof mine, .name = "test", .sdk = f->sdk };
    end_spans(sonde_tracer_get_opts(&mine), 1);
    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 0);
}

static void test_start__options_of_a_newer_program_are_longer(void **state)
{
    struct fixture *f = *state;
    struct {
        sonde_sdk_options known;
        char              unknown[64];
    } newer;
    memset(&newer, 0xFF, sizeof newer);
    newer.known      = to_memory(f);
    newer.known.size = sizeof newer;

    assert_int_equal(sonde_sdk_start_opts(&f->sdk, &newer.known), SONDE_OK);
    end_spans(sonde_tracer_get("test", "1"), 1);
    assert_int_equal(sonde_sdk_flush(f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 1);
}

static void test_start__an_empty_list_exports_nothing(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_stats       stats   = { .size = sizeof stats };
    options.exporter_count    = 0;
    assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);
    end_spans(sonde_tracer_get("test", "1"), 1);
    sonde_sdk_stats(f->sdk, &stats);
    assert_int_equal(stats.spans_accepted, 0);
    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
}

static void test_start__metrics_reach_exporter_and_page(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    char             *text;
    size_t            length;
    sonde_sdk_start_opts(&f->sdk, &options);
    sonde_meter *meter = sonde_meter_get("test", "1");
    sonde_counter_add(sonde_counter_get(meter, "orders", .unit = "{order}"), 5);

    assert_int_equal(sonde_sdk_flush(f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_METRICS), 1);

    assert_int_equal(sonde_sdk_prometheus(NULL, &text, &length), SONDE_OK);
    assert_int_equal(strlen(text), length);
    assert_non_null(strstr(text, "orders_total{"));
    assert_non_null(strstr(text, "target_info{"));
    free(text);
    assert_int_equal(sonde_sdk_prometheus(f->sdk, &text, &length), SONDE_OK);
    free(text);
}

/* -- what is not delivered -- */

static void test_start__a_receiver_that_is_away_costs_time_and_is_counted(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_result      away    = { .outcome = SONDE_RETRY, .message = "nobody there" };
    sonde_stats       stats   = { .size = sizeof stats };
    sonde_memory_exporter_answer(f->memory, &away);
    sonde_sdk_start_opts(&f->sdk, &options);
    end_spans(sonde_tracer_get("test", "1"), 4);

    assert_int_equal(sonde_sdk_flush(f->sdk, 20), SONDE_ERR_TIMEOUT);

    sonde_sdk_stats(f->sdk, &stats);
    assert_int_equal(stats.spans_accepted, 4);
    assert_int_equal(stats.spans_waiting, 4);
    assert_int_equal(sonde_sdk_stop(&f->sdk, 0), SONDE_ERR_TIMEOUT);
    assert_null(f->sdk);
    assert_int_equal(reported(f, "nobody there"), 1);
    assert_int_equal(reported(f, "undelivered"), 1);
}

static void test_start__reports_end_with_the_sdk(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    setenv("OTEL_BSP_SCHEDULE_DELAY", "soon", 1);
    sonde_sdk_start_opts(&f->sdk, &options);
    size_t before = f->reports.count;
    sonde_sdk_stop(&f->sdk, PATIENCE_MS);
    options.quiet = true;
    sonde_sdk_start_opts(&f->sdk, &options);
    sonde_sdk_stop(&f->sdk, PATIENCE_MS);
    assert_int_equal(before, 1);
    assert_int_equal(f->reports.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_start__##name, set_up, tear_down)
        TEST(spans_go_to_the_exporter_with_the_resource),
        TEST(stop_delivers_and_ends_the_handle),
        TEST(only_one_sdk_is_process_wide),
        TEST(a_local_one_runs_beside_it),
        TEST(can_be_done_again_and_again),
        TEST(takes_null),
        TEST(options_of_an_older_program_end_earlier),
        TEST(options_of_a_newer_program_are_longer),
        TEST(an_empty_list_exports_nothing),
        TEST(metrics_reach_exporter_and_page),
        TEST(a_receiver_that_is_away_costs_time_and_is_counted),
        TEST(reports_end_with_the_sdk),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
