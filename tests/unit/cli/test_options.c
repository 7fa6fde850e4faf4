/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tail/options.h"
#include "receiver/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Reads words that are parted by blanks. What is printed about wrong ones is for people, not for
 * the log of the tests. */
static int read_words(const char *words, struct sonde__tail_options *ret_options)
{
    static char copy[200];
    char       *argv[32] = { (char[]){ "sonde tail" } }, *save = NULL;
    int         argc = 1;
    strncpy(copy, words, sizeof copy - 1);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    int status = sonde__tail_options_read(argc, argv, ret_options);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    return status;
}

static void test_options__have_defaults(void **state)
{
    struct sonde__tail_options options;
    (void)state;

    assert_int_equal(read_words("", &options), -1);
    assert_string_equal(options.listen, "127.0.0.1:4318");
    assert_int_equal(options.settle_ns, 1000000000);
    assert_int_equal(options.rows_max, 500);
    assert_int_equal(options.once + options.timeout_ns + options.width, 0);
    assert_int_equal(options.colour, SONDE__COLOUR_AUTO);
    assert_false(options.metrics || options.all_attributes);
}

static void test_options__are_read_in_both_forms(void **state)
{
    struct sonde__tail_options options;
    (void)state;
    static const char *const forms[] = {
        "-l :1 -n 3 -t 1.5 -s 0.25 -r 0 -w 120 -m -a --color never",
        "--listen=:1 --once 3 --timeout 1.5 --settle=0.25 --rows 0 --width 120 --metrics "
        "--all-attributes --colour=never",
    };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(read_words(forms[i], &options), -1);
        assert_string_equal(options.listen, ":1");
        assert_int_equal(options.once, 3);
        assert_int_equal(options.timeout_ns, 1500000000);
        assert_int_equal(options.settle_ns, 250000000);
        assert_int_equal(options.rows_max, 0);
        assert_int_equal(options.width, 120);
        assert_int_equal(options.colour, SONDE__COLOUR_NEVER);
        assert_true(options.metrics && options.all_attributes);
    }
}

static void test_options__wrong_ones_are_refused(void **state)
{
    static const char *const rows[] = {
        "--once 0",    "--once",       "--once -1",    "--once 1x",     "--once 1.5",
        "--timeout 0", "--timeout x",  "--timeout -1", "--timeout nan", "--settle inf",
        "--width 59",  "--width 1001", "--color red",  "--rows x",      "--nonsense",
        "traces",      "-z",
    };
    struct sonde__tail_options options;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (read_words(rows[i], &options) != 2)
            fail_msg("\"%s\" was taken", rows[i]);
}

static void test_options__addresses_are_listened_on(void **state)
{
    static const struct {
        const char *address, *begin;
        int         error;
        bool        is_loopback;
    } rows[] = {
        { "127.0.0.1:0", "127.0.0.1:", 0, true },
        { "0", "127.0.0.1:", 0, true },
        { ":0", "127.0.0.1:", 0, true },
        { "localhost:0", "", 0, true },
        { "0.0.0.0:0", "0.0.0.0:", 0, false },
        { "", "", EINVAL, false },
        { "127.0.0.1:", "", EINVAL, false },
        { "127.0.0.1:65536", "", EINVAL, false },
        { "127.0.0.1:1x", "", EINVAL, false },
        { "::1:0", "", EINVAL, false },
        { "[::1", "", EINVAL, false },
        { "[::1]4318", "", EINVAL, false },
        { "[not an address]:0", "", ENOENT, false },
    };
    char address[SONDE__ADDRESS_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_loopback = false;
        int  fd = -1, error = sonde__listen(rows[i].address, &fd, address, &is_loopback);
        if (error != rows[i].error ||
            (!error && strncmp(address, rows[i].begin, strlen(rows[i].begin)) != 0) ||
            is_loopback != rows[i].is_loopback)
            fail_msg("row %zu: %s, %s", i, strerror(error), error ? "" : address);
        if (!error)
            close(fd);
    }
}

static void test_options__a_port_in_use_is_told(void **state)
{
    char address[SONDE__ADDRESS_SIZE], again[SONDE__ADDRESS_SIZE];
    bool is_loopback;
    int  fd = -1, other = -1;
    (void)state;
    assert_int_equal(sonde__listen("127.0.0.1:0", &fd, address, &is_loopback), 0);

    assert_int_equal(sonde__listen(address, &other, again, &is_loopback), EADDRINUSE);
    close(fd);
    assert_int_equal(sonde__listen(address, &other, again, &is_loopback), 0);
    assert_string_equal(again, address);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__have_defaults),
        cmocka_unit_test(test_options__are_read_in_both_forms),
        cmocka_unit_test(test_options__wrong_ones_are_refused),
        cmocka_unit_test(test_options__addresses_are_listened_on),
        cmocka_unit_test(test_options__a_port_in_use_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
