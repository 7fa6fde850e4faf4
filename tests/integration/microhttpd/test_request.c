/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a request's span says. */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void test_request__has_the_stable_attributes(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    int   fd     = wire_connect(mhd_port(f));
    char *answer = wire_talk(fd,
                             "POST /status/201?a=%20b&token=secret HTTP/1.1\r\n"
                             "Host: shop.example:8080\r\nUser-Agent: test/1\r\n"
                             "Content-Length: 3\r\nConnection: close\r\n\r\nabc",
                             NULL);
    close(fd);
    sonde_span_view          span      = mhd_span(f, "POST");
    static const char *const rows[][2] = {
        { "http.request.method", "POST" },
        { "url.scheme", "http" },
        { "url.path", "/status/201" },
        { "url.query", "a=%20b&token=REDACTED" },
        { "server.address", "shop.example" },
        { "server.port", "8080" },
        { "client.address", "127.0.0.1" },
        { "network.peer.address", "127.0.0.1" },
        { "network.protocol.version", "1.1" },
        { "user_agent.original", "test/1" },
        { "http.response.status_code", "201" },
        { "http.route", "" },
        { "error.type", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(spans_attribute(&span, rows[i][0]), rows[i][1]) != 0)
            fail_msg("%s is \"%s\"", rows[i][0], spans_attribute(&span, rows[i][0]));
    assert_int_equal(span.kind, SONDE_KIND_SERVER);
    assert_int_equal(span.status, SONDE_STATUS_UNSET);
    assert_memory_equal(answer, "HTTP/1.1 201", 12);
    free(answer);
}

static void test_request__continues_the_callers_trace(void **state)
{
    struct mhd_fixture *f = *state;
    sonde_span_context  remote;
    sonde_traceparent_parse(sonde_str_z(TRACEPARENT), &remote);
    mhd_start(f);
    free(mhd_get(f, "/inner",
                 "TraceParent: " TRACEPARENT "\r\ntracestate: a=1\r\nTraceState: b=2\r\n"));
    sonde_span_view inner = mhd_span(f, "inner");
    assert_true(spans_wait(&f->spans, 2));
    sonde_span_view span = mhd_span(f, "GET");
    assert_memory_equal(span.span_context.trace_id, remote.trace_id, 16);
    assert_memory_equal(span.parent_id, remote.span_id, 8);
    assert_int_equal(span.tracestate.len, 7);
    assert_memory_equal(span.tracestate.ptr, "a=1,b=2", 7);
    assert_true(spans_is_parent(&span, &inner));
}

static void test_request__many_headers_hide_nothing(void **state)
{
    struct mhd_fixture *f = *state;
    sonde_span_context  remote;
    char                headers[3000] = "", line[32];
    sonde_traceparent_parse(sonde_str_z(TRACEPARENT), &remote);
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "X-%d: %d\r\n", i, i);
        strcat(headers, line);
    }
    strcat(headers, "traceparent: " TRACEPARENT "\r\nUser-Agent: last\r\n");
    mhd_start(f);
    free(mhd_get(f, "/ok", headers));
    sonde_span_view span = mhd_span(f, "GET");
    assert_memory_equal(span.parent_id, remote.span_id, 8);
    assert_string_equal(spans_attribute(&span, "user_agent.original"), "last");
}

static void test_request__a_malformed_context_is_as_if_absent(void **state)
{
    static const char *const rows[] = {
        "traceparent: garbage\r\n",
        "traceparent: " TRACEPARENT "\r\ntraceparent: " TRACEPARENT "\r\n",
        "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n",
        "traceparent:\r\n",
        "tracestate: a=1\r\n",
        "baggage: \x80\xff=;;;\r\n",
    };
    struct mhd_fixture *f = *state;
    mhd_start(f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_span_view span;
        free(mhd_get(f, "/ok", rows[i]));
        assert_true(spans_wait(&f->spans, i + 1));
        assert_true(spans_find(&f->spans, "GET", i, &span));
        assert_memory_equal(span.parent_id, "\0\0\0\0\0\0\0", 8);
        assert_int_equal(span.tracestate.len, 0);
    }
}

static void test_request__a_route_names_the_span(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    free(mhd_get(f, "/route/7", ""));
    sonde_span_view span = mhd_span(f, "GET /route/{x}");
    assert_string_equal(spans_attribute(&span, "http.route"), "/route/{x}");
    assert_string_equal(spans_attribute(&span, "url.path"), "/route/7");
}

static void test_request__each_on_a_connection_has_a_span_of_its_own(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    int fd = wire_connect(mhd_port(f));
    free(wire_talk(fd,
                   "GET /status/200 HTTP/1.1\r\nHost: h\r\n\r\n"
                   "GET /status/404 HTTP/1.1\r\nHost: h\r\n\r\n"
                   "GET /status/500 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                   NULL));
    close(fd);
    static const char *const statuses[] = { "200", "404", "500" };
    assert_true(spans_wait(&f->spans, 3));
    for (size_t i = 0; i < 3; i++) {
        sonde_span_view span;
        assert_true(spans_find(&f->spans, "GET", i, &span));
        assert_string_equal(spans_attribute(&span, "http.response.status_code"), statuses[i]);
        assert_int_equal(span.status, i == 2 ? SONDE_STATUS_ERROR : SONDE_STATUS_UNSET);
        assert_string_equal(spans_attribute(&span, "error.type"), i == 2 ? "500" : "");
    }
}

static void test_request__targets_come_in_several_forms(void **state)
{
    static const char *const rows[][4] = {
        /* request line, url.path, url.query, server.address */
        { "GET /a%20b?x=1?y HTTP/1.1", "/a%20b", "x=1?y", "h" },
        { "GET http://u:p@ex.org:99/abs?q=1 HTTP/1.1", "/abs", "q=1", "ex.org" },
        { "OPTIONS * HTTP/1.1", "*", "", "h" },
        { "GET /only? HTTP/1.1", "/only", "", "h" },
        { "BREW /pot HTTP/1.1", "/pot", "", "h" },
        { "GET /old HTTP/1.0", "/old", "", "h" },
    };
    struct mhd_fixture *f = *state;
    mhd_start(f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char            request[256];
        sonde_span_view span;
        int             fd = wire_connect(mhd_port(f));
        snprintf(request, sizeof request, "%s\r\nHost: h\r\nConnection: close\r\n\r\n", rows[i][0]);
        free(wire_talk(fd, request, NULL));
        close(fd);
        assert_true(spans_wait(&f->spans, i + 1));
        assert_true(spans_find(&f->spans, NULL, i, &span));
        assert_string_equal(spans_attribute(&span, "url.path"), rows[i][1]);
        assert_string_equal(spans_attribute(&span, "url.query"), rows[i][2]);
        assert_string_equal(spans_attribute(&span, "server.address"), rows[i][3]);
    }
}

/* A connection to the daemon at ::1; -1: this machine has no IPv6. */
static int connect_ipv6(struct mhd_fixture *f)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    int                 fd      = socket(AF_INET6, SOCK_STREAM, 0);
    int                 bound   = bind(fd, (struct sockaddr *)&address, sizeof address);
    close(fd);
    if (fd < 0 || bound != 0)
        return -1;
    f->daemon = sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_IPv6, 0, NULL,
                                       NULL, mhd_handler, f, MHD_OPTION_SOCK_ADDR,
                                       (struct sockaddr *)&address, MHD_OPTION_END);
    assert_non_null(f->daemon);
    address.sin6_port = htons(mhd_port(f));
    fd                = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void test_request__comes_over_ipv6(void **state)
{
    struct mhd_fixture *f  = *state;
    int                 fd = connect_ipv6(f);
    if (fd < 0)
        skip();
    free(wire_talk(fd, "GET /ok HTTP/1.1\r\nHost: [::1]:7\r\nConnection: close\r\n\r\n", NULL));
    close(fd);
    sonde_span_view span = mhd_span(f, "GET");
    assert_string_equal(spans_attribute(&span, "network.peer.address"), "::1");
    assert_string_equal(spans_attribute(&span, "server.address"), "::1");
    assert_string_equal(spans_attribute(&span, "server.port"), "7");
}

static void test_request__of_an_exporter_is_left_alone(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    char *answer = mhd_get(f, "/ok", "User-Agent: OTel-OTLP-Exporter-C/0.1\r\n");
    assert_memory_equal(answer, "HTTP/1.1 200", 12);
    free(answer);
    mhd_stop(f);
    assert_int_equal(spans_count(&f->spans), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_request__has_the_stable_attributes),
        TEST(test_request__continues_the_callers_trace),
        TEST(test_request__many_headers_hide_nothing),
        TEST(test_request__a_malformed_context_is_as_if_absent),
        TEST(test_request__a_route_names_the_span),
        TEST(test_request__each_on_a_connection_has_a_span_of_its_own),
        TEST(test_request__targets_come_in_several_forms),
        TEST(test_request__comes_over_ipv6),
        TEST(test_request__of_an_exporter_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
