/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

static sonde_span_view sent(struct core_fixture *fixture, uint64_t n)
{
    sonde_span_view span;
    assert_int_equal(core_fixture_flush(fixture), SONDE_OK);
    assert_true(fake_exporter_span(&fixture->fake, n, &span, NULL));
    return span;
}

static void assert_text(sonde_str got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.ptr, wanted, got.len);
}

static void test_span__is_sent_with_its_name_kind_and_times(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "checkout", .kind = SONDE_KIND_CLIENT,
                                                 .start_ns = 1000);
    assert_non_null(span);
    assert_true(sonde_span_is_recording(span));
    sonde_span_context context = sonde_span_context_of(span);

    sonde_span_end_at(span, 3000);

    sonde_span_view view = sent(f, 0);
    assert_text(view.name, "checkout");
    assert_int_equal(view.kind, SONDE_KIND_CLIENT);
    assert_int_equal(view.start_ns, 1000);
    assert_int_equal(view.end_ns, 3000);
    assert_memory_equal(view.span_context.trace_id, context.trace_id, 16);
    assert_memory_equal(view.span_context.span_id, context.span_id, 8);
    assert_int_equal(view.span_context.flags, SONDE_TRACE_SAMPLED | SONDE_TRACE_RANDOM);
    assert_false(sonde_span_is_recording(span));
}

static void test_span__never_ends_before_it_starts(void **state)
{
    struct core_fixture *f = *state;
    sonde_span_end_at(sonde_span_start(f->tracer, "early", .start_ns = 5000), 10);
    assert_int_equal(sent(f, 0).end_ns, 5000);
}

static void test_span__keeps_attributes_of_every_type(void **state)
{
    struct core_fixture *f       = *state;
    int64_t              ints[]  = { 1, -2 };
    double               reals[] = { 0.5 };
    bool                 bools[] = { true, false };
    sonde_str            texts[] = { { "a", 1 }, { "b\"", 2 } };
    sonde_attr           inner[] = { sonde_kv("x", 1) };
    sonde_span          *span    = sonde_span_start(
                    f->tracer, "s", .attrs = sonde_attrs_of(sonde_kv("text", "v"), sonde_kv("yes", true)));
    sonde_span_set(span, "int", -7);
    sonde_span_set(span, "big", UINT64_MAX);
    sonde_span_set(span, "real", 0.25);
    sonde_span_set_attr(span, sonde_kv_ints("ints", ints, 2));
    sonde_span_set_attr(span, sonde_kv_doubles("reals", reals, 1));
    sonde_span_set_attr(span, sonde_kv_bools("bools", bools, 2));
    sonde_span_set_attr(span, sonde_kv_strings("texts", texts, 2));
    sonde_span_set_attr(span, sonde_kv_bytes("bytes", "\x01\x02\x03", 3));
    sonde_span_set_attr(span, sonde_kv_map("map", (sonde_attrs){ inner, 1 }));
    sonde_span_set_attr(span, sonde_kv("skipped", (const char *)NULL));
    sonde_span_end(span);

    static const struct {
        const char *key, *text;
    } wanted[] = {
        { "text", "v" },
        { "yes", "true" },
        { "int", "-7" },
        { "big", "9223372036854775807" },
        { "real", "0.25" },
        { "ints", "[1,-2]" },
        { "reals", "[0.5]" },
        { "bools", "[true,false]" },
        { "texts", "[\"a\",\"b\\\"\"]" },
        { "bytes", "AQID" },
        { "map", "{\"x\":1}" },
    };
    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(fake_attribute(&view, wanted[i].key), wanted[i].text) != 0)
            fail_msg("%s is %s", wanted[i].key, fake_attribute(&view, wanted[i].key));
    }
}

static void test_span__replaces_an_attribute_and_leaves_nothing_of_the_old(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    char                 key[16], value[600];
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < 100; i++) {
            snprintf(key, sizeof key, "key.%d", i);
            memset(value, 'a' + round, sizeof value);
            value[(round * 31 + i) % 590] = '\0';
            sonde_span_set(span, key, value);
        }
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 100);
    assert_int_equal(view.dropped_attributes, 0);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "key.%d", i);
        const char *text = fake_attribute(&view, key);
        size_t      len  = (size_t)((19 * 31 + i) % 590);
        assert_int_equal(strlen(text), len < 255 ? len : 255);
        assert_true(text[0] == 'a' + 19 || len == 0);
    }
}

static void test_span__drops_and_counts_what_is_beyond_the_limits(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    char                 key[16];
    sonde_link           link = { .span_context = sonde_span_context_of(span) };
    for (int i = 0; i < 130; i++) {
        snprintf(key, sizeof key, "k%d", i);
        sonde_span_set(span, key, i);
        sonde_span_add_event(span, key);
        sonde_span_add_link(span, link);
    }
    sonde_span_set(span, "k0", "still replaced");
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 128);
    assert_int_equal(view.dropped_attributes, 2);
    assert_int_equal(view.event_count, 128);
    assert_int_equal(view.dropped_events, 2);
    assert_int_equal(view.link_count, 128);
    assert_int_equal(view.dropped_links, 2);
    assert_string_equal(fake_attribute(&view, "k0"), "still replaced");
    assert_int_equal(core_fixture_stats(f).attributes_dropped, 2);
}

static void test_span__repairs_text_that_is_not_utf8(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "na\xffme");
    sonde_span_set(span, "k\xc3", "v\xe2\x82");
    sonde_span_set(span, "k\xc3", "again");
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_text(view.name, "na\xEF\xBF\xBDme");
    assert_int_equal(view.attribute_count, 1);
    assert_string_equal(fake_attribute(&view, "k\xEF\xBF\xBD"), "again");
}

static void test_span__a_huge_value_is_dropped_not_the_span(void **state)
{
    struct core_fixture *f    = *state;
    size_t               size = 3 << 20;
    char                *huge = malloc(size + 1);
    memset(huge, 'x', size);
    huge[size]       = '\0';
    sonde_span *span = sonde_span_start(f->tracer, "s",
                                        .attrs = sonde_attrs_of(sonde_kv("small", 1)));
    sonde_span_set(span, "huge", huge);
    huge[900000] = '\0';
    sonde_span_set(span, "large", huge);
    sonde_span_end(span);
    free(huge);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 2);
    assert_int_equal(view.dropped_attributes, 1);
    assert_string_equal(fake_attribute(&view, "small"), "1");
}

static void test_span__status_ok_is_final_and_error_beats_unset(void **state)
{
    static const struct {
        sonde_status set[3];
        sonde_status wanted;
        const char  *message;
    } rows[] = {
        { { SONDE_STATUS_UNSET, SONDE_STATUS_UNSET, SONDE_STATUS_UNSET }, SONDE_STATUS_UNSET, "" },
        { { SONDE_STATUS_ERROR, SONDE_STATUS_UNSET, SONDE_STATUS_UNSET },
          SONDE_STATUS_ERROR,
          "d0" },
        { { SONDE_STATUS_ERROR, SONDE_STATUS_ERROR, SONDE_STATUS_UNSET },
          SONDE_STATUS_ERROR,
          "d1" },
        { { SONDE_STATUS_ERROR, SONDE_STATUS_OK, SONDE_STATUS_ERROR }, SONDE_STATUS_OK, "" },
        { { SONDE_STATUS_OK, SONDE_STATUS_ERROR, SONDE_STATUS_UNSET }, SONDE_STATUS_OK, "" },
    };
    struct core_fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sonde_span *span = sonde_span_start(f->tracer, "s");
        sonde_span_set_status(span, rows[i].set[0], "d0");
        sonde_span_set_status(span, rows[i].set[1], "d1");
        sonde_span_set_status(span, rows[i].set[2], "d2");
        sonde_span_end(span);
        sonde_span_view view = sent(f, i);
        if (view.status != rows[i].wanted)
            fail_msg("row %zu: status %d", i, view.status);
        assert_text(view.status_message, rows[i].message);
    }
}

static void test_span__fail_sets_status_and_error_type(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    sonde_span_fail(span, "card_declined", "issuer said no");
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.status, SONDE_STATUS_ERROR);
    assert_text(view.status_message, "issuer said no");
    assert_string_equal(fake_attribute(&view, "error.type"), "card_declined");
}

static void test_span__a_new_name_replaces_the_old(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "old name that is long");
    sonde_span_set(span, "a", 1);
    sonde_span_set_name(span, sonde_str_z("new"));
    sonde_span_set(span, "a", 2);
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_text(view.name, "new");
    assert_string_equal(fake_attribute(&view, "a"), "2");
}

static void test_span__events_exceptions_and_links_are_kept_in_order(void **state)
{
    struct core_fixture *f = *state;
    sonde_link link = { .tracestate = { "a=1", 3 }, .attrs = sonde_attrs_of(sonde_kv("l", 1)) };
    sonde_span_context other;
    assert_int_equal(
        sonde_traceparent_parse(
            sonde_str_z("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), &other),
        0);
    link.span_context = other;
    sonde_span *span  = sonde_span_start(f->tracer, "s", .links = sonde_links_of(link));
    sonde_span_add_event_with(span, "half way", sonde_kv("share", 0.5));
    sonde_span_record_exception(span, &(sonde_exception){ .type = "io", .message = "gone" });
    sonde_span_end(span);

    sonde_span_view  view = sent(f, 0);
    sonde_str        rest = view.bytes, bytes;
    sonde_event_view event;
    assert_int_equal(view.link_count, 1);
    assert_true(sonde_span_next(SONDE_PART_EVENT, &rest, &bytes) &&
                sonde_event_read(bytes, &event));
    assert_text(event.name, "half way");
    assert_true(event.time_ns >= view.start_ns && event.time_ns <= view.end_ns);
    assert_true(sonde_span_next(SONDE_PART_EVENT, &rest, &bytes) &&
                sonde_event_read(bytes, &event));
    assert_text(event.name, "exception");
    assert_false(sonde_span_next(SONDE_PART_EVENT, &rest, &bytes));
    assert_int_equal(view.status, SONDE_STATUS_UNSET);
}

static void test_span__children_have_their_parents_trace(void **state)
{
    struct core_fixture *f = *state;
    sonde_in_span (outer, f->tracer, "outer") {
        sonde_in_span (inner, f->tracer, "inner")
            assert_ptr_equal(sonde_span_current(), inner);
        assert_ptr_equal(sonde_span_current(), outer);
        sonde_span_end(sonde_span_start(f->tracer, "explicit", .parent = outer));
        sonde_span_end(sonde_span_start(f->tracer, "root", .root = true));
    }
    assert_null(sonde_span_current());

    sonde_span_view outer = sent(f, 3), view;
    static const struct {
        uint64_t n;
        bool     child;
    } rows[] = { { 0, true }, { 1, true }, { 2, false } };
    for (size_t i = 0; i < 3; i++) {
        assert_true(fake_exporter_span(&f->fake, rows[i].n, &view, NULL));
        bool same  = memcmp(view.span_context.trace_id, outer.span_context.trace_id, 16) == 0;
        bool below = memcmp(view.parent_id, outer.span_context.span_id, 8) == 0;
        if (same != rows[i].child || below != rows[i].child)
            fail_msg("row %zu", i);
    }
}

static void test_span__a_remote_parent_is_marked_and_its_tracestate_kept(void **state)
{
    struct core_fixture *f = *state;
    sonde_span_context   remote;
    sonde_traceparent_parse(sonde_str_z("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                            &remote);
    sonde_context *context = sonde_context_with_remote(NULL, &remote, sonde_str_z("vendor=x"));
    sonde_span    *span    = sonde_span_start(f->tracer, "s", .parent_context = context);
    sonde_context_unref(context);
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_true(view.parent_is_remote);
    assert_memory_equal(view.parent_id, remote.span_id, 8);
    assert_text(view.tracestate, "vendor=x");
    assert_int_equal(view.span_context.flags,
                     SONDE_TRACE_SAMPLED); /* the parent's id was not marked random */
}

static void test_span__ended_twice_is_counted_and_touches_nothing(void **state)
{
    struct core_fixture *f      = *state;
    uint64_t             before = core_fixture_stats(f).misuse;
    sonde_span          *first  = sonde_span_start(f->tracer, "first");
    sonde_span_end(first);
    sonde_span *second = sonde_span_start(f->tracer, "second"); /* the slot is used again */

    sonde_span_end(first);
    sonde_span_set(first, "stray", 1);

    assert_true(sonde_span_is_recording(second));
    sonde_span_end(second);
    assert_int_equal(core_fixture_stats(f).misuse, before + 2);
    sonde_span_view view = sent(f, 1);
    assert_text(view.name, "second");
    assert_int_equal(view.attribute_count, 0);
    assert_int_equal(f->fake.spans, 2);
}

static void *end_it(void *span)
{
    sonde_span_end(span);
    return NULL;
}

static void test_span__ended_by_another_thread_after_reuse_is_counted(void **state)
{
    struct core_fixture *f      = *state;
    uint64_t             before = core_fixture_stats(f).misuse;
    sonde_span          *stale  = sonde_span_start(f->tracer, "stale");
    pthread_t            thread;
    sonde_span_end(stale);
    sonde_span *live = sonde_span_start(f->tracer, "live");

    assert_int_equal(pthread_create(&thread, NULL, end_it, stale), 0);
    pthread_join(thread, NULL);

    assert_true(sonde_span_is_recording(live));
    assert_int_equal(core_fixture_stats(f).misuse, before + 1);
    sonde_span_end(live);
    assert_text(sent(f, 1).name, "live");
    assert_int_equal(f->fake.spans, 2);
}

static void *end_many(void *spans)
{
    for (sonde_span **span = spans; *span; span++)
        sonde_span_end(*span);
    return NULL;
}

static void test_span__two_threads_that_end_the_same_spans_end_each_once(void **state)
{
    enum { COUNT = 5000 };
    struct core_fixture *f = *state;
    static sonde_span   *spans[COUNT + 1];
    pthread_t            threads[2];
    for (int i = 0; i < COUNT; i++)
        spans[i] = sonde_span_start(f->tracer, "contended");
    uint64_t before = core_fixture_stats(f).misuse;

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, end_many, spans), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);

    assert_int_equal(core_fixture_flush(f), SONDE_OK);
    assert_int_equal(f->fake.spans, COUNT);
    assert_int_equal(core_fixture_stats(f).misuse, before + COUNT);
}

static void *set_many(void *span)
{
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i % 50);
        sonde_span_set(span, key, i);
    }
    return NULL;
}

static void test_span__shared_may_be_set_by_several_threads_at_once(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "shared", .shared = true);
    pthread_t            threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_many, span), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    sonde_span_end(span);
    assert_int_equal(sent(f, 0).attribute_count, 50);
}

static void test_span__null_is_taken_everywhere(void **state)
{
    struct core_fixture *f = *state;
    sonde_span_end(NULL);
    sonde_span_set(NULL, "a", 1);
    sonde_span_set_attrs(NULL, (sonde_attrs){ NULL, 0 });
    sonde_span_set_name(NULL, sonde_str_z("x"));
    sonde_span_set_status(NULL, SONDE_STATUS_ERROR, NULL);
    sonde_span_fail(NULL, NULL, NULL);
    sonde_span_add_event(NULL, NULL);
    sonde_span_add_link(NULL, (sonde_link){ 0 });
    sonde_span_record_exception(NULL, NULL);
    assert_null(sonde_span_start_opts(NULL, NULL));
    assert_false(sonde_span_is_recording(NULL));
    sonde_span *span = sonde_span_start_opts(f->tracer, NULL);
    sonde_span_fail(span, NULL, NULL);
    sonde_span_record_exception(span, NULL);
    sonde_span_end(span);
    assert_string_equal(fake_attribute(&(sonde_span_view){ 0 }, "x"), "");
    sonde_span_view view = sent(f, 0);
    assert_string_equal(fake_attribute(&view, "error.type"), "_OTHER");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_span__is_sent_with_its_name_kind_and_times),
        CASE(test_span__never_ends_before_it_starts),
        CASE(test_span__keeps_attributes_of_every_type),
        CASE(test_span__replaces_an_attribute_and_leaves_nothing_of_the_old),
        CASE(test_span__drops_and_counts_what_is_beyond_the_limits),
        CASE(test_span__repairs_text_that_is_not_utf8),
        CASE(test_span__a_huge_value_is_dropped_not_the_span),
        CASE(test_span__status_ok_is_final_and_error_beats_unset),
        CASE(test_span__fail_sets_status_and_error_type),
        CASE(test_span__a_new_name_replaces_the_old),
        CASE(test_span__events_exceptions_and_links_are_kept_in_order),
        CASE(test_span__children_have_their_parents_trace),
        CASE(test_span__a_remote_parent_is_marked_and_its_tracestate_kept),
        CASE(test_span__ended_twice_is_counted_and_touches_nothing),
        CASE(test_span__ended_by_another_thread_after_reuse_is_counted),
        CASE(test_span__two_threads_that_end_the_same_spans_end_each_once),
        CASE(test_span__shared_may_be_set_by_several_threads_at_once),
        CASE(test_span__null_is_taken_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
