/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading tracestate headers: grammar, white space, joining, limits.  Changing the list is in
 * test_tracestate_change.c. */
#include "support.h"

#include <sonde/tracestate.h>

static char          memory[SONDE_TRACESTATE_MAX];
static sonde_scratch scratch;

static int begin(void **state)
{
    (void)state;
    scratch = sonde_scratch_of(memory, sizeof(memory));
    return 0;
}

/* Parses up to four values; a NULL ends them. */
static sonde_err parse(const char *const values[4], sonde_str *ret)
{
    sonde_str views[4];
    size_t    count = 0;
    for (; count < 4 && values[count]; count++)
        views[count] = sonde_str_z(values[count]);
    scratch.used = 0;
    return sonde_tracestate_parse(views, count, &scratch, ret);
}

static sonde_err parse_one(const char *value, sonde_str *ret)
{
    const char *const values[4] = { value, NULL, NULL, NULL };
    return parse(values, ret);
}

static void test_tracestate__reads_one_header(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *expected; /* NULL: empty */
    } rows[] = {
        { "one member", "foo=1", "foo=1" },
        { "two members", "foo=1,bar=2", "foo=1,bar=2" },
        { "spaces and tabs around commas", "foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3" },
        { "tabs around commas", "foo=1\t \t,\t \tbar=2,\t \tbaz=3", "foo=1,bar=2,baz=3" },
        { "space before", " foo=1", "foo=1" },
        { "tab before", "\tfoo=1", "foo=1" },
        { "space behind", "foo=1 ", "foo=1" },
        { "tab behind", "foo=1\t", "foo=1" },
        { "white space on both sides", "\t foo=1 \t", "foo=1" },
        { "empty header", "", NULL },
        { "white space alone", " \t ", NULL },
        { "commas alone", ", ,\t,", NULL },
        { "empty member at the left", ",foo=1", "foo=1" },
        { "empty member at the right", "foo=1,", "foo=1" },
        { "empty members between", "foo=1, ,,bar=2", "foo=1,bar=2" },
        { "a value keeps the spaces it begins with", "foo=  1,bar=2", "foo=  1,bar=2" },
        { "a value keeps the spaces inside", "foo=a b  c,bar=2", "foo=a b  c,bar=2" },
        { "a value loses the spaces it ends with", "foo=a b  ,bar=2", "foo=a b,bar=2" },
        { "key begins with a digit", "0foo=1", "0foo=1" },
        { "tenant and system", "tenant@system=1", "tenant@system=1" },
        { "@ is a character like others", "foo@=1,a@b@c=2", "foo@=1,a@b@c=2" },
        { "key of one character", "a=1", "a=1" },
        { "a key twice: the left one stays", "foo=1,bar=2,foo=3", "foo=1,bar=2" },
        { "a key twice in the middle", "foo=1,foo=3,bar=2", "foo=1,bar=2" },
        { "the same member twice", "foo=1,foo=1", "foo=1" },
        { "a key is not its own prefix", "foo=1,fo=2,fooo=3", "foo=1,fo=2,fooo=3" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(parse_one(rows[i].text, &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
    }
}

static void test_tracestate__refuses_what_breaks_the_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } rows[] = {
        { "no equals sign", "foo" },
        { "no equals sign behind a good member", "foo=1,bar" },
        { "empty key", "=1" },
        { "empty value", "foo=" },
        { "empty value before another member", "foo=,bar=3" },
        { "value of spaces", "foo=  " },
        { "equals sign in the value", "foo=bar=baz" },
        { "space before the equals sign", "foo =1" },
        { "upper case", "FOO=1" },
        { "upper case inside", "fOo=1" },
        { "dot in the key", "foo.bar=1" },
        { "key begins with @", "@foo=1,bar=2" },
        { "key begins with _", "_foo=1" },
        { "key begins with -", "-foo=1" },
        { "key begins with *", "*foo=1" },
        { "key begins with /", "/foo=1" },
        { "tab inside the value", "foo=a\tb" },
        { "tab before the value", "foo=\t1" },
        { "two members without a comma", "foo=1 bar=2" },
        { "semicolon as separator", "foo=1;bar=2" },
        { "character above ASCII in the value", "foo=\xc3\xa9" },
        { "character above ASCII in the key", "f\xc3\xa9=1" },
        { "delete character in the value", "foo=\x7f" },
        { "new line", "foo=1\n" },
        { "header injection", "foo=1\r\nx: y" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(parse_one(rows[i].text, &list) == SONDE_ERR_INVALID, rows[i].name);
        check_row_text(list, "unset", rows[i].name);
        check_row(scratch.used == 0, rows[i].name);
    }
}

/* Every byte as the first character of a key, another character of it, and in a value. */
static void test_tracestate__each_character_is_allowed_where_the_grammar_says(void **state)
{
    (void)state;
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (int c = 1; c < 256; c++) {
        bool is_first = strchr(first, c) != NULL, is_key = is_first || strchr("_-*/@", c);
        bool is_value    = c >= 0x20 && c <= 0x7e && c != ',' && c != '=';
        char key_first[] = "_k=v", key_other[] = "k_k=v", value[] = "k=v_v", row[16];
        key_first[0] = key_other[1] = value[3] = (char)c;
        snprintf(row, sizeof(row), "character %02x", (unsigned)c);

        sonde_str list;
        /* White space and commas before a key belong to the list; a second comma ends a member. */
        check_row((parse_one(key_first, &list) == SONDE_OK) == (is_first || strchr(" \t,", c)),
                  row);
        check_row((parse_one(key_other, &list) == SONDE_OK) == is_key, row);
        check_row((parse_one(value, &list) == SONDE_OK) == is_value, row);
    }
}

static void test_tracestate__joins_headers_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *name, *values[4], *expected;
    } rows[] = {
        { "three headers",
          { "foo=1,bar=2", "rojo=1,congo=2", "baz=3" },
          "foo=1,bar=2,rojo=1,congo=2,baz=3" },
        { "empty header behind", { "foo=1", "" }, "foo=1" },
        { "empty header before", { "", "foo=1" }, "foo=1" },
        { "empty header between", { "foo=1", " ", "bar=2" }, "foo=1,bar=2" },
        { "a key in two headers: the first stays", { "foo=1", "bar=2,foo=3" }, "foo=1,bar=2" },
        { "a header that only repeats", { "foo=1,bar=2", "foo=3" }, "foo=1,bar=2" },
        { "white space goes", { " foo=1 ", "\tbar=2\t" }, "foo=1,bar=2" },
        { "all empty", { "", ",", " " }, NULL },
        { "none", { NULL }, NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(parse(rows[i].values, &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
    }
}

static void test_tracestate__one_bad_header_spoils_the_others(void **state)
{
    (void)state;
    const char *const values[4] = { "foo=1", "BAR=2", "baz=3", NULL };
    sonde_str         list      = sonde_str_z("unset");

    assert_int_equal(parse(values, &list), SONDE_ERR_INVALID);

    check_row_text(list, "unset", "list");
}

static void test_tracestate__what_needs_no_change_is_not_copied(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "foo=1",           "foo=1,bar=2",  "foo=1,bar= 2,baz=3",
        "  foo=1,bar=2  ", ",foo=1,bar=2", "foo=1,bar=2,foo=3",
        "foo=1 ",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list;
        check_row(parse_one(rows[i], &list) == SONDE_OK, rows[i]);
        check_row(is_inside(list, rows[i]), rows[i]);
        check_row(scratch.used == 0, rows[i]);
    }
}

static void test_tracestate__reads_without_scratch_what_needs_none(void **state)
{
    (void)state;
    sonde_str value = sonde_str_z("foo=1,bar=2"), spaced = sonde_str_z("foo=1 , bar=2"), list;

    assert_int_equal(sonde_tracestate_parse(&value, 1, NULL, &list), SONDE_OK);
    check_row_text(list, "foo=1,bar=2", "normal form");

    assert_int_equal(sonde_tracestate_parse(&spaced, 1, NULL, &list), SONDE_OK);
    check_row_text(list, NULL, "to be rebuilt");
}

static void test_tracestate__thirty_two_members_at_most(void **state)
{
    (void)state;
    char              first[512] = "", last[256] = "", all[512] = "";
    const char *const values[4] = { first, last, NULL, NULL };
    sonde_str         list;
    append_members(first, "bar", 1, 30);
    append_members(last, "bar", 31, 32);
    append_members(all, "bar", 1, 32);

    assert_int_equal(parse(values, &list), SONDE_OK);
    check_row_text(list, all, "32 members");

    append_members(last, "bar", 33, 33);
    assert_int_equal(parse(values, &list), SONDE_ERR_INVALID);
}

static void test_tracestate__key_and_value_have_256_characters_at_most(void **state)
{
    (void)state;
    for (size_t key = 255; key <= 257; key++) {
        for (size_t value = 255; value <= 257; value++) {
            char      text[600] = "foo=1,", row[40];
            sonde_str list;
            append_run(text, 'z', key);
            append_run(text, '=', 1);
            append_run(text, 'v', value);
            snprintf(row, sizeof(row), "key of %zu, value of %zu", key, value);

            bool allowed = key <= 256 && value <= 256;
            check_row((parse_one(text, &list) == SONDE_OK) == allowed, row);
        }
    }
}

static void test_tracestate__the_spaces_behind_a_value_do_not_count(void **state)
{
    (void)state;
    char      text[400] = "foo=";
    sonde_str list;
    append_run(text, 'v', 256);
    append_run(text, ' ', 20);

    assert_int_equal(parse_one(text, &list), SONDE_OK);

    assert_int_equal(list.len, 4 + 256);
}

/* A member `<c>=vvv…` of so many characters. */
static void append_member(char *text, char c, size_t len)
{
    if (text[0])
        append_run(text, ',', 1);
    append_run(text, c, 1);
    append_run(text, '=', 1);
    append_run(text, 'v', len - 2);
}

static void test_tracestate__a_list_too_long_loses_long_members_then_right_ones(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t      room, lens[5]; /* of members a, b, c, d, e */
        const char *left;
    } rows[] = {
        { "fits exactly", 14, { 4, 4, 4 }, "abc" },
        { "one byte too many: the right one goes", 13, { 4, 4, 4 }, "ab" },
        { "two go", 8, { 4, 4, 4 }, "a" },
        { "all go", 3, { 4, 4, 4 }, "" },
        { "a long one goes before a right one", 300, { 50, 200, 50, 50 }, "acd" },
        { "the right-most long one first", 400, { 50, 200, 50, 200, 50 }, "abce" },
        { "all long ones, then the right one", 100, { 50, 129, 48, 129, 48 }, "ac" },
        { "128 characters are not long", 200, { 128, 60, 60 }, "ab" },
        { "129 characters are long", 200, { 129, 60, 60 }, "bc" },
        { "as many long ones as necessary", 330, { 150, 150, 150 }, "ab" },
        { "nothing fits", 0, { 4, 150 }, "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[2000] = "", left[8] = "";
        for (size_t k = 0; k < 5 && rows[i].lens[k]; k++)
            append_member(text, (char)('a' + k), rows[i].lens[k]);
        char     *comma     = strchr(text, ',');
        sonde_str values[2] = {
            sonde_str_n(text, (size_t)(comma - text)), /* two headers: the list must be rebuilt */
            sonde_str_z(comma + 1),
        };
        sonde_scratch small = sonde_scratch_of(memory, rows[i].room);
        sonde_str     list;
        check_row(sonde_tracestate_parse(values, 2, &small, &list) == SONDE_OK, rows[i].name);
        check_row(small.used <= rows[i].room, rows[i].name);
        for (sonde_tracestate_member m; sonde_tracestate_next(&list, &m);)
            append_run(left, m.key.ptr[0], 1);
        check_row(!strcmp(left, rows[i].left), rows[i].name);
    }
}

static void test_tracestate__keeps_4096_bytes_whole(void **state)
{
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        char      text[5000] = "";
        sonde_str list;
        for (char c = 'a'; c < 'a' + 16; c++)
            append_member(text, c, 250);
        append_member(text, 'z', 4096 - strlen(text) - 1 + extra);

        assert_int_equal(parse_one(text, &list), SONDE_OK);

        assert_int_equal(list.len, extra ? 4097 - 251 : 4096);
        assert_non_null(sonde_tracestate_get(list, sonde_str_z("z")).ptr);
        assert_true(extra != 0 || is_inside(list, text));
    }
}

static void test_tracestate__steps_through_members(void **state)
{
    (void)state;
    sonde_str               rest = sonde_str_z(" foo=1 ,, bar= 2 x\t,baz=3, ");
    sonde_tracestate_member member;

    assert_true(sonde_tracestate_next(&rest, &member));
    check_row_text(member.key, "foo", "first key");
    check_row_text(member.value, "1", "first value");
    assert_true(sonde_tracestate_next(&rest, &member));
    check_row_text(member.key, "bar", "second key");
    check_row_text(member.value, " 2 x", "second value");
    assert_true(sonde_tracestate_next(&rest, NULL));
    assert_false(sonde_tracestate_next(&rest, &member));
    assert_false(sonde_tracestate_next(&rest, &member));
}

static void test_tracestate__stepping_ends_at_a_bad_member(void **state)
{
    (void)state;
    sonde_str               rest = sonde_str_z("foo=1,BAR=2,baz=3");
    sonde_tracestate_member member;

    assert_true(sonde_tracestate_next(&rest, &member));
    assert_false(sonde_tracestate_next(&rest, &member));
    assert_false(sonde_tracestate_next(&rest, &member));
    check_row_text(member.key, "foo", "the last good one");
}

static void test_tracestate__takes_null(void **state)
{
    (void)state;
    sonde_str list = sonde_str_z("unset"), none = { NULL, 0 }, value = sonde_str_z("a=1");

    assert_int_equal(sonde_tracestate_parse(NULL, 3, &scratch, &list), SONDE_OK);
    check_row_text(list, NULL, "no values");
    assert_int_equal(sonde_tracestate_parse(&none, 1, &scratch, &list), SONDE_OK);
    check_row_text(list, NULL, "no value");
    assert_int_equal(sonde_tracestate_parse(&value, 1, &scratch, NULL), SONDE_ERR_INVALID);
    assert_false(sonde_tracestate_next(NULL, NULL));
    assert_false(sonde_tracestate_next(&none, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tracestate__reads_one_header, begin),
        cmocka_unit_test_setup(test_tracestate__refuses_what_breaks_the_grammar, begin),
        cmocka_unit_test_setup(test_tracestate__each_character_is_allowed_where_the_grammar_says,
                               begin),
        cmocka_unit_test_setup(test_tracestate__joins_headers_in_order, begin),
        cmocka_unit_test_setup(test_tracestate__one_bad_header_spoils_the_others, begin),
        cmocka_unit_test_setup(test_tracestate__what_needs_no_change_is_not_copied, begin),
        cmocka_unit_test_setup(test_tracestate__reads_without_scratch_what_needs_none, begin),
        cmocka_unit_test_setup(test_tracestate__thirty_two_members_at_most, begin),
        cmocka_unit_test_setup(test_tracestate__key_and_value_have_256_characters_at_most, begin),
        cmocka_unit_test_setup(test_tracestate__the_spaces_behind_a_value_do_not_count, begin),
        cmocka_unit_test_setup(test_tracestate__a_list_too_long_loses_long_members_then_right_ones,
                               begin),
        cmocka_unit_test_setup(test_tracestate__keeps_4096_bytes_whole, begin),
        cmocka_unit_test_setup(test_tracestate__steps_through_members, begin),
        cmocka_unit_test_setup(test_tracestate__stepping_ends_at_a_bad_member, begin),
        cmocka_unit_test_setup(test_tracestate__takes_null, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
