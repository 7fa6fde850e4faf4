/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Adding, changing and taking out members of a baggage list, and how values are encoded. */
#include "support.h"

#include <sonde/baggage.h>

static char          memory[2 * SONDE_BAGGAGE_MAX];
static sonde_scratch scratch;

static int begin(void **state)
{
    (void)state;
    scratch = sonde_scratch_of(memory, sizeof(memory));
    return 0;
}

static sonde_baggage_member member_of(const char *key, const char *value, const char *metadata)
{
    sonde_baggage_member member = { sonde_str_z(key), sonde_str_z(value), sonde_str_z(metadata) };
    return member;
}

static sonde_err set(const char *list, sonde_baggage_member member, sonde_str *ret)
{
    return sonde_baggage_set(sonde_str_z(list), member, &scratch, ret);
}

static void test_baggage__what_is_new_or_changed_goes_to_the_right(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *key, *value, *metadata, *expected;
    } rows[] = {
        { "into no list", NULL, "k", "1", NULL, "k=1" },
        { "into an empty list", "", "k", "1", NULL, "k=1" },
        { "new", "a=1;p,b=2", "k", "3", NULL, "a=1;p,b=2,k=3" },
        { "change the first", "a=1,b=2", "a", "3", NULL, "b=2,a=3" },
        { "change the last", "a=1,b=2", "b", "3", NULL, "a=1,b=3" },
        { "change the only one", "a=1;p", "a", "2", NULL, "a=2" },
        { "with metadata", "a=1", "k", "2", "p;q=3", "a=1,k=2;p;q=3" },
        { "white space around metadata goes", "", "k", "2", " p ; q ", "k=2;p ; q" },
        { "empty metadata", "", "k", "2", "", "k=2" },
        { "empty value", "a=1", "k", "", NULL, "a=1,k=" },
        { "no value is an empty one", "a=1", "k", NULL, "p", "a=1,k=;p" },
        { "the rest becomes normal", " a = 1 ,, b=2;p ", "k", "3", NULL, "a=1,b=2;p,k=3" },
        { "what was encoded stays so", "a=%20", "k", "3", NULL, "a=%20,k=3" },
        { "a list that breaks the grammar is empty", "a=1,b 2", "k", "3", NULL, "k=3" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_baggage_member m    = member_of(rows[i].key, rows[i].value, rows[i].metadata);
        sonde_str            list = sonde_str_z("unset");
        scratch.used              = 0;
        check_row(set(rows[i].list, m, &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
        check_row(scratch.used == list.len, rows[i].name);
    }
}

static void test_baggage__encodes_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *expected;
    } rows[] = {
        { "plain", "aZ09-._~!#$&'()*+/:<=>?@[]^`{|}", "k=aZ09-._~!#$&'()*+/:<=>?@[]^`{|}" },
        { "percent sign", "100%", "k=100%25" },
        { "what looks encoded", "%41", "k=%2541" },
        { "separators", "a,b;c", "k=a%2Cb%3Bc" },
        { "white space", " a\tb ", "k=%20a%09b%20" },
        { "quotes and backslash", "\"\\", "k=%22%5C" },
        { "control characters", "\r\n\x7f", "k=%0D%0A%7F" },
        { "beyond ASCII", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9", "k=%C3%A9%E2%82%AC%F0%9F%92%A9" },
        { "not UTF-8",
          "a\xff"
          "b",
          "k=a%EF%BF%BDb" },
        { "cut", "a\xe2\x82", "k=a%EF%BF%BD" },
        { "surrogate", "\xed\xa0\x80", "k=%EF%BF%BD%EF%BF%BD%EF%BF%BD" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(set(NULL, member_of("k", rows[i].value, NULL), &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
    }
}

static void test_baggage__every_ascii_value_comes_back(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++) {
        char                 value = (char)c, row[16];
        sonde_baggage_member m     = { sonde_str_z("k"), sonde_str_n(&value, 1), { NULL, 0 } };
        sonde_str            list, back;
        snprintf(row, sizeof(row), "character %02x", (unsigned)c);

        check_row(set("a=1", m, &list) == SONDE_OK, row);

        back = sonde_baggage_get(list, sonde_str_z("k"), &scratch);
        check_row(back.len == 1 && back.ptr[0] == value, row);
    }
}

static void test_baggage__refuses_a_member_that_breaks_the_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key, *metadata;
    } rows[] = {
        { "no key", NULL, NULL },
        { "empty key", "", NULL },
        { "space in the key", "a b", NULL },
        { "space before the key", " a", NULL },
        { "space behind the key", "a ", NULL },
        { "equals sign in the key", "a=b", NULL },
        { "comma in the key", "a,b", NULL },
        { "key above ASCII", "\xc3\xa9", NULL },
        { "comma in the metadata", "k", "p,q=1" },
        { "metadata without a name", "k", "=1" },
        { "empty property", "k", "p;" },
        { "white space as metadata", "k", "  " },
        { "new line in the metadata", "k", "p\r\nx: y" },
        { "quotes in the metadata", "k", "p=\"1\"" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(set("a=1", member_of(rows[i].key, "v", rows[i].metadata), &list) ==
                      SONDE_ERR_INVALID,
                  rows[i].name);
        check_row_text(list, "unset", rows[i].name);
        check_row(scratch.used == 0, rows[i].name);
    }
}

static void test_baggage__a_sixty_fifth_member_is_refused(void **state)
{
    (void)state;
    char      before[2000] = "", after[2000] = "";
    sonde_str list;
    append_members(before, "key", 1, 64);
    append_members(after, "key", 1, 63);
    strcat(after, ",key64=new");

    assert_int_equal(set(before, member_of("key65", "1", NULL), &list), SONDE_ERR_INVALID);
    assert_int_equal(set(before, member_of("key64", "new", NULL), &list), SONDE_OK);

    check_row_text(list, after, "changing the 64th");
}

static void test_baggage__a_list_over_8192_bytes_is_refused(void **state)
{
    (void)state;
    static char value[8300];
    for (size_t len = 8180; len <= 8300 - 1; len++) {
        sonde_str list;
        memset(value, 'v', len);
        value[len]   = '\0';
        scratch.used = 0;

        sonde_err err = set("a=1", member_of("k", value, NULL), &list);

        bool fits = strlen("a=1,k=") + len <= 8192;
        assert_int_equal(err, fits ? SONDE_OK : SONDE_ERR_INVALID);
        assert_int_equal(scratch.used, fits ? 6 + len : 0);
    }
}

static void test_baggage__set_needs_room_for_the_whole_list(void **state)
{
    (void)state;
    for (size_t room = 0; room <= 12; room++) {
        sonde_scratch small = sonde_scratch_of(memory, room);
        sonde_str     list  = sonde_str_z("unset");
        char          row[16];
        snprintf(row, sizeof(row), "room %zu", room);

        sonde_err err = sonde_baggage_set(sonde_str_z("a=1"), member_of("k", " ", "p"), &small,
                                          &list);

        check_row(err == (room < 11 ? SONDE_ERR_INVALID : SONDE_OK), row);
        check_row_text(list, room < 11 ? "unset" : "a=1,k=%20;p", row);
        check_row(small.used == (room < 11 ? 0 : 11), row);
    }
}

static void test_baggage__takes_a_member_out(void **state)
{
    (void)state;
    static const struct {
        const char *name, *list, *key, *expected;
        bool        is_copied;
    } rows[] = {
        { "first", "a=1;p,b=2,c=3", "a", "b=2,c=3", false },
        { "last", "a=1,b=2,c=3", "c", "a=1,b=2", false },
        { "in the middle", "a=1,b=2,c=3", "b", "a=1,c=3", true },
        { "the only one", "a=1", "a", NULL, false },
        { "not there", "a=1,b=2", "c", "a=1,b=2", false },
        { "from no list", NULL, "a", NULL, false },
        { "no key", "a=1", NULL, "a=1", false },
        { "from a list that breaks the grammar", "a=1,b 2", "a", NULL, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset"), key = sonde_str_z(rows[i].key);
        scratch.used = 0;
        check_row(sonde_baggage_delete(sonde_str_z(rows[i].list), key, &scratch, &list) == SONDE_OK,
                  rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
        check_row((scratch.used > 0) == rows[i].is_copied, rows[i].name);
    }
}

static void test_baggage__changes_take_null(void **state)
{
    (void)state;
    sonde_baggage_member k    = member_of("k", "1", NULL);
    sonde_str            text = sonde_str_z("a=1,b=2,c=3"), list;

    assert_int_equal(sonde_baggage_set(text, k, &scratch, NULL), SONDE_ERR_INVALID);
    assert_int_equal(sonde_baggage_set(text, k, NULL, &list), SONDE_ERR_INVALID);
    assert_int_equal(sonde_baggage_delete(text, k.key, &scratch, NULL), SONDE_ERR_INVALID);
    assert_int_equal(sonde_baggage_delete(text, sonde_str_z("b"), NULL, &list), SONDE_OK);
    check_row_text(list, NULL, "no room to rebuild");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_baggage__what_is_new_or_changed_goes_to_the_right, begin),
        cmocka_unit_test_setup(test_baggage__encodes_values, begin),
        cmocka_unit_test_setup(test_baggage__every_ascii_value_comes_back, begin),
        cmocka_unit_test_setup(test_baggage__refuses_a_member_that_breaks_the_grammar, begin),
        cmocka_unit_test_setup(test_baggage__a_sixty_fifth_member_is_refused, begin),
        cmocka_unit_test_setup(test_baggage__a_list_over_8192_bytes_is_refused, begin),
        cmocka_unit_test_setup(test_baggage__set_needs_room_for_the_whole_list, begin),
        cmocka_unit_test_setup(test_baggage__takes_a_member_out, begin),
        cmocka_unit_test_setup(test_baggage__changes_take_null, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
