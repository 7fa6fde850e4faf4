/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Telling a process that lives from one that has ended, and from another with its pid. */
#include "base/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void test_process__this_one_lives_and_keeps_its_name(void **state)
{
    (void)state;
    uint64_t self = sonde__process_self();

    assert_int_equal(sonde__process_pid(self), getpid());
    assert_int_equal(sonde__process_self(), self);
    assert_true(sonde__process_alive(self));
}

static void test_process__another_start_time_is_another_process(void **state)
{
    (void)state;
    uint64_t self = sonde__process_self();

    assert_false(sonde__process_alive(self + 1));
    assert_true(sonde__process_alive(self & ~(uint64_t)UINT32_MAX)); /* not known */
    assert_false(sonde__process_alive(0));
}

static void test_process__a_name_with_parentheses_does_not_mislead(void **state)
{
    char     before[16] = "";
    uint64_t self       = sonde__process_self();
    (void)state;
    prctl(PR_GET_NAME, before);

    prctl(PR_SET_NAME, "a) Z 1 (b");
    sonde__process_forked();
    uint64_t again = sonde__process_self();
    prctl(PR_SET_NAME, before);

    assert_int_equal(again, self);
}

static void test_process__a_child_has_a_name_of_its_own_and_loses_it(void **state)
{
    int      ends[2];
    uint64_t name = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        name = sonde__process_self();
        _exit(write(ends[1], &name, sizeof name) == (ssize_t)sizeof name && pause() ? 0 : 1);
    }
    assert_int_equal(read(ends[0], &name, sizeof name), sizeof name);
    bool      lives = sonde__process_alive(name);
    siginfo_t info;
    kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    bool zombie = sonde__process_alive(name);
    waitpid(child, NULL, 0);
    close(ends[0]), close(ends[1]);

    assert_int_equal(sonde__process_pid(name), child);
    assert_true(lives);
    assert_false(zombie);
    assert_false(sonde__process_alive(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process__this_one_lives_and_keeps_its_name),
        cmocka_unit_test(test_process__another_start_time_is_another_process),
        cmocka_unit_test(test_process__a_name_with_parentheses_does_not_mislead),
        cmocka_unit_test(test_process__a_child_has_a_name_of_its_own_and_loses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
