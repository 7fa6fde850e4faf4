/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "otlp_body.h"
#include "store/traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { QUIET = 1000, PATIENCE = 5 };

struct fixture {
    struct sonde__traces *traces;
    struct body           request;
    uint64_t              rejected, next;
};

static int setup_with(void **state, uint32_t traces_max, uint32_t spans_max, size_t bytes_max)
{
    struct sonde__traces_limits limits  = { QUIET, PATIENCE, traces_max, spans_max, bytes_max };
    struct fixture             *fixture = calloc(1, sizeof *fixture);
    fixture->traces                     = sonde__traces_new(&limits);
    *state                              = fixture;
    return fixture->traces ? 0 : -1;
}

static int setup(void **state)
{
    return setup_with(state, 100, 1000, 1 << 20);
}

static int setup_three_traces(void **state)
{
    return setup_with(state, 3, 1000, 1 << 20);
}

static int setup_five_spans(void **state)
{
    return setup_with(state, 100, 5, 1 << 20);
}

static int setup_few_bytes(void **state)
{
    return setup_with(state, 100, 1000, 10000);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sonde__traces_free(fixture->traces);
    body_free(&fixture->request);
    free(fixture);
    return 0;
}

static bool add(struct fixture *fixture, uint64_t now_ns)
{
    bool ok = sonde__traces_add(fixture->traces, body_view(&fixture->request), now_ns,
                                &fixture->rejected);
    body_free(&fixture->request);
    return ok;
}

static void add_span(struct fixture *fixture, uint8_t trace, uint8_t id, uint8_t parent,
                     uint64_t now_ns)
{
    struct span span = { .trace = trace, .id = id, .parent = parent, .name = "x", .took_ms = 1 };
    body_span(&fixture->request, &span);
    assert_true(add(fixture, now_ns));
}

static struct sonde__trace *due(struct fixture *fixture, uint64_t now_ns)
{
    return sonde__traces_due(fixture->traces, now_ns, &fixture->next);
}

static void test_traces__finished_when_quiet_and_complete(void **state)
{
    struct fixture *fixture = *state;
    add_span(fixture, 1, 2, 1, 100);
    add_span(fixture, 1, 1, 0, 200);

    assert_null(due(fixture, 200 + QUIET - 1));
    assert_int_equal(fixture->next, 200 + QUIET);
    struct sonde__trace *trace = due(fixture, 200 + QUIET);

    assert_non_null(trace);
    assert_int_equal(trace->count, 2);
    assert_int_equal(trace->id[15], 1);
    sonde__traces_shown(fixture->traces, trace);
    assert_null(due(fixture, UINT64_MAX));
}

static void test_traces__a_missing_parent_is_waited_for(void **state)
{
    static const struct {
        uint8_t id, parent, other, other_parent;
        bool    is_complete;
    } rows[] = {
        { 2, 1, 3, 2, false }, /* the root has not come */
        { 1, 0, 3, 2, false }, /* something between has not come */
        { 1, 2, 2, 1, false }, /* a circle has no root */
        { 1, 0, 2, 1, true },  { 1, 0, 2, 0, true },
    };
    struct fixture *fixture = *state;
    for (uint8_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t trace = (uint8_t)(i + 1);
        add_span(fixture, trace, rows[i].id, rows[i].parent, 100);
        add_span(fixture, trace, rows[i].other, rows[i].other_parent, 100);
        uint64_t wanted = rows[i].is_complete ? 100 + QUIET : 100 + PATIENCE * QUIET;
        if (due(fixture, wanted - 1) || !due(fixture, wanted))
            fail_msg("row %u", i);
        sonde__traces_shown(fixture->traces, due(fixture, wanted));
    }
}

static void test_traces__late_spans_bring_a_trace_back_after_a_longer_quiet(void **state)
{
    struct fixture *fixture = *state;
    add_span(fixture, 1, 1, 0, 0);
    sonde__traces_shown(fixture->traces, due(fixture, QUIET));
    for (uint32_t times = 1; times <= 8; times++) {
        uint64_t came = times * 1000000, quiet = (uint64_t)QUIET << (times < 5 ? times : 5);
        add_span(fixture, 1, (uint8_t)(times + 1), 1, came);

        assert_null(due(fixture, came + quiet - 1));
        struct sonde__trace *trace = due(fixture, came + quiet);
        assert_non_null(trace);
        assert_int_equal(trace->shown, times);
        assert_int_equal(trace->count, times + 1);
        sonde__traces_shown(fixture->traces, trace);
    }
}

static void test_traces__each_is_given_once_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    uint8_t         seen    = 0;
    for (uint8_t trace = 1; trace <= 3; trace++)
        add_span(fixture, trace, 2, 1, 0);
    for (struct sonde__trace *trace; (trace = due(fixture, UINT64_MAX));) {
        seen = (uint8_t)(seen | 1 << trace->id[0]);
        sonde__traces_shown(fixture->traces, trace);
    }
    assert_int_equal(seen, 0x0E);
}

static void test_traces__a_malformed_request_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    struct span     span    = { .id = 1, .name = "x" };
    struct body     broken = { 0 }, scope_spans = { 0 }, resource_spans = { 0 };
    body_span(&fixture->request, &span);
    body_bytes(&broken, 5, "name", 4);
    broken.len--; /* the name is longer than the span */
    body_message(&scope_spans, 2, &broken);
    body_message(&resource_spans, 2, &scope_spans);
    body_message(&fixture->request, 1, &resource_spans);

    assert_false(add(fixture, 0));
    assert_null(due(fixture, UINT64_MAX));
    assert_false(
        sonde__traces_add(fixture->traces, sonde_str_z("not protobuf"), 0, &fixture->rejected));
    assert_true(sonde__traces_add(fixture->traces, sonde_str_z(""), 0, &fixture->rejected));
}

static void test_traces__spans_without_ids_are_rejected_and_counted(void **state)
{
    struct fixture *fixture = *state;
    struct span     good = { .id = 1, .name = "good" }, bad = { .id = 0, .name = "bad" };
    body_span(&fixture->request, &bad);
    body_span(&fixture->request, &good);
    body_span(&fixture->request, &bad);

    assert_true(add(fixture, 0));
    assert_int_equal(fixture->rejected, 2);
    assert_int_equal(due(fixture, UINT64_MAX)->count, 1);
}

static void test_traces__the_oldest_go_first_and_are_counted(void **state)
{
    struct fixture *fixture = *state;
    add_span(fixture, 1, 1, 0, 10);
    add_span(fixture, 2, 1, 0, 20);
    add_span(fixture, 1, 2, 1, 30); /* now the second is the oldest */
    add_span(fixture, 3, 1, 0, 40);
    add_span(fixture, 4, 1, 0, 50);

    assert_int_equal(sonde__traces_counts(fixture->traces).dropped_traces, 1);
    assert_int_equal(sonde__traces_counts(fixture->traces).dropped_spans, 1);
    assert_int_equal(due(fixture, UINT64_MAX)->id[0], 1);
}

static void test_traces__what_was_shown_goes_before_what_waits(void **state)
{
    struct fixture *fixture = *state;
    add_span(fixture, 1, 1, 0, 10);
    add_span(fixture, 2, 1, 0, 20);
    struct sonde__trace *second = due(fixture, UINT64_MAX)->newer;
    sonde__traces_shown(fixture->traces, second);
    add_span(fixture, 3, 1, 0, 30);
    add_span(fixture, 4, 1, 0, 40);

    assert_int_equal(sonde__traces_counts(fixture->traces).dropped_traces, 0);
    assert_int_equal(sonde__traces_counts(fixture->traces).dropped_spans, 0);
    assert_int_equal(due(fixture, UINT64_MAX)->id[0], 1);
}

static void test_traces__one_trace_cannot_take_more_than_there_is(void **state)
{
    struct fixture *fixture = *state;
    for (uint8_t id = 1; id <= 8; id++)
        add_span(fixture, 1, id, 0, 0);
    struct sonde__trace *trace = due(fixture, UINT64_MAX);

    assert_int_equal(trace->count, 5);
    assert_int_equal(trace->dropped, 3);
    assert_int_equal(sonde__traces_counts(fixture->traces).dropped_spans, 3);
}

static void test_traces__bytes_are_bounded_with_resources_and_all(void **state)
{
    struct fixture *fixture = *state;
    char            service[3000];
    memset(service, 's', sizeof service - 1);
    service[sizeof service - 1] = '\0';
    for (uint8_t trace = 1; trace <= 20; trace++) {
        struct span span = { .service = service, .trace = trace, .id = 1, .name = "x" };
        body_span(&fixture->request, &span);
        assert_true(add(fixture, trace));
    }
    unsigned kept = 0;
    for (struct sonde__trace *trace; (trace = due(fixture, UINT64_MAX)); kept++)
        sonde__traces_shown(fixture->traces, trace);
    assert_in_range(kept, 1, 3);
    assert_int_equal(sonde__traces_counts(fixture->traces).dropped_traces, 20 - kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_traces__finished_when_quiet_and_complete, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_traces__a_missing_parent_is_waited_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_traces__late_spans_bring_a_trace_back_after_a_longer_quiet, setup, teardown),
        cmocka_unit_test_setup_teardown(test_traces__each_is_given_once_at_the_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_traces__a_malformed_request_leaves_nothing_behind,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_traces__spans_without_ids_are_rejected_and_counted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_traces__the_oldest_go_first_and_are_counted,
                                        setup_three_traces, teardown),
        cmocka_unit_test_setup_teardown(test_traces__what_was_shown_goes_before_what_waits,
                                        setup_three_traces, teardown),
        cmocka_unit_test_setup_teardown(test_traces__one_trace_cannot_take_more_than_there_is,
                                        setup_five_spans, teardown),
        cmocka_unit_test_setup_teardown(test_traces__bytes_are_bounded_with_resources_and_all,
                                        setup_few_bytes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
