/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/test_loop.c - the application's event loop as the driver: no thread of ours, one descriptor. */
#include "sdk_fixture.h"
#include "sink.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int  count = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return count;
}

/* An event loop that has nothing else to do; the sink's threads answer meanwhile. */
static bool run_until_received(struct fixture *f, struct sink *sink, size_t spans)
{
    struct pollfd one = { .fd = sonde_sdk_fd(f->sdk), .events = POLLIN };
    while (sink_spans(sink) < spans) {
        if (poll(&one, 1, PATIENCE_MS) != 1)
            return false; /* the descriptor did not say that there is something to do */
        sonde_sdk_dispatch(f->sdk);
    }
    return true;
}

static void test_loop__one_descriptor_tells_when_there_is_something_to_do(void **state)
{
    struct fixture *f    = *state;
    struct sink    *sink = sink_start();
    assert_non_null(sink);
    assert_int_equal(sonde_sdk_start(&f->sdk, .endpoint = sink_url(sink),
                                     .driver = SONDE_DRIVER_LOOP, .schedule_delay_ms = 5),
                     SONDE_OK);
    assert_true(sonde_sdk_fd(f->sdk) >= 0);
    for (size_t round = 1; round <= 3; round++) {
        end_spans(sonde_tracer_get("test", "1"), 10);
        assert_true(run_until_received(f, sink, 10 * round));
    }
    size_t connections = sink_connections(sink);
    assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    sink_stop(sink);
    assert_int_equal(connections, 1);
}

static void test_loop__no_thread_is_started(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    int               before  = threads();
    options.driver            = SONDE_DRIVER_LOOP;
    sonde_sdk_start_opts(&f->sdk, &options);
    end_spans(sonde_tracer_get("test", "1"), 1);
    sonde_sdk_dispatch(f->sdk);
    assert_int_equal(threads(), before);
}

static void test_loop__flush_drives_by_itself(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    options.driver            = SONDE_DRIVER_LOOP;
    sonde_sdk_start_opts(&f->sdk, &options);
    end_spans(sonde_tracer_get("test", "1"), 3);
    assert_int_equal(sonde_sdk_flush(f->sdk, PATIENCE_MS), SONDE_OK);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES), 3);
}

static void test_loop__the_thread_driver_has_no_descriptor(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_sdk_start_opts(&f->sdk, &options);
    sonde_sdk_dispatch(f->sdk);
    assert_int_equal(sonde_sdk_fd(f->sdk), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_loop__##name, set_up, tear_down)
        TEST(one_descriptor_tells_when_there_is_something_to_do),
        TEST(no_thread_is_started),
        TEST(flush_drives_by_itself),
        TEST(the_thread_driver_has_no_descriptor),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
