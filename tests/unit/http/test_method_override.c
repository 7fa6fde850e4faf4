/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Runs with OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS set, which is read once a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sonde/http.h>

static void test_method_override__replaces_the_whole_list(void **state)
{
    static const struct {
        const char *method, *wanted;
    } rows[] = {
        { "BREW", "BREW" },  { "get", "get" },     { "PROPFIND", "PROPFIND" },
        { "GET", "_OTHER" }, { "POST", "_OTHER" }, { "", "_OTHER" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_str found = sonde_http_method(sonde_str_z(rows[i].method), NULL);
        if (found.len != strlen(rows[i].wanted) ||
            memcmp(found.ptr, rows[i].wanted, found.len) != 0)
            fail_msg("\"%s\" became \"%.*s\"", rows[i].method, (int)found.len, found.ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_method_override__replaces_the_whole_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
