/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Before the SDK starts, while it runs, after it stopped, and when it starts again. */
#include "metrics/instrument.h"
#include "metrics_fixture.h"

#include <pthread.h>
#include <stdlib.h>

struct life {
    struct metrics_fixture *f;
    struct sonde__metrics  *metrics; /* the process-wide ones */
};

static int setup(void **state)
{
    static struct life life;
    *state = &life;
    return metrics_setup((void **)&life.f);
}

static int teardown(void **state)
{
    struct life *life = *state;
    sonde__metrics_stop(life->metrics);
    life->metrics = NULL;
    return metrics_teardown((void **)&life->f);
}

static void start(struct life *life)
{
    assert_int_equal(sonde__metrics_start(true, NULL, &life->metrics), SONDE_OK);
}

static void stop(struct life *life)
{
    sonde__metrics_stop(life->metrics);
    life->metrics = NULL;
}

/* Collects the process-wide metrics. */
static bool collect(struct life *life)
{
    life->f->count = 0;
    return sonde__metrics_visit(NULL, &life->f->visitor);
}

static void test_life__without_an_sdk_nothing_happens(void **state)
{
    struct life      *life = *state;
    struct sonde__buf into = { 0 };
    sonde_counter    *c    = sonde_counter_get(sonde_meter_get("early", "1"), "early.1");

    assert_non_null(c);
    sonde_counter_add(c, 1);
    sonde_counter_add_with(c, 1, sonde_kv("a", 1));
    assert_null(sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1))));
    assert_false(collect(life));
    assert_int_equal(life->f->count, 0);
    assert_int_equal(sonde__metrics_write_otlp(NULL, sonde_str_z(""), &into), 0);
}

static void test_life__an_instrument_comes_alive_when_the_sdk_starts(void **state)
{
    struct life   *life = *state;
    sonde_counter *c    = sonde_counter_get(sonde_meter_get("early", "1"), "early.2");

    sonde_counter_add(c, 1);
    start(life);
    sonde_counter_add(c, 2);
    assert_true(collect(life));

    assert_int_equal(metrics_sum(life->f, "early.2"), 2);
}

static void test_life__there_is_one_process_wide_sdk(void **state)
{
    struct life           *life   = *state;
    struct sonde__metrics *second = NULL;
    start(life);

    assert_int_equal(sonde__metrics_start(true, NULL, &second), SONDE_ERR_STARTED);

    assert_null(second);
    assert_int_equal(sonde__metrics_start(true, NULL, NULL), SONDE_ERR_INVALID);
}

static void test_life__after_stop_handles_are_harmless(void **state)
{
    struct life   *life = *state;
    sonde_counter *c    = sonde_counter_get(sonde_meter_get("late", "1"), "late.1");
    start(life);
    sonde_counter_bound *bound = sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1)));
    sonde_counter_bound_add(bound, 1);

    stop(life);
    sonde_counter_bound_add(bound, 1);
    sonde_counter_add(c, 1);
    sonde_counter_add_with(c, 1, sonde_kv("a", 1));

    assert_null(sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1))));
    assert_false(collect(life));
}

static void test_life__a_later_start_counts_from_zero_and_handles_live_again(void **state)
{
    struct life     *life = *state;
    sonde_meter     *m    = sonde_meter_get("again", "1");
    sonde_counter   *c    = sonde_counter_get(m, "again.1");
    sonde_histogram *h    = sonde_histogram_get(m, "again.2");
    start(life);
    sonde_counter_bound   *cb = sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1)));
    sonde_histogram_bound *hb = sonde_histogram_bind(h, sonde_attrs_of(sonde_kv("a", 1)));
    sonde_counter_bound_add(cb, 100);
    sonde_histogram_bound_record(hb, 0.1);
    sonde_counter_add(c, 100);
    stop(life);

    start(life);
    assert_true(collect(life));
    assert_int_equal(life->f->count, 0);
    sonde_counter_bound_add(cb, 7);
    sonde_histogram_bound_record(hb, 0.2);
    assert_true(collect(life));

    assert_int_equal(life->f->count, 2);
    assert_int_equal(metrics_find(life->f, "again.1", "a=1")->sum, 7);
    assert_int_equal(metrics_find(life->f, "again.2", "a=1")->count, 1);
    assert_true(metrics_find(life->f, "again.2", "a=1")->total == 0.2);
    assert_true(metrics_find(life->f, "again.2", "a=1")->max == 0.2);
    assert_ptr_equal(sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1))), cb);
}

static void test_life__each_series_starts_when_it_is_first_used(void **state)
{
    struct life   *life = *state;
    sonde_counter *c    = sonde_counter_get(sonde_meter_get("time", "1"), "time.1");
    start(life);
    sonde_counter_add_with(c, 1, sonde_kv("n", 1));
    sonde_counter_add_with(c, 1, sonde_kv("n", 2));
    assert_true(collect(life));
    uint64_t first = metrics_find(life->f, "time.1", "n=1")->start_ns;
    assert_true(first <= metrics_find(life->f, "time.1", "n=2")->start_ns);
    for (uint32_t i = 0; i < life->f->count; i++)
        assert_true(life->f->points[i].start_ns <= life->f->points[i].time_ns);

    stop(life);
    start(life);
    sonde_counter_add_with(c, 1, sonde_kv("n", 1));
    assert_true(collect(life));

    assert_true(metrics_find(life->f, "time.1", "n=1")->start_ns > first);
}

struct adder {
    pthread_t            thread;
    sonde_counter_bound *bound;
    _Atomic bool         stop;
    _Atomic uint64_t     added;
};

static void *add(void *arg)
{
    struct adder *adder = arg;
    for (uint64_t n = 1; !atomic_load(&adder->stop); n++) {
        sonde_counter_bound_add(adder->bound, 1);
        atomic_store(&adder->added, n);
    }
    return NULL;
}

/* Waits until the thread has added once more at least. */
static uint64_t wait_for_one_more(struct adder *adder)
{
    uint64_t before = atomic_load(&adder->added);
    while (atomic_load(&adder->added) < before + 2)
        sched_yield();
    return atomic_load(&adder->added);
}

static void test_life__a_thread_that_adds_over_a_restart_never_brings_old_figures_back(void **state)
{
    struct life   *life  = *state;
    struct adder   adder = { .stop = false };
    sonde_counter *c     = sonde_counter_get(sonde_meter_get("race", "1"), "race.1");
    start(life);
    adder.bound = sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1)));
    sonde_counter_bound_add(adder.bound, 1000000000);
    assert_int_equal(pthread_create(&adder.thread, NULL, add, &adder), 0);

    int64_t worst = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t before = wait_for_one_more(&adder);
        stop(life);
        start(life);
        bool     ran   = collect(life);
        int64_t  sum   = ran && life->f->count ? metrics_sum(life->f, "race.1") : 0;
        uint64_t after = atomic_load(&adder.added) + 1;
        worst          = sum > (int64_t)(after - before) && sum > worst ? sum : worst;
    }
    wait_for_one_more(&adder);
    bool    ran  = collect(life);
    int64_t last = ran ? metrics_sum(life->f, "race.1") : -1;
    atomic_store(&adder.stop, true);
    pthread_join(adder.thread, NULL);

    assert_int_equal(worst, 0);
    assert_true(last > 0);
}

static void test_life__a_local_sdk_keeps_to_itself_and_its_handles_outlive_it(void **state)
{
    struct life            *life  = *state;
    struct metrics_fixture *f     = life->f;
    sonde_counter          *c     = sonde_counter_get(f->meter, "c");
    sonde_counter_bound    *bound = sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1)));
    start(life);
    sonde_counter_add(sonde_counter_get(sonde_meter_get("test", NULL), "c"), 5);
    sonde_counter_add(c, 1);
    metrics_collect(f);
    assert_int_equal(metrics_sum(f, "c"), 1);

    metrics_start(f, NULL); /* another one */
    sonde_counter_add(c, 1);
    sonde_counter_bound_add(bound, 1);
    metrics_collect(f);

    assert_int_equal(f->count, 0);
    assert_ptr_not_equal(sonde_counter_get(f->meter, "c"), c);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_life__without_an_sdk_nothing_happens),
        EACH(test_life__an_instrument_comes_alive_when_the_sdk_starts),
        EACH(test_life__there_is_one_process_wide_sdk),
        EACH(test_life__after_stop_handles_are_harmless),
        EACH(test_life__a_later_start_counts_from_zero_and_handles_live_again),
        EACH(test_life__each_series_starts_when_it_is_first_used),
        EACH(test_life__a_thread_that_adds_over_a_restart_never_brings_old_figures_back),
        EACH(test_life__a_local_sdk_keeps_to_itself_and_its_handles_outlive_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
