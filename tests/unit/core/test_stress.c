/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Many threads at once. */
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ThreadSanitizer makes one lock of all that these threads do, and there are 17 before the pump. */
#if defined(__SANITIZE_THREAD__)
enum { THREADS = 16, ROUNDS = 6 };
#else
enum { THREADS = 16, ROUNDS = 30 };
#endif

static struct {
    struct core_fixture           fixture;
    _Atomic(struct sonde__core *) core;
    atomic_bool                   over;
    _Atomic uint64_t              recorded;
} crowd;

static void *record(void *arg)
{
    (void)arg;
    sonde_span *across = NULL; /* open over many starts and stops */
    for (uint32_t i = 0; !crowd.over; i++) {
        sonde_in_span (span, crowd.fixture.tracer, "s", .attrs = sonde_attrs_of(sonde_kv("i", i))) {
            sonde_span_set(span, "k", "v");
            sonde_span_end(sonde_span_start(crowd.fixture.tracer, "inner", .shared = true));
        }
        if (i % 64 == 0) {
            sonde_span_end(across);
            across = sonde_span_start(crowd.fixture.tracer, "across");
        }
        sonde_span_set(across, "i", i);
        sonde_span_add_event(across, "e");
        crowd.recorded++;
        sched_yield(); /* threads that never rest would starve the pump, not test it */
    }
    sonde_span_end(across);
    return NULL;
}

static void *flush(void *arg)
{
    (void)arg;
    while (!crowd.over) {
        sonde_stats stats = { .size = sizeof stats };
        sonde__core_flush(crowd.core, 1000);
        sonde__core_stats(crowd.core, &stats);
    }
    return NULL;
}

/* Until the others have done something. */
static void let_them(uint64_t more)
{
    uint64_t until = crowd.recorded + more;
    while (crowd.recorded < until)
        sched_yield();
}

static void test_stress__threads_record_while_others_flush_stop_and_start(void **state)
{
    pthread_t threads[THREADS], flusher;
    (void)state;
    memset(&crowd, 0, sizeof crowd);
    core_fixture_init(&crowd.fixture);
    crowd.fixture.options.batch_spans = 50;
    assert_int_equal(core_fixture_start(&crowd.fixture), SONDE_OK);
    crowd.core = crowd.fixture.core;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, record, NULL), 0);
    assert_int_equal(pthread_create(&flusher, NULL, flush, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct sonde__core *core = crowd.core;
        let_them(200);
        sonde__core_stop(core, 20000);
        let_them(20);
        assert_int_equal(sonde__core_start(&crowd.fixture.options, &core), SONDE_OK);
        crowd.core = core;
    }
    crowd.over = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(flusher, NULL);
    crowd.fixture.core = crowd.core;
    assert_int_equal(core_fixture_flush(&crowd.fixture), SONDE_OK);
    sonde_stats s = core_fixture_stats(&crowd.fixture);
    assert_int_equal(s.spans_accepted, s.spans_delivered + s.spans_dropped_failed);
    assert_int_equal(s.spans_waiting, 0);
    core_fixture_done(&crowd.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress__threads_record_while_others_flush_stop_and_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
