/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

#include <stdio.h>
#include <stdlib.h>

struct row {
    const char *in, *out; /* out NULL: as it is, without a copy */
};

static void check(const struct row *rows, size_t count,
                  sonde_str redact(sonde_str, sonde_scratch *))
{
    for (size_t i = 0; i < count; i++) {
        char          room[1024];
        sonde_scratch scratch = sonde_scratch_of(room, sizeof room);
        sonde_str     got     = redact(Z(rows[i].in), &scratch);
        const char   *wanted  = rows[i].out ? rows[i].out : rows[i].in;
        if (got.len != strlen(wanted) || memcmp(got.ptr, wanted, got.len) != 0)
            fail_msg("\"%s\" became \"%.*s\"", rows[i].in, (int)got.len, got.ptr);
        if ((got.ptr == rows[i].in) != !rows[i].out)
            fail_msg("\"%s\" was copied for nothing, or not at all", rows[i].in);
    }
}

static void test_redact__takes_out_user_and_password(void **state)
{
    static const struct row rows[] = {
        { "https://user:pw@h/x", "https://REDACTED:REDACTED@h/x" },
        { "https://user@h/x", "https://REDACTED@h/x" },
        { "https://user:@h", "https://REDACTED:REDACTED@h" },
        { "https://:pw@h", "https://REDACTED:REDACTED@h" },
        { "https://u:p@w@h/", "https://REDACTED:REDACTED@h/" },
        { "http://u:p@[::1]:80/", "http://REDACTED:REDACTED@[::1]:80/" },
        { "user:pw@h/x", "REDACTED:REDACTED@h/x" },
        { "http:/u:p@h/", "http:/REDACTED:REDACTED@h/" },
        { "http:///u:p@h/", "http:///REDACTED:REDACTED@h/" },
        { "//u:p@h/", "//REDACTED:REDACTED@h/" },
        { "/a:b@c", NULL },
        { "http://user:pa/ss@h/", "http://REDACTED:REDACTED@h/" },
        { "http://user:pa?ss@h/", "http://REDACTED:REDACTED@h/" },
        { "http://user:pa#ss@h/", "http://REDACTED:REDACTED@h/" },
        { "http://us@er:pa/ss@h/", "http://REDACTED:REDACTED@h/" },
        { "http://h/@scope/pkg", NULL },
        { "http://h:80/a@b", NULL },
        { "http://h/?to=a@b.c", NULL },
        { "file:///home/a@b", NULL },
        { "", NULL },
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows, sonde_http_redact_url);
}

static void test_redact__takes_out_values_of_secret_keys(void **state)
{
    static const struct row rows[] = {
        { "sig=x", "sig=REDACTED" },
        { "a=1&X-Amz-Signature=x&b=2", "a=1&X-Amz-Signature=REDACTED&b=2" },
        { "X-Amz-Credential=x&X-Amz-Security-Token=y",
          "X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED" },
        { "AWSAccessKeyId=x&Signature=y&X-Goog-Signature=z",
          "AWSAccessKeyId=REDACTED&Signature=REDACTED&X-Goog-Signature=REDACTED" },
        { "SIG=x&signature=y", NULL }, /* the conventions compare as spelled */
        { "token=x", "token=REDACTED" },
        { "Token=x&PASSWORD=y", "Token=REDACTED&PASSWORD=REDACTED" },
        { "api_key=x&api-key=y&apikey=z", "api_key=REDACTED&api-key=REDACTED&apikey=REDACTED" },
        { "code=x&session=y&access_token=z",
          "code=REDACTED&session=REDACTED&access_token=REDACTED" },
        { "%74oken=x", "%74oken=REDACTED" },
        { "user[password]=x", "user[password]=REDACTED" },
        { "user%5Bpassword%5D[]=x", "user%5Bpassword%5D[]=REDACTED" },
        { "auth.token=x", "auth.token=REDACTED" },
        { "token=a=b", "token=REDACTED" },
        { "a=1;token=x", "a=1;token=REDACTED" },
        { "next=http://h/?code=x", "next=http://h/?code=REDACTED" },
        { "token=", NULL },
        { "token", NULL },
        { "tokens=3&my_token_count=1&encode=x&zip_code=1", NULL },
        { "=x&&=", NULL },
        { "%7=x&%=y&token%=z", NULL },
        { "q=token", NULL },
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows, sonde_http_redact_query);
}

static void test_redact__looks_at_query_and_fragment_of_a_url(void **state)
{
    static const struct row rows[] = {
        { "http://h/p?token=x#top", "http://h/p?token=REDACTED#top" },
        { "http://h/p#access_token=x&a=1", "http://h/p#access_token=REDACTED&a=1" },
        { "http://h/token=x", NULL },
        { "http://u:p@h?sig=x", "http://REDACTED:REDACTED@h?sig=REDACTED" },
        { "h?sig=x", "h?sig=REDACTED" },
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows, sonde_http_redact_url);
}

static void test_redact__never_writes_beyond_its_scratch(void **state)
{
    static const char url[] = "http://user:pw@host/path?token=secret&a=1&password=word";
    (void)state;
    for (size_t size = 0; size < 100; size++) {
        char         *room    = malloc(size + 1); /* the sanitizer watches its end */
        sonde_scratch scratch = sonde_scratch_of(room, size);
        sonde_str     got     = sonde_http_redact_url(Z(url), &scratch);
        assert_true(got.len <= size);
        assert_true(scratch.used <= size);
        char text[128];
        snprintf(text, sizeof text, "%.*s", (int)got.len, got.ptr);
        assert_null(strstr(text, "secret"));
        assert_null(strstr(text, "pw"));
        assert_null(strstr(text, "=word"));
        free(room);
    }
}

static void test_redact__shows_nothing_without_a_scratch(void **state)
{
    (void)state;
    assert_view(sonde_http_redact_url(Z("http://h/?token=x"), NULL), NULL);
    assert_view(sonde_http_redact_url(Z("http://h/?a=x"), NULL), "http://h/?a=x");
    assert_view(sonde_http_redact_url(sonde_str_n(NULL, 0), NULL), NULL);
    assert_view(sonde_http_redact_query(sonde_str_n(NULL, 0), NULL), NULL);
}

static void test_redact__cuts_what_is_too_long_and_sees_a_secret_before_it(void **state)
{
    enum { LONG = 20000 };
    char         *url = malloc(LONG + 1);
    char          room[SONDE_HTTP_URL_MAX * 2];
    sonde_scratch scratch = sonde_scratch_of(room, sizeof room);
    (void)state;
    memset(url, 'a', LONG);
    url[LONG] = '\0';
    assert_int_equal(sonde_http_redact_url(Z(url), &scratch).len, SONDE_HTTP_URL_MAX);

    memcpy(url, "http://user:", 12); /* the '@' stands far behind the limit */
    memcpy(url + LONG - 3, "@h/", 3);
    assert_view(sonde_http_redact_url(Z(url), &scratch), "http://REDACTED:REDACTED@h/");

    memcpy(url, "http://h/?token=", 16);
    assert_view(sonde_http_redact_url(Z(url), &scratch), "http://h/?token=REDACTED");
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact__takes_out_user_and_password),
        cmocka_unit_test(test_redact__takes_out_values_of_secret_keys),
        cmocka_unit_test(test_redact__looks_at_query_and_fragment_of_a_url),
        cmocka_unit_test(test_redact__never_writes_beyond_its_scratch),
        cmocka_unit_test(test_redact__shows_nothing_without_a_scratch),
        cmocka_unit_test(test_redact__cuts_what_is_too_long_and_sees_a_secret_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
