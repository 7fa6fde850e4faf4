/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Address space that is reserved. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_memory__what_is_reserved_reads_as_zero_and_again_when_cleared(void **state)
{
    size_t   size   = (size_t)1 << 24;
    uint8_t *memory = sonde__memory_reserve(size);
    (void)state;
    assert_non_null(memory);
    assert_int_equal(memory[0] | memory[size - 1], 0);

    memset(memory, 0xFF, 10000);
    sonde__memory_clear(memory, 10000);

    for (int i = 0; i < 10000; i++)
        assert_int_equal(memory[i], 0);
    sonde__memory_release(memory, size);
}

static void test_memory__more_than_there_is_is_refused(void **state)
{
    (void)state;
    assert_null(sonde__memory_reserve(SIZE_MAX / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__what_is_reserved_reads_as_zero_and_again_when_cleared),
        cmocka_unit_test(test_memory__more_than_there_is_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
