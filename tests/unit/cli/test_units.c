/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "term/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_units__durations_have_three_digits(void **state)
{
    static const struct {
        uint64_t    ns;
        const char *text;
    } rows[] = {
        { 0, "0" },
        { 1, "1 ns" },
        { 999, "999 ns" },
        { 1000, "1.00 µs" },
        { 9994, "9.99 µs" },
        { 9996, "10.0 µs" },
        { 99949, "99.9 µs" },
        { 99960, "100 µs" },
        { 999499, "999 µs" },
        { 999500, "1.00 ms" },
        { 48200000, "48.2 ms" },
        { 999500000, "1.00 s" },
        { UINT64_C(59949999999), "59.9 s" },
        { UINT64_C(59950000000), "1m 00s" },
        { UINT64_C(125000000000), "2m 05s" },
        { UINT64_C(3599600000000), "1h 00m" },
        { UINT64_C(11220000000000), "3h 07m" },
        { UINT64_C(86400000000000) * 12, "12d 00h" },
        { UINT64_MAX, "213503d" },
    };
    char text[SONDE__UNITS_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sonde__units_duration(rows[i].ns, true, text);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("row %zu: \"%s\"", i, text);
    }
    assert_string_equal(sonde__units_duration(1500, false, text), "1.50 us");
}

static void test_units__figures_are_read_with_their_unit(void **state)
{
    static const struct {
        double      figure;
        const char *unit, *text;
    } rows[] = {
        { 0.0042, "s", "4.20 ms" },
        { 250, "ms", "250 ms" },
        { 0, "s", "0" },
        { 90, "s", "1m 30s" },
        { 1e300, "s", "1e+300" },
        { 1536, "By", "1.5 KiB" },
        { 999, "By", "999 B" },
        { 12345678, "By", "11.8 MiB" },
        { 3e18, "By", "2665 PiB" },
        { 12, "{request}", "12" },
        { 123456789, "1", "123456789" },
        { 0.25, "1", "0.25" },
        { 12345.67, "", "12345.7" },
        { -3, "", "-3" },
        { NAN, "s", "NaN" },
        { INFINITY, "", "+Inf" },
        { -INFINITY, "By", "-Inf" },
    };
    char text[SONDE__UNITS_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sonde__units_figure(rows[i].figure, sonde_str_z(rows[i].unit), true, text);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("row %zu: \"%s\"", i, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units__durations_have_three_digits),
        cmocka_unit_test(test_units__figures_are_read_with_their_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
