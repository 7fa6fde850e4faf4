/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory: each allocation in turn fails, address space is short, and known series cost none. The
 * linker sends the calls here (--wrap). */
#include "base/memory.h"
#include "metrics/instrument.h"
#include "metrics_fixture.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_sonde__memory_reserve(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_sonde__memory_reserve(size_t size);

static uint64_t allocations; /* since the last reset */
static uint64_t fails_at;    /* the number of the one that fails; 0: none */
static size_t   reserve_max = SIZE_MAX;

static bool refused(void)
{
    return ++allocations == fails_at;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refused() ? NULL : __real_realloc(block, size);
}

void *__wrap_sonde__memory_reserve(size_t size)
{
    return size > reserve_max ? NULL : __real_sonde__memory_reserve(size);
}

static int teardown(void **state)
{
    fails_at    = 0;
    reserve_max = SIZE_MAX;
    (void)state;
    return 0;
}

/* What a program does from start to stop; the sum of what was collected, or -1 when it did not
 * start. */
static int64_t live(struct metrics_fixture *f)
{
    const int64_t ints[] = { 1, 2 };
    int64_t       sum    = -1;
    if (sonde__metrics_start(false, NULL, &f->head.metrics) != SONDE_OK)
        return sum;
    sonde_meter_options options = { .name = "torture",
                                    .sdk  = (struct sonde_sdk *)(void *)&f->head };
    sonde_meter        *meter   = sonde_meter_get_opts(&options);
    sonde_counter      *c       = sonde_counter_get(meter, "c");
    sonde_counter_add(c, 1);
    sonde_counter_add_with(c, 2, sonde_kv("a", 1), sonde_kv("b", "\xFF"));
    sonde_counter_add_with(c, 4, sonde_kv_ints("a", ints, 2));
    sonde_counter_bound_add(sonde_counter_bind(c, sonde_attrs_of(sonde_kv("c", 1))), 8);
    uint64_t at = fails_at;
    fails_at    = 0; /* the fixture's own */
    f->count    = 0;
    sum         = sonde__metrics_visit(f->head.metrics, &f->visitor) ? metrics_sum(f, "c") : -1;
    fails_at    = at;
    sonde__metrics_stop(f->head.metrics);
    f->head.metrics = NULL;
    return sum;
}

static void test_torture__each_allocation_in_turn_fails(void **state)
{
    struct metrics_fixture *f   = NULL;
    bool                    all = false, none = false;
    (void)state;
    assert_int_equal(metrics_setup((void **)&f), 0);
    sonde__metrics_stop(f->head.metrics);
    f->head.metrics = NULL;
    for (uint64_t n = 1; !all || n < 3; n++) {
        allocations = 0;
        fails_at    = n;
        int64_t sum = live(f);
        bool    hit = allocations >= n;
        fails_at    = 0;
        /* All of it, or nothing where there was not even an instrument. */
        if (sum != 15 && sum != 0 && sum != -1)
            fail_msg("with allocation %u failing the sum was %d", (unsigned)n, (int)sum);
        none = none || sum != 15;
        all  = !hit && sum == 15;
    }
    metrics_teardown((void **)&f);
    assert_true(none);
}

static void test_torture__less_address_space_makes_a_smaller_region(void **state)
{
    struct metrics_fixture *f = NULL;
    (void)state;
    reserve_max = (size_t)1 << 20;

    assert_int_equal(metrics_setup((void **)&f), 0);
    sonde_counter_add(sonde_counter_get(f->meter, "c"), 3);
    metrics_collect(f);
    int64_t  sum  = metrics_sum(f, "c");
    uint64_t size = f->head.metrics->region->size;
    metrics_teardown((void **)&f);

    assert_int_equal(sum, 3);
    assert_int_equal(size, 1 << 20);
}

static void test_torture__without_address_space_nothing_starts(void **state)
{
    struct sonde__metrics *metrics = NULL;
    (void)state;
    reserve_max = 0;

    assert_int_equal(sonde__metrics_start(false, NULL, &metrics), SONDE_ERR_NOMEM);
    assert_int_equal(sonde__metrics_start(true, NULL, &metrics), SONDE_ERR_NOMEM);

    assert_null(metrics);
}

static void test_torture__known_series_allocate_nothing(void **state)
{
    struct metrics_fixture *f = NULL;
    (void)state;
    assert_int_equal(metrics_setup((void **)&f), 0);
    sonde_counter   *c = sonde_counter_get(f->meter, "c");
    sonde_histogram *h = sonde_histogram_get(f->meter, "h");

    for (int i = 0; i < 100; i++) {
        if (i == 1)
            allocations = 0;
        sonde_counter_add_with(c, 1, sonde_kv("a", "x"), sonde_kv("b", 1));
        sonde_counter_add_with(c, 1, sonde_kv("b", 1), sonde_kv("a", "x"),
                               sonde_kv("no", (char *)NULL));
        sonde_histogram_record_with(h, 1, sonde_kv("a", "x"), sonde_kv("b", 1));
        sonde_counter_add(c, 1);
    }
    uint64_t counted = allocations;
    metrics_teardown((void **)&f);

    assert_int_equal(counted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_torture__each_allocation_in_turn_fails, teardown),
        cmocka_unit_test_teardown(test_torture__less_address_space_makes_a_smaller_region,
                                  teardown),
        cmocka_unit_test_teardown(test_torture__without_address_space_nothing_starts, teardown),
        cmocka_unit_test_teardown(test_torture__known_series_allocate_nothing, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
