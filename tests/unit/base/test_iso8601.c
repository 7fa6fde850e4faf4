/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/base/test_iso8601.c - the C library's own calendar is the judge. */
#include "base/iso8601.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_iso8601__agrees_with_the_c_library(void **state)
{
    (void)state;
    /* Steps that fall on every hour, day and month, from 1970 to 2554. */
    for (uint64_t second = 0; second < UINT64_C(18446744073); second += 86400 * 5 + 3607) {
        time_t    at = (time_t)second;
        struct tm parts;
        char      text[SONDE__ISO8601_SIZE], want[64];
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &parts));
        sonde__iso8601(second * 1000000000, 0, text);
        if (strcmp(text, want) != 0)
            fail_msg("%s is %s", want, text);
    }
}

static void test_iso8601__knows_leap_days(void **state)
{
    static const struct {
        uint64_t    second;
        const char *text;
    } rows[] = {
        { 951782400, "2000-02-29T00:00:00Z" },  { 951868800, "2000-03-01T00:00:00Z" },
        { 1709251199, "2024-02-29T23:59:59Z" }, { 4107542399, "2100-02-28T23:59:59Z" },
        { 4107542400, "2100-03-01T00:00:00Z" }, { 0, "1970-01-01T00:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[SONDE__ISO8601_SIZE];
        sonde__iso8601(rows[i].second * 1000000000, 0, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_iso8601__cuts_the_fraction_to_its_digits(void **state)
{
    static const char *const rows[] = { "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.0Z",
                                        "2023-11-14T22:13:20.01Z", "2023-11-14T22:13:20.012Z",
                                        "2023-11-14T22:13:20.0123Z" };
    char                     text[SONDE__ISO8601_SIZE];
    (void)state;
    for (unsigned digits = 0; digits < 5; digits++) {
        sonde__iso8601(UINT64_C(1700000000012399999), digits, text);
        assert_string_equal(text, rows[digits]);
    }
    sonde__iso8601(UINT64_MAX, 99, text);
    assert_string_equal(text, "2554-07-21T23:34:33.709551615Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso8601__agrees_with_the_c_library),
        cmocka_unit_test(test_iso8601__knows_leap_days),
        cmocka_unit_test(test_iso8601__cuts_the_fraction_to_its_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
