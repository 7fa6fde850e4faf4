/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a forked child finds. */
#include "base/clock.h"
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
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

/* What a child says with its exit status. */
static int child_status(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static bool comes_to(struct core_fixture *f, uint64_t spans)
{
    uint64_t until = sonde__clock_mono() + UINT64_C(20000000000);
    while (f->fake.spans < spans && sonde__clock_mono() < until)
        sched_yield();
    return f->fake.spans == spans;
}

static void test_fork__a_child_sends_what_it_records_without_being_asked(void **state)
{
    struct core_fixture *f       = *state;
    f->options.schedule_delay_ms = 10;
    core_fixture_start(f);
    sonde_span_end(sonde_span_start(f->tracer, "of the parent"));
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    pid_t child = fork();
    if (child == 0) {
        sonde_span_end(sonde_span_start(f->tracer, "of the child"));
        _exit(comes_to(f, 2) ? 0 : 1);
    }
    assert_int_equal(child_status(child), 0);
    assert_int_equal(f->fake.spans, 1);
}

static void test_fork__what_waits_in_the_parent_is_sent_by_the_parent_alone(void **state)
{
    struct core_fixture *f = *state;
    core_fixture_start(f);
    f->fake.hold = true;
    for (int i = 0; i < 2000; i++)
        sonde_span_end(sonde_span_start(f->tracer, "waits"));
    assert_int_equal(sonde__core_flush(f->core, 1), SONDE_ERR_TIMEOUT);
    pid_t child = fork();
    if (child == 0) {
        f->fake.hold      = false;
        sonde_stats s     = core_fixture_stats(f);
        bool        empty = s.spans_waiting == 0 && s.spans_accepted == 0 && s.bytes_waiting == 0;
        _exit(empty && core_fixture_flush(f) == SONDE_OK && f->fake.spans == 0 ? 0 : 1);
    }
    f->fake.hold = false;
    assert_int_equal(child_status(child), 0);
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, 2000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_fork__a_child_sends_what_it_records_without_being_asked),
        CASE(test_fork__what_waits_in_the_parent_is_sent_by_the_parent_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
