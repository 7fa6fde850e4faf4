/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reports and scopes. */
#include "core/diag.h"
#include "core/scope.h"

#include <sonde/plugin/report.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

struct sink {
    sonde_diagnostics base;
    char              last[600];
    uint32_t          count;
};

static void keep(sonde_diagnostics *self, sonde_level level, sonde_str message)
{
    struct sink *sink = (struct sink *)self;
    (void)level;
    snprintf(sink->last, sizeof sink->last, "%.*s", (int)message.len, message.ptr);
    sink->count++;
}

static void test_diag__the_same_message_comes_once_a_minute(void **state)
{
    struct sink sink = { .base = { keep } };
    (void)state;
    sonde__diag_set(&sink.base, SONDE_LEVEL_WARN, false);
    for (int i = 0; i < 100; i++) {
        sonde__diag(SONDE_LEVEL_WARN, "number %d", i);
        sonde__diag(SONDE_LEVEL_INFO, "less severe %d", i);
        sonde_report(SONDE_LEVEL_ERROR, "of an adapter");
    }
    sonde_report(SONDE_LEVEL_ERROR, NULL);
    assert_int_equal(sink.count, 2);
    sonde__diag_set(&sink.base, SONDE_LEVEL_WARN, true);
    sonde__diag(SONDE_LEVEL_ERROR, "quiet");
    assert_int_equal(sink.count, 2);
}

static void test_diag__a_message_is_one_line_that_no_terminal_obeys(void **state)
{
    struct sink sink = { .base = { keep } };
    char        large[2000];
    (void)state;
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    sonde__diag_set(&sink.base, SONDE_LEVEL_WARN, false);
    sonde__diag(SONDE_LEVEL_WARN, "a: %s", "b\n\x1b[31m\r\t\x7f\x01");
    assert_string_equal(sink.last, "a: b  [31m    ");
    sonde__diag(SONDE_LEVEL_WARN, "b: %s", large);
    assert_true(strlen(sink.last) < 512);
    sonde__diag_set(NULL, SONDE_LEVEL_WARN, true);
}

/* A daemon closes descriptor 2, and its data file gets the number. */
static void test_diag__a_file_that_took_the_number_of_standard_error_is_left_alone(void **state)
{
    char name[] = "/tmp/sonde-diag-XXXXXX", bytes[64];
    int  saved  = dup(STDERR_FILENO), pipes[2];
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    sonde__diag_set(NULL, SONDE_LEVEL_WARN, false);
    sonde__diag(SONDE_LEVEL_WARN, "heard");
    int file = mkstemp(name);
    dup2(file, STDERR_FILENO);
    sonde__diag(SONDE_LEVEL_WARN, "not written into a data file");
    off_t size = lseek(file, 0, SEEK_END);
    dup2(saved, STDERR_FILENO);
    sonde__diag_set(NULL, SONDE_LEVEL_WARN, true);
    ssize_t got = read(pipes[0], bytes, sizeof bytes);
    unlink(name);
    close(file);
    close(saved);
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(size, 0);
    assert_int_equal(got, 13);
    assert_memory_equal(bytes, "sonde: heard\n", 13);
}

static void test_diag__equal_values_give_the_same_scope(void **state)
{
    sonde_attr                    items[] = { sonde_kv("k", 1) };
    const struct sonde__scope_key keys[]  = {
         { "n", "1", NULL, { NULL, 0 } },  { "n", "2", NULL, { NULL, 0 } },
         { "m", "1", NULL, { NULL, 0 } },  { "n", "1", "url", { NULL, 0 } },
         { "n", "1", NULL, { items, 1 } }, { NULL, NULL, NULL, { NULL, 0 } },
    };
    enum { COUNT = sizeof keys / sizeof keys[0] };
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < COUNT; k++)
            if ((sonde__scope_get(&keys[i]) == sonde__scope_get(&keys[k])) != (i == k))
                fail_msg("rows %d and %d", i, k);
    struct sonde__scope_key empty = { "", "", "", { NULL, 0 } };
    assert_ptr_equal(sonde__scope_get(&empty), sonde__scope_get(&keys[COUNT - 1]));
}

static void test_diag__beyond_the_limit_scopes_have_no_name(void **state)
{
    const struct sonde__scope *scope = NULL;
    char                       name[32];
    (void)state;
    for (int i = 0; i <= SONDE__SCOPE_MAX; i++) {
        snprintf(name, sizeof name, "scope %d", i);
        struct sonde__scope_key key = { name, NULL, NULL, { NULL, 0 } };
        scope                       = sonde__scope_get(&key);
        assert_non_null(scope);
        assert_ptr_equal(sonde__scope_at(scope->id), scope);
    }
    assert_int_equal(scope->id, 0);
    assert_string_equal(scope->name, "");
    assert_ptr_equal(sonde__scope_at(UINT16_MAX), scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diag__the_same_message_comes_once_a_minute),
        cmocka_unit_test(test_diag__a_message_is_one_line_that_no_terminal_obeys),
        cmocka_unit_test(test_diag__a_file_that_took_the_number_of_standard_error_is_left_alone),
        cmocka_unit_test(test_diag__equal_values_give_the_same_scope),
        cmocka_unit_test(test_diag__beyond_the_limit_scopes_have_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
