/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/transport/test_otlp_http.c - what a request looks like, and what each answer means. */
#include "drive.h"
#include "sink.h"
#include "transport/otlp_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct sink              *sink;
    char                      traces_url[80], metrics_url[80];
    struct sonde__otlp_target traces, metrics;
    sonde_exporter           *exporter;
    sonde_batch              *spans, *points;
};

static sonde_exporter *new_exporter(struct fixture *f, bool use_proxies)
{
    const struct sonde__otlp_http_options options = { &f->traces, &f->metrics, use_proxies };
    return sonde__otlp_http_new(&options);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct fixture       *f = &fixture;
    memset(f, 0, sizeof *f);
    f->sink = sink_start();
    if (!f->sink)
        return -1;
    snprintf(f->traces_url, sizeof f->traces_url, "%s/v1/traces", sink_url(f->sink));
    snprintf(f->metrics_url, sizeof f->metrics_url, "%s/v1/metrics", sink_url(f->sink));
    f->traces   = (struct sonde__otlp_target){ .url = f->traces_url, .timeout_ms = DRIVE_MS };
    f->metrics  = (struct sonde__otlp_target){ .url = f->metrics_url, .timeout_ms = DRIVE_MS };
    f->exporter = new_exporter(f, false);
    f->spans    = batch_of(SONDE_SIGNAL_TRACES, 3);
    f->points   = batch_of(SONDE_SIGNAL_METRICS, 2);
    *state      = f;
    return f->exporter ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->exporter->done(f->exporter);
    sink_stop(f->sink);
    batch_free(f->spans);
    batch_free(f->points);
    return 0;
}

static void test_otlp_http__delivers_the_body_as_it_is(void **state)
{
    struct fixture *f      = *state;
    sonde_result    result = deliver(f->exporter, f->spans);

    assert_int_equal(result.outcome, SONDE_DELIVERED);
    assert_ptr_equal(result.batch, f->spans);
    assert_int_equal(result.rejected, 0);
    assert_string_equal(result.message, "");
    struct sink_request request = sink_request(f->sink, 0);
    sonde_str           body    = sonde_batch_body(f->spans);
    assert_string_equal(request.path, "/v1/traces");
    assert_int_equal(request.length, body.len);
    assert_memory_equal(request.body, body.ptr, body.len);
    assert_int_equal(sink_spans(f->sink), 3);
}

static void test_otlp_http__sends_each_signal_to_its_own_url(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(deliver(f->exporter, f->points).outcome, SONDE_DELIVERED);
    assert_int_equal(deliver(f->exporter, f->spans).outcome, SONDE_DELIVERED);

    assert_string_equal(sink_request(f->sink, 0).path, "/v1/metrics");
    assert_string_equal(sink_request(f->sink, 1).path, "/v1/traces");
    assert_int_equal(sink_points(f->sink), 2);
    assert_int_equal(sink_spans(f->sink), 3);
}

static void test_otlp_http__request_has_the_headers_of_the_standard(void **state)
{
    struct fixture *f = *state;
    char            value[100];
    deliver(f->exporter, f->spans);
    struct sink_request request = sink_request(f->sink, 0);
    assert_true(sink_header(&request, "Content-Type", value, sizeof value));
    assert_string_equal(value, "application/x-protobuf");
    assert_true(sink_header(&request, "User-Agent", value, sizeof value));
    assert_string_equal(value, "OTel-OTLP-Exporter-C/0.1.0");
    assert_false(sink_header(&request, "Expect", value, sizeof value));
}

static void test_otlp_http__request_has_the_headers_that_were_configured(void **state)
{
    struct fixture *f         = *state;
    char           *headers[] = { (char[]){ "X-Key: a b" }, (char[]){ "X-Empty;" },
                                  (char[]){ "User-Agent: mine" } };
    char            value[100];
    f->traces.headers      = headers;
    f->traces.header_count = 3;

    deliver(f->exporter, f->spans);

    struct sink_request request = sink_request(f->sink, 0);
    assert_true(sink_header(&request, "x-key", value, sizeof value));
    assert_string_equal(value, "a b");
    assert_true(sink_header(&request, "x-empty", value, sizeof value));
    assert_string_equal(value, "");
    assert_true(sink_header(&request, "user-agent", value, sizeof value));
    assert_string_equal(value, "mine");
    f->traces.header_count = 0; /* the array ends with this function */
}

static void test_otlp_http__credentials_of_the_url_become_a_header(void **state)
{
    struct fixture *f = *state;
    char            value[100];
    snprintf(f->traces_url, sizeof f->traces_url, "http://joe:secret@127.0.0.1:%u/v1/traces",
             (unsigned)sink_port(f->sink));
    deliver(f->exporter, f->spans);
    struct sink_request request = sink_request(f->sink, 0);
    assert_true(sink_header(&request, "Authorization", value, sizeof value));
    assert_string_equal(value, "Basic am9lOnNlY3JldA==");
}

static void test_otlp_http__a_large_body_is_sent_at_once(void **state)
{
    struct fixture *f     = *state;
    sonde_batch    *large = batch_of(SONDE_SIGNAL_TRACES, 400000);
    char            value[100];
    assert_true(sonde_batch_body(large).len > 2 << 20);

    sonde_result result = deliver(f->exporter, large);

    batch_free(large);
    assert_int_equal(result.outcome, SONDE_DELIVERED);
    assert_int_equal(sink_spans(f->sink), 400000);
    struct sink_request request = sink_request(f->sink, 0);
    assert_false(sink_header(&request, "Expect", value, sizeof value));
}

static void test_otlp_http__each_status_has_its_outcome(void **state)
{
    static const struct {
        unsigned      status;
        sonde_outcome outcome;
    } rows[] = {
        { 200, SONDE_DELIVERED }, { 202, SONDE_DELIVERED }, { 204, SONDE_DELIVERED },
        { 301, SONDE_REFUSED },   { 307, SONDE_REFUSED },   { 400, SONDE_REFUSED },
        { 401, SONDE_REFUSED },   { 403, SONDE_REFUSED },   { 404, SONDE_REFUSED },
        { 408, SONDE_REFUSED },   { 413, SONDE_REFUSED },   { 429, SONDE_RETRY },
        { 500, SONDE_REFUSED },   { 501, SONDE_REFUSED },   { 502, SONDE_RETRY },
        { 503, SONDE_RETRY },     { 504, SONDE_RETRY },     { 505, SONDE_REFUSED },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[16] = "";
        sink_answer(f->sink, &(struct sink_answer){ .status = rows[i].status });
        sonde_result result = deliver(f->exporter, f->spans);
        if (rows[i].outcome != SONDE_DELIVERED)
            snprintf(want, sizeof want, "HTTP %u", rows[i].status);
        if (result.outcome != rows[i].outcome || strcmp(result.message, want) != 0 ||
            result.retry_after_ms != 0)
            fail_msg("%u: outcome %d, \"%s\"", rows[i].status, (int)result.outcome, result.message);
    }
}

static void test_otlp_http__heeds_retry_after_in_seconds(void **state)
{
    static const struct {
        const char *text;
        uint32_t    ms;
    } rows[] = { { "7", 7000 }, { "0", 0 }, { "soon", 0 }, { "999999999999", UINT32_MAX } };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sink_answer(f->sink, &(struct sink_answer){ .status = 503, .retry_after = rows[i].text });
        sonde_result result = deliver(f->exporter, f->spans);
        if (result.outcome != SONDE_RETRY || result.retry_after_ms != rows[i].ms)
            fail_msg("\"%s\": %u", rows[i].text, (unsigned)result.retry_after_ms);
    }
}

static void test_otlp_http__heeds_retry_after_as_a_date(void **state)
{
    struct fixture *f    = *state;
    time_t          then = time(NULL) + 100;
    struct tm       at;
    char            text[64];
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &at));
    sink_answer(f->sink, &(struct sink_answer){ .status = 429, .retry_after = text });

    sonde_result result = deliver(f->exporter, f->spans);

    assert_int_equal(result.outcome, SONDE_RETRY);
    assert_in_range(result.retry_after_ms, 100000 - DRIVE_MS, 100000);
}

static void test_otlp_http__counts_what_a_partial_success_left_out(void **state)
{
    static const struct {
        const char *body;
        size_t      length;
        uint32_t    rejected;
        const char *message;
    } rows[] = {
#define BODY(bytes) bytes, sizeof(bytes) - 1
        { BODY(""), 0, "" },
        { BODY("\x0A\x00"), 0, "" },
        { BODY("\x0A\x02\x08\x02"), 2, "" },
        { BODY("\x0A\x05\x08\x01\x12\x01x"), 1, "x" },
        { BODY("\x0A\x05\x12\x03wrn"), 0, "wrn" },
        { BODY("\x0A\x03\x08\xE8\x07"), 3, "" }, /* more than there were */
        { BODY("\x0A\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), 0, "" }, /* -1 */
        { BODY("\x0A\x7F"), 0, "" },                                             /* cut off */
        { BODY("{\"partialSuccess\":{}}"), 0, "" },                              /* not protobuf */
#undef BODY
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sink_answer(f->sink,
                    &(struct sink_answer){ .body = rows[i].body, .length = rows[i].length });
        sonde_result result = deliver(f->exporter, f->spans);
        if (result.outcome != SONDE_DELIVERED || result.rejected != rows[i].rejected ||
            strcmp(result.message, rows[i].message) != 0)
            fail_msg("row %zu: %u, \"%s\"", i, (unsigned)result.rejected, result.message);
    }
}

static void test_otlp_http__tells_what_the_server_said(void **state)
{
    static const char status[] = "\x08\x03\x12\x0Eno such tenant"; /* google.rpc.Status */
    struct fixture   *f        = *state;
    sink_answer(f->sink, &(struct sink_answer){
                             .status = 400, .body = status, .length = sizeof status - 1 });

    sonde_result result = deliver(f->exporter, f->spans);

    assert_int_equal(result.outcome, SONDE_REFUSED);
    assert_string_equal(result.message, "HTTP 400: no such tenant");
}

static void test_otlp_http__a_long_message_is_cut_at_a_character(void **state)
{
    char         text[301];
    sonde_result result;
    (void)state;
    for (size_t i = 0; i < 300; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);

    sonde__otlp_http_judge(418, sonde_str_n(text, 300), true, &result);

    size_t length = strlen(result.message);
    assert_true(length > sizeof result.message - 5);
    assert_memory_equal(result.message, "HTTP 418: ", 10);
    assert_int_equal((length - 10) % 3, 0);
}

static void test_otlp_http__refuses_a_response_without_end(void **state)
{
    struct fixture *f    = *state;
    size_t          size = (4u << 20) + 1;
    char           *body = calloc(1, size);
    sink_answer(f->sink, &(struct sink_answer){ .body = body, .length = size });

    sonde_result result = deliver(f->exporter, f->spans);

    sink_answer(f->sink, &(struct sink_answer){ 0 });
    free(body);
    assert_int_equal(result.outcome, SONDE_REFUSED);
    assert_non_null(strstr(result.message, "4 MiB"));
    assert_int_equal(deliver(f->exporter, f->spans).outcome, SONDE_DELIVERED);
}

static void test_otlp_http__does_not_follow_redirects(void **state)
{
    struct fixture *f = *state;
    sink_answer(f->sink, &(struct sink_answer){ .status = 302, .location = "/elsewhere" });
    assert_int_equal(deliver(f->exporter, f->spans).outcome, SONDE_REFUSED);
    assert_int_equal(sink_requests(f->sink), 1);
}

static void test_otlp_http__uses_a_proxy_except_on_loopback(void **state)
{
    struct fixture *f       = *state;
    sonde_exporter *proxied = new_exporter(f, true);
    setenv("http_proxy", sink_url(f->sink), 1);
    f->traces.url          = (char[]){ "http://collector.invalid/v1/traces" };
    f->metrics.is_loopback = true;

    sonde_result over_proxy = deliver(proxied, f->spans);
    unsetenv("http_proxy");
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    sonde_result straight = deliver(proxied, f->points);
    unsetenv("http_proxy");
    proxied->done(proxied);

    assert_int_equal(over_proxy.outcome, SONDE_DELIVERED);
    assert_int_equal(straight.outcome, SONDE_DELIVERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_otlp_http__##name, set_up, tear_down)
        TEST(delivers_the_body_as_it_is),
        TEST(sends_each_signal_to_its_own_url),
        TEST(request_has_the_headers_of_the_standard),
        TEST(request_has_the_headers_that_were_configured),
        TEST(credentials_of_the_url_become_a_header),
        TEST(a_large_body_is_sent_at_once),
        TEST(each_status_has_its_outcome),
        TEST(heeds_retry_after_in_seconds),
        TEST(heeds_retry_after_as_a_date),
        TEST(counts_what_a_partial_success_left_out),
        TEST(tells_what_the_server_said),
        TEST(a_long_message_is_cut_at_a_character),
        TEST(refuses_a_response_without_end),
        TEST(does_not_follow_redirects),
        TEST(uses_a_proxy_except_on_loopback),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
