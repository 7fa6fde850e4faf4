/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The memory that series live in: layout, taking, locking, and seeing it from another address. */
#include "metrics/region.h"
#include "metrics_fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 256 * 1024 };

static int setup(void **state)
{
    *state = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *state == MAP_FAILED;
}

static int teardown(void **state)
{
    return munmap(*state, SIZE);
}

static void test_region__refuses_memory_that_cannot_hold_one(void **state)
{
    char *memory = *state;
    struct {
        const char *what;
        void       *memory;
        size_t      size;
        sonde_err   expected;
    } rows[] = {
        { "NULL", NULL, SIZE, SONDE_ERR_INVALID },
        { "not aligned", memory + 8, SIZE - 64, SONDE_ERR_INVALID },
        { "one byte too small", memory, SONDE__REGION_MIN - 1, SONDE_ERR_INVALID },
        { "as small as it may be", memory + SIZE / 2, SONDE__REGION_MIN, SONDE_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sonde__metrics_memory_init(rows[i].memory, rows[i].size) != rows[i].expected)
            fail_msg("%s: not %s", rows[i].what, sonde_err_str(rows[i].expected));
}

static void test_region__refuses_what_another_version_laid_out(void **state)
{
    struct sonde__region  *region  = *state;
    struct sonde__metrics *metrics = NULL;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);

    region->version++;

    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_ERR_INVALID);
    assert_int_equal(sonde__metrics_start(false, region, &metrics), SONDE_ERR_INVALID);
    assert_null(metrics);
}

static void test_region__memory_that_was_never_laid_out_starts_nothing(void **state)
{
    struct sonde__metrics *metrics = NULL;

    assert_int_equal(sonde__metrics_start(false, *state, &metrics), SONDE_ERR_INVALID);

    assert_null(metrics);
}

static void test_region__laying_out_again_leaves_it_as_it_is(void **state)
{
    struct sonde__region *region = *state;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);
    uint32_t at   = sonde__region_take(region, 100);
    uint64_t seed = region->seed[0];

    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);

    assert_int_equal(region->seed[0], seed);
    assert_true(sonde__region_take(region, 100) >= at + 100);
}

static void test_region__gives_zeroed_disjoint_memory_until_it_is_full(void **state)
{
    struct sonde__region *region = *state;
    uint32_t              at, end = 0;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);

    while ((at = sonde__region_take(region, 1001)) != 0) {
        const uint8_t *bytes = sonde__region_at(region, at);
        assert_true(at % 8 == 0 && at >= end && at + 1001 <= region->taken_end);
        for (int i = 0; i < 1001; i++)
            assert_int_equal(bytes[i], 0);
        memset(sonde__region_at(region, at), 0xFF, 1001);
        end = at + 1001;
    }

    assert_true(region->taken_end - end < 1008);
    assert_int_equal(sonde__region_take(region, SIZE_MAX), 0);
    assert_int_equal(sonde__region_take(region, SIZE_MAX - 8), 0);
}

static void test_region__cells_stay_within_their_stripe(void **state)
{
    struct sonde__region *region = *state;
    uint32_t              at, count = 0;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);

    while ((at = sonde__region_take_cell(region, 152)) != UINT32_MAX) {
        assert_true(at == count * 152 && at + 152 <= region->stripe_size);
        count++;
    }

    assert_int_equal(count, region->stripe_size / 152);
    const uint8_t *last = sonde__region_stripe(region, region->stripe_count - 1);
    assert_true(last + region->stripe_size <= (uint8_t *)region + SIZE);
    assert_int_equal(((uintptr_t)last - (uintptr_t)region) % SONDE__LINE, 0);
}

struct locker {
    pthread_t             thread;
    struct sonde__region *region;
    uint64_t             *counter;
};

static void *count_under_lock(void *arg)
{
    struct locker *locker = arg;
    for (int i = 0; i < 2000; i++) {
        if (!sonde__region_lock(locker->region))
            continue;
        ++*locker->counter;
        sonde__region_unlock(locker->region);
    }
    return NULL;
}

static void test_region__the_lock_lets_one_thread_in(void **state)
{
    struct locker lockers[4];
    uint64_t      counter = 0;
    assert_int_equal(sonde__metrics_memory_init(*state, SIZE), SONDE_OK);

    for (int i = 0; i < 4; i++) {
        lockers[i].region  = *state;
        lockers[i].counter = &counter;
        assert_int_equal(pthread_create(&lockers[i].thread, NULL, count_under_lock, &lockers[i]),
                         0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(lockers[i].thread, NULL);

    assert_int_equal(counter, 8000);
}

static void test_region__the_lock_of_a_dead_process_is_taken_over(void **state)
{
    struct sonde__region *region = *state;
    int                   status = -1;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);
    pid_t child = fork();
    if (child == 0)
        _exit(sonde__region_lock(region) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(atomic_load(&region->lock) != 0);

    assert_true(sonde__region_lock(region));

    assert_int_equal(atomic_load(&region->damaged), 1);
    sonde__region_unlock(region);
}

/* Nobody has waited for it, so its pid is still there. */
static void test_region__the_lock_of_a_zombie_is_taken_over(void **state)
{
    struct sonde__region *region = *state;
    siginfo_t             info;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);
    pid_t child = fork();
    if (child == 0)
        _exit(sonde__region_lock(region) ? 0 : 1);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);

    bool locked = sonde__region_lock(region);
    waitpid(child, NULL, 0);

    assert_true(locked);
}

static void test_region__the_lock_of_a_living_process_is_not_taken(void **state)
{
    struct sonde__region *region = *state;
    int                   ready[2], done[2];
    char                  byte = 0;
    assert_int_equal(sonde__metrics_memory_init(region, SIZE), SONDE_OK);
    assert_int_equal(pipe(ready) | pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        byte = sonde__region_lock(region) ? 'y' : 'n';
        _exit(write(ready[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);

    bool locked = sonde__region_lock(region);
    assert_int_equal(write(done[1], &byte, 1), 1);
    waitpid(child, NULL, 0);
    close(ready[0]), close(ready[1]), close(done[0]), close(done[1]);

    assert_int_equal(byte, 'y');
    assert_false(locked);
}

static void test_region__may_be_mapped_at_another_address(void **state)
{
    struct metrics_fixture f  = { .visitor = { 0 } };
    int                    fd = memfd_create("region", MFD_CLOEXEC);
    (void)state;
    assert_int_equal(ftruncate(fd, SIZE), 0);
    void *one = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *two = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_int_equal(sonde__metrics_memory_init(one, SIZE), SONDE_OK);

    metrics_start(&f, one);
    sonde_counter_add_with(sonde_counter_get(f.meter, "c", .unit = "1"), 3, sonde_kv("a", "x"));
    metrics_start(&f, two);
    sonde_counter_add_with(sonde_counter_get(f.meter, "c", .unit = "1"), 4, sonde_kv("a", "x"));
    sonde__metrics_stop(f.head.metrics);
    munmap(one, SIZE);
    close(fd);

    f.head.metrics                 = NULL;
    struct metrics_fixture *reader = NULL;
    assert_int_equal(metrics_setup((void **)&reader), 0);
    metrics_start(reader, two);
    metrics_collect(reader);
    const struct seen_point *point = metrics_find(reader, "c", "a=\"x\"");
    int64_t                  sum   = point ? point->sum : -1;
    metrics_teardown((void **)&reader);
    munmap(two, SIZE);
    assert_int_equal(sum, 7);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_region__refuses_memory_that_cannot_hold_one),
        EACH(test_region__refuses_what_another_version_laid_out),
        EACH(test_region__memory_that_was_never_laid_out_starts_nothing),
        EACH(test_region__laying_out_again_leaves_it_as_it_is),
        EACH(test_region__gives_zeroed_disjoint_memory_until_it_is_full),
        EACH(test_region__cells_stay_within_their_stripe),
        EACH(test_region__the_lock_lets_one_thread_in),
        EACH(test_region__the_lock_of_a_dead_process_is_taken_over),
        EACH(test_region__the_lock_of_a_zombie_is_taken_over),
        EACH(test_region__the_lock_of_a_living_process_is_not_taken),
        EACH(test_region__may_be_mapped_at_another_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
