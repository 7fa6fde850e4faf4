/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Counters and up-down counters: what is added is what is collected. */
#include "core/diag.h"
#include "metrics_fixture.h"

#include <limits.h>

static void test_counter__sums_what_is_added_to_each_set_of_attributes(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *orders = sonde_counter_get(f->meter, "orders");

    sonde_counter_add(orders, 2);
    sonde_counter_add(orders, 3);
    sonde_counter_add_with(orders, 10, sonde_kv("paid", true));
    sonde_counter_add_with(orders, 20, sonde_kv("paid", false), sonde_kv("tier", "gold"));
    sonde_counter_add_with(orders, 1, sonde_kv("paid", true));
    metrics_collect(f);

    assert_int_equal(f->count, 3);
    assert_int_equal(metrics_find(f, "orders", "")->sum, 5);
    assert_int_equal(metrics_find(f, "orders", "paid=true")->sum, 11);
    assert_int_equal(metrics_find(f, "orders", "paid=false,tier=\"gold\"")->sum, 20);
}

static void test_counter__a_bound_handle_and_its_attributes_are_one_series(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *orders = sonde_counter_get(f->meter, "orders");

    sonde_counter_bound *gold = sonde_counter_bind(orders,
                                                   sonde_attrs_of(sonde_kv("tier", "gold")));
    sonde_counter_bound_add(gold, 4);
    sonde_counter_add_with(orders, 5, sonde_kv("tier", "gold"));
    metrics_collect(f);

    assert_int_equal(f->count, 1);
    assert_int_equal(metrics_find(f, "orders", "tier=\"gold\"")->sum, 9);
}

static void test_counter__a_bound_series_shows_itself_at_zero(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *orders = sonde_counter_get(f->meter, "orders");

    assert_non_null(sonde_counter_bind(orders, sonde_attrs_of(sonde_kv("tier", "gold"))));
    metrics_collect(f);

    assert_int_equal(f->count, 1);
    assert_int_equal(f->points[0].sum, 0);
}

static void test_counter__an_instrument_that_nobody_used_is_not_shown(void **state)
{
    struct metrics_fixture *f = *state;

    assert_non_null(sonde_counter_get(f->meter, "orders"));
    metrics_collect(f);

    assert_int_equal(f->count, 0);
}

static void test_counter__a_negative_value_is_misuse_and_counts_nothing(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *orders = sonde_counter_get(f->meter, "orders");
    sonde_counter_bound    *bound  = sonde_counter_bind(orders, sonde_attrs_of(sonde_kv("a", 1)));
    uint64_t                before = atomic_load(&sonde__misuse_count);

    sonde_counter_add(orders, -1);
    sonde_counter_add_with(orders, -1, sonde_kv("b", 1));
    sonde_counter_bound_add(bound, -1);
    sonde_counter_bound_add(bound, INT64_MIN);
    metrics_collect(f);

    assert_int_equal(atomic_load(&sonde__misuse_count) - before, 4);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->points[0].sum, 0);
}

static void test_counter__wraps_where_the_integers_end(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *orders = sonde_counter_get(f->meter, "orders");

    sonde_counter_add(orders, INT64_MAX);
    sonde_counter_add(orders, 2);
    metrics_collect(f);

    assert_true(f->points[0].sum == INT64_MIN + 1);
}

static void test_counter__null_is_ignored_everywhere(void **state)
{
    struct metrics_fixture *f    = *state;
    sonde_attrs             none = { NULL, 7 };

    sonde_counter_add(NULL, 1);
    sonde_counter_add_attrs(NULL, 1, none);
    sonde_counter_bound_add(NULL, 1);
    sonde_updown_counter_add(NULL, 1);
    sonde_updown_counter_add_attrs(NULL, 1, none);
    sonde_updown_counter_bound_add(NULL, 1);
    assert_null(sonde_counter_bind(NULL, none));
    assert_null(sonde_updown_counter_bind(NULL, none));
    sonde_counter_add_attrs(sonde_counter_get(f->meter, "orders"), 3, none);
    metrics_collect(f);

    assert_int_equal(metrics_find(f, "orders", "")->sum, 3);
}

static void test_counter__an_up_down_counter_goes_both_ways(void **state)
{
    struct metrics_fixture     *f      = *state;
    sonde_updown_counter       *active = sonde_updown_counter_get(f->meter, "active");
    sonde_attrs                 a1     = sonde_attrs_of(sonde_kv("a", 1));
    sonde_updown_counter_bound *bound  = sonde_updown_counter_bind(active, a1);

    sonde_updown_counter_add(active, 5);
    sonde_updown_counter_add(active, -7);
    sonde_updown_counter_bound_add(bound, -3);
    sonde_updown_counter_add_with(active, 1, sonde_kv("a", 1));
    metrics_collect(f);

    assert_int_equal(metrics_find(f, "active", "")->sum, -2);
    assert_int_equal(metrics_find(f, "active", "a=1")->sum, -2);
    assert_int_equal(f->points[0].kind, SONDE__UPDOWN);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, metrics_setup, metrics_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_counter__sums_what_is_added_to_each_set_of_attributes),
        EACH(test_counter__a_bound_handle_and_its_attributes_are_one_series),
        EACH(test_counter__a_bound_series_shows_itself_at_zero),
        EACH(test_counter__an_instrument_that_nobody_used_is_not_shown),
        EACH(test_counter__a_negative_value_is_misuse_and_counts_nothing),
        EACH(test_counter__wraps_where_the_integers_end),
        EACH(test_counter__null_is_ignored_everywhere),
        EACH(test_counter__an_up_down_counter_goes_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
