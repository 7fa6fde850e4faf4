/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define BAD "\xEF\xBF\xBD"

/* Text and what it becomes: a maximal subpart of an ill-formed sequence is one replacement
 * (Unicode 15, 3.9, tables 3-8 to 3-11). */
static const struct {
    const char *text, *repaired;
} rows[] = {
    { "", "" },
    { "plain", "plain" },
    { "\xC3\xA9", "\xC3\xA9" },
    { "\xE2\x82\xAC", "\xE2\x82\xAC" },
    { "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
    { "\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80" }, /* around the surrogates */
    { "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF" },                 /* U+10FFFF */
    { "\x80", BAD },
    { "\xBF\xBF", BAD BAD },
    { "\xC0\x80", BAD BAD }, /* not the shortest form */
    { "\xC1\xBF", BAD BAD },
    { "\xE0\x80\x80", BAD BAD BAD },
    { "\xE0\x9F\xBF", BAD BAD BAD },
    { "\xF0\x80\x80\x80", BAD BAD BAD BAD },
    { "\xF0\x8F\xBF\xBF", BAD BAD BAD BAD },
    { "\xED\xA0\x80", BAD BAD BAD }, /* a surrogate */
    { "\xED\xBF\xBF", BAD BAD BAD },
    { "\xF4\x90\x80\x80", BAD BAD BAD BAD }, /* above U+10FFFF */
    { "\xF5\x80\x80\x80", BAD BAD BAD BAD },
    { "\xFE", BAD },
    { "\xFF", BAD },
    { "\xC3", BAD }, /* cut short: one for the whole of it */
    { "\xE2\x82", BAD },
    { "\xF0\x9F\x98", BAD },
    { "\xE2\x82x", BAD "x" },
    { "\xF0\x9F\x98x", BAD "x" },
    { "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", BAD BAD BAD BAD "A" }, /* table 3-11 */
    { "\xC3\xC3\xA9", BAD "\xC3\xA9" },
    { "12345678\xFF", "12345678" BAD }, /* behind a word */
    { "1234567\xC3\xA9"
      "9",
      "1234567\xC3\xA9"
      "9" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void test_utf8__repairs_maximal_subparts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        size_t  len = strlen(rows[i].text), wanted = strlen(rows[i].repaired);
        size_t  got    = sonde__utf8_repaired_len(rows[i].text, len);
        uint8_t to[64] = { 0 };
        sonde__utf8_repair(to, rows[i].text, len);
        if (got != wanted || memcmp(to, rows[i].repaired, wanted) != 0 || to[wanted] != 0)
            fail_msg("row %zu: %zu bytes, not %zu", i, got, wanted);
        if (sonde__utf8_valid(rows[i].text, len) != (strcmp(rows[i].text, rows[i].repaired) == 0))
            fail_msg("row %zu: valid?", i);
        assert_true(sonde__utf8_valid(rows[i].repaired, wanted));
    }
}

/* Every text of two bytes, and of three and four with telling ones: repaired text is valid, and
 * valid text is left alone. Each in a block of its own size, for the sanitizer. */
static void test_utf8__whatever_the_bytes_what_comes_out_is_valid(void **state)
{
    static const uint8_t telling[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                       0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF };
    (void)state;
    for (uint32_t n = 0; n < 1u << 16; n++)
        for (size_t len = 2; len <= 4; len++) {
            char *text = malloc(len), repaired[12];
            for (size_t i = 0; i < len; i++)
                text[i] = (char)(len == 2 ? n >> 8 * i : telling[n >> 4 * i & 15]);
            size_t out = sonde__utf8_repaired_len(text, len);
            assert_true(out <= sizeof repaired);
            sonde__utf8_repair((uint8_t *)repaired, text, len);
            assert_true(sonde__utf8_valid(repaired, out));
            if (sonde__utf8_valid(text, len))
                assert_true(out == len && memcmp(repaired, text, len) == 0);
            free(text);
        }
}

static void test_utf8__a_cut_keeps_characters_whole(void **state)
{
    static const struct {
        const char *text;
        size_t      max, wanted;
    } cuts[] = {
        { "abc", 3, 3 },
        { "abc", 9, 3 },
        { "abc", 2, 2 },
        { "abc", 0, 0 },
        { "a\xC3\xA9", 2, 1 },
        { "a\xC3\xA9", 3, 3 },
        { "\xE2\x82\xAC", 2, 0 },
        { "\xF0\x9F\x98\x80x", 3, 0 },
        { "", 0, 0 },
        { "\xF0\x9F\x98\x80x", 4, 4 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        size_t got = sonde__utf8_floor(cuts[i].text, strlen(cuts[i].text), cuts[i].max);
        if (got != cuts[i].wanted)
            fail_msg("row %zu: %zu", i, got);
    }
}

static void test_utf8__ascii_is_seen_at_every_place(void **state)
{
    char text[24], to[24];
    (void)state;
    for (size_t len = 0; len <= sizeof text; len++)
        for (size_t at = 0; at <= len; at++) {
            memset(text, 0x7F, sizeof text);
            if (at < len)
                text[at] = '\x80';
            assert_int_equal(sonde__ascii(text, len), at == len);
            assert_int_equal(sonde__ascii_copy((uint8_t *)to, text, len), at == len);
            assert_memory_equal(to, text, len);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__repairs_maximal_subparts),
        cmocka_unit_test(test_utf8__whatever_the_bytes_what_comes_out_is_valid),
        cmocka_unit_test(test_utf8__a_cut_keeps_characters_whole),
        cmocka_unit_test(test_utf8__ascii_is_seen_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
