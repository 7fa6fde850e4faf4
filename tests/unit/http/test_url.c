/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

#include <stdio.h>

static bool same(sonde_str got, const char *wanted)
{
    if (!wanted)
        return !got.ptr;
    return got.ptr && got.len == strlen(wanted) && memcmp(got.ptr, wanted, got.len) == 0;
}

static void test_url__host_headers_are_split(void **state)
{
    static const struct {
        const char *host, *address;
        uint16_t    port;
    } rows[] = {
        { "example.org", "example.org", 0 },
        { "example.org:8080", "example.org", 8080 },
        { "example.org:", "example.org", 0 },
        { "example.org:65536", "example.org", 0 },
        { "example.org:x", "example.org", 0 },
        { "example.org:0080", "example.org", 80 },
        { "127.0.0.1:1", "127.0.0.1", 1 },
        { "[::1]:8080", "::1", 8080 },
        { "[::1]", "::1", 0 },
        { "::1", "::1", 0 },
        { "[fe80::1%25eth0]:9", "fe80::1%25eth0", 9 },
        { "[::1", NULL, 0 },
        { "[]:80", NULL, 0 },
        { "[::1]x", NULL, 0 },
        { ":80", NULL, 0 },
        { "", NULL, 0 },
        { "a b", NULL, 0 },
        { "a@b", NULL, 0 },
        { "a/b", NULL, 0 },
        { "<script>", NULL, 0 },
        { "b\xc3\xbc"
          "cher.example",
          "b\xc3\xbc"
          "cher.example",
          0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_str address;
        uint16_t  port;
        bool      found = sonde_http_host_split(Z(rows[i].host), &address, &port);
        if (found != (rows[i].address != NULL) || !same(address, rows[i].address) ||
            port != rows[i].port)
            fail_msg("\"%s\" became \"%.*s\" and %u", rows[i].host, (int)address.len,
                     address.ptr ? address.ptr : "", port);
    }
}

static void test_url__addresses_have_a_longest(void **state)
{
    char      host[300];
    sonde_str address;
    (void)state;
    memset(host, 'a', sizeof host);
    assert_true(sonde_http_host_split(sonde_str_n(host, SONDE_HTTP_ADDRESS_MAX), &address, NULL));
    assert_int_equal(address.len, SONDE_HTTP_ADDRESS_MAX);
    assert_false(
        sonde_http_host_split(sonde_str_n(host, SONDE_HTTP_ADDRESS_MAX + 1), &address, NULL));
    assert_false(sonde_http_host_split(sonde_str_n(NULL, 0), NULL, NULL));
}

static void test_url__urls_name_their_server(void **state)
{
    static const struct {
        const char *url, *scheme, *address;
        uint16_t    port;
    } rows[] = {
        { "http://example.org/x", "http", "example.org", 80 },
        { "HTTPS://example.org", "HTTPS", "example.org", 443 },
        { "http://example.org:8080?x", "http", "example.org", 8080 },
        { "http://u:p@example.org:1/", "http", "example.org", 1 },
        { "http://good@evil.example/", "http", "evil.example", 80 },
        { "http://[::1]:7#f", "http", "::1", 7 },
        { "localhost:9/x", NULL, "localhost", 9 },
        { "ftp://h", "ftp", "h", 0 },
        { "file:///x", "file", NULL, 0 },
        { "http://", "http", NULL, 0 },
        { "/path", NULL, NULL, 0 },
        { "", NULL, NULL, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_str scheme, address;
        uint16_t  port;
        bool      found = sonde_http_url_split(Z(rows[i].url), &scheme, &address, &port);
        if (found != (rows[i].address != NULL) || !same(scheme, rows[i].scheme) ||
            !same(address, rows[i].address) || port != rows[i].port)
            fail_msg("\"%s\" became \"%.*s\" and %u", rows[i].url, (int)address.len,
                     address.ptr ? address.ptr : "", port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url__host_headers_are_split),
        cmocka_unit_test(test_url__addresses_have_a_longest),
        cmocka_unit_test(test_url__urls_name_their_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
