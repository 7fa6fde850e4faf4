/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/test_url.c */
#include "config/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_url__joins_a_path_as_endpoints_want_it(void **state)
{
    static const struct {
        const char *text, *append, *joined;
    } rows[] = {
        { "http://localhost:4318", "v1/traces", "http://localhost:4318/v1/traces" },
        { "http://localhost:4318/", "v1/traces", "http://localhost:4318/v1/traces" },
        { "http://h/otlp", "v1/traces", "http://h/otlp/v1/traces" },
        { "http://h/otlp/", "v1/metrics", "http://h/otlp/v1/metrics" },
        { "http://h/otlp?key=1", "v1/traces", "http://h/otlp/v1/traces?key=1" },
        { "http://h?key=1", "v1/traces", "http://h/v1/traces?key=1" },
        { "HTTPS://u:p@h:1#part", "v1/traces", "HTTPS://u:p@h:1/v1/traces" },
        { "http://h", NULL, "http://h/" },
        { "http://h?key=1", NULL, "http://h/?key=1" },
        { "http://h/my/traces", NULL, "http://h/my/traces" },
        { "http://h/my/traces/", NULL, "http://h/my/traces/" },
        { " http://h/ \n", NULL, "http://h/" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sonde__url url;
        if (!sonde__url_parse(sonde_str_z(rows[i].text), &url))
            fail_msg("%s is a URL", rows[i].text);
        char *joined = sonde__url_join(&url, rows[i].append);
        char  got[128];
        snprintf(got, sizeof got, "%s", joined ? joined : "(out of memory)");
        free(joined);
        if (strcmp(got, rows[i].joined) != 0)
            fail_msg("%s gives %s", rows[i].text, got);
    }
}

static void test_url__splits_the_authority(void **state)
{
    static const struct {
        const char *text, *userinfo, *host, *port;
    } rows[] = {
        { "http://h", "", "h", "" },
        { "http://h:80/x", "", "h", "80" },
        { "https://joe:a@b@h:443", "joe:a@b", "h", "443" },
        { "http://[::1]:4318", "", "::1", "4318" },
        { "http://[fe80::1]", "", "fe80::1", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sonde__url url;
        char              got[100], want[100];
        snprintf(want, sizeof want, "%s|%s|%s", rows[i].userinfo, rows[i].host, rows[i].port);
        assert_true(sonde__url_parse(sonde_str_z(rows[i].text), &url));
        snprintf(got, sizeof got, "%.*s|%.*s|%.*s", (int)url.userinfo.len, url.userinfo.ptr,
                 (int)url.host.len, url.host.ptr, (int)url.port.len, url.port.ptr);
        assert_string_equal(got, want);
    }
}

static void test_url__is_http_or_https_with_a_host(void **state)
{
    static const char *const rows[] = {
        "",
        "localhost:4318",
        "//h",
        "ftp://h",
        "http://",
        "http:///p",
        "http://:80",
        "http://h:",
        "http://h:0",
        "http://h:65536",
        "http://h:x",
        "http://[::1",
        "http://[::1]x",
        "http://a b",
        "http://h/a b",
        "http://h\x01",
        "unix:///run/x",
        "http://u@",
        "http://h\\x",
        "grpc://h",
    };
    struct sonde__url url;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sonde__url_parse(sonde_str_z(rows[i]), &url))
            fail_msg("\"%s\" is not one", rows[i]);
}

static void test_url__knows_loopback(void **state)
{
    static const struct {
        const char *text;
        bool        loopback;
    } rows[] = {
        { "http://localhost", true },     { "http://LocalHost:1", true },
        { "http://a.localhost", true },   { "http://127.0.0.1", true },
        { "http://127.8.8.8:1/x", true }, { "http://[::1]:1", true },
        { "http://notlocalhost", false }, { "http://localhost.org", false },
        { "http://128.0.0.1", false },    { "http://127.0.0.1.example.org", false },
        { "http://[::2]", false },        { "http://127.example.org", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sonde__url url;
        assert_true(sonde__url_parse(sonde_str_z(rows[i].text), &url));
        if (sonde__url_is_loopback(&url) != rows[i].loopback)
            fail_msg("%s", rows[i].text);
    }
}

static void test_url__is_shown_without_credentials(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "http://h:1/p", "http://h:1/p" },
        { "http://joe:secret@h:1/p", "http://REDACTED@h:1/p" },
        { "joe:secret@h", "REDACTED@h" },
        { "ftp://joe:sec/ret@h", "ftp://REDACTED@h" },
        { "http://joe:s@cret@h", "http://REDACTED@h" },
        { "", "" },
    };
    char shown[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde__url_redact(sonde_str_z(rows[i].text), shown, sizeof shown);
        assert_string_equal(shown, rows[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url__joins_a_path_as_endpoints_want_it),
        cmocka_unit_test(test_url__splits_the_authority),
        cmocka_unit_test(test_url__is_http_or_https_with_a_host),
        cmocka_unit_test(test_url__knows_loopback),
        cmocka_unit_test(test_url__is_shown_without_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
