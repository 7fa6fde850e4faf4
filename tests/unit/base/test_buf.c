/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_buf__keeps_what_is_added_while_it_grows(void **state)
{
    struct sonde__buf buf = { 0 };
    (void)state;
    for (uint32_t i = 0; i < 5000; i++)
        sonde__buf_add(&buf, &i, sizeof i);
    sonde__buf_byte(&buf, 'x');
    sonde__buf_text(&buf, "yz");
    assert_int_equal(buf.len, 5000 * sizeof(uint32_t) + 3);
    for (uint32_t i = 0; i < 5000; i++)
        assert_memory_equal(buf.data + i * sizeof i, &i, sizeof i);
    assert_memory_equal(buf.data + buf.len - 3, "xyz", 3);
    assert_false(buf.failed);
    sonde__buf_done(&buf);
    assert_null(buf.data);
}

static void test_buf__cuts_a_run_out(void **state)
{
    struct sonde__buf buf = { 0 };
    (void)state;
    sonde__buf_text(&buf, "0123456789");
    sonde__buf_cut(&buf, 2, 5);
    sonde__buf_cut(&buf, 7, 7);
    sonde__buf_cut(&buf, 0, 1);
    assert_int_equal(buf.len, 6);
    assert_memory_equal(buf.data, "156789", 6);
    sonde__buf_cut(&buf, 0, buf.len);
    assert_int_equal(buf.len, 0);
    sonde__buf_done(&buf);
}

static void test_buf__refuses_what_is_too_large_before_taking_memory(void **state)
{
    static const size_t sizes[] = { (size_t)INT32_MAX + 1, SIZE_MAX, SIZE_MAX - 3, UINT32_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct sonde__buf buf = { 0 };
        sonde__buf_text(&buf, "kept");
        if (sonde__buf_reserve(&buf, sizes[i]) || !buf.failed)
            fail_msg("row %zu", i);
        assert_int_equal(buf.len, 4);
        assert_true(buf.cap < 1024);
        sonde__buf_clear(&buf);
        assert_true(sonde__buf_reserve(&buf, 100));
        sonde__buf_done(&buf);
    }
}

static void test_buf__ends_at_its_own_limit(void **state)
{
    struct sonde__buf buf = { .max = 1000 };
    (void)state;
    assert_true(sonde__buf_reserve(&buf, 1000));
    assert_int_equal(buf.cap, 1000);
    assert_false(sonde__buf_reserve(&buf, 1001));
    assert_true(buf.failed);
    sonde__buf_done(&buf);
}

static void test_buf__takes_nothing_from_nowhere(void **state)
{
    struct sonde__buf buf = { 0 };
    (void)state;
    sonde__buf_add(&buf, NULL, 0);
    assert_null(buf.data);
    sonde__buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__keeps_what_is_added_while_it_grows),
        cmocka_unit_test(test_buf__cuts_a_run_out),
        cmocka_unit_test(test_buf__refuses_what_is_too_large_before_taking_memory),
        cmocka_unit_test(test_buf__ends_at_its_own_limit),
        cmocka_unit_test(test_buf__takes_nothing_from_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
