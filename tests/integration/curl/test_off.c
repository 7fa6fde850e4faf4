/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program whose SDK was never started. */
#include "fixture.h"

static const char incoming[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

static void get(struct wire *wire, struct curl_slist *list)
{
    char  url[64];
    CURL *easy = curl_easy_init();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", wire_port(wire));
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
    assert_int_equal(sonde_curl_easy_perform(easy, .headers = list, .inject = SONDE_INJECT_ALWAYS),
                     CURLE_OK);
    curl_easy_cleanup(easy);
}

static void test_off__nothing_is_added(void **state)
{
    struct wire       *wire = wire_start();
    struct curl_slist *list = curl_slist_append(NULL, "X-Mine: 1");
    (void)state;
    get(wire, list);
    assert_null(wire_header(wire, 0, "traceparent", 0));
    assert_string_equal(wire_header(wire, 0, "X-Mine", 0), "1");
    curl_slist_free_all(list);
    wire_stop(wire);
}

static void test_off__what_came_in_goes_on(void **state)
{
    struct wire       *wire = wire_start();
    sonde_span_context remote;
    (void)state;
    assert_int_equal(sonde_traceparent_parse(sonde_str_z(incoming), &remote), SONDE_OK);
    sonde_context *context = sonde_context_with_remote(NULL, &remote, sonde_str_z("v=1"));
    sonde_token    token   = sonde_context_attach(context);
    get(wire, NULL);
    sonde_context_detach(token);
    sonde_context_unref(context);
    assert_string_equal(wire_header(wire, 0, "traceparent", 0), incoming);
    assert_string_equal(wire_header(wire, 0, "tracestate", 0), "v=1");
    wire_stop(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off__nothing_is_added),
        cmocka_unit_test(test_off__what_came_in_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
