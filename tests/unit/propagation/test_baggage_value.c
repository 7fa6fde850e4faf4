/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Looking a key up in a baggage list, and what its value decodes to. */
#include "support.h"

#include <sonde/baggage.h>

#define FFFD "\xef\xbf\xbd"

static char          memory[SONDE_BAGGAGE_MAX];
static sonde_scratch scratch;

static int begin(void **state)
{
    (void)state;
    scratch = sonde_scratch_of(memory, sizeof(memory));
    return 0;
}

static void test_baggage__decodes_values_to_valid_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *name, *encoded, *value;
    } rows[] = {
        { "nothing to decode", "abc", "abc" },
        { "space", "a%20b", "a b" },
        { "digits in lower case", "%c3%a9", "\xc3\xa9" },
        { "digits in upper case", "%C3%A9", "\xc3\xa9" },
        { "two, three and four bytes", "%C3%A9%E2%82%AC%F0%9F%92%A9",
          "\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9" },
        { "an encoded percent sign", "100%25", "100%" },
        { "decoded once only", "%2541", "%41" },
        { "percent sign at the end", "100%", "100%" },
        { "one digit at the end", "a%4", "a%4" },
        { "no digits", "%zz%4z%z4", "%zz%4z%z4" },
        { "percent sign before an encoded one", "%%41", "%A" },
        { "not UTF-8", "%FF%FE", FFFD FFFD },
        { "continuation alone", "a%80b", "a" FFFD "b" },
        { "cut after one of two", "%C3", FFFD },
        { "cut after two of three", "%E2%82", FFFD },
        { "cut after three of four", "%F0%9F%92", FFFD },
        { "interrupted by ASCII", "%E2%82a", FFFD "a" },
        { "interrupted by encoded ASCII", "%C3%28", FFFD "(" },
        { "interrupted by another lead byte", "%E2%C3%A9", FFFD "\xc3\xa9" },
        { "the smallest of three and of four bytes", "%E0%A0%80%F0%90%80%80",
          "\xe0\xa0\x80\xf0\x90\x80\x80" },
        { "overlong slash", "%C0%AF", FFFD FFFD },
        { "overlong in three bytes", "%E0%80%AF", FFFD FFFD FFFD },
        { "overlong in four bytes", "%F0%80%80%AF", FFFD FFFD FFFD FFFD },
        { "surrogate", "%ED%A0%80", FFFD FFFD FFFD },
        { "just before the surrogates", "%ED%9F%BF", "\xed\x9f\xbf" },
        { "the largest code point", "%F4%8F%BF%BF", "\xf4\x8f\xbf\xbf" },
        { "beyond the largest", "%F4%90%80%80", FFFD FFFD FFFD FFFD },
        { "lead byte F5", "%F5%80", FFFD FFFD },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char header[100];
        snprintf(header, sizeof(header), "k=%s", rows[i].encoded);
        scratch.used    = 0;
        sonde_str value = sonde_baggage_get(sonde_str_z(header), sonde_str_z("k"), &scratch);
        check_row_text(value, rows[i].value, rows[i].name);
        check_row(value.len <= strlen(rows[i].encoded), rows[i].name);
    }
}

static void test_baggage__does_not_decode_with_digits_beyond_the_end(void **state)
{
    (void)state;
    for (size_t cut = 1; cut <= 2; cut++) {
        sonde_str list  = sonde_str_n("k=%41", 5 - cut);
        sonde_str value = sonde_baggage_get(list, sonde_str_z("k"), &scratch);

        check_row_text(value, cut == 1 ? "%4" : "%", cut == 1 ? "one digit" : "no digit");
    }
}

static void test_baggage__decodes_a_zero_byte(void **state)
{
    (void)state;
    sonde_str value = sonde_baggage_get(sonde_str_z("k=a%00b"), sonde_str_z("k"), &scratch);

    assert_int_equal(value.len, 3);
    assert_memory_equal(value.ptr, "a\0b", 3);
}

static void test_baggage__looks_up_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *key, *value;
    } rows[] = {
        { "first", "k=1,l=2", "k", "1" },
        { "last", "k=1,l=2;p", "l", "2" },
        { "a key twice: the last", "k=1,k=2", "k", "2" },
        { "empty value", "k=,l=2", "k", "" },
        { "not there", "k=1", "l", NULL },
        { "case counts", "k=1", "K", NULL },
        { "a property is no key", "k=1;p=2", "p", NULL },
        { "NULL key", "k=1", NULL, NULL },
        { "no list", NULL, "k", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z(rows[i].list), key = sonde_str_z(rows[i].key);
        check_row_text(sonde_baggage_get(list, key, &scratch), rows[i].value, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_baggage__decodes_values_to_valid_utf8, begin),
        cmocka_unit_test_setup(test_baggage__does_not_decode_with_digits_beyond_the_end, begin),
        cmocka_unit_test_setup(test_baggage__decodes_a_zero_byte, begin),
        cmocka_unit_test_setup(test_baggage__looks_up_a_key, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
