/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Many threads: nothing is lost, and whoever collects meanwhile sees figures that agree and never
 * fall. */
#include "core/thread.h"
#include "metrics/instrument.h"
#include "metrics_fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { THREADS = 8, TIMES = 20000 };

struct worker {
    pthread_t              thread;
    sonde_counter         *counter;
    sonde_histogram       *histogram;
    sonde_counter_bound   *counter_bound;
    sonde_histogram_bound *histogram_bound;
    _Atomic uint32_t      *running;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < TIMES; i++) {
        sonde_counter_bound_add(w->counter_bound, 1);
        sonde_histogram_bound_record(w->histogram_bound, i % 100);
        sonde_counter_add_with(w->counter, 1, sonde_kv("i", i % 10));
        sonde_histogram_record_with(w->histogram, i % 100, sonde_kv("i", i % 10));
    }
    atomic_fetch_sub(w->running, 1);
    return NULL;
}

/* A later collection shows at least what an earlier one showed; says what is wrong. */
static const char *compare(const struct metrics_fixture *f, const struct seen_point *before,
                           uint32_t count)
{
    for (uint32_t i = 0; i < f->count; i++) {
        const struct seen_point *now = &f->points[i];
        uint64_t                 sum = 0;
        for (uint32_t k = 0; k < now->bucket_count; k++)
            sum += now->buckets[k];
        if (sum != now->count)
            return "a count is not the sum of the buckets";
        for (uint32_t k = 0; k < count; k++) {
            if (strcmp(before[k].metric, now->metric) != 0 ||
                strcmp(before[k].attributes, now->attributes) != 0)
                continue;
            if (now->sum < before[k].sum || now->count < before[k].count ||
                now->total < before[k].total)
                return "a figure fell";
            for (uint32_t b = 0; b < now->bucket_count; b++)
                if (now->buckets[b] < before[k].buckets[b])
                    return "a bucket fell";
        }
    }
    return NULL;
}

static void start_worker(struct worker *w, sonde_meter *meter, _Atomic uint32_t *running)
{
    w->counter         = sonde_counter_get(meter, "c");
    w->histogram       = sonde_histogram_get(meter, "h");
    w->counter_bound   = sonde_counter_bind(w->counter, sonde_attrs_of(sonde_kv("bound", true)));
    w->histogram_bound = sonde_histogram_bind(w->histogram,
                                              sonde_attrs_of(sonde_kv("bound", true)));
    w->running         = running;
    assert_int_equal(pthread_create(&w->thread, NULL, work, w), 0);
}

/* Collects until all workers are done. */
static const char *watch(struct metrics_fixture *f, _Atomic uint32_t *running)
{
    struct seen_point *before = calloc(64, sizeof *before);
    const char        *wrong  = NULL;
    uint32_t           count  = 0;
    do {
        metrics_collect(f);
        wrong = wrong ? wrong : compare(f, before, count);
        count = f->count < 64 ? f->count : 64;
        memcpy(before, f->points, count * sizeof *before);
    } while (atomic_load(running) > 0);
    free(before);
    return wrong;
}

static uint64_t recorded(const struct metrics_fixture *f)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < f->count; i++)
        count += f->points[i].count;
    return count;
}

static void run(struct metrics_fixture *f, uint32_t threads)
{
    struct worker   *workers = calloc(threads, sizeof *workers);
    _Atomic uint32_t running = threads;
    for (uint32_t i = 0; i < threads; i++)
        start_worker(&workers[i], f->meter, &running);
    const char *wrong = watch(f, &running);
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    metrics_collect(f);
    if (wrong)
        fail_msg("%s", wrong);
}

static void test_threads__collecting_meanwhile_shows_figures_that_agree_and_never_fall(void **state)
{
    struct metrics_fixture *f = *state;

    run(f, THREADS);

    assert_int_equal(metrics_sum(f, "c"), 2 * THREADS * TIMES);
    assert_int_equal(recorded(f), 2 * THREADS * TIMES);
    assert_true(metrics_find(f, "h", "bound=true")->total == 49.5 * THREADS * TIMES);
    assert_true(metrics_find(f, "h", "bound=true")->min == 0 &&
                metrics_find(f, "h", "bound=true")->max == 99);
}

/* The smallest region has 8 stripes, of which 7 have one writer. */
static void test_threads__more_threads_than_stripes_lose_nothing(void **state)
{
    struct metrics_fixture *f      = *state;
    void                   *memory = metrics_shared_memory(128 * 1024);
    assert_non_null(memory);
    metrics_start(f, memory);

    run(f, 20);

    assert_int_equal(metrics_sum(f, "c"), 2 * 20 * TIMES);
    assert_int_equal(recorded(f), 2 * 20 * TIMES);
    assert_true(metrics_find(f, "h", "bound=true")->total == 49.5 * 20 * TIMES);
    assert_true(metrics_find(f, "h", "bound=true")->max == 99);
    metrics_start(f, NULL);
    munmap(memory, 128 * 1024);
}

enum { CROWD = 4, CROWD_TIMES = 200000 };

struct crowd {
    sonde_counter_bound   *counter;
    sonde_histogram_bound *histogram;
    pthread_barrier_t      leased, done;
};

/* Holds a stripe until all is done. */
static void *hold(void *arg)
{
    struct crowd *crowd = arg;
    sonde_counter_bound_add(crowd->counter, 1);
    pthread_barrier_wait(&crowd->leased);
    pthread_barrier_wait(&crowd->done);
    return NULL;
}

static void *push(void *arg)
{
    struct crowd *crowd = arg;
    pthread_barrier_wait(&crowd->leased);
    for (int i = 1; i <= CROWD_TIMES; i++)
        sonde_counter_bound_add(crowd->counter, 1);
    for (int i = 1; i <= CROWD_TIMES; i++)
        sonde_histogram_bound_record(crowd->histogram, i);
    pthread_barrier_wait(&crowd->done);
    return NULL;
}

/* The smallest region has 7 stripes with one writer, and they are taken. */
static void test_threads__those_who_share_a_stripe_lose_nothing(void **state)
{
    enum { HELD = 7 };
    struct metrics_fixture *f      = *state;
    void                   *memory = metrics_shared_memory(128 * 1024);
    struct crowd            crowd;
    pthread_t               threads[HELD + CROWD];
    assert_non_null(memory);
    metrics_start(f, memory);
    sonde_attrs all = { NULL, 0 };
    crowd.counter   = sonde_counter_bind(sonde_counter_get(f->meter, "c"), all);
    crowd.histogram = sonde_histogram_bind(sonde_histogram_get(f->meter, "h"), all);
    pthread_barrier_init(&crowd.leased, NULL, HELD + CROWD);
    pthread_barrier_init(&crowd.done, NULL, HELD + CROWD);

    for (int i = 0; i < HELD + CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < HELD ? hold : push, &crowd), 0);
    for (int i = 0; i < HELD + CROWD; i++)
        pthread_join(threads[i], NULL);
    metrics_collect(f);

    const struct seen_point *h = metrics_find(f, "h", "");
    assert_int_equal(metrics_sum(f, "c"), HELD + CROWD * CROWD_TIMES);
    assert_int_equal(h->count, CROWD * CROWD_TIMES);
    assert_true(h->total == CROWD * (CROWD_TIMES / 2.0 * (CROWD_TIMES + 1)));
    assert_true(h->min == 1 && h->max == CROWD_TIMES);
    metrics_start(f, NULL);
    munmap(memory, 128 * 1024);
}

static void test_threads__who_shares_a_stripe_takes_one_that_becomes_free(void **state)
{
    enum { HELD = 7 };
    struct metrics_fixture *f      = *state;
    void                   *memory = metrics_shared_memory(128 * 1024);
    struct crowd            crowd;
    pthread_t               threads[HELD];
    assert_non_null(memory);
    metrics_start(f, memory);
    crowd.counter = sonde_counter_bind(sonde_counter_get(f->meter, "c"), (sonde_attrs){ NULL, 0 });
    pthread_barrier_init(&crowd.leased, NULL, HELD + 1);
    pthread_barrier_init(&crowd.done, NULL, HELD + 1);
    for (int i = 0; i < HELD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold, &crowd), 0);
    pthread_barrier_wait(&crowd.leased);
    sonde_counter_bound_add(crowd.counter, 1);
    bool shares = sonde__thread_get()->token == 0;

    pthread_barrier_wait(&crowd.done);
    for (int i = 0; i < HELD; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 10000; i++)
        sonde_counter_bound_add(crowd.counter, 1);
    bool alone = sonde__thread_get()->token != 0;
    metrics_collect(f);

    assert_true(shares && alone);
    assert_int_equal(metrics_sum(f, "c"), HELD + 1 + 10000);
    metrics_start(f, NULL);
    munmap(memory, 128 * 1024);
}

static void *add_once(void *arg)
{
    sonde_counter_add(arg, 1);
    return NULL;
}

static void test_threads__a_thread_that_ends_gives_its_stripe_back(void **state)
{
    struct metrics_fixture *f      = *state;
    struct sonde__region   *region = f->head.metrics->region;
    sonde_counter          *c      = sonde_counter_get(f->meter, "c");

    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, add_once, c), 0);
        pthread_join(thread, NULL);
    }
    metrics_collect(f);

    assert_int_equal(metrics_sum(f, "c"), 200);
    assert_int_equal(atomic_load(&region->leased), 1);
    assert_int_equal(atomic_load(&region->leases[0].owner), 0);
}

static void test_threads__a_thread_may_count_in_two_regions_by_turns(void **state)
{
    struct metrics_fixture *f     = *state;
    struct metrics_fixture *other = NULL;
    assert_int_equal(metrics_setup((void **)&other), 0);
    sonde_counter *here  = sonde_counter_get(f->meter, "c"),
                  *there = sonde_counter_get(other->meter, "c");

    for (int i = 0; i < 100; i++) {
        sonde_counter_add(here, 1);
        sonde_counter_add(there, 2);
    }
    metrics_collect(f);
    metrics_collect(other);
    int64_t  sum    = metrics_sum(other, "c");
    uint32_t leased = atomic_load(&other->head.metrics->region->leased);
    metrics_teardown((void **)&other);

    assert_int_equal(metrics_sum(f, "c"), 100);
    assert_int_equal(sum, 200);
    assert_int_equal(leased, 1);
    assert_int_equal(atomic_load(&f->head.metrics->region->leased), 1);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, metrics_setup, metrics_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_threads__collecting_meanwhile_shows_figures_that_agree_and_never_fall),
        EACH(test_threads__more_threads_than_stripes_lose_nothing),
        EACH(test_threads__those_who_share_a_stripe_lose_nothing),
        EACH(test_threads__who_shares_a_stripe_takes_one_that_becomes_free),
        EACH(test_threads__a_thread_that_ends_gives_its_stripe_back),
        EACH(test_threads__a_thread_may_count_in_two_regions_by_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
