/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/clock.h"
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static int setup(void **state)
{
    static struct core_fixture fixture;
    core_fixture_init(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    core_fixture_done(*state);
    return 0;
}

static void record(struct core_fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        sonde_span_end(sonde_span_start(f->tracer, "s", .attrs = sonde_attrs_of(sonde_kv("i", i))));
}

/* What was accepted is delivered, dropped or waiting. */
static void assert_balanced(struct core_fixture *f)
{
    sonde_stats s = core_fixture_stats(f);
    assert_int_equal(s.spans_accepted, s.spans_delivered + s.spans_dropped_failed +
                                           s.spans_dropped_behind + s.spans_waiting);
}

static void test_pump__cuts_batches_by_span_count(void **state)
{
    struct core_fixture *f = *state;
    f->options.batch_spans = 100;
    core_fixture_start(f);
    record(f, 1050);

    assert_int_equal(core_fixture_flush(f), SONDE_OK);

    assert_int_equal(f->fake.spans, 1050);
    assert_true(f->fake.body_count >= 11);
    sonde_span_view view;
    char            text[16];
    for (int i = 0; i < 1050; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_true(fake_exporter_span(&f->fake, (uint64_t)i, &view, NULL));
        assert_string_equal(fake_attribute(&view, "i"), text);
    }
    assert_balanced(f);
}

static void test_pump__groups_records_by_scope(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    sonde_tracer *other = sonde_tracer_get("other", NULL);
    for (int i = 0; i < 10; i++)
        sonde_span_end(sonde_span_start(i % 2 ? other : f->tracer, i % 2 ? "o" : "t"));
    assert_int_equal(core_fixture_flush(f), SONDE_OK);

    sonde_request_iter at;
    sonde_span_view    view;
    sonde_field        field;
    for (uint64_t i = 0; i < 10; i++) {
        assert_true(fake_exporter_span(&f->fake, i, &view, &at));
        assert_true(sonde_field_next(&at.scope, &field));
        assert_memory_equal(field.bytes.ptr, view.name.ptr[0] == 'o' ? "other" : "test",
                            field.bytes.len);
        assert_true(view.name.ptr[0] == (i < 5 ? 't' : 'o'));
    }
}

static void test_pump__sends_when_a_batch_is_full_without_being_asked(void **state)
{
    struct core_fixture *f = *state;
    f->options.batch_spans = 10;
    core_fixture_start(f);
    record(f, 5000); /* several pages: each full one wakes the pump */
    uint64_t until = sonde__clock_mono() + UINT64_C(20000000000);
    while (core_fixture_stats(f).spans_delivered < 4000 && sonde__clock_mono() < until)
        sched_yield();
    assert_true(core_fixture_stats(f).spans_delivered >= 4000);
}

static void test_pump__sends_what_there_is_after_the_delay(void **state)
{
    struct core_fixture *f       = *state;
    f->options.schedule_delay_ms = 10;
    core_fixture_start(f);
    record(f, 3);
    uint64_t until = sonde__clock_mono() + UINT64_C(20000000000);
    while (core_fixture_stats(f).spans_delivered < 3 && sonde__clock_mono() < until)
        sched_yield();
    assert_int_equal(core_fixture_stats(f).spans_delivered, 3);
}

static void test_pump__tries_again_what_could_not_be_delivered(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    f->fake.outcome        = SONDE_RETRY;
    f->fake.answers_left   = 3;
    f->fake.retry_after_ms = 1;
    record(f, 7);

    assert_int_equal(core_fixture_flush(f), SONDE_OK);

    assert_int_equal(f->fake.begins, 4);
    assert_int_equal(f->fake.spans, 7);
    assert_balanced(f);
}

static void test_pump__drops_and_counts_what_is_refused(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    f->fake.outcome = SONDE_REFUSED;
    record(f, 7);
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(core_fixture_stats(f).spans_dropped_failed, 7);
    assert_balanced(f);
}

static void test_pump__memory_stays_within_its_budget_and_drops_are_counted(void **state)
{
    struct core_fixture *f  = *state;
    f->options.memory_bytes = 1 << 20;
    core_fixture_start(f);
    f->fake.hold = true;
    record(f, 100000);

    sonde_stats s = core_fixture_stats(f);
    assert_int_equal(s.spans_accepted + s.spans_dropped_full, 100000);
    assert_true(s.spans_dropped_full > 0);
    assert_true(s.bytes_waiting <= (1 << 20) + (128 << 10)); /* the budget and a batch */
    f->fake.hold = false;
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, s.spans_accepted);
    assert_balanced(f);
}

static void test_pump__flush_ends_at_its_deadline(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    f->fake.hold = true;
    record(f, 1);
    uint64_t before = sonde__clock_mono();
    assert_int_equal(sonde__core_flush(f->core, 50), SONDE_ERR_TIMEOUT);
    assert_true(sonde__clock_mono() - before >= 50 * 1000000);
    assert_int_equal(core_fixture_stats(f).spans_waiting, 1);
    f->fake.hold = false;
}

static void test_pump__an_exporter_without_an_answer_is_told_to_give_up(void **state)
{
    struct core_fixture *f       = *state;
    f->options.export_timeout_ms = 1;
    core_fixture_start(f);
    f->fake.hold = true;
    record(f, 1);
    assert_int_equal(sonde__core_flush(f->core, 3000), SONDE_ERR_TIMEOUT);
    assert_true(f->fake.cancels >= 1);
    f->fake.hold = false;
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, 1);
}

static void test_pump__one_destination_that_hangs_does_not_starve_another(void **state)
{
    struct core_fixture        *f = *state;
    static struct fake_exporter second;
    fake_exporter_init(&second);
    f->exporters[1]           = &second.base;
    f->options.exporter_count = 2;
    f->options.memory_bytes   = 1 << 20;
    f->options.batch_spans    = 64;
    core_fixture_start(f);
    second.hold = true;
    for (int i = 0; i < 200; i++) {
        record(f, 500);
        sonde__core_flush(f->core, 1);
    }
    uint64_t    until = sonde__clock_mono() + UINT64_C(20000000000);
    sonde_stats s     = core_fixture_stats(f);
    while (f->fake.spans < s.spans_accepted && sonde__clock_mono() < until)
        sonde__core_flush(f->core, 10);
    s = core_fixture_stats(f);
    assert_int_equal(f->fake.spans, s.spans_accepted);
    assert_true(s.spans_accepted > 50000);
    assert_true(s.spans_dropped_behind > 0);
    second.hold = false;
    core_fixture_flush(f);
    assert_int_equal(second.spans, s.spans_accepted - core_fixture_stats(f).spans_dropped_behind);
    sonde__core_stop(f->core, 20000);
    fake_exporter_done(&second);
}

static void test_pump__the_loop_driver_needs_no_thread(void **state)
{
    struct core_fixture *f       = *state;
    f->options.loop              = true;
    f->options.schedule_delay_ms = 1;
    core_fixture_start(f);
    record(f, 3);
    struct sonde__poller mine;
    assert_true(sonde__poller_init(&mine, 0));
    sonde__poller_watch(&mine, sonde__core_fd(f->core), SONDE__POLL_IN);
    struct sonde__poll_event event;
    for (int turns = 0; turns < 1000 && f->fake.spans < 3; turns++) {
        assert_int_equal(sonde__poller_wait(&mine, &event, 1, 20000), 1);
        sonde__core_dispatch(f->core);
    }
    assert_int_equal(f->fake.spans, 3);
    assert_false(f->core->pump.asked.thread_runs);
    sonde__poller_done(&mine);
}

static void *record_some(void *arg)
{
    record(arg, 25);
    return NULL;
}

static void test_pump__threads_that_come_and_go_leave_nothing_behind(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    for (int i = 0; i < 400; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, record_some, f), 0);
        pthread_join(thread, NULL);
    }
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(core_fixture_flush(f),
                     SONDE_OK); /* a lane leaves in the turn after its last record */
    assert_int_equal(f->fake.spans, 400 * 25);
    assert_int_equal(atomic_load(&f->core->lane_count), 0);
    assert_int_equal(atomic_load(&f->core->memory_used), 0);
    assert_balanced(f);
}

struct idlers {
    struct core_fixture *fixture;
    pthread_barrier_t    barrier; /* twice: all have recorded; all may end */
};

static void *record_and_idle(void *arg)
{
    struct idlers *idlers = arg;
    record(idlers->fixture, 60);
    pthread_barrier_wait(&idlers->barrier);
    pthread_barrier_wait(&idlers->barrier);
    return NULL;
}

static void test_pump__threads_that_idle_leave_the_budget_to_others(void **state)
{
    enum { THREADS = 400 };
    struct core_fixture *f      = *state;
    struct idlers        idlers = { .fixture = f };
    pthread_t            threads[THREADS];
    f->options.memory_bytes = 8 << 20;
    core_fixture_start(f);
    pthread_barrier_init(&idlers.barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, record_and_idle, &idlers), 0);
    pthread_barrier_wait(&idlers.barrier);
    core_fixture_flush(f);
    sonde_stats before = core_fixture_stats(f);

    record(f, 10000);

    sonde_stats after = core_fixture_stats(f);
    core_fixture_flush(f);
    pthread_barrier_wait(&idlers.barrier);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&idlers.barrier);
    assert_int_equal(before.spans_waiting, 0);
    assert_true(before.bytes_waiting < (8 << 20) / 2);
    assert_int_equal(after.spans_dropped_full, before.spans_dropped_full);
    assert_balanced(f);
}

static void test_pump__cuts_batches_by_bytes(void **state)
{
    enum { SIZE = 900 << 10, COUNT = 12 };
    struct core_fixture *f    = *state;
    char                *text = malloc(SIZE + 1);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    core_fixture_start(f);
    for (int i = 0; i < COUNT; i++)
        sonde_span_end(
            sonde_span_start(f->tracer, "large", .attrs = sonde_attrs_of(sonde_kv("t", text))));
    free(text);
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, COUNT);
    for (uint32_t i = 0; i < f->fake.body_count; i++)
        assert_true(f->fake.lengths[i] <= (5 << 20));
}

static void *record_until_stopped(void *arg)
{
    struct core_fixture *f = arg;
    while (sonde__core_current())
        record(f, 10);
    return NULL;
}

static void test_pump__stop_while_threads_record(void **state)
{
    struct core_fixture *f = *state;
    pthread_t            threads[4];
    for (int round = 0; round < 20; round++) {
        assert_int_equal(core_fixture_start(f), SONDE_OK);
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, record_until_stopped, f), 0);
        core_fixture_flush(f);
        assert_int_equal(sonde__core_stop(f->core, 20000), SONDE_OK);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
    assert_true(f->fake.dones == 20);
}

/* What a child says with its exit status. */
static int child_status(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_pump__an_open_span_is_the_parents_alone_after_a_fork(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    record(f, 3); /* waits in a page */
    sonde_span *open  = sonde_span_start(f->tracer, "open", .current = true);
    pid_t       child = fork();
    if (child == 0) {
        bool ok = !sonde_span_is_recording(open) && sonde_span_current() == open;
        sonde_span_set(open, "child", 1);
        sonde_span_context context = sonde_span_context_of(open);
        ok                         = ok && sonde_span_context_is_valid(&context);
        sonde_span_end(sonde_span_start(f->tracer, "of the child"));
        sonde_span_end(open);
        ok = ok && core_fixture_flush(f) == SONDE_OK;
        sonde_span_view view;
        ok = ok && f->fake.spans == 1 && fake_exporter_span(&f->fake, 0, &view, NULL) &&
             view.name.len == 12 && memcmp(view.parent_id, context.span_id, 8) == 0 &&
             f->fake.forks == 1;
        _exit(ok ? 0 : 1);
    }
    sonde_span_end(open);
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, 4);
    assert_int_equal(child_status(child), 0);
}

static void test_pump__children_have_ids_of_their_own(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    record(f, 1);
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    uint8_t ids[5][16];
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child == 0) {
            sonde_span_context context = sonde_span_context_of(sonde_span_start(f->tracer, "c"));
            ssize_t            written = write(pipes[1], context.trace_id, 16);
            _exit(written == 16 ? 0 : 1);
        }
        assert_int_equal(child_status(child), 0);
        assert_int_equal(read(pipes[0], ids[i], 16), 16);
    }
    sonde_span        *mine    = sonde_span_start(f->tracer, "p");
    sonde_span_context context = sonde_span_context_of(mine);
    memcpy(ids[4], context.trace_id, 16);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(ids[i], ids[k], 16);
    sonde_span_end(mine);
    close(pipes[0]);
    close(pipes[1]);
}

/* ThreadSanitizer takes a thread of the child for the one of the parent whose stack it got, and
 * gives up; the allocator of AddressSanitizer may be locked for ever in the child. There the child
 * of a process whose threads are busy does nothing. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define CHILD_MAY_DO_MUCH false
#elif defined(__has_feature)
#define CHILD_MAY_DO_MUCH (!__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer))
#else
#define CHILD_MAY_DO_MUCH true
#endif

static void test_pump__forks_while_threads_record_and_the_pump_sends(void **state)
{
    struct core_fixture *f = *state;
    f->options.batch_spans = 20;
    core_fixture_start(f);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, record_until_stopped, f), 0);
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (!CHILD_MAY_DO_MUCH)
                _exit(0);
            uint64_t before = f->fake.spans;
            record(f, 100);
            if (core_fixture_flush(f) != SONDE_OK)
                _exit(2);
            if (f->fake.spans != before + 100)
                _exit(3);
            _exit(sonde__core_stop(f->core, 20000) == SONDE_OK ? 0 : 4);
        }
        assert_int_equal(child_status(child), 0);
    }
    assert_int_equal(sonde__core_stop(f->core, 60000), SONDE_OK);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void test_pump__a_second_process_wide_core_is_an_error(void **state)
{
    struct core_fixture *f      = *state;
    struct sonde__core  *second = NULL;
    core_fixture_start(f);
    assert_int_equal(sonde__core_start(&f->options, &second), SONDE_ERR_STARTED);
    assert_null(second);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_pump__cuts_batches_by_span_count),
        CASE(test_pump__groups_records_by_scope),
        CASE(test_pump__sends_when_a_batch_is_full_without_being_asked),
        CASE(test_pump__sends_what_there_is_after_the_delay),
        CASE(test_pump__tries_again_what_could_not_be_delivered),
        CASE(test_pump__drops_and_counts_what_is_refused),
        CASE(test_pump__memory_stays_within_its_budget_and_drops_are_counted),
        CASE(test_pump__flush_ends_at_its_deadline),
        CASE(test_pump__an_exporter_without_an_answer_is_told_to_give_up),
        CASE(test_pump__one_destination_that_hangs_does_not_starve_another),
        CASE(test_pump__the_loop_driver_needs_no_thread),
        CASE(test_pump__threads_that_come_and_go_leave_nothing_behind),
        CASE(test_pump__threads_that_idle_leave_the_budget_to_others),
        CASE(test_pump__cuts_batches_by_bytes),
        CASE(test_pump__stop_while_threads_record),
        CASE(test_pump__an_open_span_is_the_parents_alone_after_a_fork),
        CASE(test_pump__children_have_ids_of_their_own),
        CASE(test_pump__forks_while_threads_record_and_the_pump_sends),
        CASE(test_pump__a_second_process_wide_core_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
