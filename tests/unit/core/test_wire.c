/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the writer writes and the reader reads, and what the reader makes of bytes that are not
 * whole. */
#include "base/utf8.h"
#include "core/wire.h"

#include <sonde/plugin/record.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* One attribute written as field 9 and read again, as text. */
static const char *through(const sonde_attr *attr)
{
    static char       text[64];
    struct sonde__buf buf = { 0 };
    sonde_value       value;
    sonde_str         key;
    sonde__wire_attr(&buf, 9, attr);
    sonde_str rest = sonde_str_n(buf.data, buf.len);
    text[0]        = '\0';
    if (sonde_attribute_next(9, &rest, &key, &value) && rest.len == 0)
        sonde_value_text(&value, text, sizeof text);
    sonde__buf_done(&buf);
    return text;
}

static void test_wire__every_type_comes_back(void **state)
{
    int64_t    ints[]  = { INT64_MIN, -1, 0, INT64_MAX };
    double     reals[] = { 0.1, -1e300 };
    bool       bools[] = { false, true };
    sonde_str  texts[] = { { "a\n", 2 }, { NULL, 0 }, { "\xff", 1 } };
    sonde_attr inner[] = { sonde_kv("x", 1), sonde_kv("", 2), sonde_kv("y", "z") };
    struct {
        sonde_attr  attr;
        const char *text;
    } rows[] = {
        { sonde_kv("k", ""), "" },
        { sonde_kv("k", "text"), "text" },
        { sonde_kv("k", true), "true" },
        { sonde_kv("k", false), "false" },
        { sonde_kv("k", INT64_MIN), "-9223372036854775808" },
        { sonde_kv("k", UINT64_MAX), "9223372036854775807" },
        { sonde_kv("k", 0.1), "0.1" },
        { sonde_kv_bytes("k", "\0\xff", 2), "AP8=" },
        { sonde_kv_ints("k", ints, 4), "[-9223372036854775808,-1,0,9223372036854775807]" },
        { sonde_kv_doubles("k", reals, 2), "[0.1,-1e+300]" },
        { sonde_kv_bools("k", bools, 2), "[false,true]" },
        { sonde_kv_strings("k", texts, 3), "[\"a\\u000a\",\"\",\"\xEF\xBF\xBD\"]" },
        { sonde_kv_strings("k", NULL, 3), "[]" },
        { sonde_kv_map("k", (sonde_attrs){ inner, 3 }), "{\"x\":1,\"y\":\"z\"}" },
        { sonde_kv_map("k", (sonde_attrs){ NULL, 3 }), "{}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(through(&rows[i].attr), rows[i].text) != 0)
            fail_msg("row %zu: %s", i, through(&rows[i].attr));
}

static void test_wire__lengths_around_every_varint_size_come_back(void **state)
{
    static const size_t lengths[] = { 0,   1,   88,    89,    99,    100,     101,     120,
                                      127, 128, 16383, 16384, 70000, 2097151, 2097152, 3000000 };
    char               *text      = malloc(3000000);
    (void)state;
    memset(text, 't', 3000000);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t k = 1; k < sizeof lengths / sizeof lengths[0]; k++) {
            struct sonde__buf buf = { 0 };
            sonde_str         key = sonde_str_n(text, lengths[k]), got;
            sonde_attr        set = sonde_attr_string(key, sonde_str_n(text, lengths[i]));
            sonde_value       value;
            sonde__wire_attr(&buf, 9, &set);
            sonde_str rest = sonde_str_n(buf.data, buf.len);
            if (!sonde_attribute_next(9, &rest, &got, &value) || rest.len != 0 ||
                got.len != lengths[k] || value.value.s.len != lengths[i])
                fail_msg("key of %zu, value of %zu", lengths[k], lengths[i]);
            sonde__buf_done(&buf);
        }
    free(text);
}

static void test_wire__text_that_is_not_utf8_is_repaired_short_or_long(void **state)
{
    static const size_t lengths[] = { 1, 50, 99, 100, 127, 128, 5000 };
    char                text[5000];
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct sonde__buf buf = { 0 };
        sonde_str         key;
        sonde_value       value;
        memset(text, 'k', sizeof text);
        text[lengths[i] - 1] = '\xff';
        sonde_str  bad       = sonde_str_n(text, lengths[i]);
        sonde_attr set       = sonde_attr_string(bad, bad);
        sonde__wire_attr(&buf, 9, &set);
        sonde_str rest = sonde_str_n(buf.data, buf.len);
        assert_true(sonde_attribute_next(9, &rest, &key, &value) && rest.len == 0);
        if (key.len != lengths[i] + 2 || value.value.s.len != lengths[i] + 2 ||
            !sonde__utf8_valid(key.ptr, key.len) ||
            !sonde__utf8_valid(value.value.s.ptr, value.value.s.len))
            fail_msg("length %zu", lengths[i]);
        sonde__buf_done(&buf);
    }
}

static void test_wire__nesting_ends_at_its_limit(void **state)
{
    enum { DEEP = 200 };
    sonde_attr        levels[DEEP];
    struct sonde__buf buf = { 0 };
    sonde_str         key;
    sonde_value       value;
    int               depth = 0;
    (void)state;
    levels[DEEP - 1] = sonde_kv("k", 1);
    for (int i = DEEP - 1; i-- > 0;)
        levels[i] = sonde_kv_map("k", (sonde_attrs){ &levels[i + 1], 1 });
    sonde__wire_attr(&buf, 9, &levels[0]);
    sonde_str rest = sonde_str_n(buf.data, buf.len);
    assert_true(sonde_attribute_next(9, &rest, &key, &value));
    for (rest = value.value.s; sonde_value_next(SONDE_TYPE_MAP, &rest, &key, &value); depth++)
        rest = value.value.s;
    assert_true(depth > 32 && depth <= SONDE__DEPTH_MAX);
    sonde__buf_done(&buf);
}

static void test_wire__of_a_key_given_twice_the_last_stays(void **state)
{
    sonde_attr        items[] = { sonde_kv("a", 1),  sonde_kv("b", 2),
                                  sonde_kv("a", 3),  sonde_kv("a", (const char *)NULL),
                                  sonde_kv(NULL, 4), sonde_kv(NULL, 5) };
    struct sonde__buf buf     = { 0 };
    sonde_str         key;
    sonde_value       value;
    (void)state;
    sonde__wire_attrs(&buf, 3, (sonde_attrs){ items, 6 });
    sonde_str rest = sonde_str_n(buf.data, buf.len);
    assert_true(sonde_attribute_next(3, &rest, &key, &value) && key.ptr[0] == 'b');
    assert_true(sonde_attribute_next(3, &rest, &key, &value) && key.ptr[0] == 'a');
    assert_int_equal(value.value.i, 3);
    assert_int_equal(rest.len, 0);
    sonde__buf_done(&buf);
}

/* A request of one span, in a block of its own size. */
static uint8_t *request_of(size_t len, const struct sonde__buf *whole)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, whole->data, len);
    return copy;
}

static void test_wire__a_request_cut_at_any_byte_is_seen_to_be_cut(void **state)
{
    struct sonde__buf buf = { 0 };
    sonde_attr        set = sonde_kv("key", "value");
    (void)state;
    uint32_t resource_spans = sonde__wire_begin(&buf, 1);
    sonde__wire_bytes(&buf, 1, "", 0);
    uint32_t scope_spans = sonde__wire_begin(&buf, 2);
    uint32_t span        = sonde__wire_begin(&buf, 2);
    sonde__wire_text(&buf, 5, sonde_str_z("name"));
    sonde__wire_attr(&buf, 9, &set);
    sonde__wire_end(&buf, span);
    sonde__wire_end(&buf, scope_spans);
    sonde__wire_end(&buf, resource_spans);
    for (size_t len = 0; len <= buf.len; len++) {
        uint8_t           *copy  = request_of(len, &buf);
        sonde_request_iter iter  = { .body = { (const char *)copy, len } };
        uint32_t           spans = 0;
        sonde_str          bytes;
        while (sonde_request_next(&iter, &bytes))
            spans++;
        if (spans != (len == buf.len) || iter.malformed != (len != 0 && len != buf.len))
            fail_msg("cut to %zu bytes of %u", len, buf.len);
        free(copy);
    }
    sonde__buf_done(&buf);
}

static void test_wire__fields_that_make_no_sense_end_the_walk(void **state)
{
    static const struct {
        const char *bytes;
        size_t      len;
    } rows[] = {
        { "\x00\x00", 2 },                                          /* field 0 */
        { "\x0b", 1 },                                              /* a group begins */
        { "\x0c", 1 },                                              /* a group ends */
        { "\x0e\x00", 2 },                                          /* wire type 6 */
        { "\x08", 1 },                                              /* no value */
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, /* more than 10 bytes */
        { "\x0a\x05"
          "1234",
          6 },                                                  /* longer than there is */
        { "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, /* length of 2^64 - 1 */
        { "\x09"
          "1234567",
          8 }, /* a short fixed64 */
        { "\x0d"
          "123",
          4 },                                 /* a short fixed32 */
        { "\xf8\xff\xff\xff\xff\x0f\x00", 7 }, /* number above 2^29 - 1 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sonde_str       rest = sonde_str_n(rows[i].bytes, rows[i].len);
        sonde_field     field;
        sonde_value     value;
        sonde_span_view span;
        if (sonde_field_next(&rest, &field) || rest.len != rows[i].len)
            fail_msg("row %zu: field", i);
        if (sonde_value_read(rest, &value) || sonde_span_read(rest, &span))
            fail_msg("row %zu: message", i);
    }
    assert_false(sonde_field_next(NULL, NULL));
    assert_false(sonde_request_next(NULL, NULL));
}

static void test_wire__text_for_people_is_cut_at_a_character(void **state)
{
    sonde_value         value    = { .type    = SONDE_TYPE_STRING,
                                     .value.s = { "a\xE2\x82\xAC"
                                                             "b",
                                                  5 } };
    sonde_value         empty    = { .type = SONDE_TYPE_STRING };
    static const size_t wanted[] = { 0, 0, 1, 1, 1, 4, 5, 5 };
    char                text[8];
    (void)state;
    for (size_t size = 0; size < 8; size++)
        if (sonde_value_text(&value, text, size) != wanted[size])
            fail_msg("size %zu", size);
    assert_int_equal(sonde_value_text(&empty, text, sizeof text), 0);
    assert_int_equal(sonde_value_text(NULL, text, sizeof text), 0);
    assert_int_equal(sonde_value_text(&value, NULL, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire__every_type_comes_back),
        cmocka_unit_test(test_wire__lengths_around_every_varint_size_come_back),
        cmocka_unit_test(test_wire__text_that_is_not_utf8_is_repaired_short_or_long),
        cmocka_unit_test(test_wire__nesting_ends_at_its_limit),
        cmocka_unit_test(test_wire__of_a_key_given_twice_the_last_stays),
        cmocka_unit_test(test_wire__a_request_cut_at_any_byte_is_seen_to_be_cut),
        cmocka_unit_test(test_wire__fields_that_make_no_sense_end_the_walk),
        cmocka_unit_test(test_wire__text_for_people_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
