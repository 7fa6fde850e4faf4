/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

enum { TRANSFERS = 32 };

static CURL *handle(struct curl_fixture *f)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, f->url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return easy;
}

/* Drives all transfers to their end; returns how many said OK. */
static int drive(CURLM *multi)
{
    int running = 1, left, good = 0;
    while (running) {
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = sonde_curl_multi_info_read(multi, &left));) {
            CURL *easy = message->easy_handle;
            good += message->data.result == CURLE_OK;
            sonde_curl_multi_remove_handle(multi, easy);
            curl_easy_cleanup(easy);
        }
        if (running)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    return good;
}

static void test_multi__each_transfer_is_a_child_with_headers_of_its_own(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init();
    sonde_span          *all   = sonde_span_start(f->tracer, "all");
    for (int i = 0; i < TRANSFERS; i++)
        assert_int_equal(sonde_curl_multi_add_handle(multi, handle(f), .headers = f->list,
                                                     .parent = all, .url_template = "/{x}"),
                         CURLM_OK);
    assert_null(sonde_span_current());
    assert_int_equal(drive(multi), TRANSFERS);
    sonde_span_end(all);
    curl_multi_cleanup(multi);

    sonde_span_view parent, span;
    assert_true(spans_find(&f->spans, "all", 0, &parent));
    assert_int_equal(spans_count(&f->spans), TRANSFERS + 1);
    for (size_t i = 0; i < TRANSFERS; i++) {
        size_t senders = 0;
        assert_true(spans_find(&f->spans, "GET /{x}", i, &span) ||
                    spans_find(&f->spans, "HTTP /{x}", i, &span));
        assert_true(spans_is_parent(&parent, &span));
        assert_string_equal(spans_attribute(&span, "url.full"), f->url);
        for (size_t n = 0; n < TRANSFERS; n++)
            senders += was_sent(f, n, &span);
        assert_int_equal(senders, 1);
    }
}

static void test_multi__removed_in_flight_is_no_error(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init();
    CURL                *easy  = handle(f);
    sonde_span_view      span;
    int                  running;
    sonde_curl_multi_add_handle(multi, easy, .headers = f->list);
    curl_multi_perform(multi, &running);
    assert_int_equal(sonde_curl_multi_remove_handle(multi, easy), CURLM_OK);
    assert_int_equal(sonde_curl_multi_remove_handle(multi, easy), CURLM_OK);
    assert_int_equal(spans_count(&f->spans), 1);
    assert_true(spans_find(&f->spans, NULL, 0, &span));
    assert_int_equal(span.status, SONDE_STATUS_UNSET);

    untraced_perform(easy); /* the list is the application's again */
    size_t last = 0;
    while (wire_request(f->wire, last + 1))
        last++;
    assert_null(wire_header(f->wire, last, "traceparent", 0));
    assert_string_equal(wire_header(f->wire, last, "X-Mine", 0), "1");
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
}

static void test_multi__a_handle_can_be_used_again(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init();
    CURL                *easy  = handle(f);
    int                  running, left;
    for (int i = 0; i < 3; i++) {
        sonde_curl_multi_add_handle(multi, easy, .headers = f->list);
        do {
            curl_multi_perform(multi, &running);
            if (running)
                curl_multi_poll(multi, NULL, 0, 1000, NULL);
        } while (running);
        assert_non_null(sonde_curl_multi_info_read(multi, &left));
        sonde_curl_multi_remove_handle(multi, easy);
    }
    assert_int_equal(spans_count(&f->spans), 3);
    assert_string_not_equal(wire_header(f->wire, 0, "traceparent", 0),
                            wire_header(f->wire, 1, "traceparent", 0));
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
}

static void test_multi__a_handle_removed_behind_our_back_heals(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init();
    CURL                *easy  = handle(f);
    sonde_curl_multi_add_handle(multi, easy, .headers = f->list);
    curl_multi_remove_handle(multi, easy);
    assert_int_equal(sonde_curl_multi_add_handle(multi, easy, .headers = f->list), CURLM_OK);
    sonde_curl_multi_remove_handle(multi, easy);
    assert_int_equal(sonde_curl_multi_add_handle(multi, easy, .headers = f->list), CURLM_OK);
    assert_int_equal(drive(multi), 1);
    assert_non_null(wire_header(f->wire, 0, "traceparent", 0));
    curl_multi_cleanup(multi);
}

static void test_multi__a_refused_addition_leaves_no_span(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init(), *other = curl_multi_init();
    CURL                *easy = handle(f);
    curl_multi_add_handle(other, easy); /* it is taken already */
    assert_int_equal(sonde_curl_multi_add_handle(multi, easy, .headers = f->list),
                     CURLM_ADDED_ALREADY);
    assert_int_equal(spans_count(&f->spans), 0);
    assert_int_not_equal(sonde_curl_multi_add_handle(multi, NULL), CURLM_OK);
    assert_int_not_equal(sonde_curl_multi_add_handle(NULL, easy), CURLM_OK);
    curl_multi_remove_handle(other, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    curl_multi_cleanup(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_multi__each_transfer_is_a_child_with_headers_of_its_own),
        TEST(test_multi__removed_in_flight_is_no_error),
        TEST(test_multi__a_handle_can_be_used_again),
        TEST(test_multi__a_handle_removed_behind_our_back_heals),
        TEST(test_multi__a_refused_addition_leaves_no_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
