/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/test_torture.c - each allocation in turn fails: nothing crashes, nothing leaks (a sanitizer
 * would tell), and what failed says so. The linker sends the calls here (--wrap). */
#include "sdk_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static _Atomic int allocations; /* since the last reset */
static _Atomic int fails_at;    /* the number of the one that fails; 0: none */

static bool refused(void)
{
    int number = ++allocations;
    return fails_at && number == fails_at;
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

char *__wrap_strdup(const char *text)
{
    return refused() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
    va_list args;
    if (refused())
        return -1;
    va_start(args, format);
    int length = vasprintf(ret_text, format, args);
    va_end(args);
    return length;
}

static void fail_at(int number)
{
    allocations = 0;
    fails_at    = number;
}

static int end_torture(void **state)
{
    fail_at(0);
    return tear_down(state);
}

static void say_much(void)
{
    setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", 1);
    setenv("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=2,a=3", 1);
    setenv("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=2", 1);
    setenv("OTEL_SERVICE_NAME", "shop", 1);
    setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio", 1);
    setenv("OTEL_TRACES_EXPORTER", "otlp,console", 1);
    setenv("OTEL_METRICS_EXPORTER", "otlp", 1);
}

static void test_torture__a_start_without_memory_is_no_start(void **state)
{
    struct fixture         *f        = *state;
    const sonde_sdk_options options  = { .size = sizeof options, .quiet = true };
    int                     refusals = 0;
    say_much();
    for (int number = 1;; number++) {
        sonde_sdk *sdk = (sonde_sdk *)f; /* to be left alone */
        fail_at(number);
        sonde_err err     = sonde_sdk_start_opts(&sdk, &options);
        bool      reached = allocations >= number;
        fail_at(0);
        if (err) {
            assert_int_equal(err, SONDE_ERR_NOMEM);
            assert_ptr_equal(sdk, f);
            refusals++;
            continue;
        }
        sonde_sdk_stop(&sdk, 0);
        if (!reached)
            break;
    }
    assert_true(refusals > 10);
    unsetenv("OTEL_EXPORTER_OTLP_HEADERS");
}

static void test_torture__a_page_without_memory_is_no_page(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_err         err     = SONDE_ERR_NOMEM;
    char             *text    = NULL;
    size_t            length;
    sonde_sdk_start_opts(&f->sdk, &options);
    sonde_counter_add(sonde_counter_get(sonde_meter_get("test", "1"), "orders"), 5);
    for (int number = 1; err; number++) {
        fail_at(number);
        err = sonde_sdk_prometheus(f->sdk, &text, &length);
        fail_at(0);
        assert_true(err == SONDE_OK || (err == SONDE_ERR_NOMEM && !text));
    }
    assert_non_null(strstr(text, "orders_total"));
    free(text);
}

static void test_torture__an_exporter_without_memory_tries_again(void **state)
{
    struct fixture   *f       = *state;
    sonde_sdk_options options = to_memory(f);
    sonde_stats       stats   = { .size = sizeof stats };
    options.driver = SONDE_DRIVER_LOOP; /* allocations come in this thread, in one order */
    sonde_sdk_start_opts(&f->sdk, &options);
    sonde_tracer *tracer = sonde_tracer_get("test", "1");
    for (int number = 1; number < 20; number++) {
        end_spans(tracer, 1);
        fail_at(number);
        sonde_sdk_flush(f->sdk, PATIENCE_MS);
        fail_at(0);
        sonde_sdk_flush(f->sdk, PATIENCE_MS);
    }
    sonde_sdk_stats(f->sdk, &stats);
    assert_int_equal(stats.spans_accepted + stats.spans_dropped_full, 19);
    assert_int_equal(stats.spans_delivered + stats.spans_dropped_failed +
                         stats.spans_dropped_behind,
                     stats.spans_accepted);
    assert_int_equal(sonde_memory_exporter_count(f->memory, SONDE_SIGNAL_TRACES),
                     stats.spans_delivered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_torture__##name, set_up, end_torture)
        TEST(a_start_without_memory_is_no_start),
        TEST(a_page_without_memory_is_no_page),
        TEST(an_exporter_without_memory_tries_again),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
