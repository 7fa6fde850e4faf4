/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which sets of attributes are one series, and what happens when there are too many. */
#include "metrics/instrument.h"
#include "metrics/series.h"
#include "metrics_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static sonde_attr text(const char *key, const char *value, size_t len)
{
    return sonde_attr_string(sonde_str_z(key), sonde_str_n(value, len));
}

static void test_series__equal_sets_are_one_series(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *c      = sonde_counter_get(f->meter, "c");
    const int64_t           ints[] = { 1, 2 };
    const sonde_str         strs[] = { sonde_str_z("x\xFF"), sonde_str_z("y") };
    const sonde_str         good[] = { sonde_str_z("x\xEF\xBF\xBD"), sonde_str_z("y") };
    const struct {
        const char *what;
        sonde_attrs a, b;
    } rows[] = {
        { "order", sonde_attrs_of(sonde_kv("a", 1), sonde_kv("b", "x"), sonde_kv("c", true)),
          sonde_attrs_of(sonde_kv("c", true), sonde_kv("a", 1), sonde_kv("b", "x")) },
        { "the last of equal keys",
          sonde_attrs_of(sonde_kv("a", 1), sonde_kv("b", 2), sonde_kv("a", 3)),
          sonde_attrs_of(sonde_kv("b", 2), sonde_kv("a", 3)) },
        { "the same twice", sonde_attrs_of(sonde_kv("a", 1), sonde_kv("a", 1)),
          sonde_attrs_of(sonde_kv("a", 1)) },
        { "missing values", sonde_attrs_of(sonde_kv("a", (const char *)NULL), sonde_kv("b", 1)),
          sonde_attrs_of(sonde_kv("b", 1), sonde_kv("", 5)) },
        { "nothing", sonde_attrs_of(sonde_kv("a", (const char *)NULL)), (sonde_attrs){ NULL, 3 } },
        { "repaired value", sonde_attrs_of(text("a", "x\xFFy", 3)),
          sonde_attrs_of(sonde_kv("a", "x\xEF\xBF\xBDy")) },
        { "values that repair alike", sonde_attrs_of(text("a", "\xC0", 1)),
          sonde_attrs_of(text("a", "\xC1", 1)) },
        { "repaired key", sonde_attrs_of(text("k\xFF", "v", 1)),
          sonde_attrs_of(sonde_kv("k\xEF\xBF\xBD", "v")) },
        { "keys that repair alike", sonde_attrs_of(text("k\xFF", "1", 1), text("k\xFE", "2", 1)),
          sonde_attrs_of(text("k\xFE", "2", 1)) },
        { "arrays", sonde_attrs_of(sonde_kv_ints("a", ints, 2)),
          sonde_attrs_of(sonde_kv_ints("a", ints, 2)) },
        { "repaired arrays", sonde_attrs_of(sonde_kv_strings("a", strs, 2)),
          sonde_attrs_of(sonde_kv_strings("a", good, 2)) },
        { "maps", sonde_attrs_of(sonde_kv_map("a", sonde_attrs_of(sonde_kv("b", 1)))),
          sonde_attrs_of(sonde_kv_map("a", sonde_attrs_of(sonde_kv("b", 1)))) },
        { "bytes with a NUL", sonde_attrs_of(sonde_kv_bytes("a", "\0\1", 2)),
          sonde_attrs_of(sonde_kv_bytes("a", "\0\1", 2)) },
        { "NaN", sonde_attrs_of(sonde_kv("a", NAN)), sonde_attrs_of(sonde_kv("a", NAN)) },
        { "long text", sonde_attrs_of(sonde_kv("a", "0123456789012345678901234567890123456789")),
          sonde_attrs_of(sonde_kv("a", "0123456789012345678901234567890123456789")) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sonde_counter_bind(c, rows[i].a) != sonde_counter_bind(c, rows[i].b))
            fail_msg("%s: two series", rows[i].what);
}

static void test_series__different_sets_are_different_series(void **state)
{
    struct metrics_fixture *f     = *state;
    sonde_counter          *c     = sonde_counter_get(f->meter, "c");
    const int64_t           one[] = { 1 }, two[] = { 2 };
    const sonde_attrs       sets[] = {
              { NULL, 0 },
              sonde_attrs_of(sonde_kv("a", 1)),
              sonde_attrs_of(sonde_kv("a", "1")),
              sonde_attrs_of(sonde_kv("a", true)),
              sonde_attrs_of(sonde_kv("a", 1.0)),
              sonde_attrs_of(sonde_kv_bytes("a", "1", 1)),
              sonde_attrs_of(sonde_kv("b", 1)),
              sonde_attrs_of(sonde_kv("a", 1), sonde_kv("b", 1)),
              sonde_attrs_of(sonde_kv("a", "b"), sonde_kv("c", "d")),
              sonde_attrs_of(sonde_kv("a", "d"), sonde_kv("c", "b")),
              sonde_attrs_of(sonde_kv("ab", "c")),
              sonde_attrs_of(sonde_kv("a", "bc")),
              sonde_attrs_of(sonde_kv("a", "")),
              sonde_attrs_of(text("a", "\0", 1)),
              sonde_attrs_of(text("a", "\0\0", 2)),
              sonde_attrs_of(sonde_kv_ints("a", one, 1)),
              sonde_attrs_of(sonde_kv_ints("a", two, 1)),
              sonde_attrs_of(sonde_kv_map("a", sonde_attrs_of(sonde_kv("b", 1)))),
              sonde_attrs_of(sonde_kv("a", "0123456789012345678901234567890123456789")),
              sonde_attrs_of(sonde_kv("a", "0123456789012345678901234567890123456780")),
              sonde_attrs_of(sonde_kv("a", "0123456789012345x78901234567890123456789")),
    };
    enum { COUNT = sizeof sets / sizeof *sets };
    sonde_counter_bound *bound[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        bound[i] = sonde_counter_bind(c, sets[i]);
        for (size_t k = 0; k < i; k++)
            if (bound[k] == bound[i])
                fail_msg("sets %zu and %zu are one series", k, i);
    }
}

static void test_series__attributes_are_kept_repaired_and_the_last_of_each_key(void **state)
{
    struct metrics_fixture *f = *state;

    sonde_counter_add_with(sonde_counter_get(f->meter, "c"), 1, sonde_kv("b", 1),
                           text("a", "x\xFF", 2), sonde_kv("b", 2), sonde_kv("", 3),
                           sonde_kv("n", -5));
    metrics_collect(f);

    assert_string_equal(f->points[0].attributes, "a=\"x\xEF\xBF\xBD\",b=2,n=-5");
}

static void test_series__beyond_the_limit_one_series_takes_the_rest(void **state)
{
    struct metrics_fixture *f = *state;
    sonde_counter          *c = sonde_counter_get(f->meter, "c");
    enum { SETS = SONDE__SERIES_LIMIT + 500 };

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < SETS; i++)
            sonde_counter_add_with(c, 1, sonde_kv("i", i));
    metrics_collect(f);

    assert_int_equal(metrics_count(f, "c"), SONDE__SERIES_LIMIT + 1);
    assert_int_equal(metrics_find(f, "c", "otel.metric.overflow=true")->sum, 2 * 500);
    assert_int_equal(metrics_find(f, "c", "i=0")->sum, 2);
    assert_int_equal(metrics_find(f, "c", "i=1999")->sum, 2);
    assert_null(metrics_find(f, "c", "i=2000"));
    assert_int_equal(metrics_sum(f, "c"), 2 * SETS);
}

static void test_series__up_to_the_limit_nothing_overflows(void **state)
{
    struct metrics_fixture *f = *state;
    sonde_histogram        *h = sonde_histogram_get(f->meter, "h");

    for (int i = 0; i < SONDE__SERIES_LIMIT; i++)
        sonde_histogram_record_with(h, 1, sonde_kv("i", i));
    metrics_collect(f);

    assert_int_equal(metrics_count(f, "h"), SONDE__SERIES_LIMIT);
    assert_null(metrics_find(f, "h", "otel.metric.overflow=true"));
}

static void test_series__odd_sets_are_found_beyond_the_limit_too(void **state)
{
    struct metrics_fixture *f = *state;
    sonde_counter          *c = sonde_counter_get(f->meter, "c");

    sonde_counter_add_with(c, 1, text("a", "x\xFF", 2));
    for (int i = 0; i < SONDE__SERIES_LIMIT; i++)
        sonde_counter_add_with(c, 1, sonde_kv("i", i));
    sonde_counter_add_with(c, 1, text("a", "x\xFF", 2));
    sonde_counter_add_with(c, 1, sonde_kv("i", 0), sonde_kv("i", 1));
    metrics_collect(f);

    assert_int_equal(metrics_find(f, "c", "a=\"x\xEF\xBF\xBD\"")->sum, 2);
    assert_int_equal(metrics_find(f, "c", "i=1")->sum, 2);
    assert_int_equal(metrics_find(f, "c", "otel.metric.overflow=true")->sum, 1);
}

static void test_series__the_overflow_attribute_given_by_hand_is_the_same_series(void **state)
{
    struct metrics_fixture *f = *state;
    sonde_counter          *c = sonde_counter_get(f->meter, "c");

    for (int i = 0; i <= SONDE__SERIES_LIMIT; i++)
        sonde_counter_add_with(c, 1, sonde_kv("i", i));
    sonde_counter_add_with(c, 1, sonde_kv("otel.metric.overflow", true));
    metrics_collect(f);

    assert_int_equal(metrics_count(f, "c"), SONDE__SERIES_LIMIT + 1);
    assert_int_equal(metrics_find(f, "c", "otel.metric.overflow=true")->sum, 2);
}

/* With the seed known, values can be made that all have one hash: their first word is multiplied by
 * zero. */
static void test_series__sets_made_to_collide_stay_apart(void **state)
{
    struct metrics_fixture *f = *state;
    sonde_counter          *c = sonde_counter_get(f->meter, "c");
    char                    value[16];
    f->head.metrics->region->seed[0] = f->head.metrics->region->seed[1] = 0;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 500; i++) {
            memset(value, 0, sizeof value);
            value[8]  = (char)('a' + i / 20);
            value[15] = (char)('a' + i % 20);
            sonde_counter_add_with(c, i, text("k", value, sizeof value));
        }
    }
    metrics_collect(f);

    assert_int_equal(metrics_count(f, "c"), 500);
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(f->points[i].sum, 2 * (int64_t)i);
}

static void test_series__a_set_that_is_too_large_overflows(void **state)
{
    struct metrics_fixture *f     = *state;
    sonde_counter          *c     = sonde_counter_get(f->meter, "c");
    size_t                  len   = (size_t)1 << 20;
    char                   *large = malloc(len);
    assert_non_null(large);
    memset(large, 'x', len);

    sonde_counter_add_with(c, 7, text("a", large, len));
    metrics_collect(f);
    free(large);

    assert_int_equal(metrics_find(f, "c", "otel.metric.overflow=true")->sum, 7);
}

static void test_series__when_memory_is_full_nothing_is_lost_from_the_sum(void **state)
{
    struct metrics_fixture *f      = *state;
    size_t                  size   = SONDE__REGION_MIN;
    void                   *memory = metrics_shared_memory(size);
    assert_non_null(memory);
    metrics_start(f, memory);
    sonde_counter   *c = sonde_counter_get(f->meter, "c");
    sonde_histogram *h = sonde_histogram_get(f->meter, "h");

    for (int i = 0; i < 1000; i++) {
        sonde_counter_add_with(c, 1, sonde_kv("i", i));
        sonde_histogram_record_with(h, 1, sonde_kv("i", i));
    }
    metrics_collect(f);
    uint64_t recorded = 0;
    for (uint32_t i = 0; i < f->count; i++)
        recorded += f->points[i].count;

    assert_int_equal(metrics_sum(f, "c"), 1000);
    assert_int_equal(recorded, 1000);
    assert_true(f->count < 1000);
    metrics_start(f, NULL);
    munmap(memory, size);
}

struct adder {
    pthread_t      thread;
    sonde_counter *counter;
};

static void *add_new_sets(void *arg)
{
    struct adder *adder = arg;
    for (int i = 0; i < 300; i++)
        sonde_counter_add_with(adder->counter, 1, sonde_kv("i", i), sonde_kv("k", "v"));
    return NULL;
}

static void test_series__threads_that_find_the_same_new_sets_make_each_once(void **state)
{
    struct metrics_fixture *f = *state;
    struct adder            adders[8];
    sonde_counter          *c = sonde_counter_get(f->meter, "c");

    for (int i = 0; i < 8; i++) {
        adders[i].counter = c;
        assert_int_equal(pthread_create(&adders[i].thread, NULL, add_new_sets, &adders[i]), 0);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(adders[i].thread, NULL);
    metrics_collect(f);

    assert_int_equal(metrics_count(f, "c"), 300);
    for (uint32_t i = 0; i < f->count; i++)
        assert_int_equal(f->points[i].sum, 8);
}

/* A writer may die when its series is in the list and not yet in the table. */
static void test_series__a_series_that_the_table_lacks_is_found_again_after_a_repair(void **state)
{
    struct metrics_fixture *f      = *state;
    sonde_counter          *c      = sonde_counter_get(f->meter, "c");
    struct sonde__region   *region = f->head.metrics->region;
    for (int i = 0; i < 3; i++)
        sonde_counter_add_with(c, 1, sonde_kv("i", i));
    struct sonde__stream *stream = sonde__instrument_stream(c);
    uint64_t              table  = atomic_load(&stream->table);
    memset(sonde__region_at(region, table >> 32), 0, ((uint32_t)table + 1) * sizeof(uint64_t));
    atomic_store(&stream->last, 0);
    atomic_store(&region->damaged, 1);

    for (int i = 0; i < 4; i++)
        sonde_counter_add_with(c, 1, sonde_kv("i", i));
    metrics_collect(f);

    assert_int_equal(metrics_count(f, "c"), 4);
    assert_int_equal(metrics_sum(f, "c"), 7);
    assert_int_equal(atomic_load(&stream->series_count), 4);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, metrics_setup, metrics_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_series__equal_sets_are_one_series),
        EACH(test_series__different_sets_are_different_series),
        EACH(test_series__attributes_are_kept_repaired_and_the_last_of_each_key),
        EACH(test_series__beyond_the_limit_one_series_takes_the_rest),
        EACH(test_series__up_to_the_limit_nothing_overflows),
        EACH(test_series__odd_sets_are_found_beyond_the_limit_too),
        EACH(test_series__the_overflow_attribute_given_by_hand_is_the_same_series),
        EACH(test_series__sets_made_to_collide_stay_apart),
        EACH(test_series__a_set_that_is_too_large_overflows),
        EACH(test_series__when_memory_is_full_nothing_is_lost_from_the_sum),
        EACH(test_series__threads_that_find_the_same_new_sets_make_each_once),
        EACH(test_series__a_series_that_the_table_lacks_is_found_again_after_a_repair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
