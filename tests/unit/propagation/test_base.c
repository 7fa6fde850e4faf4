/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Error sentences, string views, scratch, span context: the types everything else is made of. */
#include "support.h"

#include <sonde/span_context.h>

static void test_err__every_error_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    static const sonde_err errors[] = {
#define X(name, value, message) SONDE_##name,
        SONDE_ERR_MAP(X)
#undef X
    };
    for (size_t i = 0; i < COUNT(errors); i++) {
        assert_string_not_equal(sonde_err_str(errors[i]), "unknown error");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(sonde_err_str(errors[i]), sonde_err_str(errors[k]));
    }
}

static void test_err__a_value_that_is_no_error_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(sonde_err_str((sonde_err)-1000), "unknown error");
    assert_string_equal(sonde_err_str((sonde_err)1), "unknown error");
    assert_string_equal(sonde_err_str(SONDE_ERR_LIMIT_), "unknown error");
}

static void test_str__null_text_is_no_value(void **state)
{
    (void)state;
    sonde_str none = sonde_str_z(NULL), empty = sonde_str_z(""), three = sonde_str_z("abc");

    assert_null(none.ptr);
    assert_int_equal(none.len, 0);
    assert_non_null(empty.ptr);
    assert_int_equal(empty.len, 0);
    assert_int_equal(three.len, 3);
}

static void test_scratch__null_memory_holds_nothing(void **state)
{
    (void)state;
    sonde_scratch scratch = sonde_scratch_of(NULL, 100);

    assert_int_equal(scratch.len, 0);
    assert_int_equal(scratch.used, 0);
}

static void test_span_context__is_valid_when_neither_id_is_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < 24; i++) {
        sonde_span_context trace_only = { .trace_id = { 0 } }, span_only = { .span_id = { 0 } },
                           both;
        trace_only.trace_id[i % 16] = 1;
        span_only.span_id[i % 8]    = 0x80;
        both                        = trace_only;
        both.span_id[i % 8]         = 0x80;

        assert_false(sonde_span_context_is_valid(&trace_only));
        assert_false(sonde_span_context_is_valid(&span_only));
        assert_true(sonde_span_context_is_valid(&both));
    }
    assert_false(sonde_span_context_is_valid(NULL));
}

static void test_span_context__sampled_is_one_bit_of_the_flags(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        sonde_span_context context = { .flags = (uint8_t)flags };
        assert_int_equal(sonde_span_context_is_sampled(&context), flags % 2);
    }
    assert_false(sonde_span_context_is_sampled(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__every_error_has_a_sentence_of_its_own),
        cmocka_unit_test(test_err__a_value_that_is_no_error_is_unknown),
        cmocka_unit_test(test_str__null_text_is_no_value),
        cmocka_unit_test(test_scratch__null_memory_holds_nothing),
        cmocka_unit_test(test_span_context__is_valid_when_neither_id_is_zero),
        cmocka_unit_test(test_span_context__sampled_is_one_bit_of_the_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
