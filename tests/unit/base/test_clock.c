/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int64_t offset(void)
{
    return atomic_load(&sonde__clock_offset);
}

static void test_clock__is_the_time_of_day(void **state)
{
    struct timespec now;
    (void)state;
    uint64_t got = sonde__clock_wall();
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t apart = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)got;
    assert_true(llabs(apart) < INT64_C(5000000000));
}

/* The error of one measurement must not move the time of what is recorded. */
static void test_clock__refreshing_it_does_not_turn_time_back(void **state)
{
    uint64_t before = sonde__clock_wall();
    (void)state;
    for (int i = 0; i < 20000; i++) {
        sonde__clock_refresh();
        uint64_t now = sonde__clock_wall();
        if (now < before)
            fail_msg("back by %llu ns", (unsigned long long)(before - now));
        before = now;
    }
}

static void test_clock__follows_a_step(void **state)
{
    static const int64_t steps[] = { 3600, -3600, 1, -1 };
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        sonde__clock_refresh();
        int64_t right = offset();
        atomic_store(&sonde__clock_offset, right - steps[i] * 1000000000);
        sonde__clock_refresh();
        if (llabs(offset() - right) > 500000000)
            fail_msg("row %zu", i);
    }
}

static void test_clock__monotonic_never_goes_back(void **state)
{
    uint64_t before = sonde__clock_mono();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t now = sonde__clock_mono();
        assert_true(now >= before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__is_the_time_of_day),
        cmocka_unit_test(test_clock__refreshing_it_does_not_turn_time_back),
        cmocka_unit_test(test_clock__follows_a_step),
        cmocka_unit_test(test_clock__monotonic_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
