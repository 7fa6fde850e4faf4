/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct sonde__mhd_options options;

/* ignored: what C wants in front of the dots. */
static enum sonde__mhd_verdict read_options(int ignored, ...)
{
    va_list args;
    va_start(args, ignored);
    enum sonde__mhd_verdict verdict = sonde__mhd_options_read(&args, &options);
    va_end(args);
    return verdict;
}

static int setup(void **state)
{
    (void)state;
    memset(&options, 0, sizeof options);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sonde__mhd_options_done(&options);
    return 0;
}

static void *log_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    (void)cls, (void)uri, (void)connection;
    return NULL;
}

static void completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                      enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)connection, (void)con_cls, (void)why;
}

static void assert_item(size_t n, enum MHD_OPTION option, intptr_t value, const void *pointer)
{
    assert_true(n < options.count);
    assert_int_equal(options.items[n].option, option);
    assert_int_equal(options.items[n].value, value);
    assert_ptr_equal(options.items[n].ptr_value, pointer);
}

static void test_options__keep_order_values_and_pointers(void **state)
{
    static const char key[] = "k";
    (void)state;
    assert_int_equal(read_options(0, MHD_OPTION_EXTERNAL_LOGGER, completed, key,
                                  MHD_OPTION_CONNECTION_TIMEOUT, 10u,
                                  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)1 << 33,
                                  MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_DIGEST_AUTH_RANDOM,
                                  (size_t)1, key, MHD_OPTION_LISTEN_SOCKET, -1, MHD_OPTION_END),
                     SONDE__MHD_UNDERSTOOD);
    assert_int_equal(options.count, 6);
    assert_item(0, MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)completed, key);
    assert_item(1, MHD_OPTION_CONNECTION_TIMEOUT, 10, NULL);
    assert_item(2, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)1 << 33, NULL);
    assert_item(3, MHD_OPTION_HTTPS_MEM_KEY, 0, key);
    assert_item(4, MHD_OPTION_DIGEST_AUTH_RANDOM, 1, key);
    assert_item(5, MHD_OPTION_LISTEN_SOCKET, -1, NULL);
    assert_int_equal(options.items[6].option, MHD_OPTION_END);
}

static void test_options__take_the_two_callbacks_out(void **state)
{
    int cls[2];
    (void)state;
    read_options(0, MHD_OPTION_URI_LOG_CALLBACK, log_uri, &cls[0], MHD_OPTION_CONNECTION_LIMIT, 5u,
                 MHD_OPTION_NOTIFY_COMPLETED, completed, &cls[1], MHD_OPTION_END);
    assert_int_equal(options.count, 1);
    assert_ptr_equal(options.uri_log, log_uri);
    assert_ptr_equal(options.uri_log_cls, &cls[0]);
    assert_ptr_equal(options.completed, completed);
    assert_ptr_equal(options.completed_cls, &cls[1]);
}

static void test_options__arrays_are_flattened_in_their_place(void **state)
{
    int                   cls;
    struct MHD_OptionItem inner[] = { { MHD_OPTION_CONNECTION_LIMIT, 2, NULL },
                                      { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, &cls },
                                      { MHD_OPTION_END, 0, NULL } };
    struct MHD_OptionItem outer[] = { { MHD_OPTION_ARRAY, 0, inner },
                                      { MHD_OPTION_CONNECTION_TIMEOUT, 3, NULL },
                                      { MHD_OPTION_END, 0, NULL } };
    (void)state;
    assert_int_equal(read_options(0, MHD_OPTION_THREAD_POOL_SIZE, 1u, MHD_OPTION_ARRAY, outer,
                                  MHD_OPTION_PER_IP_CONNECTION_LIMIT, 4u, MHD_OPTION_END),
                     SONDE__MHD_UNDERSTOOD);
    assert_int_equal(options.count, 4);
    assert_item(0, MHD_OPTION_THREAD_POOL_SIZE, 1, NULL);
    assert_item(1, MHD_OPTION_CONNECTION_LIMIT, 2, NULL);
    assert_item(2, MHD_OPTION_CONNECTION_TIMEOUT, 3, NULL);
    assert_item(3, MHD_OPTION_PER_IP_CONNECTION_LIMIT, 4, NULL);
    assert_ptr_equal(options.completed, completed);
}

static void test_options__an_unknown_one_ends_the_walk(void **state)
{
    struct MHD_OptionItem array[] = { { (enum MHD_OPTION)999, 2, NULL },
                                      { MHD_OPTION_END, 0, NULL } };
    (void)state;
    assert_int_equal(read_options(0, MHD_OPTION_CONNECTION_LIMIT, 1u, 999, MHD_OPTION_END),
                     SONDE__MHD_UNKNOWN_OPTION);
    assert_int_equal(read_options(0, -1, MHD_OPTION_END), SONDE__MHD_UNKNOWN_OPTION);
    assert_int_equal(read_options(0, MHD_OPTION_ARRAY, array, MHD_OPTION_END),
                     SONDE__MHD_UNKNOWN_OPTION);
}

static void test_options__none_and_empty_arrays_are_fine(void **state)
{
    struct MHD_OptionItem empty[] = { { MHD_OPTION_END, 0, NULL } };
    (void)state;
    assert_int_equal(read_options(0, MHD_OPTION_END), SONDE__MHD_UNDERSTOOD);
    assert_int_equal(
        read_options(0, MHD_OPTION_ARRAY, empty, MHD_OPTION_ARRAY, NULL, MHD_OPTION_END),
        SONDE__MHD_UNDERSTOOD);
    assert_int_equal(options.count, 0);
}

static void test_options__grow_as_needed(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(sonde__mhd_options_add(&options, MHD_OPTION_CONNECTION_LIMIT, i, NULL));
    assert_item(999, MHD_OPTION_CONNECTION_LIMIT, 999, NULL);
    assert_int_equal(options.items[1000].option, MHD_OPTION_END);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_options__keep_order_values_and_pointers),
        TEST(test_options__take_the_two_callbacks_out),
        TEST(test_options__arrays_are_flattened_in_their_place),
        TEST(test_options__an_unknown_one_ends_the_walk),
        TEST(test_options__none_and_empty_arrays_are_fine),
        TEST(test_options__grow_as_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
