/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "term/pen.h"
#include "term/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static int setup(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

/* What a pen makes of text; to be freed. */
static char *shown(sonde_str text, unsigned max, bool utf8)
{
    char             *out  = NULL;
    size_t            size = 0;
    FILE             *file = open_memstream(&out, &size);
    struct sonde__pen pen  = sonde__pen_of(file, (struct sonde__look){ 80, false, utf8 });
    sonde__pen_text(&pen, text, max);
    fclose(file);
    return out;
}

static void test_text__what_a_terminal_would_obey_becomes_visible(void **state)
{
    static const struct {
        const char *text, *utf8, *ascii;
    } rows[] = {
        { "plain", "plain", "plain" },
        { "\033[31mred", "␛[31mred", "?[31mred" },
        { "\033]0;title\a", "␛]0;title␇", "?]0;title?" },
        { "a\r\nb\tc", "a␍␊b c", "a??b c" },
        { "\x7F", "␡", "?" },
        { "\xC2\x9B"
          "31m",
          "\uFFFD31m", "?31m" },                           /* CSI in one character */
        { "a\u202Eb\u2066c", "a\uFFFDb\uFFFDc", "a?b?c" }, /* turns the line around */
        { "a\u2028b", "a\uFFFDb", "a?b" },
        { "zero\u200Bwidth\u00AD\uFEFF", "zerowidth", "zero?width??" },
        { "\xFF\xFE!", "\uFFFD\uFFFD!", "?\?!" },
        { "cut \xE2\x82", "cut \uFFFD\uFFFD", "cut ?" },
        { "Grüße 茶", "Grüße 茶", "Gr??e ?" },
        { "\U000E0041", "\uFFFD", "?" }, /* a tag that nobody sees */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *utf8  = shown(sonde_str_z(rows[i].text), 80, true);
        char *ascii = shown(sonde_str_z(rows[i].text), 80, false);
        if (strcmp(utf8, rows[i].utf8) != 0 || strcmp(ascii, rows[i].ascii) != 0)
            fail_msg("row %zu: \"%s\" and \"%s\"", i, utf8, ascii);
        free(utf8);
        free(ascii);
    }
}

static void test_text__no_byte_reaches_the_terminal_as_a_control(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            char  text[2] = { (char)first, (char)second };
            char *out     = shown(sonde_str_n(text, 2), 80, true);
            for (const char *c = out; *c; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7F ||
                    (*c == '\xC2' && (unsigned char)c[1] < 0xA0))
                    fail_msg("%02x %02x came through", first, second);
            free(out);
        }
    }
}

static void test_text__width_is_counted_in_columns(void **state)
{
    static const struct {
        const char *text;
        unsigned    width;
    } rows[] = {
        { "", 0 },
        { "abc", 3 },
        { "日本", 4 },
        { "é", 1 },
        { "e\u0301", 1 } /* an accent of its own */,
        { "한글 ok", 7 },
        { "🚀", 2 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (sonde__text_width(sonde_str_z(rows[i].text), true, 80) != rows[i].width)
            fail_msg("row %zu", i);
    assert_int_equal(sonde__text_width(sonde_str_z("abcdef"), true, 3), 4);
}

static void test_text__marks_do_not_pile_up(void **state)
{
    (void)state;
    char *out = shown(sonde_str_z("\u0301x\u0301\u0302\u0303\u0304\u0305y"), 80, true);

    assert_string_equal(out, "x\u0301\u0302y");
    free(out);
}

static void test_text__long_text_ends_in_an_ellipsis(void **state)
{
    static const struct {
        const char *text;
        unsigned    max;
        const char *utf8, *ascii;
    } rows[] = {
        { "abcdef", 6, "abcdef", "abcdef" }, { "abcdef", 5, "abcd…", "abc.." },
        { "abcdef", 1, "…", "." },           { "日本語", 5, "日本…", "???" },
        { "日本語", 4, "日…", "???" },       { "abc", 0, "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *utf8  = shown(sonde_str_z(rows[i].text), rows[i].max, true);
        char *ascii = shown(sonde_str_z(rows[i].text), rows[i].max, false);
        if (strcmp(utf8, rows[i].utf8) != 0 || strcmp(ascii, rows[i].ascii) != 0)
            fail_msg("row %zu: \"%s\" and \"%s\"", i, utf8, ascii);
        free(utf8);
        free(ascii);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__what_a_terminal_would_obey_becomes_visible),
        cmocka_unit_test(test_text__no_byte_reaches_the_terminal_as_a_control),
        cmocka_unit_test(test_text__width_is_counted_in_columns),
        cmocka_unit_test(test_text__marks_do_not_pile_up),
        cmocka_unit_test(test_text__long_text_ends_in_an_ellipsis),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
