/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Forked children: what is private counts from zero there, what is shared is summed over all of
 * them, whatever becomes of them. */
#include "metrics/instrument.h"
#include "metrics_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 1 << 20, WRITERS = 4 };

static int child_status(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_fork__a_child_counts_from_zero_through_the_parents_handles(void **state)
{
    struct metrics_fixture *f     = *state;
    sonde_counter          *c     = sonde_counter_get(f->meter, "c");
    sonde_updown_counter   *u     = sonde_updown_counter_get(f->meter, "u");
    sonde_counter_bound    *bound = sonde_counter_bind(c, sonde_attrs_of(sonde_kv("a", 1)));
    sonde_counter_bound_add(bound, 100);
    sonde_counter_add(c, 50);
    sonde_updown_counter_add(u, 1);

    pid_t child = fork();
    if (child == 0) {
        sonde_counter_bound_add(bound, 7);
        sonde_counter_add_with(c, 3, sonde_kv("b", 1));
        metrics_collect(f);
        const struct seen_point *a = metrics_find(f, "c", "a=1"), *b = metrics_find(f, "c", "b=1");
        _exit(f->count == 2 && a && a->sum == 7 && b && b->sum == 3 ? 0 : 1);
    }
    assert_int_equal(child_status(child), 0);
    sonde_counter_bound_add(bound, 1);
    metrics_collect(f);

    assert_int_equal(metrics_find(f, "c", "a=1")->sum, 101);
    assert_null(metrics_find(f, "c", "b=1"));
    assert_int_equal(metrics_sum(f, "u"), 1);
}

static void test_fork__a_child_that_collects_first_shows_nothing(void **state)
{
    struct metrics_fixture *f = *state;
    sonde_counter_add(sonde_counter_get(f->meter, "c"), 50);

    pid_t child = fork();
    if (child == 0) {
        metrics_collect(f);
        _exit(f->count == 0 ? 0 : 1);
    }

    assert_int_equal(child_status(child), 0);
}

static void test_fork__a_grandchild_counts_from_zero_too(void **state)
{
    struct metrics_fixture *f     = *state;
    sonde_counter_bound    *bound = sonde_counter_bind(sonde_counter_get(f->meter, "c"),
                                                       sonde_attrs_of(sonde_kv("a", 1)));
    sonde_counter_bound_add(bound, 1);
    pid_t child = fork();
    if (child == 0) {
        sonde_counter_bound_add(bound, 2);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            sonde_counter_bound_add(bound, 4);
            metrics_collect(f);
            _exit(metrics_sum(f, "c") == 4 ? 0 : 1);
        }
        int status = child_status(grandchild);
        metrics_collect(f);
        _exit(status == 0 && metrics_sum(f, "c") == 2 ? 0 : 1);
    }

    assert_int_equal(child_status(child), 0);
}

struct adder {
    sonde_counter       *counter;
    sonde_counter_bound *bound;
    _Atomic bool         stop;
};

static void *add(void *arg)
{
    struct adder *adder = arg;
    for (int i = 0; !atomic_load(&adder->stop); i++) {
        sonde_counter_bound_add(adder->bound, 1);
        sonde_counter_add_with(adder->counter, 1, sonde_kv("new", i % 3000));
    }
    return NULL;
}

/* Whatever the other thread holds when the process forks, its child can count, and its table is
 * whole. */
static void test_fork__a_child_counts_though_another_thread_was_in_the_middle(void **state)
{
    struct metrics_fixture *f     = *state;
    struct adder            adder = { .stop = false };
    pthread_t               thread;
    int                     failed = 0;
    adder.counter                  = sonde_counter_get(f->meter, "c");
    adder.bound = sonde_counter_bind(adder.counter, sonde_attrs_of(sonde_kv("a", 1)));
    assert_int_equal(pthread_create(&thread, NULL, add, &adder), 0);

    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (int k = 0; k < 2; k++)
                sonde_counter_add_with(adder.counter, 1, sonde_kv("mine", 1));
            sonde_counter_bound_add(adder.bound, 5);
            metrics_collect(f);
            _exit(metrics_find(f, "c", "a=1")->sum == 5 && metrics_sum(f, "c") == 7 ? 0 : 1);
        }
        failed += child_status(child) != 0;
    }
    atomic_store(&adder.stop, true);
    pthread_join(thread, NULL);

    assert_int_equal(failed, 0);
}

/* What a writer tells the parent: how much it has added for certain. */
struct told {
    _Atomic uint64_t ints, records, active;
};

static void write_until_killed(struct metrics_fixture *f, struct told *told, uint64_t times)
{
    sonde_counter        *c = sonde_counter_get(f->meter, "c");
    sonde_histogram      *h = sonde_histogram_get(f->meter, "h");
    sonde_updown_counter *u = sonde_updown_counter_get(f->meter, "u");
    sonde_updown_counter_add(u, 1);
    atomic_store(&told->active, 1);
    for (uint64_t i = 1; i <= times; i++) {
        sonde_counter_add_with(c, 1, sonde_kv("worker", "any"));
        atomic_store(&told->ints, i);
        sonde_histogram_record_with(h, (double)(i % 20), sonde_kv("worker", "any"));
        atomic_store(&told->records, i);
    }
    if (times != UINT64_MAX)
        sonde_updown_counter_add(u, -1);
    _exit(0);
}

/* The parent and its children share what f's metrics are in. */
static struct told *begin_shared(struct metrics_fixture *f, void **ret_memory)
{
    struct told *told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *ret_memory       = metrics_shared_memory(SIZE);
    assert_true(told != MAP_FAILED && *ret_memory != NULL);
    metrics_start(f, *ret_memory);
    return told;
}

static void end_shared(struct metrics_fixture *f, struct told *told, void *memory)
{
    metrics_start(f, NULL);
    munmap(told, 4096);
    munmap(memory, SIZE);
}

static void test_fork__figures_of_all_writers_are_summed_though_one_is_killed(void **state)
{
    struct metrics_fixture *f = *state;
    void                   *memory;
    struct told            *told = begin_shared(f, &memory);
    pid_t                   writers[WRITERS];
    uint64_t                ints = 0, records = 0;

    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        if (writers[i] == 0)
            write_until_killed(f, &told[i], i == 0 ? UINT64_MAX : 20000);
    }
    while (atomic_load(&told[0].records) < 5000)
        sched_yield();
    kill(writers[0], SIGKILL);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(child_status(writers[i]), i == 0 ? 100 + SIGKILL : 0);
        ints += atomic_load(&told[i].ints);
        records += atomic_load(&told[i].records);
    }
    metrics_collect(f);

    const struct seen_point *h = metrics_find(f, "h", "worker=\"any\"");
    assert_in_range(metrics_sum(f, "c"), ints, ints + 1);
    assert_in_range(h->count, records, records + 1);
    assert_int_equal(metrics_sum(f, "u"), 0);
    end_shared(f, told, memory);
}

static void test_fork__what_a_dead_writer_had_up_goes_down_while_the_others_count_on(void **state)
{
    struct metrics_fixture *f = *state;
    void                   *memory;
    struct told            *told = begin_shared(f, &memory);
    pid_t                   writers[2];
    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        if (writers[i] == 0)
            write_until_killed(f, &told[i], UINT64_MAX);
    }
    while (atomic_load(&told[0].active) + atomic_load(&told[1].active) < 2)
        sched_yield();
    metrics_collect(f);
    int64_t both = metrics_sum(f, "u");

    kill(writers[0], SIGKILL);
    assert_int_equal(child_status(writers[0]), 100 + SIGKILL);
    metrics_collect(f);
    int64_t one = metrics_sum(f, "u");
    kill(writers[1], SIGKILL);
    assert_int_equal(child_status(writers[1]), 100 + SIGKILL);
    metrics_collect(f);

    assert_int_equal(both, 2);
    assert_int_equal(one, 1);
    assert_int_equal(metrics_sum(f, "u"), 0);
    end_shared(f, told, memory);
}

static void test_fork__stripes_of_dead_writers_are_used_again(void **state)
{
    struct metrics_fixture *f = *state;
    void                   *memory;
    struct told            *told   = begin_shared(f, &memory);
    struct sonde__region   *region = memory;
    uint32_t                alone  = region->stripe_count - region->crowd_count;

    for (uint32_t i = 0; i < 3 * alone; i++) {
        pid_t child = fork();
        if (child == 0)
            write_until_killed(f, told, 10);
        assert_int_equal(child_status(child), 0);
    }
    metrics_collect(f);

    assert_int_equal(metrics_sum(f, "c"), 30 * (int64_t)alone);
    for (uint32_t i = alone; i < region->stripe_count; i++)
        assert_int_equal(atomic_load(&region->leases[i].epoch), 0);
    end_shared(f, told, memory);
}

static void test_fork__a_child_that_was_counting_goes_on_in_a_stripe_of_its_own(void **state)
{
    struct metrics_fixture *f = *state;
    void                   *memory;
    struct told            *told   = begin_shared(f, &memory);
    struct sonde__region   *region = memory;
    sonde_counter_bound    *bound  = sonde_counter_bind(sonde_counter_get(f->meter, "c"),
                                                        sonde_attrs_of(sonde_kv("a", 1)));
    sonde_counter_bound_add(bound, 1);

    pid_t child = fork();
    if (child == 0) {
        sonde_counter_bound_add(bound, 2);
        _exit(atomic_load(&region->leases[1].owner) >> 32 == (uint64_t)getpid() ? 0 : 1);
    }
    int status = child_status(child);
    sonde_counter_bound_add(bound, 4);
    metrics_collect(f);

    assert_int_equal(status, 0);
    assert_int_equal(metrics_sum(f, "c"), 7);
    end_shared(f, told, memory);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, metrics_setup, metrics_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_fork__a_child_counts_from_zero_through_the_parents_handles),
        EACH(test_fork__a_child_that_collects_first_shows_nothing),
        EACH(test_fork__a_grandchild_counts_from_zero_too),
        EACH(test_fork__a_child_counts_though_another_thread_was_in_the_middle),
        EACH(test_fork__figures_of_all_writers_are_summed_though_one_is_killed),
        EACH(test_fork__what_a_dead_writer_had_up_goes_down_while_the_others_count_on),
        EACH(test_fork__stripes_of_dead_writers_are_used_again),
        EACH(test_fork__a_child_that_was_counting_goes_on_in_a_stripe_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
