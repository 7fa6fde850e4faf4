/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

static sonde_span *start_full(struct http_fixture *f)
{
    return sonde_http_server_start(&f->exchange, f->core.tracer, &f->server, .method = Z("GET"),
                                   .scheme = Z("https"), .path = Z("/items/7"),
                                   .query = Z("q=1&token=secret"), .host = Z("shop.example:8443"),
                                   .version = Z("1.1"), .user_agent = Z("curl/8"),
                                   .peer_address = Z("192.0.2.7"), .peer_port = 4711);
}

static void assert_attributes(struct http_fixture *f, const char *const (*rows)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(http_attribute(f, rows[i][0]), rows[i][1]) != 0)
            fail_msg("%s is \"%s\"", rows[i][0], http_attribute(f, rows[i][0]));
}

static void test_server__records_the_stable_attributes(void **state)
{
    static const char *const rows[][2] = {
        { "http.request.method", "GET" },
        { "http.request.method_original", "" },
        { "url.scheme", "https" },
        { "url.path", "/items/7" },
        { "url.query", "q=1&token=REDACTED" },
        { "server.address", "shop.example" },
        { "server.port", "8443" },
        { "client.address", "192.0.2.7" },
        { "network.peer.address", "192.0.2.7" },
        { "network.peer.port", "4711" },
        { "network.protocol.version", "1.1" },
        { "user_agent.original", "curl/8" },
        { "http.response.status_code", "200" },
        { "http.route", "" },
        { "error.type", "" },
    };
    struct http_fixture *f = *state;
    start_full(f);
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_int_equal(http_sent(f, 0)->kind, SONDE_KIND_SERVER);
    assert_view(f->span.name, "GET");
    assert_attributes(f, rows, sizeof rows / sizeof *rows);
}

static void test_server__a_late_route_renames_the_span(void **state)
{
    struct http_fixture *f = *state;
    start_full(f);
    sonde_http_server_set_route(&f->exchange, Z("/items/{id}"));
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_view(http_sent(f, 0)->name, "GET /items/{id}");
    assert_string_equal(http_attribute(f, "http.route"), "/items/{id}");

    start_full(f);
    sonde_http_server_end(&f->exchange, .status = 200, .route = Z("/last"));
    assert_view(http_sent(f, 1)->name, "GET /last");
}

static void test_server__a_name_of_its_own_stays(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_server_start(&f->exchange, f->core.tracer, NULL, .method = Z("GET"),
                            .span_name = Z("mine"));
    sonde_http_server_set_route(&f->exchange, Z("/items/{id}"));
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_view(http_sent(f, 0)->name, "mine");
    assert_string_equal(http_attribute(f, "http.route"), "/items/{id}");
}

static void test_server__an_unknown_method_reads_http(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_server_start(&f->exchange, f->core.tracer, &f->server, .method = Z("BREW"),
                            .route = Z("/pot"));
    sonde_http_server_end(&f->exchange, .status = 418);
    assert_view(http_sent(f, 0)->name, "HTTP /pot");
    assert_string_equal(http_attribute(f, "http.request.method"), "_OTHER");
    assert_string_equal(http_attribute(f, "http.request.method_original"), "BREW");
    assert_non_null(strstr(http_series(f), "duration{http.request.method=_OTHER"));
    assert_null(strstr(http_series(f), "BREW"));
}

static void test_server__ports_follow_from_the_scheme(void **state)
{
    static const struct {
        const char *scheme, *host, *port;
    } rows[] = {
        { NULL, "h", "80" },         { "http", "h", "80" }, { "https", "h", "443" },
        { "https", "[::1]:5", "5" }, { "odd", "h", "" },    { "http", "no host", "" },
    };
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_http_server_start(&f->exchange, f->core.tracer, NULL, .scheme = Z(rows[i].scheme),
                                .host = Z(rows[i].host));
        sonde_http_server_end(&f->exchange, .status = 200);
        http_sent(f, i);
        if (strcmp(http_attribute(f, "server.port"), rows[i].port) != 0)
            fail_msg("row %zu: server.port is \"%s\"", i, http_attribute(f, "server.port"));
    }
}

static void test_server__continues_the_callers_trace_or_begins_one(void **state)
{
    struct http_fixture *f = *state;
    sonde_span_context   remote;
    assert_int_equal(sonde_traceparent_parse(
                         Z("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), &remote),
                     SONDE_OK);
    sonde_context *from = sonde_context_with_remote(NULL, &remote, sonde_str_n(NULL, 0));
    sonde_http_server_start(&f->exchange, f->core.tracer, NULL, .parent_context = from);
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_memory_equal(http_sent(f, 0)->parent_id, remote.span_id, 8);
    assert_true(f->span.parent_is_remote);

    sonde_token token = sonde_context_attach(from); /* of the thread, which is not the request's */
    sonde_http_server_start(&f->exchange, f->core.tracer, NULL, .method = Z("GET"));
    sonde_http_server_end(&f->exchange, .status = 200);
    sonde_context_detach(token);
    sonde_context_unref(from);
    assert_memory_equal(http_sent(f, 1)->parent_id, "\0\0\0\0\0\0\0", 8);
}

static void test_server__counts_with_few_attributes(void **state)
{
    struct http_fixture *f = *state;
    start_full(f);
    assert_string_equal(http_series(f), "http.server.active_requests{http.request.method=GET,"
                                        "url.scheme=https} 1\n");
    sonde_http_server_set_route(&f->exchange, Z("/items/{id}"));
    sonde_http_server_end(&f->exchange, .status = 503);
    assert_non_null(strstr(http_series(f), "http.server.active_requests{http.request.method=GET,"
                                           "url.scheme=https} 0\n"));
    assert_non_null(strstr(f->series, "http.server.request.duration{http.request.method=GET,"
                                      "url.scheme=https,http.response.status_code=503,"
                                      "http.route=/items/{id},error.type=503,"
                                      "network.protocol.version=1.1} 1\n"));
}

static void test_server__bound_duration_is_the_one_an_exchange_counts_into(void **state)
{
    struct http_fixture      *f        = *state;
    sonde_http_server_request request  = { .size    = sizeof request,
                                           .method  = Z("GET"),
                                           .scheme  = Z("https"),
                                           .route   = Z("/items/{id}"),
                                           .version = Z("1.1") };
    sonde_http_response       response = { .size = sizeof response, .status = 503 };
    start_full(f);
    sonde_http_server_set_route(&f->exchange, Z("/items/{id}"));
    sonde_http_server_end(&f->exchange, .status = 503);
    sonde_histogram_bound *bound = sonde_http_server_duration_bind(&f->server, &request, &response);
    sonde_histogram_bound_record(bound, 0.25);
    assert_non_null(bound);
    assert_non_null(strstr(http_series(f), "http.server.request.duration{http.request.method=GET,"
                                           "url.scheme=https,http.response.status_code=503,"
                                           "http.route=/items/{id},error.type=503,"
                                           "network.protocol.version=1.1} 2\n"));
    assert_null(sonde_http_server_duration_bind(NULL, &request, &response));
    assert_non_null(sonde_http_server_duration_bind(&f->server, NULL, NULL));
}

static void test_server__hostile_values_make_no_series_of_their_own(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_server_start(&f->exchange, f->core.tracer, &f->server, .method = Z("X\nY"),
                            .scheme = Z("java\x01script"), .version = Z("9.9"), .host = Z("a\r\nb"),
                            .path = Z("/\xff\xfe"), .query = Z("\x80=\x81"));
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_non_null(strstr(http_series(f), "duration{http.request.method=_OTHER,url.scheme=_OTHER,"
                                           "http.response.status_code=200} 1\n"));
    http_sent(f, 0);
    assert_string_equal(http_attribute(f, "server.address"), "");
    assert_string_equal(http_attribute(f, "url.path"), "/\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_server__exports_are_neither_traced_nor_counted(void **state)
{
    struct http_fixture *f = *state;
    assert_null(sonde_http_server_start(&f->exchange, f->core.tracer, &f->server,
                                        .method     = Z("POST"),
                                        .user_agent = Z("OTel-OTLP-Exporter-C/0.1")));
    assert_true(f->exchange.suppressed);
    sonde_http_server_set_route(&f->exchange, Z("/v1/traces"));
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_string_equal(http_series(f), "");
    assert_int_equal(core_fixture_stats(&f->core).spans_started, 0);
}

static void test_server__ends_once(void **state)
{
    struct http_fixture *f      = *state;
    uint64_t             misuse = core_fixture_stats(&f->core).misuse;
    start_full(f);
    sonde_http_server_end(&f->exchange, .status = 200);
    sonde_http_server_end(&f->exchange, .status = 500);
    http_sent(f, 0);
    assert_string_equal(http_attribute(f, "http.response.status_code"), "200");
    assert_int_equal(f->core.fake.spans, 1);
    assert_int_equal(core_fixture_stats(&f->core).misuse, misuse);
}

static void test_server__times_are_the_callers_if_given(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_server_start(&f->exchange, f->core.tracer, &f->server, .start_ns = 1000000000);
    sonde_http_server_end(&f->exchange, .status = 200, .end_ns = 3000000000);
    assert_int_equal(http_sent(f, 0)->start_ns, 1000000000);
    assert_int_equal(f->span.end_ns, 3000000000);
}

static void test_server__long_routes_are_whole_in_the_span(void **state)
{
    struct http_fixture *f = *state;
    char                 route[400];
    memset(route, 'r', sizeof route);
    sonde_http_server_start(&f->exchange, f->core.tracer, &f->server, .method = Z("GET"),
                            .route = sonde_str_n(route, sizeof route));
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_int_equal(http_sent(f, 0)->name.len, 4 + SONDE_HTTP_ROUTE_MAX);
    sonde_str   rest = f->span.bytes, key;
    sonde_value value;
    while (sonde_attribute_next(SONDE_PART_ATTRIBUTE, &rest, &key, &value))
        if (key.len == strlen("http.route") && memcmp(key.ptr, "http.route", key.len) == 0)
            break;
    assert_int_equal(value.value.s.len, sizeof route);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, http_setup, http_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_server__records_the_stable_attributes),
        TEST(test_server__a_late_route_renames_the_span),
        TEST(test_server__a_name_of_its_own_stays),
        TEST(test_server__an_unknown_method_reads_http),
        TEST(test_server__ports_follow_from_the_scheme),
        TEST(test_server__continues_the_callers_trace_or_begins_one),
        TEST(test_server__counts_with_few_attributes),
        TEST(test_server__bound_duration_is_the_one_an_exchange_counts_into),
        TEST(test_server__hostile_values_make_no_series_of_their_own),
        TEST(test_server__exports_are_neither_traced_nor_counted),
        TEST(test_server__ends_once),
        TEST(test_server__times_are_the_callers_if_given),
        TEST(test_server__long_routes_are_whole_in_the_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
