/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

/* The first numbers of xoshiro256** from the state 1, 2, 3, 4. */
static void test_rand__is_the_generator_it_says(void **state)
{
    static const uint64_t wanted[] = { UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                       UINT64_C(1215971899390074240) };
    struct sonde__rand    rand     = { { 1, 2, 3, 4 } };
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        uint64_t got = sonde__rand_next(&rand);
        if (got != wanted[i])
            fail_msg("number %zu is %llu", i, (unsigned long long)got);
    }
}

static void test_rand__seeds_differ_and_are_never_all_zero(void **state)
{
    struct sonde__rand before = { { 0 } };
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct sonde__rand rand = { { 0 } };
        sonde__rand_seed(&rand);
        assert_true((rand.s[0] | rand.s[1] | rand.s[2] | rand.s[3]) != 0);
        assert_memory_not_equal(&rand, &before, sizeof rand);
        before = rand;
    }
}

static void test_rand__every_bit_comes_both_ways(void **state)
{
    struct sonde__rand rand;
    uint64_t           ones = 0, zeros = 0;
    (void)state;
    sonde__rand_seed(&rand);
    for (int i = 0; i < 1000; i++) {
        uint64_t number = sonde__rand_next(&rand);
        ones |= number;
        zeros |= ~number;
    }
    assert_true(ones == UINT64_MAX && zeros == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rand__is_the_generator_it_says),
        cmocka_unit_test(test_rand__seeds_differ_and_are_never_all_zero),
        cmocka_unit_test(test_rand__every_bit_comes_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
