/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The Prometheus page: names, labels, and the order of what is on it. */
#include "core/wire.h"
#include "export/prometheus.h"
#include "metrics_fixture.h"

#include <stdio.h>
#include <stdlib.h>

struct page {
    struct metrics_fixture *f;
    struct sonde__buf       resource;
    struct sonde__buf       text;
};

static int setup(void **state)
{
    struct page *page = calloc(1, sizeof *page);
    *state            = page;
    return page ? metrics_setup((void **)&page->f) : -1;
}

static int teardown(void **state)
{
    struct page *page = *state;
    metrics_teardown((void **)&page->f);
    sonde__buf_done(&page->resource);
    sonde__buf_done(&page->text);
    free(page);
    return 0;
}

/* The page as text. */
static const char *write_page(struct page *page)
{
    page->text.len = 0;
    sonde_err err  = sonde__prometheus_write(
         sonde__table_get(SONDE__TABLE_VERSION), page->f->head.metrics,
         sonde_str_n(page->resource.data, page->resource.len), &page->text);
    assert_int_equal(err, SONDE_OK);
    sonde__buf_byte(&page->text, '\0');
    return (const char *)page->text.data;
}

static sonde_meter *meter_of(struct page *page, const sonde_meter_options *options)
{
    sonde_meter_options own = *options;
    own.size                = sizeof own;
    own.sdk                 = (struct sonde_sdk *)(void *)&page->f->head;
    return sonde_meter_get_opts(&own);
}

static void test_prometheus__names_carry_units_and_total(void **state)
{
    static const struct {
        const char        *name, *unit;
        sonde__metric_kind kind;
        const char        *expected;
    } rows[] = {
        { "foo.bar", "By", SONDE__COUNTER, "foo_bar_bytes_total" },
        { "foo.bar", "By", SONDE__UPDOWN, "foo_bar_bytes" },
        { "foo", "", SONDE__COUNTER, "foo_total" },
        { "foo", "1", SONDE__COUNTER, "foo_total" },
        { "foo", "1", SONDE__UPDOWN, "foo" },
        { "foo.total", "", SONDE__COUNTER, "foo_total" },
        { "foo.total", "s", SONDE__COUNTER, "foo_seconds_total" },
        { "foo.total", "s", SONDE__UPDOWN, "foo_total_seconds" },
        { "total", "", SONDE__COUNTER, "total_total" },
        { "foo.seconds", "s", SONDE__HISTOGRAM, "foo_seconds" },
        { "seconds", "s", SONDE__HISTOGRAM, "seconds" },
        { "milliseconds", "s", SONDE__HISTOGRAM, "milliseconds_seconds" },
        { "http.server.request.duration", "s", SONDE__HISTOGRAM,
          "http_server_request_duration_seconds" },
        { "http.server.active_requests", "{request}", SONDE__UPDOWN,
          "http_server_active_requests" },
        { "foo", "{packet}/s", SONDE__UPDOWN, "foo_per_second" },
        { "foo", "By/s", SONDE__UPDOWN, "foo_bytes_per_second" },
        { "foo", "m/min", SONDE__UPDOWN, "foo_meters_per_minute" },
        { "foo", "By/{order}", SONDE__UPDOWN, "foo_bytes" },
        { "foo", "By{transmitted}", SONDE__UPDOWN, "foo_bytes" },
        { "foo", "%", SONDE__UPDOWN, "foo_percent" },
        { "foo", "Cel", SONDE__UPDOWN, "foo_celsius" },
        { "foo", "KiBy", SONDE__UPDOWN, "foo_kibibytes" },
        { "foo", "furlong", SONDE__UPDOWN, "foo_furlong" },
        { "foo", "kg.m2", SONDE__UPDOWN, "foo_kg_m2" },
        { "a.-/b", "", SONDE__UPDOWN, "a_b" },
        { "a__b", "", SONDE__UPDOWN, "a_b" },
        { "a.", "s", SONDE__UPDOWN, "a_seconds" },
        { "a.", "", SONDE__COUNTER, "a_total" },
        { "a", "/", SONDE__UPDOWN, "a" },
        { "a", "{", SONDE__UPDOWN, "a" },
        { "a", "}s", SONDE__UPDOWN, "a_s" },
    };
    struct page *page = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sonde__metric_view metric = { .name = rows[i].name,
                                             .unit = rows[i].unit,
                                             .kind = rows[i].kind };
        page->text.len                   = 0;
        sonde__prometheus_name(&page->text, &metric);
        sonde__buf_byte(&page->text, '\0');
        if (strcmp((char *)page->text.data, rows[i].expected) != 0)
            fail_msg("row %zu: %s, not %s", i, (char *)page->text.data, rows[i].expected);
    }
}

static void test_prometheus__keys_become_labels(void **state)
{
    static const struct {
        const char *prefix, *key, *expected;
    } rows[] = {
        { "", "http.request.method", "http_request_method" },
        { "", "abcXYZ_019", "abcXYZ_019" },
        { "", "1st", "_1st" },
        { "", "_a", "_a" },
        { "", "__name__", "key__name__" },
        { "", ".a", "_a" },
        { "", "..a", "key__a" },
        { "",
          "gr\xC3\xB6\xC3\x9F"
          "e",
          "gr____e" },
        { "otel_scope_", "1.a", "otel_scope_1_a" },
        { "otel_scope_", "__a", "otel_scope___a" },
    };
    struct page *page = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        page->text.len = 0;
        sonde__prometheus_label(&page->text, rows[i].prefix, sonde_str_z(rows[i].key));
        sonde__buf_byte(&page->text, '\0');
        assert_string_equal((char *)page->text.data, rows[i].expected);
    }
}

static void test_prometheus__a_counter_has_its_scope_and_its_attributes(void **state)
{
    struct page        *page  = *state;
    sonde_meter_options scope = { .name       = "shop",
                                  .version    = "1.4",
                                  .schema_url = "https://e.com/1",
                                  .attrs      = sonde_attrs_of(sonde_kv("team.name", "blue"),
                                                               sonde_kv("name", "x"),
                                                               sonde_kv("version", 7)) };
    sonde_counter *c = sonde_counter_get(meter_of(page, &scope), "shop.orders", .unit = "{order}",
                                         .description = "Orders taken");

    sonde_counter_add_with(c, 3, sonde_kv("paid", true), sonde_kv("n", -5),
                           sonde_kv("share", 0.25));

    assert_string_equal(write_page(page),
                        "# HELP shop_orders_total Orders taken\n"
                        "# TYPE shop_orders_total counter\n"
                        "shop_orders_total{otel_scope_name=\"shop\",otel_scope_version=\"1.4\","
                        "otel_scope_schema_url=\"https://e.com/1\",otel_scope_team_name=\"blue\","
                        "paid=\"true\",n=\"-5\",share=\"0.25\"} 3\n");
}

static void test_prometheus__without_labels_there_are_no_braces(void **state)
{
    struct page        *page  = *state;
    sonde_meter_options scope = { .name = NULL };

    sonde_updown_counter_add(sonde_updown_counter_get(meter_of(page, &scope), "u"), -4);

    assert_string_equal(write_page(page), "# HELP u u\n# TYPE u gauge\nu -4\n");
}

static void test_prometheus__a_histogram_has_cumulative_buckets(void **state)
{
    struct page     *page     = *state;
    const double     bounds[] = { 0.005, 1, 2500 };
    sonde_histogram *h        = sonde_histogram_get(page->f->meter, "took", .unit = "s",
                                                    .boundaries = bounds, .boundary_count = 3);

    sonde_histogram_record_with(h, 0.005, sonde_kv("a", "b"));
    sonde_histogram_record_with(h, 0.25, sonde_kv("a", "b"));
    sonde_histogram_record_with(h, 1e6, sonde_kv("a", "b"));

    assert_string_equal(write_page(page),
                        "# HELP took_seconds took\n# TYPE took_seconds histogram\n"
                        "took_seconds_bucket{otel_scope_name=\"test\",a=\"b\",le=\"0.005\"} 1\n"
                        "took_seconds_bucket{otel_scope_name=\"test\",a=\"b\",le=\"1\"} 2\n"
                        "took_seconds_bucket{otel_scope_name=\"test\",a=\"b\",le=\"2500\"} 2\n"
                        "took_seconds_bucket{otel_scope_name=\"test\",a=\"b\",le=\"+Inf\"} 3\n"
                        "took_seconds_sum{otel_scope_name=\"test\",a=\"b\"} 1000000.255\n"
                        "took_seconds_count{otel_scope_name=\"test\",a=\"b\"} 3\n");
}

static void test_prometheus__what_would_break_a_line_is_escaped(void **state)
{
    struct page    *page   = *state;
    sonde_counter  *c      = sonde_counter_get(page->f->meter, "c", .description = "a\\b\n\"c\"");
    const sonde_str list[] = { sonde_str_z("x\"y") };

    sonde_counter_add_with(c, 1, sonde_kv("text", sonde_str_n("a\\b\n\"c\"\r\t\0", 10)),
                           sonde_kv_strings("list", list, 1));

    assert_string_equal(
        write_page(page),
        "# HELP c_total a\\\\b\\n\"c\"\n# TYPE c_total counter\n"
        "c_total{otel_scope_name=\"test\",text=\"a\\\\b\\n\\\"c\\\"\r\t\xEF\xBF\xBD\","
        "list=\"[\\\"x\\\\\\\"y\\\"]\"} 1\n");
}

static void test_prometheus__labels_that_are_called_the_same_are_joined(void **state)
{
    struct page   *page = *state;
    sonde_counter *c    = sonde_counter_get(page->f->meter, "c");

    sonde_counter_add_with(c, 1, sonde_kv("a.b", "2"), sonde_kv("z", "z"), sonde_kv("a_b", "3"),
                           sonde_kv("a-b", "1"));
    sonde_counter_add_with(c, 2, sonde_kv("plain", "x"));

    assert_string_equal(write_page(page),
                        "# HELP c_total c\n# TYPE c_total counter\n"
                        "c_total{otel_scope_name=\"test\",a_b=\"1;2;3\",z=\"z\"} 1\n"
                        "c_total{otel_scope_name=\"test\",plain=\"x\"} 2\n");
}

static void test_prometheus__an_attribute_does_not_pass_for_a_label_of_the_page(void **state)
{
    struct page     *page     = *state;
    const double     bounds[] = { 1 };
    sonde_counter   *c        = sonde_counter_get(page->f->meter, "c");
    sonde_histogram *h        = sonde_histogram_get(page->f->meter, "h", .boundaries = bounds,
                                                    .boundary_count = 0);

    sonde_counter_add_with(c, 1, sonde_kv("le", "1"), sonde_kv("otel.scope.name", "mine"),
                           sonde_kv("other", 1));
    sonde_histogram_record_with(h, 1, sonde_kv("le", "1"));
    const char *text = write_page(page);

    assert_non_null(strstr(text,
                           "c_total{otel_scope_name=\"test\",exported_le=\"1\",exported_otel_scope_"
                           "name=\"mine\",other=\"1\"} 1\n"));
    assert_non_null(
        strstr(text, "h_bucket{otel_scope_name=\"test\",exported_le=\"1\",le=\"+Inf\"} 1\n"));
}

static void test_prometheus__many_labels_are_written_too(void **state)
{
    struct page *page = *state;
    sonde_attr   attrs[100];
    char         keys[100][8];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "k%02u", (unsigned)i);
        attrs[i] = sonde_kv(keys[i], i);
    }

    sonde_counter_add_attrs(sonde_counter_get(page->f->meter, "c"), 1, (sonde_attrs){ attrs, 100 });
    const char *text = write_page(page);

    assert_non_null(strstr(text, ",k00=\"0\",k01=\"1\","));
    assert_non_null(strstr(text, ",k98=\"98\",k99=\"99\"} 1\n"));
}

static void test_prometheus__samples_of_one_name_stand_together(void **state)
{
    struct page        *page = *state;
    sonde_meter_options a = { .name = "a" }, b = { .name = "b" };

    sonde_counter_add(sonde_counter_get(meter_of(page, &a), "x", .description = "first"), 1);
    sonde_counter_add(sonde_counter_get(meter_of(page, &a), "y"), 2);
    sonde_counter_add(sonde_counter_get(meter_of(page, &b), "x", .description = "second"), 3);

    assert_string_equal(write_page(page), "# HELP x_total first\n# TYPE x_total counter\n"
                                          "x_total{otel_scope_name=\"a\"} 1\n"
                                          "x_total{otel_scope_name=\"b\"} 3\n"
                                          "# HELP y_total y\n# TYPE y_total counter\n"
                                          "y_total{otel_scope_name=\"a\"} 2\n");
}

static void test_prometheus__a_name_with_another_type_is_left_out(void **state)
{
    struct page        *page = *state;
    sonde_meter_options a = { .name = "a" }, b = { .name = "b" };

    sonde_updown_counter_add(sonde_updown_counter_get(meter_of(page, &a), "x.total"), 1);
    sonde_counter_add(sonde_counter_get(meter_of(page, &b), "x"), 3);
    sonde_counter_add(sonde_counter_get(meter_of(page, &b), "y"), 4);
    const char *text = write_page(page);

    assert_string_equal(
        text, "# HELP x_total x.total\n# TYPE x_total gauge\nx_total{otel_scope_name=\"a\"} 1\n"
              "# HELP y_total y\n# TYPE y_total counter\ny_total{otel_scope_name=\"b\"} 4\n");
}

static void test_prometheus__the_resource_is_target_info(void **state)
{
    struct page *page    = *state;
    sonde_attr   service = sonde_kv("service.name", "a \"b\""), pid = sonde_kv("process.pid", 7);
    sonde__wire_attr(&page->resource, 1, &service);
    sonde__wire_attr(&page->resource, 1, &pid);

    sonde_updown_counter_add(sonde_updown_counter_get(page->f->meter, "target.info"), 5);

    assert_string_equal(write_page(page),
                        "# HELP target_info Target metadata\n# TYPE target_info gauge\n"
                        "target_info{service_name=\"a \\\"b\\\"\",process_pid=\"7\"} 1\n"
                        "target_info{otel_scope_name=\"test\"} 5\n");
}

static void test_prometheus__appends_and_says_when_nothing_runs(void **state)
{
    struct page               *page  = *state;
    const struct sonde__table *table = sonde__table_get(SONDE__TABLE_VERSION);
    sonde__buf_text(&page->text, "before");

    assert_int_equal(sonde__prometheus_write(table, NULL, sonde_str_z(""), &page->text),
                     SONDE_ERR_INVALID);
    assert_int_equal(page->text.len, 6);
    assert_int_equal(sonde__prometheus_write(NULL, NULL, sonde_str_z(""), &page->text),
                     SONDE_ERR_INVALID);
    assert_int_equal(sonde__prometheus_write(table, NULL, sonde_str_z(""), NULL),
                     SONDE_ERR_INVALID);
}

static void test_prometheus__a_page_that_does_not_fit_is_an_error(void **state)
{
    struct page *page = *state;
    sonde_counter_add(sonde_counter_get(page->f->meter, "c"), 1);
    page->text.max = 50;

    sonde_err err = sonde__prometheus_write(sonde__table_get(SONDE__TABLE_VERSION),
                                            page->f->head.metrics, sonde_str_z(""), &page->text);

    assert_int_equal(err, SONDE_ERR_NOMEM);
    assert_int_equal(page->text.len, 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_prometheus__names_carry_units_and_total),
        EACH(test_prometheus__keys_become_labels),
        EACH(test_prometheus__a_counter_has_its_scope_and_its_attributes),
        EACH(test_prometheus__without_labels_there_are_no_braces),
        EACH(test_prometheus__a_histogram_has_cumulative_buckets),
        EACH(test_prometheus__what_would_break_a_line_is_escaped),
        EACH(test_prometheus__labels_that_are_called_the_same_are_joined),
        EACH(test_prometheus__an_attribute_does_not_pass_for_a_label_of_the_page),
        EACH(test_prometheus__many_labels_are_written_too),
        EACH(test_prometheus__samples_of_one_name_stand_together),
        EACH(test_prometheus__a_name_with_another_type_is_left_out),
        EACH(test_prometheus__the_resource_is_target_info),
        EACH(test_prometheus__appends_and_says_when_nothing_runs),
        EACH(test_prometheus__a_page_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
