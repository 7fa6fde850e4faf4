/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/base/test_poller.c */
#include "base/clock.h"
#include "base/poller.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOREVER = -1, LOOK = 0 };

struct fixture {
    struct sonde__poller     poller;
    struct sonde__poll_event events[4];
    int                      pipe[2];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    if (pipe(fixture.pipe) != 0 ||
        !sonde__poller_init(&fixture.poller, SONDE__POLLER_WAKE | SONDE__POLLER_TIMER))
        return -1;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sonde__poller_done(&f->poller);
    close(f->pipe[0]);
    close(f->pipe[1]);
    return 0;
}

static bool is_readable(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };
    return poll(&one, 1, 0) == 1;
}

static void test_poller__names_the_descriptor_that_is_ready(void **state)
{
    struct fixture *f = *state;
    assert_true(sonde__poller_watch(&f->poller, f->pipe[0], SONDE__POLL_IN));
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, LOOK), 0);

    assert_int_equal(write(f->pipe[1], "x", 1), 1);

    assert_true(is_readable(sonde__poller_fd(&f->poller)));
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, FOREVER), 1);
    assert_int_equal(f->events[0].fd, f->pipe[0]);
    assert_int_equal(f->events[0].what, SONDE__POLL_IN);
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, LOOK), 1); /* level-triggered */
}

static void test_poller__watches_for_what_was_asked_last(void **state)
{
    struct fixture *f = *state;
    sonde__poller_watch(&f->poller, f->pipe[1], SONDE__POLL_OUT);
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, FOREVER), 1);
    assert_int_equal(f->events[0].what, SONDE__POLL_OUT);

    assert_true(sonde__poller_watch(&f->poller, f->pipe[1], SONDE__POLL_IN));
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, LOOK), 0);

    assert_true(sonde__poller_watch(&f->poller, f->pipe[1], 0));
    assert_true(sonde__poller_watch(&f->poller, f->pipe[1], 0)); /* not watched: nothing to do */
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, LOOK), 0);
}

static void test_poller__timer_ends_a_wait_not_before_its_time(void **state)
{
    struct fixture *f     = *state;
    uint64_t        at_ns = sonde__clock_mono() + 3000000;

    assert_true(sonde__poller_arm(&f->poller, at_ns));
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, FOREVER), 0);

    assert_true(sonde__clock_mono() >= at_ns);
    assert_false(is_readable(sonde__poller_fd(&f->poller))); /* once */
}

static void test_poller__timer_of_the_past_is_due_and_none_is_never(void **state)
{
    struct fixture *f = *state;
    assert_true(sonde__poller_arm(&f->poller, 0));
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, FOREVER), 0);

    assert_true(sonde__poller_arm(&f->poller, 0));
    assert_true(is_readable(sonde__poller_fd(&f->poller)));
    assert_true(sonde__poller_arm(&f->poller, UINT64_MAX));
    assert_false(is_readable(sonde__poller_fd(&f->poller)));
}

static void test_poller__wakes_before_the_wait_are_one(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        sonde__poller_wake(&f->poller);

    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, FOREVER), 0);

    assert_false(is_readable(sonde__poller_fd(&f->poller)));
}

enum { ROUNDS = 2000 };

struct counter {
    struct sonde__poller *poller;
    atomic_uint           written;
};

static void *count_up(void *argument)
{
    struct counter *counter = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        atomic_fetch_add_explicit(&counter->written, 1, memory_order_relaxed);
        sonde__poller_wake(counter->poller);
    }
    return NULL;
}

static void test_poller__no_wake_up_is_lost_between_threads(void **state)
{
    struct fixture *f       = *state;
    struct counter  counter = { .poller = &f->poller };
    pthread_t       threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &counter), 0);

    /* A wake-up that went missing leaves this waiting for ever. */
    while (atomic_load_explicit(&counter.written, memory_order_relaxed) < 2 * ROUNDS)
        sonde__poller_wait(&f->poller, f->events, 4, FOREVER);

    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static int in_the_child(struct fixture *f)
{
    if (!sonde__poller_forked(&f->poller))
        return 1;
    if (!sonde__poller_watch(&f->poller, f->pipe[1], SONDE__POLL_OUT))
        return 2;
    sonde__poller_wake(&f->poller);
    sonde__poller_arm(&f->poller, 0);
    if (sonde__poller_wait(&f->poller, f->events, 4, LOOK) != 1)
        return 3;
    sonde__poller_done(&f->poller);
    return 0;
}

static void test_poller__a_forked_child_touches_nothing_of_the_parents(void **state)
{
    struct fixture *f = *state;
    int             status;
    sonde__poller_watch(&f->poller, f->pipe[0], SONDE__POLL_IN);

    pid_t child = fork();
    if (child == 0)
        _exit(in_the_child(f));
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_int_equal(status, 0);
    assert_false(is_readable(sonde__poller_fd(&f->poller)));
    assert_int_equal(write(f->pipe[1], "x", 1), 1);
    assert_int_equal(sonde__poller_wait(&f->poller, f->events, 4, FOREVER), 1);
}

static void test_poller__zeros_are_a_poller_that_is_not_open(void **state)
{
    struct fixture      *f    = *state;
    struct sonde__poller none = { 0 };

    sonde__poller_wake(&none);
    sonde__poller_done(&none);

    assert_int_equal(sonde__poller_fd(&none), -1);
    assert_false(sonde__poller_arm(&none, 0));
    assert_false(sonde__poller_watch(&none, f->pipe[0], SONDE__POLL_IN));
    assert_int_equal(sonde__poller_wait(&none, f->events, 4, FOREVER), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_poller__##name, set_up, tear_down)
        TEST(names_the_descriptor_that_is_ready),
        TEST(watches_for_what_was_asked_last),
        TEST(timer_ends_a_wait_not_before_its_time),
        TEST(timer_of_the_past_is_due_and_none_is_never),
        TEST(wakes_before_the_wait_are_one),
        TEST(no_wake_up_is_lost_between_threads),
        TEST(a_forked_child_touches_nothing_of_the_parents),
        TEST(zeros_are_a_poller_that_is_not_open),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
