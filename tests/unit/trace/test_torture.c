/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory: each allocation in turn fails, and once warm nothing is allocated. The linker sends the
 * calls here (--wrap). */
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static _Atomic int64_t allocations; /* since the last reset */
static _Atomic int64_t fails_at;    /* the number of the one that fails; 0: none */
static _Atomic bool    fails_on;    /* and all after it */

static bool refused(void)
{
    int64_t number = ++allocations, at = fails_at;
    return at && (number == at || (fails_on && number > at));
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refused() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : __real_aligned_alloc(alignment, size);
}

static int setup(void **state)
{
    static struct core_fixture fixture;
    core_fixture_init(&fixture);
    *state = &fixture;
    return core_fixture_start(&fixture) != SONDE_OK;
}

static int teardown(void **state)
{
    fails_at = 0;
    core_fixture_done(*state);
    return 0;
}

enum { SPANS = 3 };

/* What a request does. */
static void *request(void *arg)
{
    struct core_fixture *f = arg;
    char                 large[3000];
    sonde_span_context   parent  = { .trace_id = { 1 }, .span_id = { 2 }, .flags = 1 };
    sonde_context       *context = sonde_context_with_remote(NULL, &parent, sonde_str_z("a=b"));
    sonde_context *baggage = sonde_context_with_baggage(context, "user", sonde_str_z("j \xC3\xA9"));
    sonde_token    token   = sonde_context_attach(baggage);
    memset(large, 'x', sizeof large);
    sonde_in_span (outer, f->tracer, "outer", .kind = SONDE_KIND_SERVER) {
        sonde_span_set(outer, "a", 1);
        sonde_span_set(outer, "b\xff", "text");
        sonde_span_set_attr(outer, sonde_kv("large", sonde_str_n(large, sizeof large)));
        sonde_span_add_event_with(outer, "event", sonde_kv("k", 0.5));
        sonde_span *inner = sonde_span_start(f->tracer, "inner", .shared = true);
        sonde_span_fail(inner, "io", "gone");
        sonde_span_end(sonde_span_start(f->tracer, "child", .parent = inner));
        sonde_span_end(inner);
    }
    sonde_context_detach(token);
    sonde_context_unref(baggage);
    sonde_context_unref(context);
    return NULL;
}

static uint64_t known(struct core_fixture *f)
{
    sonde_stats s = core_fixture_stats(f);
    return s.spans_accepted + s.spans_dropped_full + s.spans_dropped_oversize;
}

/* In a thread of its own, so that everything it has is made anew, and freed at its end. */
static void test_torture__each_allocation_of_a_request_fails_in_turn(void **state)
{
    struct core_fixture *f = *state;
    for (int all_after = 0; all_after < 2; all_after++) {
        int64_t number = 0;
        for (bool reached = true; reached;) {
            pthread_t thread;
            uint64_t  before = known(f);
            assert_int_equal(pthread_create(&thread, NULL, request, f), 0);
            pthread_join(thread, NULL); /* the pump's thread is there, and the slots are */
            assert_int_equal(known(f), before + SPANS);
            assert_int_equal(core_fixture_flush(f), SONDE_OK);

            pthread_mutex_lock(&f->core->pump.turn); /* it allocates nothing meanwhile */
            fails_on = all_after;
            fails_at = allocations + ++number;
            if (pthread_create(&thread, NULL, request, f) == 0)
                pthread_join(thread, NULL);
            reached  = allocations >= fails_at;
            fails_at = 0;
            pthread_mutex_unlock(&f->core->pump.turn);
            if (known(f) != before + 2 * SPANS)
                fail_msg("allocation %lld: %llu of %d spans are known", (long long)number,
                         (unsigned long long)(known(f) - before - SPANS), SPANS);
        }
        assert_true(number > 5);
    }
}

/* What was accepted is delivered, dropped or waiting, whatever the pump could not get. */
static void test_torture__each_allocation_of_the_pump_fails_in_turn(void **state)
{
    struct core_fixture *f       = *state;
    bool                 reached = true;
    f->core->options.loop        = true; /* this thread is the pump */
    for (int64_t number = 1; reached && number < 200; number++) {
        for (int i = 0; i < 20; i++)
            request(f);
        fails_at = allocations + number;
        sonde__core_flush(f->core, 1);
        reached  = allocations >= fails_at;
        fails_at = 0;
        assert_int_equal(core_fixture_flush(f), SONDE_OK);
        sonde_stats s = core_fixture_stats(f);
        assert_int_equal(s.spans_waiting, 0);
        if (s.spans_accepted != s.spans_delivered + s.spans_dropped_failed + s.spans_dropped_behind)
            fail_msg("allocation %lld", (long long)number);
    }
    assert_false(reached);
    f->core->options.loop = false;
}

static void test_torture__each_allocation_of_a_start_fails_in_turn(void **state)
{
    struct core_fixture *f = *state;
    assert_int_equal(sonde__core_stop(f->core, 20000), SONDE_OK);
    sonde_err err = SONDE_ERR_NOMEM;
    for (int64_t number = 1; err == SONDE_ERR_NOMEM; number++) {
        assert_true(number < 100);
        fails_at = allocations + number;
        err      = sonde__core_start(&f->options, &f->core);
        fails_at = 0;
    }
    assert_int_equal(err, SONDE_OK);
    request(f);
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, SPANS);
}

static void test_torture__each_allocation_of_a_tracer_fails_in_turn(void **state)
{
    sonde_tracer *tracer = NULL;
    (void)state;
    for (int64_t number = 1; !tracer; number++) {
        assert_true(number < 100);
        fails_at = allocations + number;
        tracer   = sonde_tracer_get("torture", "2");
        fails_at = 0;
    }
    assert_ptr_equal(sonde_tracer_get("torture", "2"), tracer);
}

static void test_torture__nothing_is_allocated_once_it_is_warm(void **state)
{
    struct core_fixture *f = *state;
    for (int i = 0; i < 500; i++)
        request(f);
    core_fixture_flush(f);
    pthread_mutex_lock(&f->core->pump.turn); /* it allocates nothing meanwhile */
    int64_t before = allocations;
    for (int i = 0; i < 150; i++)
        sonde_in_span (span, f->tracer, "s", .shared = i % 2) {
            sonde_span_set(span, "a", i);
            sonde_span_set(span, "b", "text of some length");
            sonde_span_set(span, "a", 0.5);
            sonde_span_add_event(span, "e");
        }
    int64_t after = allocations;
    pthread_mutex_unlock(&f->core->pump.turn);
    assert_true(after - before <= 1); /* the records may begin a new page, and fill no second */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_torture__each_allocation_of_a_request_fails_in_turn),
        CASE(test_torture__each_allocation_of_the_pump_fails_in_turn),
        CASE(test_torture__each_allocation_of_a_start_fails_in_turn),
        CASE(test_torture__each_allocation_of_a_tracer_fails_in_turn),
        CASE(test_torture__nothing_is_allocated_once_it_is_warm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
