/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/test_pairs.c */
#include "config/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Every member as "[name|value]", "!" for a bad one. */
static void walk(const char *text, char *ret_text, size_t size)
{
    sonde_str   rest = sonde_str_z(text), name, value;
    sonde__pair pair;
    size_t      have = 0;
    ret_text[0]      = '\0';
    while ((pair = sonde__pairs_next(&rest, &name, &value)) != SONDE__PAIR_END && have < size) {
        int n = pair == SONDE__PAIR_BAD
                    ? snprintf(ret_text + have, size - have, "!")
                    : snprintf(ret_text + have, size - have, "[%.*s|%.*s]", (int)name.len, name.ptr,
                               (int)value.len, value.ptr);
        have += (size_t)n;
    }
}

static void test_pairs__are_taken_one_by_one(void **state)
{
    static const struct {
        const char *text, *walked;
    } rows[] = {
        { "", "" },
        { "a=1", "[a|1]" },
        { "a=1,b=2", "[a|1][b|2]" },
        { " a = 1 ,\tb = 2 ", "[a|1][b|2]" },
        { "a=", "[a|]" },
        { "a=1=2", "[a|1=2]" },
        { ",,a=1,,", "[a|1]" },
        { "a=x%2Cy", "[a|x%2Cy]" },
        { "a", "!" },
        { "=1", "!" },
        { " =1,b=2", "![b|2]" },
        { "a=1,b", "[a|1]!" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char walked[100];
        walk(rows[i].text, walked, sizeof walked);
        if (strcmp(walked, rows[i].walked) != 0)
            fail_msg("\"%s\": %s", rows[i].text, walked);
    }
}

static void test_pairs__decode_percent_signs(void **state)
{
    static const struct {
        const char *encoded, *text;
    } rows[] = {
        { "plain", "plain" },
        { "a%20b", "a b" },
        { "%2C%3d%25", ",=%" },
        { "%C3%a9", "\xC3\xA9" },
        { "\xC3\xA9", "\xC3\xA9" },
        { "a+b", "a+b" },
        { "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char   text[32];
        size_t length;
        if (!sonde__pairs_decode(sonde_str_z(rows[i].encoded), text, &length))
            fail_msg("\"%s\" can be decoded", rows[i].encoded);
        assert_int_equal(length, strlen(rows[i].text));
        assert_memory_equal(text, rows[i].text, length);
    }
}

static void test_pairs__refuse_what_cannot_be_decoded(void **state)
{
    static const char *const rows[] = { "%", "a%2", "%2G", "%G2", "100%", "%00", "%FF", "%C3" };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char   text[32];
        size_t length;
        if (sonde__pairs_decode(sonde_str_z(rows[i]), text, &length))
            fail_msg("\"%s\" was decoded", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs__are_taken_one_by_one),
        cmocka_unit_test(test_pairs__decode_percent_signs),
        cmocka_unit_test(test_pairs__refuse_what_cannot_be_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
