/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Contexts, their stack, their baggage, and carriers; mostly without an SDK. */
#include "core/diag.h"
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static sonde_context *with_baggage(const char *value)
{
    return sonde_context_with_baggage(NULL, "k", sonde_str_z(value));
}

static bool is(const sonde_context *context, const char *key, const char *value)
{
    sonde_str got = sonde_context_baggage(context, key);
    return value ? got.ptr && got.len == strlen(value) && memcmp(got.ptr, value, got.len) == 0
                 : !got.ptr;
}

static bool current_is(const char *value)
{
    sonde_context *context = sonde_context_current();
    bool           same    = is(context, "k", value);
    sonde_context_unref(context);
    return same;
}

static void test_context__detach_brings_back_the_one_before(void **state)
{
    sonde_context *a = with_baggage("a"), *b = with_baggage("b");
    (void)state;
    sonde_token outer = sonde_context_attach(a);
    sonde_token inner = sonde_context_attach(b);
    sonde_token none  = sonde_context_attach(NULL);
    sonde_context_unref(a);
    sonde_context_unref(b);
    assert_null(sonde_context_current());
    sonde_context_detach(none);
    assert_true(current_is("b"));
    sonde_context_detach(inner);
    assert_true(current_is("a"));
    sonde_context_detach(outer);
    assert_null(sonde_context_current());
}

static void *detach_it(void *token)
{
    sonde_context *mine  = with_baggage("mine");
    sonde_token    own   = sonde_context_attach(mine);
    sonde_token    again = sonde_context_attach(mine);
    bool           kept;
    sonde_context_detach(*(sonde_token *)token);
    kept = current_is("mine");
    sonde_context_detach(again);
    sonde_context_detach(own);
    sonde_context_unref(mine);
    return kept && !sonde_context_current() ? token : NULL;
}

static void test_context__detached_out_of_order_or_elsewhere_is_counted(void **state)
{
    sonde_context *a = with_baggage("a"), *b = with_baggage("b");
    sonde_token    outer = sonde_context_attach(a), inner = sonde_context_attach(b);
    uint64_t       before = sonde__misuse_count;
    pthread_t      thread;
    void          *kept = NULL;
    (void)state;
    sonde_context_detach(outer);
    assert_true(current_is("b"));
    assert_int_equal(sonde__misuse_count, before + 1);
    assert_int_equal(pthread_create(&thread, NULL, detach_it, &inner), 0);
    pthread_join(thread, &kept);
    assert_non_null(kept);
    assert_int_equal(sonde__misuse_count, before + 2);
    sonde_context_detach(inner);
    sonde_context_detach(outer);
    sonde_context_detach(outer);
    assert_int_equal(sonde__misuse_count, before + 3);
    sonde_context_unref(a);
    sonde_context_unref(b);
}

static void *detach_at_the_bottom(void *token)
{
    sonde_context *mine     = with_baggage("mine");
    sonde_token    attached = sonde_context_attach(mine);
    sonde_context_detach(*(sonde_token *)token); /* of another thread, at the same depth */
    bool kept = current_is("mine");
    sonde_context_detach(attached);
    sonde_context_unref(mine);
    return kept ? token : NULL;
}

static void test_context__a_token_is_good_once_and_in_its_thread(void **state)
{
    pthread_t      thread;
    void          *kept = NULL;
    sonde_context *a = with_baggage("a"), *b = with_baggage("b");
    (void)state;
    sonde_token first = sonde_context_attach(a);
    assert_int_equal(pthread_create(&thread, NULL, detach_at_the_bottom, &first), 0);
    pthread_join(thread, &kept);
    assert_non_null(kept);
    sonde_context_detach(first);
    sonde_token second = sonde_context_attach(b);

    sonde_context_detach(first); /* a second time, and the depth is right again */

    assert_true(current_is("b"));
    sonde_context_detach(second);
    assert_null(sonde_context_current());
    sonde_context_unref(a);
    sonde_context_unref(b);
}

static void test_context__baggage_is_set_replaced_and_removed(void **state)
{
    static const char *const values[] = { "plain", "a b,c;d=e",    "100%", "\xC3\xA9t\xC3\xA9",
                                          "",      "\"quoted\\\"", "%41" };
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        sonde_context *one  = with_baggage(values[i]);
        sonde_context *two  = sonde_context_with_baggage(one, "other", sonde_str_z("x y"));
        sonde_context *next = sonde_context_with_baggage(two, "k", sonde_str_z("new"));
        sonde_context *gone = sonde_context_with_baggage(two, "k", sonde_str_n(NULL, 0));
        if (!is(one, "k", values[i]) || !is(two, "k", values[i]) || !is(two, "other", "x y"))
            fail_msg("row %zu: set", i);
        if (!is(next, "k", "new") || !is(next, "other", "x y"))
            fail_msg("row %zu: replaced", i);
        if (!is(gone, "k", NULL) || !is(gone, "other", "x y"))
            fail_msg("row %zu: removed", i);
        sonde_context_unref(one);
        sonde_context_unref(two);
        sonde_context_unref(next);
        sonde_context_unref(gone);
    }
    assert_null(sonde_context_with_baggage(NULL, NULL, sonde_str_z("x")));
    assert_null(sonde_context_with_baggage(NULL, "not a token", sonde_str_z("x")));
}

/* Headers of one message. */
struct message {
    sonde_carrier base;
    char          names[4][16], values[4][256];
    size_t        count;
};

static size_t message_get(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max)
{
    struct message *message = (struct message *)self;
    size_t          found   = 0;
    for (size_t i = 0; i < message->count; i++)
        if (strlen(message->names[i]) == name.len &&
            memcmp(message->names[i], name.ptr, name.len) == 0) {
            if (found < max)
                ret_values[found] = sonde_str_z(message->values[i]);
            found++;
        }
    return found;
}

static void message_set(sonde_carrier *self, sonde_str name, sonde_str value)
{
    struct message *message = (struct message *)self;
    assert_true(message->count < 4);
    snprintf(message->names[message->count], 16, "%.*s", (int)name.len, name.ptr);
    snprintf(message->values[message->count++], 256, "%.*s", (int)value.len, value.ptr);
}

static const char *header(const struct message *message, const char *name)
{
    for (size_t i = 0; i < message->count; i++)
        if (strcmp(message->names[i], name) == 0)
            return message->values[i];
    return "";
}

static struct message incoming(void)
{
    return (struct message){ .base   = { message_get, message_set },
                             .names  = { "traceparent", "tracestate", "baggage" },
                             .values = { PARENT, "a=b", "user=j%20r" },
                             .count  = 3 };
}

static void test_context__without_an_sdk_a_span_carries_its_parents_context(void **state)
{
    struct message in = incoming(), out = { .base = { message_get, message_set } };
    (void)state;
    sonde_context *context = sonde_propagator_extract(NULL, NULL, &in.base);
    sonde_tracer  *tracer  = sonde_tracer_get("a library", NULL);
    assert_true(is(context, "user", "j r"));
    assert_null(sonde_span_start(tracer, "nothing to carry"));
    sonde_span *span = sonde_span_start(tracer, "s", .parent_context = context, .current = true);
    assert_non_null(span);
    assert_false(sonde_span_is_recording(span));
    sonde_span *child = sonde_span_start(tracer, "child", .current = true);
    sonde_propagator_inject(NULL, NULL, &out.base);
    sonde_span_end(child);
    sonde_span_end(span);
    assert_string_equal(header(&out, "traceparent"), PARENT);
    assert_string_equal(header(&out, "tracestate"), "a=b");
    assert_string_equal(header(&out, "baggage"), "user=j%20r");
    assert_null(sonde_context_current());
    sonde_context_unref(context);
}

static void test_context__with_an_sdk_the_span_is_injected(void **state)
{
    struct core_fixture fixture;
    struct message      in = incoming(), out = { .base = { message_get, message_set } };
    (void)state;
    core_fixture_init(&fixture);
    assert_int_equal(core_fixture_start(&fixture), SONDE_OK);
    sonde_context *context = sonde_propagator_extract(NULL, NULL, &in.base);
    sonde_span    *span    = sonde_span_start(fixture.tracer, "s", .parent_context = context,
                                              .current = true);
    sonde_propagator_inject(NULL, NULL, &out.base);
    sonde_span_end(span);
    assert_memory_equal(header(&out, "traceparent"), PARENT, 36);
    assert_memory_not_equal(header(&out, "traceparent") + 36, PARENT + 36, 16);
    assert_string_equal(header(&out, "tracestate"), "a=b");
    assert_string_equal(header(&out, "baggage"), "user=j%20r");
    sonde_context_unref(context);
    core_fixture_done(&fixture);
}

static void test_context__spans_that_end_out_of_order_leave_when_those_above_do(void **state)
{
    struct message in = incoming();
    (void)state;
    sonde_context *context = sonde_propagator_extract(NULL, NULL, &in.base);
    sonde_span    *spans[4];
    for (int i = 0; i < 4; i++)
        spans[i] = sonde_span_start(NULL, "s", .parent_context = context, .current = true);
    sonde_span_end(spans[1]);
    assert_ptr_equal(sonde_span_current(), spans[3]);
    sonde_span_end(spans[2]);
    assert_ptr_equal(sonde_span_current(), spans[3]);
    sonde_span_end(spans[3]);
    assert_ptr_equal(sonde_span_current(), spans[0]);
    sonde_span_end(spans[0]);
    assert_null(sonde_span_current());
    sonde_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context__detach_brings_back_the_one_before),
        cmocka_unit_test(test_context__detached_out_of_order_or_elsewhere_is_counted),
        cmocka_unit_test(test_context__a_token_is_good_once_and_in_its_thread),
        cmocka_unit_test(test_context__baggage_is_set_replaced_and_removed),
        cmocka_unit_test(test_context__without_an_sdk_a_span_carries_its_parents_context),
        cmocka_unit_test(test_context__with_an_sdk_the_span_is_injected),
        cmocka_unit_test(test_context__spans_that_end_out_of_order_leave_when_those_above_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
