/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

static void test_method__knows_those_of_the_conventions(void **state)
{
    static const char *const known[] = { "GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY" };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        sonde_str original = Z("untouched");
        assert_view(sonde_http_method(Z(known[i]), &original), known[i]);
        assert_view(original, NULL);
    }
}

static void test_method__keeps_what_it_does_not_know_as_original(void **state)
{
    static const char *const others[] = { "get", "BREW", "GETS", "GE", "", "PROPFIND" };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        sonde_str original;
        assert_view(sonde_http_method(Z(others[i]), &original), "_OTHER");
        assert_view(original, others[i]);
    }
}

static void test_method__needs_no_terminator_and_no_original(void **state)
{
    (void)state;
    assert_view(sonde_http_method(sonde_str_n("GETTING", 3), NULL), "GET");
    assert_view(sonde_http_method(sonde_str_n(NULL, 0), NULL), "_OTHER");
}

static void test_method__returns_static_storage(void **state)
{
    char method[] = "POST";
    (void)state;
    sonde_str found = sonde_http_method(Z(method), NULL);
    memset(method, 'x', sizeof method - 1);
    assert_view(found, "POST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_method__knows_those_of_the_conventions),
        cmocka_unit_test(test_method__keeps_what_it_does_not_know_as_original),
        cmocka_unit_test(test_method__needs_no_terminator_and_no_original),
        cmocka_unit_test(test_method__returns_static_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
