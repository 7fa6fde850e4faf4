/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

#include <unistd.h>

static void test_metrics__count_and_time_requests(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    free(mhd_get(f, "/route/1", ""));
    free(mhd_get(f, "/route/2", ""));
    free(mhd_get(f, "/status/500", ""));
    assert_true(spans_wait(&f->spans, 3));
    assert_true(spans_metric(&f->spans, "http_server_request_duration_seconds_count",
                             "http_route=\"/route/{x}\"") == 2);
    assert_true(spans_metric(&f->spans, "http_server_request_duration_seconds_count",
                             "error_type=\"500\"") == 1);
    assert_true(
        spans_metric(&f->spans, "http_server_active_requests", "http_request_method=\"GET\"") == 0);
}

static void test_metrics__are_served_without_being_told_of(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    free(mhd_get(f, "/ok", ""));
    assert_true(spans_wait(&f->spans, 1));
    for (int i = 0; i < 3; i++) {
        char *answer = mhd_get(f, "/metrics", "");
        assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4"));
        assert_non_null(strstr(answer, "# TYPE http_server_request_duration_seconds histogram"));
        assert_non_null(strstr(answer, "http_server_active_requests{"));
        free(answer);
    }
    mhd_stop(f);
    assert_int_equal(spans_count(&f->spans), 1);
    assert_true(spans_metric(&f->spans, "http_server_request_duration_seconds_count",
                             "http_request_method=\"GET\"") == 1);
    assert_true(
        spans_metric(&f->spans, "http_server_active_requests", "http_request_method=\"GET\"") == 0);
}

static void test_metrics__are_unavailable_without_an_sdk(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    sonde_sdk_stop(&f->spans.sdk, 20000);
    char *answer = mhd_get(f, "/metrics", "");
    assert_memory_equal(answer, "HTTP/1.1 503", 12);
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_metrics__count_and_time_requests),
        TEST(test_metrics__are_served_without_being_told_of),
        TEST(test_metrics__are_unavailable_without_an_sdk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
