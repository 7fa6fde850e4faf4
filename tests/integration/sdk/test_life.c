/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* integration/sdk/test_life.c - programs that use the shipped libraries, and what a receiver sees of their
 * ends, forks and mistakes. PROGRAM is the path of program.c's. */
#include "sink.h"

#include <sonde/plugin/record.h>

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

struct fixture {
    struct sink *sink;
    char         endpoint[80];
    char         out[4096], err[4096]; /* what the program wrote */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fixture.sink = sink_start();
    if (!fixture.sink)
        return -1;
    snprintf(fixture.endpoint, sizeof fixture.endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT=%s",
             sink_url(fixture.sink));
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sink_stop(f->sink);
    return 0;
}

static void read_all(int fd, char *ret_text, size_t size)
{
    size_t have = 0;
    for (ssize_t n = 1; n > 0 && have + 1 < size; have += n > 0 ? (size_t)n : 0)
        n = read(fd, ret_text + have, size - 1 - have);
    ret_text[have] = '\0';
    close(fd);
}

/* Runs a life with the sink's endpoint and up to two more variables; returns the exit status. */
static int run(struct fixture *f, const char *life, const char *more, const char *and_more)
{
    char *argv[]     = { (char[]){ PROGRAM }, strdup(life), NULL };
    char *libraries  = getenv("LD_LIBRARY_PATH");
    char  path[1024] = "";
    /* Sanitizers take what a forked child has of threads that are not there for mistakes. */
    char *envp[7] = { f->endpoint, path, (char[]){ "ASAN_OPTIONS=detect_leaks=0" },
                      (char[]){ "TSAN_OPTIONS=die_after_fork=0" } };
    int   count = 4, out[2], err[2], status = -1;
    pid_t pid;
    snprintf(path, sizeof path, "LD_LIBRARY_PATH=%s", libraries ? libraries : "");
    if (more)
        envp[count++] = (char *)(uintptr_t)more;
    if (and_more)
        envp[count++] = (char *)(uintptr_t)and_more;
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe(out) | pipe(err), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    posix_spawn_file_actions_addclose(&actions, err[0]);
    assert_int_equal(posix_spawn(&pid, PROGRAM, &actions, NULL, argv, envp), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    read_all(out[0], f->out, sizeof f->out);
    read_all(err[0], f->err, sizeof f->err);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    free(argv[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* An attribute of a KeyValue list, as text. */
static void attribute(uint32_t field, sonde_str message, const char *key, char *ret_text,
                      size_t size)
{
    sonde_str   name;
    sonde_value value;
    ret_text[0] = '\0';
    while (sonde_attribute_next(field, &message, &name, &value))
        if (name.len == strlen(key) && memcmp(name.ptr, key, name.len) == 0)
            sonde_value_text(&value, ret_text, size);
}

/* Calls visit for every span that was received; returns how many there were. */
static size_t each_span(struct fixture *f,
                        void (*visit)(void *to, const sonde_span_view *span, sonde_str resource),
                        void *to)
{
    size_t count = 0;
    for (size_t i = 0; i < sink_requests(f->sink); i++) {
        struct sink_request request = sink_request(f->sink, i);
        sonde_request_iter  iter    = { .body = sonde_str_n(request.body, request.length) };
        sonde_str           bytes;
        sonde_span_view     span;
        if (strcmp(request.path, "/v1/traces") != 0)
            continue;
        for (; sonde_request_next(&iter, &bytes); count++)
            if (sonde_span_read(bytes, &span) && visit)
                visit(to, &span, iter.resource);
    }
    return count;
}

static void test_life__exit_sends_what_waits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "leave", NULL, NULL), 0);
    assert_int_equal(each_span(f, NULL, NULL), 3);
    assert_int_equal(sink_points(f->sink), 1);
    assert_string_equal(f->err, "");
}

static void test_life__exit_after_stop_sends_nothing_twice(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "stop_and_leave", NULL, NULL), 0);
    assert_int_equal(each_span(f, NULL, NULL), 3);
}

static void test_life__exit_without_handlers_loses_what_waits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "leave_at_once", NULL, NULL), 0);
    assert_int_equal(sink_requests(f->sink), 0);
}

static void test_life__exit_does_not_wait_for_a_collector_for_ever(void **state)
{
    struct fixture *f = *state;
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    assert_int_equal(run(f, "leave", NULL, NULL), 0); /* or the test's own limit ends it */
    assert_int_equal(sink_spans(f->sink), 0);
}

struct open_spans {
    size_t count;
    char   who[16];
    char   instance[8][64]; /* service.instance.id of "open", then of each "work" */
    size_t instances;
};

static void visit_open(void *to, const sonde_span_view *span, sonde_str resource)
{
    struct open_spans *seen = to;
    if (span->name.len == 4 && memcmp(span->name.ptr, "open", 4) == 0) {
        seen->count++;
        attribute(9, span->bytes, "who", seen->who, sizeof seen->who);
    }
    if (seen->instances < 8)
        attribute(1, resource, "service.instance.id", seen->instance[seen->instances++],
                  sizeof *seen->instance);
}

static void test_life__a_span_open_at_fork_is_sent_once_by_the_parent(void **state)
{
    struct fixture   *f    = *state;
    struct open_spans seen = { .count = 0 };
    assert_int_equal(run(f, "fork_with_open_span", NULL, NULL), 0);
    assert_int_equal(each_span(f, visit_open, &seen), 1 + 1 + 2);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.who, "parent");
}

static void test_life__parent_and_child_are_two_instances(void **state)
{
    struct fixture   *f         = *state;
    struct open_spans seen      = { .count = 0 };
    size_t            different = 0;
    assert_int_equal(run(f, "fork_with_open_span", NULL, NULL), 0);
    each_span(f, visit_open, &seen);
    for (size_t i = 0; i < seen.instances; i++) {
        assert_int_equal(strlen(seen.instance[i]), 36);
        different += strcmp(seen.instance[i], seen.instance[0]) != 0;
    }
    assert_int_equal(seen.instances, 4);
    assert_int_equal(different, 2);
}

static void test_life__a_child_without_telemetry_sends_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "fork_and_leave", "OTEL_METRICS_EXPORTER=none", NULL), 0);
    assert_int_equal(each_span(f, NULL, NULL), 2);
    assert_int_equal(sink_requests(f->sink), 2);
    assert_int_equal(sink_connections(f->sink), 1);
}

static void test_life__a_daemon_goes_on_after_the_fork(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "daemonize", NULL, NULL), 0);
    assert_true(sink_wait_spans(f->sink, 4, PATIENCE_MS));
    assert_int_equal(each_span(f, NULL, NULL), 4);
}

static void test_life__forks_in_the_middle_of_sending_lose_and_double_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        run(f, "fork_often", "OTEL_BSP_SCHEDULE_DELAY=1", "OTEL_METRICS_EXPORTER=none"), 0);
    assert_int_equal(each_span(f, NULL, NULL), 40 * (5 + 1));
}

static void test_life__console_writes_spans_on_standard_output(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "show", "OTEL_TRACES_EXPORTER=console", "OTEL_METRICS_EXPORTER=none"),
                     0);
    assert_memory_equal(f->out, "GET /x  server  ", 16);
    assert_non_null(strstr(f->out, "\n  url.path = /x\n"));
    assert_int_equal(sink_requests(f->sink), 0);
}

static void test_life__mistakes_are_reported_on_standard_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "show", "OTEL_TRACES_SAMPLER=xray", "OTEL_METRICS_EXPORTER=none"), 0);
    assert_string_equal(f->err,
                        "sonde: OTEL_TRACES_SAMPLER=\"xray\": 'xray' needs a component that is "
                        "not linked; used instead: parentbased_always_on\n");
    assert_int_equal(sink_spans(f->sink), 1);
}

static void test_life__log_level_none_keeps_it_silent(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "show", "OTEL_TRACES_SAMPLER=xray", "OTEL_LOG_LEVEL=none"), 0);
    assert_string_equal(f->err, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_life__##name, set_up, tear_down)
        TEST(exit_sends_what_waits),
        TEST(exit_after_stop_sends_nothing_twice),
        TEST(exit_without_handlers_loses_what_waits),
        TEST(exit_does_not_wait_for_a_collector_for_ever),
        TEST(a_span_open_at_fork_is_sent_once_by_the_parent),
        TEST(parent_and_child_are_two_instances),
        TEST(a_child_without_telemetry_sends_nothing),
        TEST(a_daemon_goes_on_after_the_fork),
        TEST(forks_in_the_middle_of_sending_lose_and_double_nothing),
        TEST(console_writes_spans_on_standard_output),
        TEST(mistakes_are_reported_on_standard_error),
        TEST(log_level_none_keeps_it_silent),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
