/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

#include <stdio.h>

static void test_exchange__tells_requests_of_exporters(void **state)
{
    static const struct {
        const char *user_agent;
        bool        is_export;
    } rows[] = {
        { "OTel-OTLP-Exporter-C/0.1.0", true },
        { "OTel-OTLP-Exporter-Rust/0.31.0", true },
        { "Sonde/0.1.0 OTel-OTLP-Exporter-C/0.1.0", true },
        { "x/1 (comment) OTel-OTLP-Exporter", true },
        { "OTel-OTLP-Expo", false },
        { "xOTel-OTLP-Exporter", false },
        { "otel-otlp-exporter", false },
        { "curl/7.88.1", false },
        { "", false },
        { " ", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sonde_http_is_export(Z(rows[i].user_agent)) != rows[i].is_export)
            fail_msg("\"%s\"", rows[i].user_agent);
    assert_false(sonde_http_is_export(sonde_str_n(NULL, 0)));
}

struct status_row {
    int         status;
    const char *cause;
    bool        cancelled;
    bool        error;
    const char *error_type;
};

static void assert_status(struct http_fixture *f, uint64_t n, const struct status_row *row)
{
    sonde_status wanted = row->error ? SONDE_STATUS_ERROR : SONDE_STATUS_UNSET;
    if (http_sent(f, n)->status != wanted ||
        strcmp(http_attribute(f, "error.type"), row->error_type) != 0)
        fail_msg("status %d, cause %s: status %d, error.type \"%s\"", row->status,
                 row->cause ? row->cause : "none", (int)f->span.status,
                 http_attribute(f, "error.type"));
    assert_view(f->span.status_message, f->span.status_message.ptr ? "" : NULL);
}

static void test_exchange__a_server_fails_from_500_on(void **state)
{
    static const struct status_row rows[] = {
        { 200, NULL, false, false, "" },
        { 302, NULL, false, false, "" },
        { 404, NULL, false, false, "" },
        { 499, NULL, false, false, "" },
        { 500, NULL, false, true, "500" },
        { 599, NULL, false, true, "599" },
        { 0, NULL, false, false, "" },
        { 42, NULL, false, true, "_OTHER" },
        { 1000, NULL, false, true, "_OTHER" },
        { -1, NULL, false, true, "_OTHER" },
        { 200, "timeout", false, true, "timeout" },
        { 0, "gone", false, true, "gone" },
    };
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_http_server_start(&f->exchange, f->core.tracer, NULL, .method = Z("GET"));
        sonde_http_server_end(&f->exchange, .status = rows[i].status,
                              .error_type = Z(rows[i].cause));
        assert_status(f, i, &rows[i]);
    }
}

static void test_exchange__a_client_fails_from_400_on(void **state)
{
    static const struct status_row rows[] = {
        { 100, NULL, false, false, "" },
        { 200, NULL, false, false, "" },
        { 399, NULL, false, false, "" },
        { 400, NULL, false, true, "400" },
        { 404, NULL, false, true, "404" },
        { 503, NULL, false, true, "503" },
        { 0, "CURLE_COULDNT_CONNECT", false, true, "CURLE_COULDNT_CONNECT" },
        { 0, NULL, true, false, "" },
        { 500, "x", true, false, "" },
    };
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_http_client_start(&f->exchange, f->core.tracer, NULL, .method = Z("GET"));
        sonde_http_client_end(&f->exchange, .status = rows[i].status,
                              .error_type = Z(rows[i].cause), .cancelled = rows[i].cancelled);
        assert_status(f, i, &rows[i]);
    }
}

static void test_exchange__given_up_leaves_no_trace(void **state)
{
    struct http_fixture *f = *state;
    sonde_http_server_start(&f->exchange, f->core.tracer, &f->server, .method = Z("GET"));

    sonde_http_discard(&f->exchange);
    sonde_http_discard(&f->exchange);
    sonde_http_server_end(&f->exchange, .status = 200);

    assert_string_equal(http_series(f), "http.server.active_requests{http.request.method=GET,"
                                        "url.scheme=http} 0\n");
    assert_int_equal(core_fixture_flush(&f->core), SONDE_OK);
    assert_int_equal(f->core.fake.spans, 0);
    assert_int_equal(core_fixture_stats(&f->core).spans_accepted, 0);
}

static void test_exchange__takes_null(void **state)
{
    struct http_fixture *f = *state;
    assert_null(sonde_http_server_start_opts(NULL, f->core.tracer, &f->server, NULL));
    assert_null(sonde_http_client_start_opts(NULL, f->core.tracer, &f->client, NULL));
    assert_null(sonde_http_server_start_opts(&f->exchange, NULL, NULL, NULL));
    sonde_http_server_end_opts(&f->exchange, NULL);
    sonde_http_server_end_opts(NULL, NULL);
    sonde_http_client_end_opts(NULL, NULL);
    sonde_http_client_update_opts(NULL, NULL);
    sonde_http_server_set_route(NULL, Z("/"));
    sonde_http_discard(NULL);
    assert_null(sonde_http_server_metrics_get(NULL).duration);
    assert_null(sonde_http_client_metrics_get(NULL).duration);
}

static void test_exchange__older_callers_may_know_fewer_fields(void **state)
{
    struct http_fixture      *f       = *state;
    sonde_http_server_request request = { .method = Z("PUT"), .path = Z("/new") };
    request.size                      = offsetof(sonde_http_server_request, path);
    sonde_http_server_start_opts(&f->exchange, f->core.tracer, NULL, &request);
    sonde_http_server_end(&f->exchange, .status = 200);
    assert_view(http_sent(f, 0)->name, "PUT");
    assert_string_equal(http_attribute(f, "url.path"), "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, http_setup, http_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_exchange__tells_requests_of_exporters),
        TEST(test_exchange__a_server_fails_from_500_on),
        TEST(test_exchange__a_client_fails_from_400_on),
        TEST(test_exchange__given_up_leaves_no_trace),
        TEST(test_exchange__takes_null),
        TEST(test_exchange__older_callers_may_know_fewer_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
