/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading baggage headers: grammar, white space, joining, limits.  Looking values up is in
 * test_baggage_value.c, changing the list in test_baggage_change.c. */
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

/* Parses up to four values; a NULL ends them. */
static sonde_err parse(const char *const values[4], sonde_str *ret)
{
    sonde_str views[4];
    size_t    count = 0;
    for (; count < 4 && values[count]; count++)
        views[count] = sonde_str_z(values[count]);
    scratch.used = 0;
    return sonde_baggage_parse(views, count, &scratch, ret);
}

static sonde_err parse_one(const char *value, sonde_str *ret)
{
    const char *const values[4] = { value, NULL, NULL, NULL };
    return parse(values, ret);
}

static void test_baggage__reads_one_header(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *expected; /* NULL: empty */
    } rows[] = {
        { "one member", "SomeKey=SomeValue", "SomeKey=SomeValue" },
        { "two with properties", "k1=v1;p,k2=v2;q=w", "k1=v1;p,k2=v2;q=w" },
        { "white space around everything", "k1 \t = \t v1 \t ; \t p \t , \t k2 \t = \t v2 \t ",
          "k1=v1;p,k2=v2" },
        { "equals signs in the value", "k=a=b==", "k=a=b==" },
        { "empty value", "k=,l=", "k=,l=" },
        { "empty value and white space", "k= , l= ", "k=,l=" },
        { "empty value with a property", "k=;p", "k=;p" },
        { "values stay encoded", "k=%20%C3%A9%2C", "k=%20%C3%A9%2C" },
        { "properties stay as they are", "k=v ; p = 1 ;q", "k=v;p = 1 ;q" },
        { "property with an empty value", "k=v;p=", "k=v;p=" },
        { "every character of a token", "!#$%&'*+-.^_`|~09azAZ=v", "!#$%&'*+-.^_`|~09azAZ=v" },
        { "case counts", "k=1,K=2", "k=1,K=2" },
        { "a key twice: the last value stays", "k=1,l=2,k=3", "k=3,l=2" },
        { "a key twice side by side", "k=1;p,k=2", "k=2" },
        { "a key is not its own prefix", "key=1,ke=2,keys=3", "key=1,ke=2,keys=3" },
        { "empty members", ",k=1, ,l=2,", "k=1,l=2" },
        { "empty header", "", NULL },
        { "white space and commas", " ,\t,", NULL },
        { "percent sign that encodes nothing", "k=100%", "k=100%" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(parse_one(rows[i].text, &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
    }
}

static void test_baggage__refuses_what_breaks_the_grammar(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } rows[] = {
        { "no equals sign", "k" },
        { "no equals sign behind a good member", "k=1,l" },
        { "no equals sign but a property", "k;p=1" },
        { "empty key", "=1" },
        { "white space as key", " =1" },
        { "white space inside a key", "k l=1" },
        { "white space inside a value", "k=1 2" },
        { "quotes", "k=\"1\"" },
        { "backslash", "k=a\\b" },
        { "key with a slash", "k/l=1" },
        { "key with a colon", "k:l=1" },
        { "key in brackets", "[k]=1" },
        { "value above ASCII", "k=\xc3\xa9" },
        { "key above ASCII", "\xc3\xa9=1" },
        { "new line", "k=1\n" },
        { "header injection", "k=1\r\nx: y" },
        { "empty property", "k=1;" },
        { "empty property before another", "k=1;;p" },
        { "empty property before a comma", "k=1;,l=2" },
        { "property without a key", "k=1;=2" },
        { "white space inside a property", "k=1;p q" },
        { "quotes in a property", "k=1;p=\"q\"" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(parse_one(rows[i].text, &list) == SONDE_ERR_INVALID, rows[i].name);
        check_row_text(list, "unset", rows[i].name);
        check_row(scratch.used == 0, rows[i].name);
    }
}

/* Every byte inside a key, a value, a property's key and its value. */
static void test_baggage__each_character_is_allowed_where_the_grammar_says(void **state)
{
    (void)state;
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int c = 1; c < 256; c++) {
        bool is_token = strchr(token, c) != NULL;
        bool is_value = c > 0x20 && c < 0x7f && !strchr("\",;\\", c);
        char key[] = "k_k=v", value[] = "k=v_v", name[] = "k=v;p_p=q", property[] = "k=v;p=q_q";
        char row[16];
        key[1] = value[3] = name[5] = property[7] = (char)c;
        snprintf(row, sizeof(row), "character %02x", (unsigned)c);

        /* An equals sign ends a key.  A semicolon in a value begins a property, one in a property
         * another; what ends the name of a property may be an equals sign, a semicolon or, before
         * another member, a comma. */
        sonde_str list;
        check_row((parse_one(key, &list) == SONDE_OK) == (is_token || c == '='), row);
        check_row((parse_one(value, &list) == SONDE_OK) == (is_value || c == ';'), row);
        check_row((parse_one(name, &list) == SONDE_OK) == (is_token || strchr(";=,", c)), row);
        check_row((parse_one(property, &list) == SONDE_OK) == (is_value || c == ';'), row);
    }
}

static void test_baggage__joins_headers_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *name, *values[4], *expected;
    } rows[] = {
        { "two headers",
          { "userId=alice", "serverNode=DF%2028,isProduction=false" },
          "userId=alice,serverNode=DF%2028,isProduction=false" },
        { "empty header between", { "k=1", " ", "l=2" }, "k=1,l=2" },
        { "a key in two headers: the last stays", { "k=1,l=2", "k=3" }, "k=3,l=2" },
        { "all empty", { "", ",", " " }, NULL },
        { "none", { NULL }, NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list = sonde_str_z("unset");
        check_row(parse(rows[i].values, &list) == SONDE_OK, rows[i].name);
        check_row_text(list, rows[i].expected, rows[i].name);
    }
}

static void test_baggage__one_bad_header_spoils_the_others(void **state)
{
    (void)state;
    const char *const values[4] = { "k=1", "l 2", "m=3", NULL };
    sonde_str         list      = sonde_str_z("unset");

    assert_int_equal(parse(values, &list), SONDE_ERR_INVALID);

    check_row_text(list, "unset", "list");
}

static void test_baggage__what_needs_no_change_is_not_copied(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "k=1", "k=1,l=", "k=1;p = 2 ;q,l=%20", " \tk=1,l=2 ", ",k=1,", "k=1,k=2",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_str list;
        check_row(parse_one(rows[i], &list) == SONDE_OK, rows[i]);
        check_row(is_inside(list, rows[i]), rows[i]);
        check_row(scratch.used == 0, rows[i]);
    }
}

static void test_baggage__keeps_sixty_four_members(void **state)
{
    (void)state;
    char      text[2000] = "", expected[2000] = "";
    sonde_str list;
    append_members(text, "key", 1, 64);
    assert_int_equal(parse_one(text, &list), SONDE_OK);
    check_row_text(list, text, "64 members");

    append_members(text, "key", 65, 99);
    strcat(text, ",key01=new");
    assert_int_equal(parse_one(text, &list), SONDE_OK);

    strcpy(expected, "key01=new");
    append_members(expected, "key", 2, 64);
    check_row_text(list, expected, "100 members, the last one of a key that is kept");
}

static void test_baggage__looks_at_180_members(void **state)
{
    (void)state;
    char      text[4000] = "";
    sonde_str list;
    for (int i = 0; i < 180; i++)
        strcat(text, "k=1,");
    strcat(text, "k=2, this would break the grammar");

    assert_int_equal(parse_one(text, &list), SONDE_OK);

    check_row_text(list, "k=1", "what comes after is not there");
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

static void test_baggage__leaves_out_whole_members_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t      room, lens[4]; /* of members a, b, c, d */
        const char *left;
    } rows[] = {
        { "fits exactly", 14, { 4, 4, 4 }, "abc" },
        { "one byte too many", 13, { 4, 4, 4 }, "ab" },
        { "a large one goes, a later small one stays", 20, { 4, 40, 4, 4 }, "acd" },
        { "the first is too large", 9, { 10, 4, 4 }, "bc" },
        { "none fits", 3, { 4, 4 }, "" },
        { "no room", 0, { 4, 4 }, "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[2000] = "", left[8] = "";
        for (size_t k = 0; k < 4 && rows[i].lens[k]; k++)
            append_member(text, (char)('a' + k), rows[i].lens[k]);
        char     *comma     = strchr(text, ',');
        sonde_str values[2] = {
            sonde_str_n(text, (size_t)(comma - text)), /* two headers: the list must be rebuilt */
            sonde_str_z(comma + 1),
        };
        sonde_scratch small = sonde_scratch_of(memory, rows[i].room);
        sonde_str     list;
        check_row(sonde_baggage_parse(values, 2, &small, &list) == SONDE_OK, rows[i].name);
        check_row(small.used <= rows[i].room, rows[i].name);
        for (sonde_baggage_member m; sonde_baggage_next(&list, NULL, &m);)
            append_run(left, m.key.ptr[0], 1);
        check_row(!strcmp(left, rows[i].left), rows[i].name);
    }
}

static void test_baggage__keeps_8192_bytes_whole(void **state)
{
    (void)state;
    static char text[9000];
    sonde_str   list;
    for (size_t extra = 0; extra <= 1; extra++) {
        text[0] = '\0';
        append_member(text, 'a', 8000);
        append_member(text, 'b', 191 + extra);

        assert_int_equal(parse_one(text, &list), SONDE_OK);

        assert_int_equal(list.len, extra ? 8000 : 8192);
        assert_true(is_inside(list, text));
    }
}

static void test_baggage__steps_through_members(void **state)
{
    (void)state;
    sonde_str rest = sonde_str_z("user=al%69ce,node = DF%2028 ; p=%20;q ,plain=a+b,none=");
    sonde_baggage_member one, two, three, four;

    assert_true(sonde_baggage_next(&rest, &scratch, &one));
    assert_true(sonde_baggage_next(&rest, &scratch, &two));
    assert_true(sonde_baggage_next(&rest, &scratch, &three));
    assert_true(sonde_baggage_next(&rest, &scratch, &four));
    assert_false(sonde_baggage_next(&rest, &scratch, &four));

    check_row_text(one.key, "user", "first key");
    check_row_text(one.value, "alice", "first value");
    check_row_text(one.metadata, NULL, "first metadata");
    check_row_text(two.key, "node", "second key");
    check_row_text(two.value, "DF 28", "second value");
    check_row_text(two.metadata, "p=%20;q", "second metadata");
    check_row_text(three.value, "a+b", "a plus sign is no space");
    check_row_text(four.value, "", "empty value");
    assert_int_equal(scratch.used, strlen("aliceDF 28"));
}

static void test_baggage__stepping_ends_at_a_bad_member(void **state)
{
    (void)state;
    sonde_str            rest = sonde_str_z("k=1,l 2,m=3");
    sonde_baggage_member member;

    assert_true(sonde_baggage_next(&rest, &scratch, &member));
    assert_false(sonde_baggage_next(&rest, &scratch, &member));
    assert_false(sonde_baggage_next(&rest, &scratch, &member));
}

static void test_baggage__stepping_passes_over_what_does_not_fit(void **state)
{
    (void)state;
    sonde_scratch        small = sonde_scratch_of(memory, 4);
    sonde_str            rest = sonde_str_z("a=%20,b=%20%20,c=3"), again = rest;
    sonde_baggage_member member;

    assert_true(sonde_baggage_next(&rest, &small, &member));
    check_row_text(member.value, " ", "fits");
    assert_true(sonde_baggage_next(&rest, &small, &member));
    check_row_text(member.key, "c", "b did not fit");

    assert_true(sonde_baggage_next(&again, NULL, &member));
    check_row_text(member.key, "c", "without scratch");
}

static void test_baggage__takes_null(void **state)
{
    (void)state;
    sonde_str list = sonde_str_z("unset"), value = sonde_str_z("k=%20"), none = { NULL, 0 };

    assert_int_equal(sonde_baggage_parse(NULL, 3, &scratch, &list), SONDE_OK);
    check_row_text(list, NULL, "no values");
    assert_int_equal(sonde_baggage_parse(&none, 1, &scratch, &list), SONDE_OK);
    check_row_text(list, NULL, "no value");
    assert_int_equal(sonde_baggage_parse(&value, 1, &scratch, NULL), SONDE_ERR_INVALID);
    assert_int_equal(sonde_baggage_parse(&value, 1, NULL, &list), SONDE_OK);
    check_row_text(list, "k=%20", "needs no scratch");
    check_row_text(sonde_baggage_get(value, sonde_str_z("k"), NULL), NULL, "needs scratch");
    assert_false(sonde_baggage_next(NULL, &scratch, NULL));
    assert_true(sonde_baggage_next(&value, &scratch, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_baggage__reads_one_header, begin),
        cmocka_unit_test_setup(test_baggage__refuses_what_breaks_the_grammar, begin),
        cmocka_unit_test_setup(test_baggage__each_character_is_allowed_where_the_grammar_says,
                               begin),
        cmocka_unit_test_setup(test_baggage__joins_headers_in_order, begin),
        cmocka_unit_test_setup(test_baggage__one_bad_header_spoils_the_others, begin),
        cmocka_unit_test_setup(test_baggage__what_needs_no_change_is_not_copied, begin),
        cmocka_unit_test_setup(test_baggage__keeps_sixty_four_members, begin),
        cmocka_unit_test_setup(test_baggage__looks_at_180_members, begin),
        cmocka_unit_test_setup(test_baggage__leaves_out_whole_members_that_do_not_fit, begin),
        cmocka_unit_test_setup(test_baggage__keeps_8192_bytes_whole, begin),
        cmocka_unit_test_setup(test_baggage__steps_through_members, begin),
        cmocka_unit_test_setup(test_baggage__stepping_ends_at_a_bad_member, begin),
        cmocka_unit_test_setup(test_baggage__stepping_passes_over_what_does_not_fit, begin),
        cmocka_unit_test_setup(test_baggage__takes_null, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
