/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

static const char *const ours[] = { "traceparent", "tracestate", "baggage", NULL };

static void test_headers__are_all_that_differs_on_the_wire(void **state)
{
    struct curl_fixture *f = *state;
    untraced_set_headers(f->easy, f->list);
    untraced_perform(f->easy);
    sonde_curl_easy_perform(f->easy, .headers = f->list);

    char *traced = wire_without(f->wire, 1, ours);
    assert_string_equal(traced, wire_request(f->wire, 0));
    assert_string_not_equal(wire_request(f->wire, 1), wire_request(f->wire, 0));
    free(traced);
}

static void test_headers__leave_the_applications_list_as_it_was(void **state)
{
    struct curl_fixture *f     = *state;
    struct curl_slist   *first = f->list, *second = f->list->next;
    sonde_curl_easy_perform(f->easy, .headers = f->list);
    assert_ptr_equal(f->list, first);
    assert_ptr_equal(first->next, second);
    assert_null(second->next);
    assert_string_equal(first->data, "X-Mine: 1");
    assert_string_equal(second->data, "X-Also: 2");

    untraced_perform(f->easy); /* the handle carries the list, and nothing of ours */
    assert_string_equal(wire_header(f->wire, 1, "X-Mine", 0), "1");
    assert_string_equal(wire_header(f->wire, 1, "X-Also", 0), "2");
    assert_null(wire_header(f->wire, 1, "traceparent", 0));
}

static void test_headers__carry_tracestate_and_baggage(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_context   remote;
    sonde_traceparent_parse(sonde_str_z("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                            &remote);
    sonde_context *from  = sonde_context_with_remote(NULL, &remote, sonde_str_z("a=1,b=2"));
    sonde_context *with  = sonde_context_with_baggage(from, "tenant", sonde_str_z("acme"));
    sonde_token    token = sonde_context_attach(with);
    sonde_curl_easy_perform(f->easy, .headers = f->list);
    sonde_context_detach(token);
    sonde_context_unref(with);
    sonde_context_unref(from);
    assert_string_equal(wire_header(f->wire, 0, "tracestate", 0), "a=1,b=2");
    assert_string_equal(wire_header(f->wire, 0, "baggage", 0), "tenant=acme");
    assert_memory_equal(wire_header(f->wire, 0, "traceparent", 0),
                        "00-0af7651916cd43dd8448eb211c80319c-", 36);
}

static void test_headers__hostile_values_stay_in_their_line(void **state)
{
    struct curl_fixture *f = *state;
    char                 large[4000];
    memset(large, 'v', sizeof large);
    sonde_context *evil = sonde_context_with_baggage(
        NULL, "k", sonde_str_z("v\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1"));
    sonde_context *both  = sonde_context_with_baggage(evil, "large",
                                                      sonde_str_n(large, sizeof large));
    sonde_token    token = sonde_context_attach(both);
    sonde_curl_easy_perform(f->easy, .headers = f->list);
    sonde_context_detach(token);
    sonde_context_unref(both);
    sonde_context_unref(evil);
    assert_null(wire_header(f->wire, 0, "X-Evil", 0));
    assert_null(wire_request(f->wire, 1));
    assert_non_null(strstr(wire_header(f->wire, 0, "baggage", 0), "k=v%0D%0AX-Evil"));
    assert_true(strlen(wire_header(f->wire, 0, "baggage", 0)) > sizeof large);
}

static void test_headers__an_unknown_list_is_never_traded_for_ours(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    untraced_set_headers(f->easy, f->list);
    assert_int_equal(sonde_curl_easy_perform(f->easy), CURLE_OK);
    assert_string_equal(wire_header(f->wire, 0, "X-Mine", 0), "1");
    assert_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_true(spans_find(&f->spans, "GET", 0, &span));
}

static void test_headers__the_caller_may_vouch_or_refuse(void **state)
{
    struct curl_fixture *f = *state;
    sonde_curl_easy_perform(f->easy, .inject = SONDE_INJECT_ALWAYS);
    sonde_curl_easy_perform(f->easy, .headers = f->list, .inject = SONDE_INJECT_NEVER);
    assert_non_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_null(wire_header(f->wire, 1, "traceparent", 0));
    assert_string_equal(wire_header(f->wire, 1, "X-Mine", 0), "1");
    assert_int_equal(spans_count(&f->spans), 2);
}

static void test_headers__the_applications_own_trace_header_wins(void **state)
{
    struct curl_fixture *f = *state;
    f->list                = curl_slist_append(f->list, "TraceParent: mine");
    sonde_curl_easy_perform(f->easy, .headers = f->list);
    assert_string_equal(wire_header(f->wire, 0, "traceparent", 0), "mine");
    assert_null(wire_header(f->wire, 0, "traceparent", 1));
    assert_null(wire_header(f->wire, 0, "tracestate", 0));
}

static void test_headers__another_header_of_the_same_beginning_does_not_count(void **state)
{
    struct curl_fixture *f = *state;
    f->list                = curl_slist_append(f->list, "traceparent-not: 1");
    sonde_curl_easy_perform(f->easy, .headers = f->list);
    assert_non_null(wire_header(f->wire, 0, "traceparent", 0));
}

static void test_headers__a_tunnel_is_not_sent_them(void **state)
{
    struct curl_fixture *f = *state;
    char                 proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", wire_port(f->wire));
    curl_easy_setopt(f->easy, CURLOPT_PROXY, proxy);
    curl_easy_setopt(f->easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(f->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    wire_answer(f->wire, "HTTP/1.1 200 Connection established\r\n\r\n");
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list), CURLE_OK);
    assert_memory_equal(wire_request(f->wire, 0), "CONNECT ", 8);
    assert_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_non_null(wire_header(f->wire, 1, "traceparent", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_headers__are_all_that_differs_on_the_wire),
        TEST(test_headers__leave_the_applications_list_as_it_was),
        TEST(test_headers__carry_tracestate_and_baggage),
        TEST(test_headers__hostile_values_stay_in_their_line),
        TEST(test_headers__an_unknown_list_is_never_traded_for_ours),
        TEST(test_headers__the_caller_may_vouch_or_refuse),
        TEST(test_headers__the_applications_own_trace_header_wins),
        TEST(test_headers__a_tunnel_is_not_sent_them),
        TEST(test_headers__another_header_of_the_same_beginning_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
