/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every allocation of the program's own fails once, in turn: nothing crashes, nothing leaks (as the
 * sanitizers tell), and what could not be kept is counted. */
#include "otlp_body.h"
#include "receiver/gunzip.h"
#include "store/metrics.h"
#include "store/traces.h"
#include "tail/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static unsigned failing; /* the how many-th allocation from now fails; 0: none */

static bool fails(void)
{
    return failing > 0 && --failing == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static struct body traces, metrics;

static int setup(void **state)
{
    struct body data = { 0 };
    (void)state;
    for (uint8_t i = 1; i <= 20; i++) {
        body_span(&traces, &(struct span){ .trace = i % 3, .id = i, .parent = i / 2, .name = "x" });
        body_integer_point(&data, "a=b", i);
        body_metric(&metrics, "service.name=s", i % 2 ? "odd" : "even", "1", 5, &data);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    body_free(&traces);
    body_free(&metrics);
    return 0;
}

/* Returns how many spans were kept or counted as dropped; ret_failed: some allocation failed. */
static uint64_t run_traces(unsigned nth, bool *ret_failed)
{
    static const struct sonde__traces_limits limits = { 1, 1, 10, 100, 1 << 20 };
    struct sonde__traces                    *store;
    struct sonde__trace                     *trace;
    struct sonde__tree                       tree;
    uint64_t                                 seen = 0, next = 0, rejected = 0;
    failing     = nth;
    store       = sonde__traces_new(&limits);
    *ret_failed = !store;
    if (!store)
        return 0;
    assert_true(sonde__traces_add(store, body_view(&traces), 0, &rejected));
    while ((trace = sonde__traces_due(store, 1000, &next))) {
        seen += sonde__tree_init(&tree, trace) ? tree.count : trace->count;
        sonde__tree_done(&tree);
        sonde__traces_shown(store, trace);
    }
    seen += sonde__traces_counts(store).dropped_spans;
    *ret_failed = failing == 0;
    failing     = 0;
    sonde__traces_free(store);
    return seen;
}

static void test_memory_out__spans_are_shown_or_counted(void **state)
{
    bool     failed = true;
    unsigned nth    = 1;
    (void)state;
    for (; failed; nth++) {
        uint64_t seen = run_traces(nth, &failed);
        assert_int_equal(seen, nth == 1 ? 0 : 20); /* the first one is the store itself */
    }
    assert_true(nth > 40);
}

static void test_memory_out__metrics_are_kept_or_counted(void **state)
{
    static const struct sonde__metrics_limits limits = { 100, 1 << 20 };
    bool                                      failed = true;
    unsigned                                  nth    = 1;
    (void)state;
    for (; failed; nth++) {
        failing                      = nth;
        struct sonde__metrics *store = sonde__metrics_new(&limits);
        size_t                 count = 0;
        if (store) {
            assert_true(sonde__metrics_add(store, body_view(&metrics), 0));
            failed = failing == 0;
            assert_true(!failed || nth == 1 || sonde__metrics_dropped(store) > 0);
            free(sonde__metrics_list(store, false, &count));
        }
        failing = 0;
        sonde__metrics_free(store);
    }
    assert_true(nth > 40);
}

static void test_memory_out__unpacking_says_so(void **state)
{
    static const char empty[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    char             *data    = NULL;
    size_t            size    = 7;
    (void)state;
    failing = 1;

    assert_int_equal(sonde__gunzip(sonde_str_n(empty, sizeof empty - 1), 100, &data, &size),
                     SONDE__GUNZIP_NOMEM);
    assert_null(data);
    assert_int_equal(size, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_out__spans_are_shown_or_counted),
        cmocka_unit_test(test_memory_out__metrics_are_kept_or_counted),
        cmocka_unit_test(test_memory_out__unpacking_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
