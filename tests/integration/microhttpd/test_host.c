/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the application sees: the same as without the adapter. */
#include "fixture.h"

#include <pthread.h>
#include <unistd.h>

/* Everything that the application is told, in order, as text. */
struct log {
    pthread_mutex_t mutex;
    char            text[8192];
    size_t          used;
    int             mine[3]; /* what closures point to */
};

static void note(struct log *log, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&log->mutex);
    int len = vsnprintf(log->text + log->used, sizeof log->text - log->used, format, args);
    log->used += (size_t)len;
    pthread_mutex_unlock(&log->mutex);
    va_end(args);
}

static struct log logs[2]; /* untraced, traced */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct log *log = cls;
    (void)connection;
    note(log, "uri %s\n", uri);
    return &log->mine[0];
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    struct log *log = cls;
    (void)connection;
    note(log, "completed %d %s\n", (int)why,
         !*con_cls                   ? "none"
         : *con_cls == &log->mine[0] ? "from uri"
                                     : "from handler");
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct log *log = cls;
    (void)connection;
    note(log, "connection %d %s\n", (int)what, *socket_context ? "set" : "empty");
    *socket_context = &log->mine[2];
}

static enum MHD_Result handler(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **con_cls)
{
    struct log *log = cls;
    (void)upload;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    note(log, "handler %s %s %s %zu %s %s\n", method, url, version, *upload_size,
         !*con_cls                   ? "none"
         : *con_cls == &log->mine[0] ? "from uri"
                                     : "from handler",
         info && info->socket_context == &log->mine[2] ? "socket" : "no socket");
    if (!*con_cls || *con_cls == &log->mine[0]) {
        *con_cls = &log->mine[1];
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    return strcmp(url, "/none") == 0 ? MHD_NO : mhd_answer(connection, MHD_HTTP_OK, "ok");
}

static const char *const requests[] = {
    "GET /a?b=%20c HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: "
    "close\r\n\r\n",
    "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    "GET /none HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /bad HTTP/1.1\r\nHost: h\r\nno colon here\r\n\r\n",
    "GET /length HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\n",
    "NOT HTTP\r\n\r\n",
};

/* The answers of a daemon without the date they carry; to be freed. */
static char *talk(struct MHD_Daemon *daemon, const char *request)
{
    int   fd     = wire_connect(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    char *answer = wire_talk(fd, request, NULL);
    close(fd);
    for (char *date = answer; (date = strstr(date, "Date: ")); date += 6)
        memset(date, 'D', strcspn(date, "\r"));
    return answer;
}

/* Every request to both daemons; then their applications have been told the same. */
static void compare(struct MHD_Daemon *daemons[2])
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        char *untraced = talk(daemons[0], requests[i]), *traced = talk(daemons[1], requests[i]);
        assert_string_equal(traced, untraced);
        free(untraced);
        free(traced);
    }
    MHD_stop_daemon(daemons[0]);
    sonde_mhd_stop_daemon(daemons[1]);
    assert_string_equal(logs[1].text, logs[0].text);
    assert_non_null(strstr(logs[0].text, "handler"));
}

static int setup(void **state)
{
    memset(logs, 0, sizeof logs);
    pthread_mutex_init(&logs[0].mutex, NULL);
    pthread_mutex_init(&logs[1].mutex, NULL);
    return mhd_setup(state);
}

static void test_host__is_told_the_same_with_all_callbacks(void **state)
{
    struct mhd_fixture *f = *state;
    struct MHD_Daemon  *daemons[2];
    for (int i = 0; i < 2; i++) {
        struct MHD_OptionItem array[] = {
            { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, &logs[i] },
            { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, &logs[i] },
            { MHD_OPTION_END, 0, NULL },
        };
        daemons[i] = (i ? sonde_mhd_start_daemon : MHD_start_daemon)(
            MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handler, &logs[i], MHD_OPTION_ARRAY,
            array, MHD_OPTION_URI_LOG_CALLBACK, on_uri, &logs[i], MHD_OPTION_END);
    }
    compare(daemons);
    assert_non_null(strstr(logs[0].text, "uri /bad"));
    assert_true(spans_count(&f->spans) > 0);
}

static void test_host__is_told_the_same_with_one_callback(void **state)
{
    (void)state;
    struct MHD_Daemon *daemons[2];
    for (int i = 0; i < 2; i++)
        daemons[i] = (i ? sonde_mhd_start_daemon : MHD_start_daemon)(
            MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handler, &logs[i],
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, &logs[i], MHD_OPTION_END);
    compare(daemons);
    assert_non_null(strstr(logs[0].text, "completed 0 from handler"));
}

static void test_host__is_told_the_same_without_callbacks(void **state)
{
    (void)state;
    struct MHD_Daemon *daemons[2];
    for (int i = 0; i < 2; i++)
        daemons[i] = (i ? sonde_mhd_start_daemon : MHD_start_daemon)(
            MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handler, &logs[i], MHD_OPTION_END);
    compare(daemons);
}

struct reports {
    sonde_diagnostics base;
    int               count;
    char              last[256];
};

static void take_report(sonde_diagnostics *self, sonde_level level, sonde_str message)
{
    struct reports *reports = (struct reports *)self;
    (void)level;
    reports->count++;
    snprintf(reports->last, sizeof reports->last, "%.*s", (int)message.len, message.ptr);
}

static void test_host__an_unknown_option_goes_to_libmicrohttpd_and_is_reported(void **state)
{
    struct mhd_fixture *f       = *state;
    struct reports      reports = { { take_report }, 0, "" };
    sonde_sdk_stop(&f->spans.sdk, 20000);
    assert_int_equal(
        sonde_sdk_start(&f->spans.sdk, .diagnostics = &reports.base, .ignore_environment = true),
        SONDE_OK);
    for (int i = 0; i < 3; i++) /* libmicrohttpd does not know it either, and does not start */
        assert_null(sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                                           mhd_handler, f, 9999, MHD_OPTION_END));
    sonde_sdk_stop(&f->spans.sdk, 20000);
    assert_int_equal(reports.count, 1);
    assert_non_null(strstr(reports.last, "not traced"));
}

static void test_host__a_daemon_that_cannot_start_is_null(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    assert_null(sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, mhd_port(f), NULL, NULL,
                                       mhd_handler, f, MHD_OPTION_END));
}

static void test_host__untraced_daemons_and_null_are_taken(void **state)
{
    struct mhd_fixture *f      = *state;
    struct MHD_Daemon  *daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                                                  mhd_handler, f, MHD_OPTION_END);
    sonde_mhd_stop_daemon(daemon);
    sonde_mhd_stop_daemon(NULL);
    assert_null(sonde_mhd_span(NULL));
    sonde_mhd_set_route(NULL, "/x");
    assert_int_equal(sonde_mhd_queue_metrics(NULL), MHD_NO);
}

#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, mhd_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_host__is_told_the_same_with_all_callbacks),
        TEST(test_host__is_told_the_same_with_one_callback),
        TEST(test_host__is_told_the_same_without_callbacks),
        TEST(test_host__an_unknown_option_goes_to_libmicrohttpd_and_is_reported),
        TEST(test_host__a_daemon_that_cannot_start_is_null),
        TEST(test_host__untraced_daemons_and_null_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
