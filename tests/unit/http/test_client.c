/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

static void assert_attributes(struct http_fixture *f, const char *const (*rows)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(http_attribute(f, rows[i][0]), rows[i][1]) != 0)
            fail_msg("%s is \"%s\"", rows[i][0], http_attribute(f, rows[i][0]));
}

static void test_client__records_the_stable_attributes(void **state)
{
    static const char *const rows[][2] = {
        { "http.request.method", "POST" },
        { "url.full", "https://REDACTED:REDACTED@api.example/items/7?sig=REDACTED" },
        { "url.template", "/items/{id}" },
        { "server.address", "api.example" },
        { "server.port", "443" },
        { "http.request.resend_count", "2" },
        { "http.response.status_code", "200" },
        { "network.protocol.version", "2" },
        { "network.peer.address", "192.0.2.1" },
        { "network.peer.port", "443" },
        { "mine", "1" },
        { "error.type", "" },
    };
    struct http_fixture *f = *state;
    sonde_http_client_start(&f->exchange, f->core.tracer, NULL, .method = Z("POST"),
                            .url          = Z("https://me:pw@api.example/items/7?sig=abc"),
                            .url_template = Z("/items/{id}"), .resend_count = 2,
                            .attrs = sonde_attrs_of(sonde_kv("mine", 1)));
    sonde_http_client_end(&f->exchange, .status = 200, .version = Z("2"),
                          .peer_address = Z("192.0.2.1"), .peer_port = 443);
    assert_int_equal(http_sent(f, 0)->kind, SONDE_KIND_CLIENT);
    assert_view(f->span.name, "POST /items/{id}");
    assert_attributes(f, rows, sizeof rows / sizeof *rows);
}

static void test_client__what_is_known_late_completes_the_span(void **state)
{
    static const char *const rows[][2] = {
        { "http.request.method", "GET" },
        { "url.full", "http://h:8080/x" },
        { "server.address", "h" },
        { "server.port", "8080" },
    };
    struct http_fixture *f = *state;
    sonde_http_client_start_opts(&f->exchange, f->core.tracer, &f->client, NULL);
    sonde_http_client_update(&f->exchange, .method = Z("GET"), .url = Z("http://h:8080/x"),
                             .url_template = Z("/{x}"));
    sonde_http_client_end(&f->exchange, .status = 204);
    assert_view(http_sent(f, 0)->name, "GET /{x}");
    assert_attributes(f, rows, sizeof rows / sizeof *rows);
    assert_string_equal(http_series(f),
                        "http.client.request.duration{http.request.method=GET,server.address=h,"
                        "server.port=8080,http.response.status_code=204} 1\n");
}

static void test_client__what_stays_unknown_is_other(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_client_start_opts(&f->exchange, f->core.tracer, &f->client, NULL);
    sonde_http_client_end(&f->exchange, .error_type = Z("CURLE_COULDNT_CONNECT"));
    assert_view(http_sent(f, 0)->name, "HTTP");
    assert_string_equal(http_series(f), "http.client.request.duration{http.request.method=_OTHER,"
                                        "error.type=CURLE_COULDNT_CONNECT} 1\n");
}

static void test_client__a_given_server_wins_over_the_url(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_client_start(&f->exchange, f->core.tracer, NULL, .method = Z("GET"),
                            .url = Z("http://h/"), .server_address = Z("unix"), .server_port = 7);
    sonde_http_client_end(&f->exchange, .status = 200);
    http_sent(f, 0);
    assert_string_equal(http_attribute(f, "server.address"), "unix");
    assert_string_equal(http_attribute(f, "server.port"), "7");
}

static void test_client__can_be_current_until_it_ends(void **state)
{
    struct http_fixture *f    = *state;
    sonde_span          *span = sonde_http_client_start(&f->exchange, f->core.tracer, NULL,
                                                        .method = Z("GET"), .current = true);
    assert_ptr_equal(sonde_span_current(), span);
    sonde_http_client_end(&f->exchange, .status = 200);
    assert_null(sonde_span_current());
}

static void test_client__is_a_child_of_what_is_current(void **state)
{
    struct http_fixture *f      = *state;
    sonde_span          *parent = sonde_span_start(f->core.tracer, "work", .current = true);
    sonde_span_context   wanted = sonde_span_context_of(parent);
    sonde_http_client_start(&f->exchange, f->core.tracer, NULL, .method = Z("GET"));
    sonde_http_client_end(&f->exchange, .status = 200);
    sonde_span_end(parent);
    assert_memory_equal(http_sent(f, 0)->parent_id, wanted.span_id, 8);
}

static void test_client__exports_are_neither_traced_nor_counted(void **state)
{
    struct http_fixture *f = *state;
    assert_null(sonde_http_client_start(&f->exchange, f->core.tracer, &f->client,
                                        .method     = Z("POST"),
                                        .user_agent = Z("x OTel-OTLP-Exporter-Go/1.2")));
    assert_true(f->exchange.suppressed);
    sonde_http_client_update(&f->exchange, .method = Z("GET"));
    sonde_http_client_end(&f->exchange, .status = 200);
    assert_string_equal(http_series(f), "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, http_setup, http_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_client__records_the_stable_attributes),
        TEST(test_client__what_is_known_late_completes_the_span),
        TEST(test_client__what_stays_unknown_is_other),
        TEST(test_client__a_given_server_wins_over_the_url),
        TEST(test_client__can_be_current_until_it_ends),
        TEST(test_client__is_a_child_of_what_is_current),
        TEST(test_client__exports_are_neither_traced_nor_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
