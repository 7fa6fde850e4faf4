/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fetching meters and instruments: what is valid, what is the same, what is reported. */
#include "core/diag.h"
#include "metrics/instrument.h"
#include "metrics_fixture.h"

#include <math.h>
#include <stdio.h>

struct sink {
    sonde_diagnostics diagnostics;
    uint32_t          count;
    char              text[512]; /* the last report */
};

static struct sink sink;

static void keep(sonde_diagnostics *self, sonde_level level, sonde_str message)
{
    struct sink *kept = (struct sink *)self;
    (void)level;
    kept->count++;
    (void)snprintf(kept->text, sizeof kept->text, "%.*s", (int)message.len, message.ptr);
}

/* Forgets what was reported, so that the same may be reported again. */
static void listen_anew(void)
{
    memset(&sink, 0, sizeof sink);
    sink.diagnostics.report = keep;
    sonde__diag_set(&sink.diagnostics, SONDE_LEVEL_WARN, false);
}

static int setup(void **state)
{
    listen_anew();
    return metrics_setup(state);
}

static int teardown(void **state)
{
    sonde__diag_set(NULL, SONDE_LEVEL_ERROR, true);
    return metrics_teardown(state);
}

static void test_instrument__names_are_checked_and_reported(void **state)
{
    struct metrics_fixture *f = *state;
    char                    longest[257];
    memset(longest, 'a', sizeof longest - 1);
    longest[256] = '\0';
    const struct {
        const char *name;
        bool        valid;
    } rows[] = {
        { "a", true },   { "http.server.request.duration", true },
        { "A", true },   { "A1_.-/z", true },
        { "1a", false }, { longest + 1, true },
        { "", false },   { longest, false },
        { NULL, false }, { "a b", false },
        { "_a", false }, { "gr\xC3\xB6\xC3\x9F", false },
        { ".a", false }, { "a:b", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        listen_anew();
        bool made = sonde_counter_get(f->meter, rows[i].name) != NULL;
        if (made != rows[i].valid || sink.count != (rows[i].valid ? 0 : 1))
            fail_msg("row %zu, \"%s\": %s, %u reports", i, rows[i].name ? rows[i].name : "NULL",
                     made ? "made" : "refused", sink.count);
    }
}

static void test_instrument__the_same_values_give_the_same_instrument(void **state)
{
    struct metrics_fixture *f = *state;

    sonde_counter *one = sonde_counter_get(f->meter, "Orders", .unit = "1", .description = "d");

    assert_non_null(one);
    assert_ptr_equal(sonde_counter_get(f->meter, "orders", .unit = "1", .description = "d"), one);
    assert_ptr_equal(sonde_counter_get(f->meter, "ORDERS", .unit = "1", .description = "d"), one);
    assert_int_equal(sink.count, 0);
}

static void test_instrument__another_description_or_bounds_are_reported_and_do_not_count(
    void **state)
{
    struct metrics_fixture *f        = *state;
    const double            bounds[] = { 1, 2 };

    sonde_histogram *one = sonde_histogram_get(f->meter, "h", .description = "d");

    assert_ptr_equal(sonde_histogram_get(f->meter, "h", .description = "e"), one);
    assert_non_null(strstr(sink.text, "description"));
    listen_anew();
    assert_ptr_equal(sonde_histogram_get(f->meter, "h", .description = "d", .boundaries = bounds,
                                         .boundary_count = 2),
                     one);
    assert_non_null(strstr(sink.text, "boundaries"));
}

static void test_instrument__another_kind_or_unit_is_reported_and_counts(void **state)
{
    struct metrics_fixture *f = *state;

    sonde_counter_add(sonde_counter_get(f->meter, "c", .unit = "s"), 1);
    sonde_counter_add(sonde_counter_get(f->meter, "C", .unit = "ms"), 2);
    assert_int_equal(sink.count, 1);
    listen_anew();
    sonde_updown_counter_add(sonde_updown_counter_get(f->meter, "c", .unit = "s"), 4);
    metrics_collect(f);

    assert_int_equal(sink.count, 1);
    assert_int_equal(f->count, 3);
    assert_int_equal(metrics_sum(f, "c"), 5);
    assert_int_equal(metrics_sum(f, "C"), 2);
}

static void test_instrument__boundaries_that_do_not_ascend_are_reported(void **state)
{
    struct metrics_fixture *f         = *state;
    const double            falling[] = { 1, 2, 2 };
    const double            endless[] = { 1, INFINITY };
    const double            nothing[] = { NAN };
    double                  many[65];
    const struct {
        const char   *name;
        const double *bounds;
        size_t        count;
        uint32_t      buckets, reports;
    } rows[] = { { "falling", falling, 3, 16, 1 }, { "endless", endless, 2, 16, 1 },
                 { "nan", nothing, 1, 16, 1 },     { "many", many, 65, 16, 1 },
                 { "most", many, 64, 65, 0 },      { "none", many, 0, 1, 0 },
                 { "standard", NULL, 9, 16, 0 } };
    for (int i = 0; i < 65; i++)
        many[i] = i;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        listen_anew();
        sonde_histogram_record(sonde_histogram_get(f->meter, rows[i].name,
                                                   .boundaries     = rows[i].bounds,
                                                   .boundary_count = rows[i].count),
                               1);
        metrics_collect(f);
        if (metrics_find(f, rows[i].name, "")->bucket_count != rows[i].buckets ||
            sink.count != rows[i].reports)
            fail_msg("%s: %u buckets, %u reports", rows[i].name,
                     metrics_find(f, rows[i].name, "")->bucket_count, sink.count);
    }
}

static void test_instrument__text_is_repaired_and_cut_at_a_character(void **state)
{
    struct metrics_fixture *f = *state;
    char                    unit[100];
    memset(unit, 'u', sizeof unit - 1);
    memcpy(unit + 61, "\xE2\x82\xAC", 3); /* across the 63rd byte */
    unit[99] = '\0';

    struct sonde__instrument *cut = (void *)sonde_counter_get(f->meter, "cut", .unit = unit);
    struct sonde__instrument *bad = (void *)sonde_counter_get(f->meter, "bad", .unit = "u\xFF",
                                                              .description = "\xC3");

    assert_int_equal(strlen(cut->unit), 61);
    assert_int_equal(sink.count, 1);
    assert_string_equal(bad->unit, "u\xEF\xBF\xBD");
    assert_string_equal(bad->description, "\xEF\xBF\xBD");
}

static void test_instrument__options_of_an_older_header_are_read_as_far_as_they_go(void **state)
{
    struct metrics_fixture  *f       = *state;
    sonde_instrument_options options = { .name        = "old",
                                         .unit        = "s",
                                         .description = "not there yet" };
    options.size                     = offsetof(sonde_instrument_options, description);

    struct sonde__instrument *instrument = (void *)sonde_counter_get_opts(f->meter, &options);

    assert_string_equal(instrument->unit, "s");
    assert_string_equal(instrument->description, "");
}

static void test_instrument__null_gives_null(void **state)
{
    struct metrics_fixture *f = *state;

    assert_null(sonde_counter_get(NULL, "c"));
    assert_null(sonde_updown_counter_get(NULL, "c"));
    assert_null(sonde_histogram_get(NULL, "c"));
    assert_null(sonde_counter_get_opts(f->meter, NULL));
}

static void test_instrument__meters_are_the_same_for_the_same_scope(void **state)
{
    struct metrics_fixture *f = *state;
    (void)f;

    sonde_meter *one = sonde_meter_get("lib", "1");

    assert_non_null(one);
    assert_ptr_equal(sonde_meter_get("lib", "1"), one);
    assert_ptr_not_equal(sonde_meter_get("lib", "2"), one);
    assert_ptr_not_equal(sonde_meter_get("lib", NULL), one);
    assert_ptr_not_equal(f->meter, sonde_meter_get("test", NULL)); /* of a .local SDK */
}

static void test_instrument__a_meter_without_a_name_works_and_is_reported(void **state)
{
    struct metrics_fixture *f       = *state;
    sonde_meter_options     options = { .sdk = (struct sonde_sdk *)(void *)&f->head };

    sonde_meter *meter = sonde_meter_get_opts(&options);
    sonde_counter_add(sonde_counter_get(meter, "c"), 1);
    metrics_collect(f);

    assert_int_equal(sink.count, 1);
    assert_int_equal(metrics_sum(f, "c"), 1);
    assert_string_equal(f->points[0].scope, "");
    assert_non_null(sonde_meter_get_opts(NULL));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_instrument__names_are_checked_and_reported),
        EACH(test_instrument__the_same_values_give_the_same_instrument),
        EACH(test_instrument__another_description_or_bounds_are_reported_and_do_not_count),
        EACH(test_instrument__another_kind_or_unit_is_reported_and_counts),
        EACH(test_instrument__boundaries_that_do_not_ascend_are_reported),
        EACH(test_instrument__text_is_repaired_and_cut_at_a_character),
        EACH(test_instrument__options_of_an_older_header_are_read_as_far_as_they_go),
        EACH(test_instrument__null_gives_null),
        EACH(test_instrument__meters_are_the_same_for_the_same_scope),
        EACH(test_instrument__a_meter_without_a_name_works_and_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
