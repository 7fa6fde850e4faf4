/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Histograms: into which bucket a value goes, and what else is known of the values. */
#include "core/diag.h"
#include "metrics_fixture.h"

#include <math.h>
#include <stdio.h>

static void test_histogram__a_bound_belongs_to_the_bucket_below_it(void **state)
{
    struct metrics_fixture *f         = *state;
    const double            bounds[]  = { -1, 0, 5, 10 };
    sonde_histogram        *histogram = sonde_histogram_get(f->meter, "h", .boundaries = bounds,
                                                            .boundary_count = 4);
    const struct {
        double   value;
        uint32_t bucket;
    } rows[] = { { 0, 1 },   { -0.0, 1 }, { 5e-324, 2 }, { 4.999, 2 }, { 5, 2 },
                 { 5.5, 3 }, { 10, 3 },   { 10.5, 4 },   { 1e308, 4 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_histogram_record_with(histogram, rows[i].value, sonde_kv("row", (int)i));
        metrics_collect(f);
        const struct seen_point *point = &f->points[f->count - 1];
        if (point->buckets[rows[i].bucket] != 1 || point->count != 1)
            fail_msg("%g is not in bucket %u", rows[i].value, rows[i].bucket);
    }
}

/* By looking at one bound after the other. */
static uint32_t bucket_plainly(const double *bounds, uint32_t count, double value)
{
    uint32_t i = 0;
    while (i < count && value > bounds[i])
        i++;
    return i;
}

static void test_histogram__finds_the_bucket_for_every_number_of_bounds(void **state)
{
    struct metrics_fixture *f = *state;
    double                  bounds[64];
    char                    name[16];
    for (uint32_t i = 0; i < 64; i++)
        bounds[i] = i + 0.5;
    for (uint32_t count = 0; count <= 64; count++) {
        uint64_t expected[65] = { 0 };
        (void)snprintf(name, sizeof name, "h%u", count);
        sonde_histogram *histogram = sonde_histogram_get(f->meter, name, .boundaries = bounds,
                                                         .boundary_count = count);
        for (double value = 0; value < 66; value += 0.25) {
            sonde_histogram_record(histogram, value);
            expected[bucket_plainly(bounds, count, value)]++;
        }
        metrics_collect(f);
        const struct seen_point *point = metrics_find(f, name, "");
        if (point->bucket_count != count + 1 ||
            memcmp(point->buckets, expected, (count + 1) * sizeof *expected) != 0)
            fail_msg("with %u bounds a value is in another bucket", count);
    }
}

static void test_histogram__knows_count_sum_least_and_greatest(void **state)
{
    struct metrics_fixture *f         = *state;
    sonde_histogram        *histogram = sonde_histogram_get(f->meter, "h", .unit = "s");

    sonde_histogram_record(histogram, 7);
    sonde_histogram_record(histogram, 0.25);
    sonde_histogram_record(histogram, 20000);
    metrics_collect(f);

    const struct seen_point *point = metrics_find(f, "h", "");
    assert_int_equal(point->bucket_count, 16);
    assert_int_equal(point->count, 3);
    assert_true(point->total == 20007.25 && point->min == 0.25 && point->max == 20000);
}

static void test_histogram__zero_is_a_least_value(void **state)
{
    struct metrics_fixture *f         = *state;
    sonde_histogram        *histogram = sonde_histogram_get(f->meter, "h");

    sonde_histogram_record(histogram, 0);
    metrics_collect(f);

    assert_true(f->points[0].min == 0 && f->points[0].max == 0 && f->points[0].count == 1);
}

static void test_histogram__without_values_there_is_no_least_one(void **state)
{
    struct metrics_fixture *f = *state;

    assert_non_null(
        sonde_histogram_bind(sonde_histogram_get(f->meter, "h"), sonde_attrs_of(sonde_kv("a", 1))));
    metrics_collect(f);

    assert_int_equal(f->points[0].count, 0);
    assert_true(isnan(f->points[0].min) && isnan(f->points[0].max));
}

static void test_histogram__refuses_what_is_no_measurement(void **state)
{
    struct metrics_fixture *f         = *state;
    sonde_histogram        *histogram = sonde_histogram_get(f->meter, "h");
    sonde_histogram_bound  *bound     = sonde_histogram_bind(histogram,
                                                             sonde_attrs_of(sonde_kv("a", 1)));
    const double            values[]  = { NAN, -NAN, INFINITY, -INFINITY, -1, -5e-324 };
    uint64_t                before    = atomic_load(&sonde__misuse_count);

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        sonde_histogram_record(histogram, values[i]);
        sonde_histogram_record_with(histogram, values[i], sonde_kv("b", 1));
        sonde_histogram_bound_record(bound, values[i]);
    }
    metrics_collect(f);

    assert_int_equal(atomic_load(&sonde__misuse_count) - before, 18);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->points[0].count, 0);
}

static void test_histogram__null_is_ignored_everywhere(void **state)
{
    sonde_attrs none = { NULL, 0 };
    (void)state;
    sonde_histogram_record(NULL, 1);
    sonde_histogram_record_attrs(NULL, 1, none);
    sonde_histogram_bound_record(NULL, 1);
    assert_null(sonde_histogram_bind(NULL, none));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, metrics_setup, metrics_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_histogram__a_bound_belongs_to_the_bucket_below_it),
        EACH(test_histogram__finds_the_bucket_for_every_number_of_bounds),
        EACH(test_histogram__knows_count_sum_least_and_greatest),
        EACH(test_histogram__zero_is_a_least_value),
        EACH(test_histogram__without_values_there_is_no_least_one),
        EACH(test_histogram__refuses_what_is_no_measurement),
        cmocka_unit_test(test_histogram__null_is_ignored_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
