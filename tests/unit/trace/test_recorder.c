/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a span's record keeps of too much, too large and not quite text. */
#include "core_fixture.h"
#include "trace/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

static sonde_span_view sent(struct core_fixture *fixture, uint64_t n)
{
    sonde_span_view span;
    assert_int_equal(core_fixture_flush(fixture), SONDE_OK);
    assert_true(fake_exporter_span(&fixture->fake, n, &span, NULL));
    return span;
}

static char *text_of(char c, size_t len)
{
    char *text = malloc(len + 1);
    memset(text, c, len);
    text[len] = '\0';
    return text;
}

static void test_recorder__ten_thousand_attributes_leave_the_first_128(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    char                 key[16];
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "key.%d", i);
        sonde_span_set(span, key, i);
    }
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 128);
    assert_int_equal(view.dropped_attributes, 10000 - 128);
    assert_string_equal(fake_attribute(&view, "key.127"), "127");
    assert_string_equal(fake_attribute(&view, "key.128"), "");
    assert_int_equal(core_fixture_stats(f).attributes_dropped, 10000 - 128);
}

static void test_recorder__one_key_set_a_thousand_times_is_one_attribute(void **state)
{
    struct core_fixture *f     = *state;
    char                *value = text_of('v', 1000);
    sonde_span          *span  = sonde_span_start(f->tracer, "s");
    sonde_span_set(span, "before", 1);
    for (size_t i = 1; i <= 1000; i++)
        sonde_span_set_attr(span, sonde_kv("k", sonde_str_n(value, i)));
    sonde_span_set(span, "after", 2);
    sonde_span_end(span);
    free(value);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 3);
    assert_int_equal(view.dropped_attributes, 0);
    assert_true(view.bytes.len < 1200);
    sonde_str   rest = view.bytes, key;
    sonde_value last;
    while (sonde_attribute_next(SONDE_PART_ATTRIBUTE, &rest, &key, &last) && key.len != 1)
        ;
    assert_int_equal(last.value.s.len, 1000);
}

static void test_recorder__values_of_a_mebibyte_are_dropped_and_take_no_memory(void **state)
{
    struct core_fixture *f     = *state;
    char                *value = text_of('v', 1 << 20);
    sonde_span          *span  = sonde_span_start(f->tracer, "s");
    for (int i = 0; i < 20; i++)
        sonde_span_set(span, "large", value);
    sonde_span_add_event(span, value);
    sonde_span_set_status(span, SONDE_STATUS_ERROR, value);
    sonde_span_set_name(span, sonde_str_z(value));
    struct sonde__slot *slot = sonde__slot_find(sonde__handle_of(span));
    assert_true(slot->record.cap <= 4096);
    sonde_span_set(span, "small", 1);
    sonde_span_end(span);
    free(value);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 1);
    assert_int_equal(view.dropped_attributes, 20);
    assert_int_equal(view.dropped_events, 1);
    assert_int_equal(view.name.len, 1);
}

static void test_recorder__a_name_larger_than_a_record_is_an_oversize_span(void **state)
{
    struct core_fixture *f    = *state;
    char                *name = text_of('n', 2 << 20);
    sonde_span          *span = sonde_span_start(f->tracer, name);
    sonde_span_context   ids  = sonde_span_context_of(span);
    assert_true(sonde_span_context_is_valid(&ids));
    sonde_span_set(span, "k", 1);
    sonde_span_end(span);
    free(name);
    sonde_stats s = core_fixture_stats(f);
    assert_int_equal(s.spans_dropped_oversize, 1);
    assert_int_equal(s.spans_accepted, 0);
}

/* Same length, same first and last eight bytes: one bit in the filter. */
static void test_recorder__keys_that_collide_in_the_filter_stay_apart(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    char                 key[32], text[16];
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 100; i++) {
            snprintf(key, sizeof key, "http.req%02duest.key", i);
            sonde_span_set(span, key, round * 1000 + i);
        }
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 100);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "http.req%02duest.key", i);
        snprintf(text, sizeof text, "%d", 2000 + i);
        assert_string_equal(fake_attribute(&view, key), text);
    }
}

static void test_recorder__keys_that_are_repaired_to_the_same_are_the_same(void **state)
{
    struct core_fixture *f    = *state;
    sonde_span          *span = sonde_span_start(f->tracer, "s");
    char                *key  = text_of('k', 600);
    sonde_span_set(span, "k\xff", 1);
    sonde_span_set(span, "k\xfe", 2);
    sonde_span_set(span, "k\xEF\xBF\xBD", 3);
    key[500] = '\xff';
    sonde_span_set(span, key, 4);
    key[500] = '\xc0';
    sonde_span_set(span, key, 5);
    sonde_span_end(span);
    free(key);

    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.attribute_count, 2);
    assert_string_equal(fake_attribute(&view, "k\xEF\xBF\xBD"), "3");
}

static void test_recorder__a_tracestate_that_is_not_utf8_stays_out(void **state)
{
    struct core_fixture *f = *state;
    sonde_span_context   remote;
    sonde_traceparent_parse(sonde_str_z("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                            &remote);
    sonde_context *context = sonde_context_with_remote(NULL, &remote, sonde_str_z("a=\xff"));
    sonde_span_end(sonde_span_start(f->tracer, "s", .parent_context = context));
    sonde_context_unref(context);
    sonde_span_view view = sent(f, 0);
    assert_int_equal(view.tracestate.len, 0);
}

static void test_recorder__events_keep_the_last_of_a_key_and_skip_what_has_none(void **state)
{
    struct core_fixture *f = *state;
    sonde_attr items[] = { sonde_kv("k", 1), sonde_kv(NULL, 2), sonde_kv("k", 3), sonde_kv(NULL, 4),
                           sonde_kv("none", (const char *)NULL) };
    sonde_span *span   = sonde_span_start(f->tracer, "s");
    sonde_span_add_event_attrs(span, "e", (sonde_attrs){ items, 5 });
    sonde_span_end(span);

    sonde_span_view view = sent(f, 0);
    sonde_str       rest = view.bytes, event, key;
    sonde_value     value;
    assert_true(sonde_span_next(SONDE_PART_EVENT, &rest, &event));
    assert_true(sonde_attribute_next(3, &event, &key, &value));
    assert_int_equal(value.value.i, 3);
    assert_false(sonde_attribute_next(3, &event, &key, &value));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_recorder__ten_thousand_attributes_leave_the_first_128),
        CASE(test_recorder__one_key_set_a_thousand_times_is_one_attribute),
        CASE(test_recorder__values_of_a_mebibyte_are_dropped_and_take_no_memory),
        CASE(test_recorder__a_name_larger_than_a_record_is_an_oversize_span),
        CASE(test_recorder__keys_that_collide_in_the_filter_stay_apart),
        CASE(test_recorder__keys_that_are_repaired_to_the_same_are_the_same),
        CASE(test_recorder__a_tracestate_that_is_not_utf8_stays_out),
        CASE(test_recorder__events_keep_the_last_of_a_key_and_skip_what_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
