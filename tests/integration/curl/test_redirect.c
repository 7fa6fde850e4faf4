/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Redirects, within one host and to another. The hook that this stands on came with libcurl 7.80;
 * before it, a handle that follows redirects is sent no trace header. */
#include "fixture.h"

#include <sonde/curl_auto.h>

static void redirect(struct curl_fixture *f, const char *to)
{
    char answer[256];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", to);
    wire_answer(f->wire, answer);
}

static bool has_hook(void)
{
    return LIBCURL_VERSION_NUM >= 0x075000 &&
           curl_version_info(CURLVERSION_NOW)->version_num >= 0x075000;
}

static CURL *seen_handle(struct curl_fixture *f)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, f->url);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, f->resolve);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    return easy;
}

static void assert_sent(struct curl_fixture *f, size_t n, bool context)
{
    assert_string_equal(wire_header(f->wire, n, "X-Mine", 0), "1");
    assert_int_equal(wire_header(f->wire, n, "traceparent", 0) != NULL, context && has_hook());
    assert_int_equal(wire_header(f->wire, n, "baggage", 0) != NULL, context && has_hook());
}

static void with_baggage(CURL *easy)
{
    sonde_context *context = sonde_context_with_baggage(NULL, "tenant", sonde_str_z("acme"));
    sonde_token    token   = sonde_context_attach(context);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    sonde_context_detach(token);
    sonde_context_unref(context);
}

static void test_redirect__context_stays_with_its_host(void **state)
{
    struct curl_fixture *f    = *state;
    CURL                *easy = seen_handle(f);
    redirect(f, "/second");
    redirect(f, f->other_url);
    redirect(f, f->url);
    with_baggage(easy);
    curl_easy_cleanup(easy);
    assert_sent(f, 0, true);
    assert_sent(f, 1, true);
    assert_sent(f, 2, false); /* another host */
    assert_sent(f, 3, true);
}

static void test_redirect__is_one_span_of_the_first_url(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    CURL                *easy = seen_handle(f);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "a=1");
    redirect(f, f->other_url);
    curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    assert_true(spans_find(&f->spans, "POST", 0, &span));
    assert_string_equal(spans_attribute(&span, "url.full"), f->url);
    assert_string_equal(spans_attribute(&span, "http.response.status_code"), "200");
    assert_int_equal(spans_count(&f->spans), 1);
}

static void test_redirect__without_end_is_an_error(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    CURL                *easy = seen_handle(f);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 2L);
    for (int i = 0; i < 4; i++)
        redirect(f, "/again");
    curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    assert_true(spans_find(&f->spans, "GET", 0, &span));
    assert_string_equal(spans_attribute(&span, "error.type"), "CURLE_TOO_MANY_REDIRECTS");
    assert_int_equal(span.status, SONDE_STATUS_ERROR);
}

#if LIBCURL_VERSION_NUM >= 0x075000

static int count_calls(void *data, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    int *calls = data;
    (void)local_ip, (void)local_port;
    if (strcmp(peer_ip, "127.0.0.1") == 0 && peer_port > 0)
        ++*calls;
    return CURL_PREREQFUNC_OK;
}

static void test_redirect__the_applications_own_hook_is_called(void **state)
{
    struct curl_fixture *f     = *state;
    int                  calls = 0;
    CURL                *easy  = seen_handle(f);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, count_calls);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &calls);
    redirect(f, "/second");
    curl_easy_perform(easy);
    assert_int_equal(calls, 2);
    untraced_perform(easy); /* it has been set again */
    assert_int_equal(calls, 3);
    curl_easy_cleanup(easy);
}

static int refuse(void *data, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    (void)data, (void)peer_ip, (void)local_ip, (void)peer_port, (void)local_port;
    return CURL_PREREQFUNC_ABORT;
}

static void test_redirect__the_applications_own_hook_may_refuse(void **state)
{
    struct curl_fixture *f    = *state;
    CURL                *easy = seen_handle(f);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, refuse);
    assert_int_equal(curl_easy_perform(easy), CURLE_ABORTED_BY_CALLBACK);
    assert_null(wire_request(f->wire, 0));
    curl_easy_cleanup(easy);
}

static size_t set_hook_within(char *bytes, size_t size, size_t count, void *data)
{
    void **handle_and_calls = data;
    (void)bytes;
    curl_easy_setopt(handle_and_calls[0], CURLOPT_PREREQFUNCTION, count_calls);
    curl_easy_setopt(handle_and_calls[0], CURLOPT_PREREQDATA, handle_and_calls[1]);
    return size * count;
}

static void test_redirect__a_hook_set_during_a_transfer_is_chained(void **state)
{
    struct curl_fixture *f                  = *state;
    int                  calls              = 0;
    CURL                *easy               = seen_handle(f);
    void                *handle_and_calls[] = { easy, &calls };
    char                 answer[256];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 2\r\n\r\nno", f->other_url);
    wire_answer(f->wire, answer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, set_hook_within);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, handle_and_calls);
    curl_easy_perform(easy);
    assert_int_equal(calls, 1);
    assert_sent(f, 1, false);
    curl_easy_cleanup(easy);
}

static void test_redirect__an_explicit_call_guards_when_asked(void **state)
{
    struct curl_fixture *f     = *state;
    int                  calls = 0;
    (curl_easy_setopt)(f->easy, CURLOPT_FOLLOWLOCATION, 1L);
    redirect(f, f->other_url);
    sonde_curl_easy_perform(f->easy, .headers = f->list, .guard_redirects = true,
                            .prereq = count_calls, .prereq_data = &calls);
    assert_non_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_null(wire_header(f->wire, 1, "traceparent", 0));
    assert_int_equal(calls, 2);
    untraced_set_url(f->easy, f->url);
    untraced_perform(f->easy);
    assert_int_equal(calls, 3);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_redirect__context_stays_with_its_host),
        TEST(test_redirect__is_one_span_of_the_first_url),
        TEST(test_redirect__without_end_is_an_error),
#if LIBCURL_VERSION_NUM >= 0x075000
        TEST(test_redirect__the_applications_own_hook_is_called),
        TEST(test_redirect__the_applications_own_hook_may_refuse),
        TEST(test_redirect__a_hook_set_during_a_transfer_is_chained),
        TEST(test_redirect__an_explicit_call_guards_when_asked),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
