/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The traceparent header: every rule of its versions, lengths, separators, case and flags. */
#include "support.h"

#include <sonde/traceparent.h>

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"
#define GOOD  "00-" TRACE "-" SPAN "-01"

static const sonde_span_context good = {
    .trace_id  = { 0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c,
                   0x80, 0x31, 0x9c },
    .span_id   = { 0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31 },
    .flags     = SONDE_TRACE_SAMPLED,
    .is_remote = true,
};

static sonde_err parse(const char *text, sonde_span_context *ret)
{
    return sonde_traceparent_parse(sonde_str_z(text), ret);
}

static void test_traceparent__gives_ids_flags_and_remote(void **state)
{
    (void)state;
    sonde_span_context found;

    assert_int_equal(parse(GOOD, &found), SONDE_OK);

    assert_memory_equal(&found, &good, sizeof(good));
}

static void test_traceparent__accepts_what_the_rules_allow(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        uint8_t     flags;
    } rows[] = {
        { "not sampled", "00-" TRACE "-" SPAN "-00", 0 },
        { "sampled and random", "00-" TRACE "-" SPAN "-03", 3 },
        { "random alone", "00-" TRACE "-" SPAN "-02", 2 },
        { "unknown flags are left out", "00-" TRACE "-" SPAN "-fd", 1 },
        { "all flags", "00-" TRACE "-" SPAN "-ff", 3 },
        { "version 01", "01-" TRACE "-" SPAN "-01", 1 },
        { "version cc", "cc-" TRACE "-" SPAN "-01", 1 },
        { "version fe", "fe-" TRACE "-" SPAN "-01", 1 },
        { "version f0", "f0-" TRACE "-" SPAN "-01", 1 },
        { "version 0f", "0f-" TRACE "-" SPAN "-01", 1 },
        { "later version with more fields", "cc-" TRACE "-" SPAN "-01-what-the-future-will-be", 1 },
        { "later version ends with a dash", "cc-" TRACE "-" SPAN "-01-", 1 },
        { "later version's other flags", "01-" TRACE "-" SPAN "-ff-x", 3 },
        { "trace id with one bit", "00-00000000000000000000000000000001-" SPAN "-01", 1 },
        { "trace id with one bit on the left", "00-80000000000000000000000000000000-" SPAN "-01",
          1 },
        { "span id with one bit", "00-" TRACE "-0000000000000001-01", 1 },
        { "all letters", "00-abcdefabcdefabcdefabcdefabcdefab-abcdefabcdefabcd-01", 1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        sonde_span_context found;
        check_row(parse(rows[i].text, &found) == SONDE_OK, rows[i].name);
        check_row(found.flags == rows[i].flags, rows[i].name);
        check_row(found.is_remote, rows[i].name);
    }
}

static const struct {
    const char *name, *text;
} refused[] = {
    { "empty", "" },
    { "version ff", "ff-" TRACE "-" SPAN "-01" },
    { "version ff with more", "ff-" TRACE "-" SPAN "-01-x" },
    { "version in upper case", "CC-" TRACE "-" SPAN "-01" },
    { "version with a dot", ".0-" TRACE "-" SPAN "-01" },
    { "version too long", "000-" TRACE "-" SPAN "-01" },
    { "version too short", "0-" TRACE "-" SPAN "-01" },
    { "version 00 with one character more", GOOD "." },
    { "version 00 with a dash more", GOOD "-" },
    { "version 00 with another field", GOOD "-what-the-future-will-be" },
    { "version 00 with a space behind", GOOD " " },
    { "version 00 with a space before", " " GOOD },
    { "later version goes on without a dash", "cc-" TRACE "-" SPAN "-01.what-the-future" },
    { "later version with longer flags", "cc-" TRACE "-" SPAN "-011" },
    { "later version too short", "cc-" TRACE "-" SPAN "-0" },
    { "two values joined", GOOD "," GOOD },
    { "trace id of zeros", "00-00000000000000000000000000000000-" SPAN "-01" },
    { "trace id too long", "00-" TRACE "0-" SPAN "-01" },
    { "trace id too short", "00-0af7651916cd43dd8448eb211c80319-" SPAN "-01" },
    { "trace id in upper case", "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01" },
    { "span id of zeros", "00-" TRACE "-0000000000000000-01" },
    { "span id too long", "00-" TRACE "-" SPAN "0-01" },
    { "span id too short", "00-" TRACE "-b7ad6b716920333-01" },
    { "span id in upper case", "00-" TRACE "-B7AD6B7169203331-01" },
    { "flags too long", "00-" TRACE "-" SPAN "-001" },
    { "flags too short", "00-" TRACE "-" SPAN "-1" },
    { "flags with a dot", "00-" TRACE "-" SPAN "-.0" },
    { "flags in upper case", "00-" TRACE "-" SPAN "-0A" },
    { "underscores", "00_" TRACE "_" SPAN "_01" },
};

static void test_traceparent__refuses_what_breaks_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        sonde_span_context found = good, before = found;
        check_row(parse(refused[i].text, &found) == SONDE_ERR_INVALID, refused[i].name);
        check_row(!memcmp(&found, &before, sizeof(found)), refused[i].name);
    }
}

/* The one character that may stand at this place, 'h' for any of the 16 digits. */
static char expected_at(size_t at)
{
    return at == 2 || at == 35 || at == 52 ? '-' : 'h';
}

static void test_traceparent__each_place_takes_exactly_its_characters(void **state)
{
    (void)state;
    for (size_t at = 0; at < SONDE_TRACEPARENT_LEN; at++) {
        for (int c = 0; c < 256; c++) {
            char text[]  = GOOD, row[40];
            bool allowed = expected_at(at) == 'h' ? c && strchr("0123456789abcdef", c) : c == '-';
            text[at]     = (char)c;
            snprintf(row, sizeof(row), "character %02x at %zu", (unsigned)c, at);

            sonde_span_context found;
            sonde_str          view = sonde_str_n(text, SONDE_TRACEPARENT_LEN);
            check_row((sonde_traceparent_parse(view, &found) == SONDE_OK) == allowed, row);
        }
    }
}

static void test_traceparent__every_shorter_text_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < SONDE_TRACEPARENT_LEN; len++) {
        sonde_span_context found;
        char               row[40];
        snprintf(row, sizeof(row), "length %zu", len);
        check_row(sonde_traceparent_parse(sonde_str_n(GOOD, len), &found) == SONDE_ERR_INVALID,
                  row);
    }
}

static void test_traceparent__every_byte_survives_in_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < 24 * 256; i++) {
        sonde_span_context context = good, back;
        char               text[SONDE_TRACEPARENT_LEN + 1], hex[3];
        size_t             at                                          = i % 24;
        *(at < 16 ? &context.trace_id[at] : &context.span_id[at - 16]) = (uint8_t)(i / 24);

        sonde_traceparent_format(&context, text);

        snprintf(hex, sizeof(hex), "%02x", (unsigned)(i / 24));
        check_row(!memcmp(text + 3 + 2 * at + (at >= 16), hex, 2), text);
        check_row(parse(text, &back) == SONDE_OK, text);
        check_row(!memcmp(&back, &context, sizeof(back)), text);
    }
}

static void test_traceparent__writes_version_00_in_lower_case(void **state)
{
    (void)state;
    char text[SONDE_TRACEPARENT_LEN + 1];

    sonde_traceparent_format(&good, text);

    assert_string_equal(text, GOOD);
}

static void test_traceparent__writes_the_two_known_flags_only(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        sonde_span_context context = good;
        char               text[SONDE_TRACEPARENT_LEN + 1], expected[3];
        context.flags = (uint8_t)flags;
        snprintf(expected, sizeof(expected), "%02x", flags & 3);

        sonde_traceparent_format(&context, text);

        assert_string_equal(text + 53, expected);
    }
}

static void test_traceparent__writes_nothing_for_an_invalid_context(void **state)
{
    (void)state;
    static const sonde_span_context zero                            = { .flags = 1 };
    char                            text[SONDE_TRACEPARENT_LEN + 1] = "unchanged";

    sonde_traceparent_format(&zero, text);
    assert_string_equal(text, "");

    strcpy(text, "unchanged");
    sonde_traceparent_format(NULL, text);
    assert_string_equal(text, "");
}

static void test_traceparent__takes_null(void **state)
{
    (void)state;
    sonde_span_context found;

    assert_int_equal(sonde_traceparent_parse(sonde_str_z(NULL), &found), SONDE_ERR_INVALID);
    assert_int_equal(sonde_traceparent_parse(sonde_str_n(NULL, 55), &found), SONDE_ERR_INVALID);
    assert_int_equal(parse(GOOD, NULL), SONDE_ERR_INVALID);
    sonde_traceparent_format(&good, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traceparent__gives_ids_flags_and_remote),
        cmocka_unit_test(test_traceparent__accepts_what_the_rules_allow),
        cmocka_unit_test(test_traceparent__refuses_what_breaks_a_rule),
        cmocka_unit_test(test_traceparent__each_place_takes_exactly_its_characters),
        cmocka_unit_test(test_traceparent__every_shorter_text_is_refused),
        cmocka_unit_test(test_traceparent__every_byte_survives_in_every_place),
        cmocka_unit_test(test_traceparent__writes_version_00_in_lower_case),
        cmocka_unit_test(test_traceparent__writes_the_two_known_flags_only),
        cmocka_unit_test(test_traceparent__writes_nothing_for_an_invalid_context),
        cmocka_unit_test(test_traceparent__takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
