/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "core_fixture.h"
#include "trace/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int setup(void **state)
{
    static struct core_fixture fixture;
    core_fixture_init(&fixture);
    *state = &fixture;
    return core_fixture_start(&fixture) != SONDE_OK;
}

static int teardown(void **state)
{
    core_fixture_done(*state);
    return 0;
}

/* Every function that takes a span. */
static void use(struct core_fixture *f, sonde_span *span)
{
    sonde_span_context none = { .flags = 0 }, found = sonde_span_context_of(span);
    assert_memory_equal(&found, &none, sizeof none);
    assert_false(sonde_span_is_recording(span));
    sonde_span_set(span, "stray", 1);
    sonde_span_set_attrs(span, sonde_attrs_of(sonde_kv("stray", 1)));
    sonde_span_set_name(span, sonde_str_z("stray"));
    sonde_span_set_status(span, SONDE_STATUS_ERROR, "stray");
    sonde_span_fail(span, "stray", NULL);
    sonde_span_add_event(span, "stray");
    sonde_span_add_event_at(span, sonde_str_z("stray"), 1, (sonde_attrs){ NULL, 0 });
    sonde_span_add_link(span, (sonde_link){ .tracestate = { "a=b", 3 } });
    sonde_span_record_exception(span, &(sonde_exception){ .type = "stray" });
    assert_null(sonde_context_with_span(NULL, span));
    sonde_span_discard(sonde_span_start(f->tracer, "child", .parent = span));
    sonde_span_end_at(span, 1);
    sonde_span_discard(span);
    sonde_span_end(span);
}

static void test_slot__a_handle_that_never_was_touches_nothing(void **state)
{
    struct core_fixture *f    = *state;
    struct sonde__rand   rand = { { 1, 2, 3, 4 } };
    sonde_span          *live = sonde_span_start(f->tracer, "live", .shared = true);
    uint64_t             mine = sonde__handle_of(live);
    for (int i = 0; i < 20000; i++) {
        uint64_t handle = sonde__rand_next(&rand);
        if (i % 4 == 1) /* in the table, too */
            handle = (handle & ~UINT64_C(0xFFFFF)) | (handle & 0xFF);
        if (i % 4 == 2) /* the live one but for a bit */
            handle = mine ^ UINT64_C(1) << (handle & 63);
        if (i % 4 == 3)
            handle &= 0xFFFFFF;
        if (handle != mine)
            use(f, (sonde_span *)(uintptr_t)handle);
    }
    sonde_span_end(live);
    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    sonde_span_view view;
    assert_true(fake_exporter_span(&f->fake, 0, &view, NULL));
    assert_int_equal(view.name.len, 4);
    assert_int_equal(view.attribute_count + view.event_count + view.link_count, 0);
    assert_int_equal(f->fake.spans, 1);
}

static void test_slot__a_generation_is_never_given_twice(void **state)
{
    struct core_fixture *f = *state;
    static uint64_t      seen[3000];
    for (int i = 0; i < 3000; i++) {
        sonde_span *span = sonde_span_start(f->tracer, "s");
        seen[i]          = sonde__handle_of(span);
        sonde_span_discard(span);
    }
    for (int i = 0; i < 3000; i++) {
        assert_null(sonde__slot_find(seen[i]));
        for (int k = 0; k < i; k++)
            if (seen[i] == seen[k])
                fail_msg("uses %d and %d have one handle", k, i);
    }
}

static void test_slot__generations_begin_again_without_becoming_zero(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    struct sonde__slot  *slot = sonde__slot_find(sonde__handle_of(span));
    sonde_span_discard(span);
    slot->uses = (UINT64_C(1) << 42) - 1;
    span       = sonde_span_start(f->tracer, "next use of the same slot");
    assert_ptr_equal(sonde__slot_find(sonde__handle_of(span)), slot);
    assert_true((sonde__handle_of(span) >> SONDE__SLOT_BITS & ((UINT64_C(1) << 42) - 1)) != 0);
    sonde_span_discard(span);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(thread_sanitizer) || __has_feature(address_sanitizer))
#else
#define SANITIZED false
#endif

static void test_slot__when_all_are_open_spans_are_dropped_and_counted(void **state)
{
    struct core_fixture *f     = *state;
    uint32_t             count = 0, all = 1u << SONDE__SLOT_BITS;
    if (SANITIZED)
        skip(); /* several times as much memory */
    sonde_span       **open    = malloc((all + 1) * sizeof(sonde_span *));
    sonde_span_context parent  = { .trace_id = { 1 },
                                   .span_id  = { 1 } }; /* not sampled: no record */
    sonde_context     *context = sonde_context_with_remote(NULL, &parent, sonde_str_z(""));
    while (count <= all) {
        open[count] = sonde_span_start(f->tracer, "s", .parent_context = context);
        if (!open[count++])
            break;
    }
    assert_int_equal(count, all + 1);
    assert_null(open[all]);
    assert_int_equal(core_fixture_stats(f).spans_dropped_full, 1);
    for (uint32_t i = 0; i < all; i++)
        sonde_span_end(open[i]);
    sonde_span *again = sonde_span_start(f->tracer, "again");
    assert_non_null(again);
    sonde_span_end(again);
    sonde_context_unref(context);
    free(open);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_slot__a_handle_that_never_was_touches_nothing),
        CASE(test_slot__a_generation_is_never_given_twice),
        CASE(test_slot__generations_begin_again_without_becoming_zero),
        CASE(test_slot__when_all_are_open_spans_are_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
