/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/test_threads.c - an SDK that starts and stops while others record, ask and stop. */
#include "sdk_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

struct crowd {
    pthread_t            threads[2];
    atomic_bool          over;
    atomic_uint_fast64_t ended; /* spans that recorded */
};

static void *record(void *argument)
{
    struct crowd  *crowd  = argument;
    sonde_tracer  *tracer = sonde_tracer_get("test", "1");
    sonde_counter *orders = sonde_counter_get(sonde_meter_get("test", "1"), "orders");
    while (!atomic_load(&crowd->over)) {
        sonde_span *span = sonde_span_start(tracer, "work", .root = true);
        if (sonde_span_is_recording(span))
            atomic_fetch_add(&crowd->ended, 1);
        sonde_span_end(span);
        sonde_counter_add(orders, 1);
    }
    return NULL;
}

static void *ask(void *argument)
{
    struct crowd *crowd = argument;
    while (!atomic_load(&crowd->over)) {
        sonde_stats stats = { .size = sizeof stats };
        char       *text;
        size_t      length;
        sonde_sdk_stats(NULL, &stats);
        if (sonde_sdk_prometheus(NULL, &text, &length) == SONDE_OK)
            free(text);
    }
    return NULL;
}

static void gather(struct crowd *crowd, void *(*first)(void *), void *(*second)(void *))
{
    atomic_init(&crowd->over, false);
    atomic_init(&crowd->ended, 0);
    assert_int_equal(pthread_create(&crowd->threads[0], NULL, first, crowd), 0);
    assert_int_equal(pthread_create(&crowd->threads[1], NULL, second, crowd), 0);
}

static void dismiss(struct crowd *crowd)
{
    atomic_store(&crowd->over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(crowd->threads[i], NULL);
}

static void test_threads__may_record_while_it_starts_and_stops(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    struct crowd      crowd;
    int               rounds = 0;
    setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio", 1); /* a sampler of the SDK's own */
    gather(&crowd, record, record);
    while (rounds++ < 30 || sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES) < 100) {
        sonde_sdk_start_opts(&f->sdk, &options);
        sonde_sdk_stop(&f->sdk, PATIENCE_MS);
        sonde_memory_exporter_clear(f->memory);
    }
    dismiss(&crowd);
    assert_true(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES) <=
                atomic_load(&crowd.ended));
}

static void test_threads__may_ask_while_it_starts_and_stops(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    struct crowd      crowd;
    gather(&crowd, ask, record);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(sonde_sdk_start_opts(&f->sdk, &options), SONDE_OK);
        sonde_sdk_stop(&f->sdk, PATIENCE_MS);
        sonde_memory_exporter_clear(f->memory);
    }
    dismiss(&crowd);
}

static void *start_one(void *argument)
{
    struct fixture   *f       = argument;
    sonde_sdk_options options = to_memory(f);
    sonde_sdk        *mine    = NULL;
    if (sonde_sdk_start_opts(&mine, &options) == SONDE_OK)
        return mine;
    return NULL;
}

static void test_threads__only_one_of_them_starts_it(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        pthread_t threads[2];
        void     *started[2];
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, start_one, f), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], &started[i]);
        assert_true((started[0] == NULL) != (started[1] == NULL));
        f->sdk = started[0] ? started[0] : started[1];
        assert_int_equal(sonde_sdk_stop(&f->sdk, PATIENCE_MS), SONDE_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_threads__##name, set_up, tear_down)
        TEST(may_record_while_it_starts_and_stops),
        TEST(may_ask_while_it_starts_and_stops),
        TEST(only_one_of_them_starts_it),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
