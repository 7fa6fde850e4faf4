/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers as text. */
#include "base/number.h"
#include "base/rand.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *text_of(double value)
{
    static char text[SONDE__NUMBER_ROOM + 1];
    text[sonde__number_double(text, value)] = '\0';
    return text;
}

static void test_number__integers_are_written_whole(void **state)
{
    const int64_t values[] = {
        0, 1, -1, 9, 10, 99, 100, -100, 1234567890123, INT64_MAX, INT64_MIN
    };
    char text[SONDE__NUMBER_ROOM + 1], expected[32];
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        text[sonde__number_int(text, values[i])] = '\0';
        (void)snprintf(expected, sizeof expected, "%" PRId64, values[i]);
        assert_string_equal(text, expected);
    }
    text[sonde__number_uint(text, UINT64_MAX)] = '\0';
    assert_string_equal(text, "18446744073709551615");
}

static void test_number__doubles_are_as_short_as_they_can_be(void **state)
{
    const struct {
        double      value;
        const char *text;
    } rows[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 1, "1" },
        { -2.5, "-2.5" },
        { 0.1, "0.1" },
        { 0.005, "0.005" },
        { 0.30000000000000004, "0.30000000000000004" },
        { 1.0 / 3, "0.3333333333333333" },
        { 100, "100" },
        { 7500, "7500" },
        { 123456.789, "123456.789" },
        { 9007199254740991, "9007199254740991" },
        { 1e15, "1000000000000000" },
        { 1e22, "1e+22" },
        { 1e300, "1e+300" },
        { 5e-324, "5e-324" },
        { 0.000001, "0.000001" },
        { 1e-7, "1e-07" },
        { DBL_MAX, "1.7976931348623157e+308" },
        { INFINITY, "+Inf" },
        { -INFINITY, "-Inf" },
        { NAN, "NaN" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_of(rows[i].value), rows[i].text);
}

static bool reads_back(double value)
{
    return strtod(text_of(value), NULL) == value;
}

static void test_number__whatever_the_bits_it_reads_back(void **state)
{
    struct sonde__rand rand = { { 1, 2, 3, 4 } };
    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = sonde__rand_next(&rand);
        double   value;
        memcpy(&value, &bits, sizeof value);
        double measured = (double)(bits >> 40) / 1000 + (double)(bits & 1023) / 7;
        if ((isfinite(value) && !reads_back(value)) || !reads_back(measured))
            fail_msg("%a or %a does not read back", value, measured);
    }
}

static void test_number__a_locale_changes_nothing(void **state)
{
    const char *names[] = {
        "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fa_IR", "ps_AF", "ru_RU.UTF-8"
    };
    char locale[16] = "";
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names && !locale[0]; i++)
        if (setlocale(LC_NUMERIC, names[i]) && strcmp(localeconv()->decimal_point, ".") != 0)
            (void)snprintf(locale, sizeof locale, "%s", names[i]);
    if (!locale[0])
        skip(); /* none is installed */
    char short_one[64], long_one[64];
    (void)snprintf(short_one, sizeof short_one, "%s", text_of(0.5));
    (void)snprintf(long_one, sizeof long_one, "%s", text_of(5.5e-300));
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(short_one, "0.5");
    assert_string_equal(long_one, "5.5e-300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number__integers_are_written_whole),
        cmocka_unit_test(test_number__doubles_are_as_short_as_they_can_be),
        cmocka_unit_test(test_number__whatever_the_bits_it_reads_back),
        cmocka_unit_test(test_number__a_locale_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
