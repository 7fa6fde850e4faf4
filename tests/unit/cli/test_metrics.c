/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "otlp_body.h"
#include "store/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct sonde__metrics *metrics;
    struct body            request;
    char                   names[400];
};

static int setup(void **state)
{
    static const struct sonde__metrics_limits limits  = { 4, 1 << 20 };
    struct fixture                           *fixture = calloc(1, sizeof *fixture);
    fixture->metrics                                  = sonde__metrics_new(&limits);
    *state                                            = fixture;
    return fixture->metrics ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sonde__metrics_free(fixture->metrics);
    body_free(&fixture->request);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, const char *resource, const char *name, int64_t value)
{
    struct body data = { 0 };
    body_integer_point(&data, "", value);
    body_metric(&fixture->request, resource, name, "1", SONDE__METRIC_GAUGE, &data);
    assert_true(sonde__metrics_add(fixture->metrics, body_view(&fixture->request), 7));
    body_free(&fixture->request);
}

/* "service/metric=value" of all readings, or of the new ones. Valid until the next. */
static const char *names(struct fixture *fixture, bool only_new)
{
    static struct sonde__point    point;
    size_t                        count = 0, used = 0;
    const struct sonde__reading **list = sonde__metrics_list(fixture->metrics, only_new, &count);
    fixture->names[0]                  = '\0';
    for (size_t i = 0; i < count; i++) {
        sonde_str rest = list[i]->metric.data;
        assert_true(sonde__point_next(&list[i]->metric, &rest, &point));
        used += (size_t)snprintf(fixture->names + used, sizeof fixture->names - used,
                                 "%s%.*s/%.*s=%d", i ? " " : "", (int)list[i]->resource->name.len,
                                 list[i]->resource->name.ptr, (int)list[i]->metric.name.len,
                                 list[i]->metric.name.ptr, (int)point.integer);
    }
    free(list);
    return fixture->names;
}

static void test_metrics__the_latest_is_kept_of_each_process(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "service.name=shop pid=#1", "orders", 1);
    add(fixture, "service.name=edge", "requests", 2);
    add(fixture, "service.name=shop pid=#1", "orders", 3);
    add(fixture, "service.name=shop pid=#2", "orders", 4);

    const char *kept = names(fixture, false);
    assert_memory_equal(kept, "edge/requests=2 shop/orders=", 28);
    assert_true(strcmp(kept + 28, "3 shop/orders=4") == 0 ||
                strcmp(kept + 28, "4 shop/orders=3") == 0);
}

static void test_metrics__what_was_shown_is_not_new(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "service.name=shop", "orders", 1);
    add(fixture, "service.name=shop", "carts", 2);
    assert_string_equal(names(fixture, true), "shop/carts=2 shop/orders=1");
    sonde__metrics_shown(fixture->metrics);
    assert_string_equal(names(fixture, true), "");
    add(fixture, "service.name=shop", "orders", 3);

    assert_string_equal(names(fixture, true), "shop/orders=3");
    assert_string_equal(names(fixture, false), "shop/carts=2 shop/orders=3");
}

static void test_metrics__the_longest_unreported_goes_first(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "service.name=s", "a", 1);
    add(fixture, "service.name=s", "b", 2);
    add(fixture, "service.name=s", "c", 3);
    add(fixture, "service.name=s", "a", 4);
    add(fixture, "service.name=s", "d", 5);
    add(fixture, "service.name=s", "e", 6);

    assert_string_equal(names(fixture, false), "s/a=4 s/c=3 s/d=5 s/e=6");
    assert_int_equal(sonde__metrics_dropped(fixture->metrics), 1);
}

static void test_metrics__a_malformed_request_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    struct body     data    = { 0 };
    body_integer_point(&data, "", 1);
    body_metric(&fixture->request, "", "good", "1", SONDE__METRIC_SUM, &data);
    body_bytes(&data, 1, "\x31", 1); /* a point whose value is cut off */
    body_metric(&fixture->request, "", "bad", "1", SONDE__METRIC_SUM, &data);

    assert_false(sonde__metrics_add(fixture->metrics, body_view(&fixture->request), 0));
    assert_string_equal(names(fixture, false), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_metrics__the_latest_is_kept_of_each_process, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_metrics__what_was_shown_is_not_new, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metrics__the_longest_unreported_goes_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_metrics__a_malformed_request_leaves_nothing_behind,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
