/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tail/bar.h"
#include "term/pen.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    char             *out;
    size_t            size;
    FILE             *file;
    struct sonde__pen pen;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    setlocale(LC_CTYPE, "C.UTF-8");
    fixture->file = open_memstream(&fixture->out, &fixture->size);
    fixture->pen  = sonde__pen_of(fixture->file, (struct sonde__look){ 80, false, true });
    *state        = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    fclose(fixture->file);
    free(fixture->out);
    free(fixture);
    return 0;
}

static const char *written(struct fixture *fixture)
{
    fflush(fixture->file);
    return fixture->out;
}

static void test_pen__lines_end_without_blanks_and_colours(void **state)
{
    struct fixture *fixture  = *state;
    fixture->pen.look.colour = true;
    sonde__pen_style(&fixture->pen, SONDE__BAD);
    sonde__pen_put(&fixture->pen, "bad");
    sonde__pen_to(&fixture->pen, 6);
    sonde__pen_style(&fixture->pen, SONDE__PLAIN);
    sonde__pen_put(&fixture->pen, "x");
    sonde__pen_style(&fixture->pen, SONDE__DIM);
    sonde__pen_to(&fixture->pen, 20);
    sonde__pen_newline(&fixture->pen);
    sonde__pen_put(&fixture->pen, "y");

    assert_string_equal(written(fixture), "\033[31mbad\033[0m   x\ny");
}

static void test_pen__figures_end_at_their_column(void **state)
{
    struct fixture *fixture = *state;
    sonde__pen_put_right(&fixture->pen, "12 µs", 8);
    sonde__pen_put_right(&fixture->pen, "too long", 10);

    assert_string_equal(written(fixture), "   12 µstoo long");
    assert_int_equal(fixture->pen.column, 16);
}

static void test_pen__chunks_are_whole_words_where_there_are_any(void **state)
{
    static const struct {
        const char *text;
        unsigned    max;
        const char *chunk, *rest;
    } rows[] = {
        { "one two three", 8, "one two", "three" },
        { "one two three", 7, "one two", "three" },
        { "abcdefgh", 3, "abc", "defgh" },
        { "one twothree", 6, "one", "twothree" },
        { "short", 9, "short", "" },
        { "", 9, "", "" },
        { "日本", 1, "日", "本" }, /* never nothing */
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t    before = strlen(written(fixture));
        sonde_str rest   = sonde__pen_chunk(&fixture->pen, sonde_str_z(rows[i].text), rows[i].max);
        if (strcmp(written(fixture) + before, rows[i].chunk) != 0 ||
            rest.len != strlen(rows[i].rest) || memcmp(rest.ptr, rows[i].rest, rest.len) != 0)
            fail_msg("row %zu: \"%s\"", i, fixture->out + before);
    }
}

static void test_pen__bars_show_both_ends(void **state)
{
    static const struct {
        double      from, to;
        const char *utf8, *ascii;
    } rows[] = {
        { 0, 1, "████████", "########" },   { 0, 0.5, "████", "####" },
        { 0.5, 1, "    ████", "    ####" }, { 0, 0, "▏", "|" },
        { 1, 1, "       ▕", "       |" },   { 0, 0.0625, "▌", "#" },
        { 0.0625, 0.125, "▐", "#" },        { 0.0625, 0.25, "▐█", "##" },
        { 0, 0.078125, "▋", "#" },          { 0.25, 0.28125, "  ▎", "  |" },
        { 2, 3, "       ▕", "       |" },   { -1, -0.5, "▏", "|" },
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        size_t before          = strlen(written(fixture));
        fixture->pen.look.utf8 = i % 2 == 0;
        sonde__bar_put(&fixture->pen, rows[i / 2].from, rows[i / 2].to, 8);
        if (strcmp(written(fixture) + before, i % 2 ? rows[i / 2].ascii : rows[i / 2].utf8) != 0)
            fail_msg("row %zu: \"%s\"", i / 2, fixture->out + before);
        sonde__pen_newline(&fixture->pen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pen__lines_end_without_blanks_and_colours, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_pen__figures_end_at_their_column, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pen__chunks_are_whole_words_where_there_are_any, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_pen__bars_show_both_ends, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
