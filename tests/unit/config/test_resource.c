/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/test_resource.c - the message is read with the record iterator; tests/integration reads
 * it with a decoder that is not ours. */
#include "base/host.h"
#include "config/resource.h"
#include "fake_env.h"

#include <sonde/plugin/record.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    sonde_sdk_options      options;
    struct sonde__config   config;
    struct sonde__resource resource;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fake_env_clear();
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sonde__resource_done(&f->resource);
    sonde__config_done(&f->config);
    return 0;
}

static void make(struct fixture *f)
{
    assert_true(sonde__config_make(&f->options, fake_getenv, fake_diag, &f->config));
    assert_true(sonde__resource_init(&f->resource, &f->options, &f->config, fake_diag));
}

/* The attribute's text; *ret_count: how many have that key. */
static const char *text_of(const struct sonde__resource *resource, const char *key, int *ret_count)
{
    static char text[4200];
    sonde_str   rest = sonde_str_n(resource->message.data, resource->message.len), name;
    sonde_value value;
    *ret_count = 0;
    text[0]    = '\0';
    while (sonde_attribute_next(1, &rest, &name, &value)) {
        if (name.len == strlen(key) && memcmp(name.ptr, key, name.len) == 0) {
            ++*ret_count;
            sonde_value_text(&value, text, sizeof text);
        }
    }
    if (rest.len)
        *ret_count = -1; /* malformed */
    return text;
}

static void expect(const struct fixture *f, const char *key, const char *text)
{
    int         count;
    const char *got = text_of(&f->resource, key, &count);
    if (count != 1 || strcmp(got, text) != 0)
        fail_msg("%s: %d times, \"%s\"", key, count, got);
}

static void test_resource__program_wins_over_environment_wins_over_detection(void **state)
{
    struct fixture  *f         = *state;
    const sonde_attr attrs[]   = { sonde_kv("host.name", "mine"), sonde_kv("a", "program") };
    f->options.resource        = (sonde_attrs){ attrs, 2 };
    f->options.service_version = "1.2";
    fake_env_set("OTEL_SERVICE_NAME", "named");
    fake_env_set("OTEL_RESOURCE_ATTRIBUTES",
                 "service.name=listed,a=listed,b=listed,service.version=9,os.type=listed");
    make(f);
    expect(f, "host.name", "mine");
    expect(f, "a", "program");
    expect(f, "b", "listed");
    expect(f, "service.name", "named");
    expect(f, "service.version", "1.2");
    expect(f, "os.type", "listed");
}

static void test_resource__service_name_has_four_sources(void **state)
{
    const sonde_attr attrs[] = { sonde_kv("service.name", "attribute") };
    struct fixture  *f       = *state;
    char             path[4096], unknown[4200];
    sonde__host_program_path(path, sizeof path);
    snprintf(unknown, sizeof unknown, "unknown_service:%s", strrchr(path, '/') + 1);
    const char *const want[] = { unknown, "listed", "named", "option", "attribute" };
    for (int weight = 0; weight < 5; weight++) {
        fake_env_clear();
        if (weight >= 1)
            fake_env_set("OTEL_RESOURCE_ATTRIBUTES", "service.name=listed");
        if (weight >= 2)
            fake_env_set("OTEL_SERVICE_NAME", "named");
        f->options.service_name = weight >= 3 ? "option" : NULL;
        f->options.resource     = (sonde_attrs){ attrs, weight >= 4 ? 1 : 0 };
        make(f);
        expect(f, "service.name", want[weight]);
        tear_down(state);
    }
}

static void test_resource__says_what_it_found_out(void **state)
{
    struct fixture *f = *state;
    int             count;
    char            pid[16], path[4096], host[256];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(gethostname(host, sizeof host), 0);
    assert_true(sonde__host_program_path(path, sizeof path));
    make(f);
    expect(f, "process.pid", pid);
    expect(f, "process.executable.path", path);
    expect(f, "process.executable.name", strrchr(path, '/') + 1);
    expect(f, "host.name", host);
    expect(f, "os.type", "linux");
    expect(f, "telemetry.sdk.name", "sonde");
    expect(f, "telemetry.sdk.language", "c");
    expect(f, "telemetry.sdk.version", "0.1.0");
    text_of(&f->resource, "host.arch", &count);
    assert_int_equal(count, 1);
    text_of(&f->resource, "process.command_args", &count);
    assert_int_equal(count, 0);
}

static void test_resource__instance_id_is_a_random_uuid(void **state)
{
    struct fixture *f = *state;
    char            first[64];
    int             count;
    make(f);
    snprintf(first, sizeof first, "%s", text_of(&f->resource, "service.instance.id", &count));
    assert_int_equal(count, 1);
    assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
    tear_down(state);
    make(f);
    assert_string_not_equal(first, text_of(&f->resource, "service.instance.id", &count));
}

static void test_resource__creation_time_is_when_the_process_began(void **state)
{
    struct fixture *f = *state;
    struct tm       at;
    int             count;
    make(f);
    const char *text = text_of(&f->resource, "process.creation.time", &count);
    memset(&at, 0, sizeof at);
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &at);
    assert_non_null(rest);
    assert_int_equal(strlen(rest), 5); /* .123Z */
    time_t then = timegm(&at), now = time(NULL);
    assert_true(then <= now && then > now - 3600);
}

static void test_resource__discards_a_bad_list_whole_and_says_so(void **state)
{
    static const char *const rows[] = { "good=1,bad", "good=1,bad=%", "good=1,=2", "good=%FF",
                                        "good=1,b%2=2" };
    struct fixture          *f      = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int count;
        fake_env_clear();
        fake_env_set("OTEL_RESOURCE_ATTRIBUTES", rows[i]);
        make(f);
        text_of(&f->resource, "good", &count);
        if (count != 0 || fake_env.report_count != 1 ||
            !strstr(fake_env.reports[0], "OTEL_RESOURCE_ATTRIBUTES"))
            fail_msg("%s: %s", rows[i], fake_env.reports[0]);
        tear_down(state);
    }
}

static void test_resource__lists_have_bounds(void **state)
{
    struct fixture *f = *state;
    static char     text[70000];
    int             count;
    memset(text, 'x', sizeof text - 1);
    text[1] = '=';
    fake_env_set("OTEL_RESOURCE_ATTRIBUTES", text);
    make(f);
    text_of(&f->resource, "x", &count);
    assert_int_equal(count, 0);
    assert_int_equal(fake_env.report_count, 1);
    tear_down(state);
    for (size_t i = 0; i < 513; i++)
        memcpy(text + i * 4, "x=1,", 4);
    text[513 * 4] = '\0';
    make(f);
    assert_int_equal(fake_env.report_count, 2);
}

static void test_resource__decodes_and_takes_the_last_of_a_name(void **state)
{
    struct fixture *f = *state;
    fake_env_set("OTEL_RESOURCE_ATTRIBUTES", "a=1, b%2Fc = x%2Cy%3D ,a=2,");
    make(f);
    expect(f, "a", "2");
    expect(f, "b/c", "x,y=");
    assert_int_equal(fake_env.report_count, 0);
}

static int in_the_child(struct fixture *f, const char *id)
{
    char     pid[16];
    int      count;
    uint8_t *data = f->resource.message.data;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    sonde__resource_forked(&f->resource);
    if (strcmp(text_of(&f->resource, "process.pid", &count), pid) != 0 || count != 1)
        return 1;
    if (strcmp(text_of(&f->resource, "service.instance.id", &count), id) == 0 || count != 1)
        return 2;
    if (strcmp(text_of(&f->resource, "service.name", &count), "pool") != 0 || count != 1)
        return 3;
    if (data != f->resource.message.data)
        return 4; /* memory was asked for */
    return 0;
}

static void test_resource__a_forked_child_is_somebody_else(void **state)
{
    struct fixture *f       = *state;
    f->options.service_name = "pool";
    char id[64];
    int  count, status;
    make(f);
    snprintf(id, sizeof id, "%s", text_of(&f->resource, "service.instance.id", &count));

    pid_t child = fork();
    if (child == 0)
        _exit(in_the_child(f, id));
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_int_equal(status, 0);
}

static void test_resource__a_forked_child_keeps_what_the_program_gave(void **state)
{
    const sonde_attr attrs[] = { sonde_kv("service.instance.id", "mine"),
                                 sonde_kv("process.pid", 7) };
    struct fixture  *f       = *state;
    f->options.resource      = (sonde_attrs){ attrs, 2 };
    make(f);
    sonde__resource_forked(&f->resource);
    expect(f, "service.instance.id", "mine");
    expect(f, "process.pid", "7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_resource__##name, set_up, tear_down)
        TEST(program_wins_over_environment_wins_over_detection),
        TEST(service_name_has_four_sources),
        TEST(says_what_it_found_out),
        TEST(instance_id_is_a_random_uuid),
        TEST(creation_time_is_when_the_process_began),
        TEST(discards_a_bad_list_whole_and_says_so),
        TEST(lists_have_bounds),
        TEST(decodes_and_takes_the_last_of_a_name),
        TEST(a_forked_child_is_somebody_else),
        TEST(a_forked_child_keeps_what_the_program_gave),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
