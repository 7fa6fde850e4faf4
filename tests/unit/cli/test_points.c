/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "otlp_body.h"
#include "store/points.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct sonde__point point; /* large */

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* The first point of a metric; *state keeps its bytes. */
static bool read_point(void **state, struct body *data, enum sonde__metric_kind kind)
{
    struct sonde__metric metric = { .kind = kind, .data = body_view(data) };
    sonde_str            rest   = metric.data;
    *state                      = data->data;
    return sonde__point_next(&metric, &rest, &point);
}

static void test_points__requests_are_walked_with_their_resource(void **state)
{
    struct body               request = { 0 }, data = { 0 };
    struct sonde__metric_iter iter = { 0 };
    struct sonde__metric      metric;
    sonde_str                 message;
    body_integer_point(&data, "a=b", -7);
    body_varint(&data, 2, 1);
    body_metric(&request, "service.name=shop", "orders", "{order}", SONDE__METRIC_SUM, &data);
    *state    = request.data;
    iter.body = body_view(&request);

    assert_true(sonde__metric_next(&iter, &message));
    assert_true(sonde__metric_read(message, &metric));
    assert_memory_equal(metric.name.ptr, "orders", 6);
    assert_memory_equal(metric.unit.ptr, "{order}", 7);
    assert_int_equal(metric.kind, SONDE__METRIC_SUM);
    assert_true(metric.is_delta);
    assert_true(sonde__point_next(&metric, &metric.data, &point));
    assert_true(point.is_int);
    assert_int_equal(point.integer, -7);
    assert_false(sonde__metric_next(&iter, &message));
    assert_false(iter.malformed);
}

static void test_points__quantiles_are_interpolated_within_a_bucket(void **state)
{
    static const uint64_t counts[] = { 0, 10, 20, 10, 0 };
    static const double   bounds[] = { 10, 20, 40, 80 };
    static const struct {
        double share, value;
    } rows[]         = { { 0, 10 },    { 0.125, 15 }, { 0.25, 20 }, { 0.5, 30 },
                         { 0.75, 40 }, { 0.9, 64 },   { 1, 80 } };
    struct body data = { 0 };
    body_histogram_point(
        &data, &(struct histogram){ "", counts, bounds, 4, .sum = 1200, .min = 1, .max = 0 });

    assert_true(read_point(state, &data, SONDE__METRIC_HISTOGRAM));
    assert_int_equal(point.count, 40);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (fabs(sonde__point_quantile(&point, rows[i].share) - rows[i].value) > 1e-9)
            fail_msg("row %zu: %g", i, sonde__point_quantile(&point, rows[i].share));
}

static void test_points__open_buckets_end_at_minimum_and_maximum(void **state)
{
    static const uint64_t counts[] = { 4, 0, 4 };
    static const double   bounds[] = { 10, 20 };
    struct body           data     = { 0 };
    body_histogram_point(
        &data, &(struct histogram){ "", counts, bounds, 2, .sum = 1, .min = 2, .max = 100 });

    assert_true(read_point(state, &data, SONDE__METRIC_HISTOGRAM));
    assert_true(fabs(sonde__point_quantile(&point, 0.25) - 6) < 1e-9);
    assert_true(fabs(sonde__point_quantile(&point, 0.75) - 60) < 1e-9);
}

static void test_points__without_sensible_buckets_there_is_no_quantile(void **state)
{
    static const uint64_t zeros[3] = { 0 }, counts[] = { 1, 2 };
    static const double   bounds[] = { 1, 2 };
    struct body           empty = { 0 }, uneven = { 0 }, message = { 0 };
    body_histogram_point(&empty, &(struct histogram){ "", zeros, bounds, 2, .min = 1, .max = 0 });
    assert_true(read_point(state, &empty, SONDE__METRIC_HISTOGRAM));
    assert_true(isnan(sonde__point_quantile(&point, 0.5)));
    free(*state);

    body_bytes(&message, 6, counts, sizeof counts);
    body_bytes(&message, 7, bounds, sizeof bounds); /* one count is missing */
    body_message(&uneven, 1, &message);
    assert_true(read_point(state, &uneven, SONDE__METRIC_HISTOGRAM));
    assert_true(isnan(sonde__point_quantile(&point, 0.5)));
}

static void test_points__repeated_numbers_need_not_be_packed(void **state)
{
    struct body data = { 0 }, message = { 0 };
    body_double(&message, 7, 10);
    body_fixed64(&message, 6, 4);
    body_fixed64(&message, 6, 4);
    body_message(&data, 1, &message);

    assert_true(read_point(state, &data, SONDE__METRIC_HISTOGRAM));
    assert_int_equal(point.bucket_count, 2);
    assert_true(fabs(sonde__point_quantile(&point, 0.25) - 5) < 1e-9);
}

static void test_points__exponential_buckets_are_powers(void **state)
{
    struct body data = { 0 }, message = { 0 }, positive = { 0 }, negative = { 0 };
    body_varint(&positive, 1, 2);                /* zigzag: offset 1 */
    body_bytes(&positive, 2, "\x04\x80\x01", 3); /* packed: 4, 128 */
    body_varint(&negative, 1, 1);                /* zigzag: offset -1 */
    body_varint(&negative, 2, 2);                /* not packed */
    body_varint(&message, 6, 0);                 /* scale 0: base 2 */
    body_fixed64(&message, 7, 6);                /* zeros */
    body_fixed64(&message, 4, 140);
    body_message(&message, 8, &positive);
    body_message(&message, 9, &negative);
    body_message(&data, 1, &message);

    assert_true(read_point(state, &data, SONDE__METRIC_EXPONENTIAL));
    static const struct sonde__bucket wanted[] = {
        { -1, -0.5, 2 }, { 0, 0, 6 }, { 2, 4, 4 }, { 4, 8, 128 }
    };
    assert_int_equal(point.bucket_count, 4);
    for (size_t i = 0; i < 4; i++)
        if (fabs(point.buckets[i].lower - wanted[i].lower) > 1e-9 ||
            fabs(point.buckets[i].upper - wanted[i].upper) > 1e-9 ||
            point.buckets[i].count != wanted[i].count)
            fail_msg("bucket %zu", i);
}

static void test_points__a_summary_has_the_quantiles_that_it_says(void **state)
{
    struct body data = { 0 }, message = { 0 }, quantile = { 0 };
    body_double(&quantile, 1, 0.5);
    body_double(&quantile, 2, 42);
    body_message(&message, 6, &quantile);
    body_message(&data, 1, &message);

    assert_true(read_point(state, &data, SONDE__METRIC_SUMMARY));
    assert_true(sonde__point_quantile(&point, 0.5) == 42);
    assert_true(isnan(sonde__point_quantile(&point, 0.9)));
}

static void test_points__too_many_buckets_are_none(void **state)
{
    uint64_t   *counts = calloc(SONDE__BUCKETS_MAX + 2, sizeof *counts);
    double     *bounds = calloc(SONDE__BUCKETS_MAX + 2, sizeof *bounds);
    struct body data   = { 0 };
    counts[3]          = 1;
    body_histogram_point(&data, &(struct histogram){ "", counts, bounds, SONDE__BUCKETS_MAX + 1,
                                                     .min = 1, .max = 0 });
    free(counts);
    free(bounds);

    assert_true(read_point(state, &data, SONDE__METRIC_HISTOGRAM));
    assert_int_equal(point.count, 1);
    assert_int_equal(point.bucket_count, 0);
}

static void test_points__a_malformed_point_is_told_from_the_end(void **state)
{
    struct body          data = { 0 };
    struct sonde__metric metric;
    body_integer_point(&data, "", 1);
    body_bytes(&data, 1, "\x31", 1); /* a fixed64 that is not there */
    *state = data.data;
    metric = (struct sonde__metric){ .kind = SONDE__METRIC_GAUGE, .data = body_view(&data) };
    sonde_str rest = metric.data;

    assert_true(sonde__point_next(&metric, &rest, &point));
    assert_false(sonde__point_next(&metric, &rest, &point));
    assert_true(rest.len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_points__requests_are_walked_with_their_resource, teardown),
        cmocka_unit_test_teardown(test_points__quantiles_are_interpolated_within_a_bucket,
                                  teardown),
        cmocka_unit_test_teardown(test_points__open_buckets_end_at_minimum_and_maximum, teardown),
        cmocka_unit_test_teardown(test_points__without_sensible_buckets_there_is_no_quantile,
                                  teardown),
        cmocka_unit_test_teardown(test_points__repeated_numbers_need_not_be_packed, teardown),
        cmocka_unit_test_teardown(test_points__exponential_buckets_are_powers, teardown),
        cmocka_unit_test_teardown(test_points__a_summary_has_the_quantiles_that_it_says, teardown),
        cmocka_unit_test_teardown(test_points__too_many_buckets_are_none, teardown),
        cmocka_unit_test_teardown(test_points__a_malformed_point_is_told_from_the_end, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
