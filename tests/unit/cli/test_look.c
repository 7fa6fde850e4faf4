/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "term/look.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    int master, terminal, pipe[2];
};

static struct fixture fixture;

static int setup(void **state)
{
    (void)state;
    struct winsize size = { .ws_row = 24, .ws_col = 132 };
    fixture.master      = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fixture.master < 0 || grantpt(fixture.master) != 0 || unlockpt(fixture.master) != 0)
        return -1;
    fixture.terminal = open(ptsname(fixture.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ioctl(fixture.master, TIOCSWINSZ, &size);
    unsetenv("NO_COLOR");
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    return pipe(fixture.pipe);
}

static int teardown(void **state)
{
    (void)state;
    close(fixture.master);
    close(fixture.terminal);
    close(fixture.pipe[0]);
    close(fixture.pipe[1]);
    return 0;
}

static bool has_colour(int fd, enum sonde__colour colour)
{
    return sonde__look_at(fd, colour, 0, true).colour;
}

static void test_look__colours_are_for_terminals_that_want_them(void **state)
{
    (void)state;
    assert_true(has_colour(fixture.terminal, SONDE__COLOUR_AUTO));
    assert_false(has_colour(fixture.pipe[1], SONDE__COLOUR_AUTO));
    assert_true(has_colour(fixture.pipe[1], SONDE__COLOUR_ALWAYS));
    assert_false(has_colour(fixture.terminal, SONDE__COLOUR_NEVER));
    setenv("NO_COLOR", "1", 1);
    assert_false(has_colour(fixture.terminal, SONDE__COLOUR_AUTO));
    setenv("NO_COLOR", "", 1); /* empty means not set */
    assert_true(has_colour(fixture.terminal, SONDE__COLOUR_AUTO));
    setenv("TERM", "dumb", 1);
    assert_false(has_colour(fixture.terminal, SONDE__COLOUR_AUTO));
    unsetenv("TERM");
    assert_false(has_colour(fixture.terminal, SONDE__COLOUR_AUTO));
}

static void test_look__width_is_asked_for_in_order(void **state)
{
    (void)state;
    assert_int_equal(sonde__look_at(fixture.terminal, SONDE__COLOUR_AUTO, 0, true).width, 132);
    assert_int_equal(sonde__look_at(fixture.terminal, SONDE__COLOUR_AUTO, 90, true).width, 90);
    assert_int_equal(sonde__look_at(fixture.pipe[1], SONDE__COLOUR_AUTO, 0, true).width, 100);
    setenv("COLUMNS", "77", 1);
    assert_int_equal(sonde__look_at(fixture.pipe[1], SONDE__COLOUR_AUTO, 0, true).width, 77);
    setenv("COLUMNS", "-5", 1);
    assert_int_equal(sonde__look_at(fixture.pipe[1], SONDE__COLOUR_AUTO, 0, true).width, 100);
    setenv("COLUMNS", "20", 1);
    assert_int_equal(sonde__look_at(fixture.pipe[1], SONDE__COLOUR_AUTO, 0, true).width, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_look__colours_are_for_terminals_that_want_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_look__width_is_asked_for_in_order, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
