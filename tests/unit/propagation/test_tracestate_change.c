/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Looking up, adding, changing and taking out members of a tracestate list. */
#include "support.h"

#include <sonde/tracestate.h>

static char          memory[2 * SONDE_TRACESTATE_MAX];
static sonde_scratch scratch;

static int begin(void **state)
{
    (void)state;
    scratch = sonde_scratch_of(memory, sizeof(memory));
    return 0;
}

static sonde_err set(const char *list, const char *key, const char *value, sonde_str *ret)
{
    sonde_tracestate_member member = { sonde_str_z(key), sonde_str_z(value) };
    return sonde_tracestate_set(sonde_str_z(list), member, &scratch, ret);
}

static void test_tracestate__looks_up_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *key, *value;
    } rows[] = {
        { "first", "foo=1,bar=2", "foo", "1" },
        { "last", "foo=1,bar=2", "bar", "2" },
        { "not there", "foo=1,bar=2", "baz", NULL },
        { "a prefix is not the key", "foo=1,bar=2", "fo", NULL },
        { "longer than the key", "foo=1,bar=2", "fooo", NULL },
        { "a value is not a key", "foo=bar", "bar", NULL },
        { "case counts", "foo=1", "FOO", NULL },
        { "empty key", "foo=1", "", NULL },
        { "NULL key", "foo=1", NULL, NULL },
        { "empty list", "", "foo", NULL },
        { "no list", NULL, "foo", NULL },
        { "behind a member that breaks the grammar", "FOO=1,bar=2", "bar", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str value = sonde_tracestate_get(sonde_str_z(rows[i].list), sonde_str_z(rows[i].key));
        check_row_text(value, rows[i].value, rows[i].name);
    }
}

static void test_tracestate__what_is_new_or_changed_goes_to_the_left(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *key, *value, *expected;
    } rows[] = {
        { "into no list", NULL, "a", "1", "a=1" },
        { "into an empty list", "", "a", "1", "a=1" },
        { "new", "foo=1,bar=2", "a", "1", "a=1,foo=1,bar=2" },
        { "change the left-most", "foo=1,bar=2", "foo", "3", "foo=3,bar=2" },
        { "change the right-most", "foo=1,bar=2", "bar", "3", "bar=3,foo=1" },
        { "change one in the middle", "foo=1,bar=2,baz=3", "bar", "4", "bar=4,foo=1,baz=3" },
        { "change the only one", "foo=1", "foo", "2", "foo=2" },
        { "the same value moves too", "foo=1,bar=2", "bar", "2", "bar=2,foo=1" },
        { "value begins with a space", "foo=1", "a", " b", "a= b,foo=1" },
        { "the rest becomes normal", " foo=1 ,,bar=2 ", "a", "1", "a=1,foo=1,bar=2" },
        { "a list that breaks the grammar is empty", "foo=1,BAR=2", "a", "1", "a=1" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(set(rows[i].list, rows[i].key, rows[i].value, &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
    }
}

static void test_tracestate__refuses_a_member_that_breaks_the_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key, *value;
    } rows[] = {
        { "no key", NULL, "1" },
        { "empty key", "", "1" },
        { "upper case key", "Foo", "1" },
        { "key begins with @", "@foo", "1" },
        { "equals sign in the key", "a=b", "1" },
        { "space in the key", "a b", "1" },
        { "no value", "a", NULL },
        { "empty value", "a", "" },
        { "value ends with a space", "a", "1 " },
        { "comma in the value", "a", "1,b=2" },
        { "equals sign in the value", "a", "1=2" },
        { "tab in the value", "a", "1\t2" },
        { "new line in the value", "a", "1\r\nx: y" },
        { "value above ASCII", "a", "\xc3\xa9" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(set("foo=1", rows[i].key, rows[i].value, &list) == SONDE_ERR_INVALID,
                  rows[i].name);
        check_row_text(list, "unset", rows[i].name);
        check_row(scratch.used == 0, rows[i].name);
    }
}

static void test_tracestate__refuses_a_member_longer_than_allowed(void **state)
{
    (void)state;
    for (size_t key_len = 256; key_len <= 257; key_len++) {
        for (size_t value_len = 256; value_len <= 257; value_len++) {
            char      key[300] = "", value[300] = "";
            sonde_str list;
            append_run(key, 'k', key_len);
            append_run(value, 'v', value_len);

            bool allowed = key_len == 256 && value_len == 256;
            assert_int_equal(set("foo=1", key, value, &list) == SONDE_OK, allowed);
        }
    }
}

static void test_tracestate__a_thirty_third_member_drops_the_right_most(void **state)
{
    (void)state;
    char      before[512] = "", after[512] = "new=1";
    sonde_str list;
    append_members(before, "bar", 1, 32);
    append_members(after, "bar", 1, 31);

    assert_int_equal(set(before, "new", "1", &list), SONDE_OK);

    check_row_text(list, after, "33rd member");
}

static void test_tracestate__changing_one_of_thirty_two_drops_none(void **state)
{
    (void)state;
    char      before[512] = "", after[512] = "bar32=1";
    sonde_str list;
    append_members(before, "bar", 1, 32);
    append_members(after, "bar", 1, 31);

    assert_int_equal(set(before, "bar32", "1", &list), SONDE_OK);

    check_row_text(list, after, "32 members");
}

static void test_tracestate__the_new_member_stays_though_it_is_long(void **state)
{
    (void)state;
    char          value[201] = "";
    sonde_scratch small      = sonde_scratch_of(memory, 210);
    sonde_str     list;
    append_run(value, 'v', 200);
    sonde_tracestate_member member = { sonde_str_z("new"), sonde_str_z(value) };

    assert_int_equal(sonde_tracestate_set(sonde_str_z("a=1,bb=22"), member, &small, &list),
                     SONDE_OK);

    assert_int_equal(list.len, 4 + 200 + 1 + 3);
    check_row_text(sonde_tracestate_get(list, sonde_str_z("a")), "1", "what still fits");
    assert_int_equal(small.used, list.len);
}

static void test_tracestate__set_needs_room_for_the_member_alone(void **state)
{
    (void)state;
    for (size_t room = 0; room <= 12; room++) {
        sonde_tracestate_member member = { sonde_str_z("new"), sonde_str_z("1") };
        sonde_scratch           small  = sonde_scratch_of(memory, room);
        sonde_str               list   = sonde_str_z("unset");
        char                    row[16];
        snprintf(row, sizeof(row), "room %zu", room);

        sonde_err err = sonde_tracestate_set(sonde_str_z("foo=1"), member, &small, &list);

        check_row(err == (room < 5 ? SONDE_ERR_INVALID : SONDE_OK), row);
        check_row_text(list, room < 5 ? "unset" : room < 11 ? "new=1" : "new=1,foo=1", row);
        check_row(small.used == (room < 5 ? 0 : list.len), row);
    }
}

static void test_tracestate__a_full_list_stays_within_4096_bytes(void **state)
{
    (void)state;
    char      before[5000] = "";
    sonde_str list;
    for (char c = 'a'; c < 'a' + 8; c++) {
        append_run(before, c, 256);
        append_run(before, '=', 1);
        append_run(before, 'v', c == 'h' ? 247 : 254);
        append_run(before, ',', 1);
    }
    strcat(before, "z=z");

    assert_int_equal(set(before, "new", "1", &list), SONDE_OK);

    assert_true(list.len <= SONDE_TRACESTATE_MAX);
    check_row_text(sonde_tracestate_get(list, sonde_str_z("z")), "z", "short members stay");
    check_row_text(sonde_tracestate_get(list, sonde_str_z("new")), "1", "the new one stays");
}

static void test_tracestate__takes_a_member_out(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *key, *expected;
        bool        is_copied;
    } rows[] = {
        { "first", "foo=1,bar=2,baz=3", "foo", "bar=2,baz=3", false },
        { "last", "foo=1,bar=2,baz=3", "baz", "foo=1,bar=2", false },
        { "in the middle", "foo=1,bar=2,baz=3", "bar", "foo=1,baz=3", true },
        { "the only one", "foo=1", "foo", NULL, false },
        { "not there", "foo=1,bar=2", "baz", "foo=1,bar=2", false },
        { "from an empty list", "", "foo", NULL, false },
        { "from no list", NULL, "foo", NULL, false },
        { "no key", "foo=1", NULL, "foo=1", false },
        { "from a list that breaks the grammar", "foo=1,BAR=2", "foo", NULL, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset"), key = sonde_str_z(rows[i].key);
        scratch.used = 0;
        check_row(sonde_tracestate_delete(sonde_str_z(rows[i].list), key, &scratch, &list) ==
                      SONDE_OK,
                  rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
        check_row((scratch.used > 0) == rows[i].is_copied, rows[i].name);
    }
}

static void test_tracestate__changes_build_on_each_other_in_one_scratch(void **state)
{
    (void)state;
    sonde_str               list = { NULL, 0 }, first;
    sonde_tracestate_member a    = { sonde_str_z("a"), sonde_str_z("1") };
    sonde_tracestate_member b    = { sonde_str_z("b"), sonde_str_z("2") };
    sonde_tracestate_member c    = { sonde_str_z("c"), sonde_str_z("3") };

    assert_int_equal(sonde_tracestate_set(list, a, &scratch, &list), SONDE_OK);
    assert_int_equal(sonde_tracestate_set(list, b, &scratch, &first), SONDE_OK);
    assert_int_equal(sonde_tracestate_set(first, c, &scratch, &list), SONDE_OK);
    assert_int_equal(sonde_tracestate_delete(list, sonde_str_z("b"), &scratch, &list), SONDE_OK);

    check_row_text(list, "c=3,a=1", "last");
    check_row_text(first, "b=2,a=1", "an earlier list stays as it was");
}

static void test_tracestate__changes_take_null(void **state)
{
    (void)state;
    sonde_tracestate_member a    = { sonde_str_z("a"), sonde_str_z("1") };
    sonde_str               text = sonde_str_z("foo=1,bar=2,baz=3"), list;

    assert_int_equal(sonde_tracestate_set(text, a, &scratch, NULL), SONDE_ERR_INVALID);
    assert_int_equal(sonde_tracestate_set(text, a, NULL, &list), SONDE_ERR_INVALID);
    assert_int_equal(sonde_tracestate_delete(text, a.key, &scratch, NULL), SONDE_ERR_INVALID);
    assert_int_equal(sonde_tracestate_delete(text, sonde_str_z("bar"), NULL, &list), SONDE_OK);
    check_row_text(list, NULL, "no room to rebuild");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tracestate__looks_up_a_key, begin),
        cmocka_unit_test_setup(test_tracestate__what_is_new_or_changed_goes_to_the_left, begin),
        cmocka_unit_test_setup(test_tracestate__refuses_a_member_that_breaks_the_grammar, begin),
        cmocka_unit_test_setup(test_tracestate__refuses_a_member_longer_than_allowed, begin),
        cmocka_unit_test_setup(test_tracestate__a_thirty_third_member_drops_the_right_most, begin),
        cmocka_unit_test_setup(test_tracestate__changing_one_of_thirty_two_drops_none, begin),
        cmocka_unit_test_setup(test_tracestate__the_new_member_stays_though_it_is_long, begin),
        cmocka_unit_test_setup(test_tracestate__set_needs_room_for_the_member_alone, begin),
        cmocka_unit_test_setup(test_tracestate__a_full_list_stays_within_4096_bytes, begin),
        cmocka_unit_test_setup(test_tracestate__takes_a_member_out, begin),
        cmocka_unit_test_setup(test_tracestate__changes_build_on_each_other_in_one_scratch, begin),
        cmocka_unit_test_setup(test_tracestate__changes_take_null, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
