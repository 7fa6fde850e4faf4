/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Spans that several threads use at once. */
#include "core_fixture.h"
#include "trace/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { THREADS = 2, SPANS = 20000 };

struct crowd {
    struct core_fixture fixture;
    sonde_span         *spans[SPANS];
    _Atomic uint32_t    ready, numbers;
};

static int setup(void **state)
{
    static struct crowd crowd;
    memset(&crowd, 0, sizeof crowd);
    core_fixture_init(&crowd.fixture);
    *state = &crowd;
    return core_fixture_start(&crowd.fixture) != SONDE_OK;
}

static int teardown(void **state)
{
    core_fixture_done(&((struct crowd *)*state)->fixture);
    return 0;
}

static void run_all(void *(*work)(void *), struct crowd *crowd)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* All threads at the same point at about the same time. */
static void meet(struct crowd *crowd, uint32_t round)
{
    crowd->ready++;
    for (uint32_t tries = 0; crowd->ready < (round + 1) * THREADS; tries++)
        if (tries > 1000)
            sched_yield();
}

static void *end_each(void *arg)
{
    struct crowd *crowd = arg;
    for (uint32_t i = 0; i < SPANS; i++) {
        meet(crowd, i);
        sonde_span_end(crowd->spans[i]);
    }
    return NULL;
}

static uint32_t locked_slots(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SONDE__CHUNKS; i++) {
        struct sonde__slot *chunk = atomic_load(&sonde__slot_chunks[i]);
        for (uint32_t k = 0; chunk && k < SONDE__CHUNK; k++) {
            if (pthread_mutex_trylock(&chunk[k].mutex) == 0)
                pthread_mutex_unlock(&chunk[k].mutex);
            else
                count++;
        }
    }
    return count;
}

static void test_shared__ended_by_several_threads_ends_once_and_leaves_no_lock_held(void **state)
{
    struct crowd *crowd = *state;
    for (uint32_t i = 0; i < SPANS; i++)
        crowd->spans[i] = sonde_span_start(crowd->fixture.tracer, "s", .shared = true);
    uint64_t before = core_fixture_stats(&crowd->fixture).misuse;

    run_all(end_each, crowd);

    assert_int_equal(locked_slots(), 0);
    assert_int_equal(core_fixture_flush(&crowd->fixture), SONDE_OK);
    assert_int_equal(crowd->fixture.fake.spans, SPANS);
    assert_int_equal(core_fixture_stats(&crowd->fixture).misuse, before + (THREADS - 1) * SPANS);
}

/* One thread ends the span and starts others in its place; the rest look at it meanwhile. */
static void *look_and_end(void *arg)
{
    struct crowd *crowd  = arg;
    uint32_t      number = crowd->numbers++;
    for (uint32_t i = 0; i < SPANS; i++) {
        sonde_span *span = crowd->spans[i];
        meet(crowd, i);
        if (number == i % THREADS) {
            sonde_span_end(span);
            sonde_span_end(sonde_span_start(crowd->fixture.tracer, "in its place"));
            continue;
        }
        sonde_span_context ids = sonde_span_context_of(span);
        sonde_span_is_recording(span);
        sonde_span        *child   = sonde_span_start(crowd->fixture.tracer, "c", .parent = span);
        sonde_context     *context = sonde_context_with_span(NULL, span);
        sonde_span_context mine    = sonde_span_context_of(child);
        if (sonde_span_context_is_valid(&ids) && !sonde_span_context_is_valid(&mine))
            crowd->spans[i] = NULL; /* one that is there carries its ids to its child */
        sonde_context_unref(context);
        sonde_span_end(child);
    }
    return NULL;
}

static void test_shared__may_be_looked_at_while_another_thread_ends_it(void **state)
{
    struct crowd      *crowd = *state;
    sonde_span_context remote;
    sonde_traceparent_parse(sonde_str_z("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                            &remote);
    for (uint32_t i = 0; i < SPANS; i++) {
        sonde_context *context = sonde_context_with_remote(NULL, &remote, sonde_str_z("a=b"));
        crowd->spans[i]        = sonde_span_start(crowd->fixture.tracer, "s", .shared = true,
                                                  .parent_context = context);
        sonde_context_unref(context);
    }

    run_all(look_and_end, crowd);

    for (uint32_t i = 0; i < SPANS; i++)
        assert_non_null(crowd->spans[i]);
    assert_int_equal(locked_slots(), 0);
    sonde_stats s = core_fixture_stats(&crowd->fixture);
    assert_int_equal(s.spans_started, SPANS * (THREADS + 1));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_shared__ended_by_several_threads_ends_once_and_leaves_no_lock_held),
        CASE(test_shared__may_be_looked_at_while_another_thread_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
