/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/transport/test_memory.c */
#include "drive.h"

#include <sonde/plugin/memory.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    sonde_memory_exporter *memory;
    sonde_exporter        *exporter;
    sonde_batch           *spans, *points;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.memory   = sonde_memory_exporter_new();
    fixture.exporter = sonde_memory_exporter_base(fixture.memory);
    fixture.spans    = batch_of(SONDE_SIGNAL_TRACES, 3);
    fixture.points   = batch_of(SONDE_SIGNAL_METRICS, 2);
    *state           = &fixture;
    return fixture.memory ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sonde_memory_exporter_free(f->memory);
    batch_free(f->spans);
    batch_free(f->points);
    return 0;
}

static void test_memory__keeps_requests_by_signal_in_order(void **state)
{
    struct fixture *f      = *state;
    sonde_batch    *second = batch_of(SONDE_SIGNAL_TRACES, 1);
    deliver(f->exporter, f->spans);
    deliver(f->exporter, f->points);
    deliver(f->exporter, second);

    sonde_str want = sonde_batch_body(second);
    sonde_str body = sonde_memory_exporter_body(f->memory, SONDE_SIGNAL_TRACES, 1);
    assert_int_equal(body.len, want.len);
    assert_memory_equal(body.ptr, want.ptr, want.len);
    assert_ptr_not_equal(body.ptr, want.ptr);
    batch_free(second);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 4);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_METRICS), 2);
    assert_non_null(sonde_memory_exporter_body(f->memory, SONDE_SIGNAL_METRICS, 0).ptr);
    assert_null(sonde_memory_exporter_body(f->memory, SONDE_SIGNAL_METRICS, 1).ptr);
}

static void test_memory__answers_as_it_was_told(void **state)
{
    struct fixture *f     = *state;
    sonde_result    again = { .outcome = SONDE_RETRY, .retry_after_ms = 70, .message = "later" };
    sonde_memory_exporter_answer(f->memory, &again);

    sonde_result result = deliver(f->exporter, f->spans);

    assert_int_equal(result.outcome, SONDE_RETRY);
    assert_int_equal(result.retry_after_ms, 70);
    assert_string_equal(result.message, "later");
    assert_ptr_equal(result.batch, f->spans);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 0);
    sonde_memory_exporter_answer(f->memory, NULL);
    assert_int_equal(deliver(f->exporter, f->spans).outcome, SONDE_DELIVERED);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 3);
}

static void test_memory__forgets_requests_but_not_counts(void **state)
{
    struct fixture *f = *state;
    deliver(f->exporter, f->spans);
    sonde_memory_exporter_clear(f->memory);
    assert_null(sonde_memory_exporter_body(f->memory, SONDE_SIGNAL_TRACES, 0).ptr);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 3);
}

static void *deliver_spans(void *argument)
{
    struct fixture *f = argument;
    for (int i = 0; i < 10; i++)
        deliver(f->exporter, f->spans);
    return NULL;
}

static void test_memory__wait_ends_when_enough_has_come(void **state)
{
    struct fixture *f = *state;
    pthread_t       thread;
    assert_int_equal(pthread_create(&thread, NULL, deliver_spans, f), 0);
    sonde_err err = sonde_memory_exporter_wait(f->memory, SONDE_SIGNAL_TRACES, 30, DRIVE_MS);
    pthread_join(thread, NULL);
    assert_int_equal(err, SONDE_OK);
}

static void test_memory__wait_ends_at_its_timeout(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(sonde_memory_exporter_wait(f->memory, SONDE_SIGNAL_TRACES, 1, 5),
                     SONDE_ERR_TIMEOUT);
    assert_int_equal(sonde_memory_exporter_wait(f->memory, SONDE_SIGNAL_TRACES, 0, 0), SONDE_OK);
}

static void test_memory__takes_null(void **state)
{
    (void)state;
    sonde_memory_exporter_free(NULL);
    sonde_memory_exporter_clear(NULL);
    sonde_memory_exporter_answer(NULL, NULL);
    assert_null(sonde_memory_exporter_base(NULL));
    assert_null(sonde_memory_exporter_body(NULL, SONDE_SIGNAL_TRACES, 0).ptr);
    assert_int_equal(sonde_memory_exporter_count(NULL, SONDE_SIGNAL_TRACES), 0);
    assert_int_equal(sonde_memory_exporter_wait(NULL, SONDE_SIGNAL_TRACES, 0, 0),
                     SONDE_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_memory__##name, set_up, tear_down)
        TEST(keeps_requests_by_signal_in_order), TEST(answers_as_it_was_told),
        TEST(forgets_requests_but_not_counts),   TEST(wait_ends_when_enough_has_come),
        TEST(wait_ends_at_its_timeout),          TEST(takes_null),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
