/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* When an ExportMetricsServiceRequest is written at all; what is in it is for otlp.sh and protoc.
 * */
#include "metrics_fixture.h"

static void test_otlp__without_a_point_nothing_is_written(void **state)
{
    struct metrics_fixture *f    = *state;
    struct sonde__buf       into = { 0 };
    (void)sonde_counter_get(f->meter, "c");

    uint32_t points = sonde__metrics_write_otlp(f->head.metrics, sonde_str_z("x"), &into);

    assert_int_equal(points, 0);
    assert_int_equal(into.len, 0);
}

static void test_otlp__counts_the_points_and_appends_them(void **state)
{
    struct metrics_fixture *f    = *state;
    struct sonde__buf       into = { 0 };
    sonde_counter          *c    = sonde_counter_get(f->meter, "c");
    for (int i = 0; i < 100; i++)
        sonde_counter_add_with(c, 1, sonde_kv("i", i));
    sonde__buf_text(&into, "before");

    uint32_t    points = sonde__metrics_write_otlp(f->head.metrics, sonde_str_z(""), &into);
    sonde_str   rest   = sonde_str_n(into.data + 6, into.len - 6);
    sonde_field field;
    bool        whole = sonde_field_next(&rest, &field) && field.number == 1 && rest.len == 0;
    bool        kept  = memcmp(into.data, "before", 6) == 0;
    sonde__buf_done(&into);

    assert_int_equal(points, 100);
    assert_true(whole && kept);
}

static void test_otlp__what_does_not_fit_is_said(void **state)
{
    struct metrics_fixture *f    = *state;
    struct sonde__buf       into = { .max = 40 };
    sonde_counter_add(sonde_counter_get(f->meter, "c"), 1);

    uint32_t points = sonde__metrics_write_otlp(f->head.metrics, sonde_str_z(""), &into);
    bool     failed = into.failed;
    sonde__buf_done(&into);

    assert_int_equal(points, 0);
    assert_true(failed);
    assert_int_equal(sonde__metrics_write_otlp(f->head.metrics, sonde_str_z(""), NULL), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, metrics_setup, metrics_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_otlp__without_a_point_nothing_is_written),
        EACH(test_otlp__counts_the_points_and_appends_them),
        EACH(test_otlp__what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
