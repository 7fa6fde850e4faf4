/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/base/test_host.c */
#include "base/clock.h"
#include "base/host.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_host__program_path_is_this_program(void **state)
{
    char path[4096];
    (void)state;
    assert_true(sonde__host_program_path(path, sizeof path));
    assert_int_equal(path[0], '/');
    assert_int_equal(access(path, X_OK), 0);
    assert_non_null(strstr(path, "host"));
}

static void test_host__user_is_the_one_of_the_password_file(void **state)
{
    char           name[256];
    struct passwd *entry = getpwuid(geteuid());
    (void)state;
    bool found = sonde__host_user(name, sizeof name);
    if (entry && found)
        assert_string_equal(name, entry->pw_name);
    assert_int_equal(found, name[0] != '\0');
}

static void test_host__name_and_kind_are_told(void **state)
{
    char text[256], want[256];
    (void)state;
    assert_int_equal(gethostname(want, sizeof want), 0);
    assert_true(sonde__host_name(text, sizeof text));
    assert_string_equal(text, want);
    assert_true(sonde__host_os(text, sizeof text));
    assert_string_equal(text, "linux");
    assert_true(sonde__host_arch(text, sizeof text));
    assert_null(strchr(text, '_')); /* amd64, not x86_64 */
}

static void test_host__texts_are_cut_to_the_room_there_is(void **state)
{
    char text[4] = "xxx";
    (void)state;
    assert_true(sonde__host_program_path(text, sizeof text));
    assert_int_equal(strlen(text), 3);
    assert_true(sonde__host_os(text, 2));
    assert_string_equal(text, "l");
}

/* Through its exit status: whether the child began after its parent, to a tick, and not in the future. */
static int in_the_child(uint64_t parent_ns)
{
    enum { TICK_NS = 10000000 };
    uint64_t child_ns = sonde__host_process_start_ns();
    return child_ns + TICK_NS > parent_ns && child_ns <= sonde__clock_wall() ? 0 : 1;
}

static void test_host__process_start_is_this_processs_own(void **state)
{
    enum { HOUR_S = 3600 };
    uint64_t start_ns = sonde__host_process_start_ns(), now_ns = sonde__clock_wall();
    int      status;
    (void)state;
    assert_true(start_ns <= now_ns && start_ns > now_ns - HOUR_S * UINT64_C(1000000000));
    pid_t child = fork();
    if (child == 0)
        _exit(in_the_child(start_ns));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_host__an_ordinary_program_has_no_privileges_of_its_own(void **state)
{
    (void)state;
    assert_false(sonde__host_is_privileged());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host__program_path_is_this_program),
        cmocka_unit_test(test_host__user_is_the_one_of_the_password_file),
        cmocka_unit_test(test_host__name_and_kind_are_told),
        cmocka_unit_test(test_host__texts_are_cut_to_the_room_there_is),
        cmocka_unit_test(test_host__process_start_is_this_processs_own),
        cmocka_unit_test(test_host__an_ordinary_program_has_no_privileges_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
