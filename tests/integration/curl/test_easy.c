/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

static sonde_span_view only_span(struct curl_fixture *f, const char *name)
{
    sonde_span_view span;
    if (!spans_find(&f->spans, name, 0, &span))
        fail_msg("no span named \"%s\"", name ? name : "(any)");
    return span;
}

static void test_easy__records_a_client_span(void **state)
{
    struct curl_fixture *f = *state;
    char                 port[8];
    snprintf(port, sizeof port, "%u", wire_port(f->wire));
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list), CURLE_OK);

    sonde_span_view span      = only_span(f, "GET");
    const char     *rows[][2] = {
            { "http.request.method", "GET" },
            { "url.full", f->url },
            { "server.address", "127.0.0.1" },
            { "server.port", port },
            { "http.response.status_code", "200" },
            { "network.protocol.version", "1.1" },
            { "network.peer.address", "127.0.0.1" },
            { "network.peer.port", port },
            { "error.type", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(spans_attribute(&span, rows[i][0]), rows[i][1]) != 0)
            fail_msg("%s is \"%s\"", rows[i][0], spans_attribute(&span, rows[i][0]));
    assert_int_equal(span.kind, SONDE_KIND_CLIENT);
    assert_int_equal(span.status, SONDE_STATUS_UNSET);
    assert_true(was_sent(f, 0, &span));
}

static void test_easy__takes_name_template_method_and_url_as_options(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    sonde_curl_easy_perform(f->easy, .headers = f->list, .url_template = "/{x}",
                            .attrs = sonde_attrs_of(sonde_kv("mine", 1)));
    sonde_span_view span = only_span(f, "DELETE /{x}");
    assert_string_equal(spans_attribute(&span, "mine"), "1");
    assert_string_equal(spans_attribute(&span, "url.template"), "/{x}");

    sonde_curl_easy_perform(f->easy, .headers = f->list, .url = "http://u:p@told/?sig=1",
                            .method = "DELETE", .span_name = "told");
    span = only_span(f, "told");
    assert_string_equal(spans_attribute(&span, "url.full"),
                        "http://REDACTED:REDACTED@told/?sig=REDACTED");
    assert_string_equal(spans_attribute(&span, "http.request.method"), "DELETE");
}

static size_t note_current(char *bytes, size_t size, size_t count, void *data)
{
    sonde_span **ret_span = data;
    (void)bytes;
    *ret_span = sonde_span_current();
    sonde_span_set(*ret_span, "seen", true);
    return size * count;
}

static void test_easy__is_a_child_and_current_during_the_transfer(void **state)
{
    struct curl_fixture *f    = *state;
    sonde_span          *seen = NULL;
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, note_current);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, &seen);
    sonde_in_span (work, f->tracer, "work")
        sonde_curl_easy_perform(f->easy, .headers = f->list);
    assert_non_null(seen);
    assert_null(sonde_span_current());

    sonde_span_view work = only_span(f, "work"), get = only_span(f, "GET");
    assert_true(spans_is_parent(&work, &get));
    assert_string_equal(spans_attribute(&get, "seen"), "true");
}

static void test_easy__takes_another_parent(void **state)
{
    struct curl_fixture *f    = *state;
    sonde_span          *work = sonde_span_start(f->tracer, "work");
    sonde_curl_easy_perform(f->easy, .headers = f->list, .parent = work);
    sonde_span_end(work);
    sonde_span_view parent = only_span(f, "work"), get = only_span(f, "GET");
    assert_true(spans_is_parent(&parent, &get));
}

static void test_easy__an_error_status_is_an_error(void **state)
{
    struct curl_fixture *f = *state;
    wire_answer(f->wire, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    wire_answer(f->wire, "HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n");
    sonde_curl_easy_perform(f->easy, .headers = f->list, .span_name = "first");
    curl_easy_setopt(f->easy, CURLOPT_FAILONERROR, 1L);
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list, .span_name = "second"),
                     CURLE_HTTP_RETURNED_ERROR);

    sonde_span_view span = only_span(f, "first");
    assert_int_equal(span.status, SONDE_STATUS_ERROR);
    assert_string_equal(spans_attribute(&span, "error.type"), "404");
    span = only_span(f, "second");
    assert_int_equal(span.status, SONDE_STATUS_ERROR);
    assert_string_equal(spans_attribute(&span, "error.type"), "503");
}

static void test_easy__a_broken_transfer_says_libcurls_name_for_it(void **state)
{
    static const char    some[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort";
    struct curl_fixture *f      = *state;
    char                 closed[64];
    snprintf(closed, sizeof closed, "http://127.0.0.1:%u/", wire_closed_port());
    const char *rows[][4] = {
        /* URL, answer, error.type, status */
        { closed, "", "CURLE_COULDNT_CONNECT", "" },
        { "http://a..b/", "", "CURLE_COULDNT_RESOLVE_HOST", "" },
        { f->url, NULL, "CURLE_GOT_NOTHING", "" },
        { f->url, some, "CURLE_PARTIAL_FILE", "200" },
        { f->url, "SSH-2.0-x\r\n\r\n", "CURLE_UNSUPPORTED_PROTOCOL", "" },
        { "http://:bad:/", "", "CURLE_URL_MALFORMAT", "" },
    };
    curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, 1L);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_span_view span;
        if (!rows[i][1] || rows[i][1][0])
            wire_answer_last(f->wire, rows[i][1]);
        curl_easy_setopt(f->easy, CURLOPT_URL, rows[i][0]);
        assert_int_not_equal(sonde_curl_easy_perform(f->easy, .headers = f->list), CURLE_OK);
        assert_true(spans_find(&f->spans, NULL, i, &span));
        assert_int_equal(span.status, SONDE_STATUS_ERROR);
        if (strcmp(spans_attribute(&span, "error.type"), rows[i][2]) != 0 ||
            strcmp(spans_attribute(&span, "http.response.status_code"), rows[i][3]) != 0)
            fail_msg("%s: error.type \"%s\", status \"%s\"", rows[i][0],
                     spans_attribute(&span, "error.type"),
                     spans_attribute(&span, "http.response.status_code"));
    }
}

static int give_up(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)data, (void)a, (void)b, (void)c, (void)d;
    return 1;
}

static void test_easy__given_up_by_the_application_is_no_error(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(f->easy, CURLOPT_XFERINFOFUNCTION, give_up);
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list, .method = "GET"),
                     CURLE_ABORTED_BY_CALLBACK);
    sonde_span_view span = only_span(f, "GET");
    assert_int_equal(span.status, SONDE_STATUS_UNSET);
    assert_string_equal(spans_attribute(&span, "error.type"), "");
}

static void test_easy__a_failed_start_does_not_repeat_what_was_before(void **state)
{
    struct curl_fixture *f = *state;
    sonde_curl_easy_perform(f->easy, .headers = f->list, .span_name = "good");
    curl_easy_setopt(f->easy, CURLOPT_URL, NULL);
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list, .span_name = "bad"),
                     CURLE_URL_MALFORMAT);
    sonde_span_view span = only_span(f, "bad");
    assert_string_equal(spans_attribute(&span, "http.response.status_code"), "");
    assert_string_equal(spans_attribute(&span, "error.type"), "CURLE_URL_MALFORMAT");
}

static void test_easy__other_protocols_have_no_span(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_URL, "file:///dev/null");
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list), CURLE_OK);
    sonde_curl_easy_perform(f->easy, .headers = f->list, .url = "file:///dev/null");
    assert_int_equal(spans_count(&f->spans), 0);
    assert_null(sonde_span_current());
}

static void test_easy__exports_have_neither_span_nor_header(void **state)
{
    struct curl_fixture *f = *state;
    f->list                = curl_slist_append(f->list, "User-Agent:  OTel-OTLP-Exporter-X/1");
    assert_int_equal(sonde_curl_easy_perform(f->easy, .headers = f->list), CURLE_OK);
    assert_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_string_equal(wire_header(f->wire, 0, "X-Mine", 0), "1");
    assert_int_equal(spans_count(&f->spans), 0);
}

static void test_easy__requests_are_timed(void **state)
{
    struct curl_fixture *f = *state;
    for (int i = 0; i < 3; i++)
        sonde_curl_easy_perform(f->easy, .headers = f->list);
    assert_true(spans_metric(&f->spans, "http_client_request_duration_seconds_count",
                             "http_request_method=\"GET\"") == 3);
    assert_non_null(strstr(f->spans.metrics, "server_address=\"127.0.0.1\""));
}

static void test_easy__takes_null(void **state)
{
    (void)state;
    assert_int_equal(sonde_curl_easy_perform_opts(NULL, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_easy__records_a_client_span),
        TEST(test_easy__takes_name_template_method_and_url_as_options),
        TEST(test_easy__is_a_child_and_current_during_the_transfer),
        TEST(test_easy__takes_another_parent),
        TEST(test_easy__an_error_status_is_an_error),
        TEST(test_easy__a_broken_transfer_says_libcurls_name_for_it),
        TEST(test_easy__given_up_by_the_application_is_no_error),
        TEST(test_easy__a_failed_start_does_not_repeat_what_was_before),
        TEST(test_easy__other_protocols_have_no_span),
        TEST(test_easy__exports_have_neither_span_nor_header),
        TEST(test_easy__requests_are_timed),
        TEST(test_easy__takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
