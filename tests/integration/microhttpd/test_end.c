/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The ways in which a request can end. */
#include "fixture.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sends a request, waits until the handler has seen it so many times, and gives the connection. */
static int begin(struct mhd_fixture *f, const char *request, int calls)
{
    int fd = wire_connect(mhd_port(f));
    assert_true(send(fd, request, strlen(request), MSG_NOSIGNAL) > 0);
    while (calls-- > 0)
        sem_wait(&f->called);
    return fd;
}

static void assert_end(struct mhd_fixture *f, const char *status, const char *error_type)
{
    sonde_span_view span;
    assert_true(spans_wait(&f->spans, 1));
    assert_int_equal(spans_count(&f->spans), 1);
    assert_true(spans_find(&f->spans, NULL, 0, &span));
    assert_string_equal(spans_attribute(&span, "http.response.status_code"), status);
    assert_string_equal(spans_attribute(&span, "error.type"), error_type);
    assert_int_equal(span.status, error_type[0] ? SONDE_STATUS_ERROR : SONDE_STATUS_UNSET);
}

static void test_end__the_client_leaves_during_its_upload(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    int fd = begin(f, "POST /ok HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", 2);
    close(fd);
    assert_end(f, "", "MHD_REQUEST_TERMINATED_CLIENT_ABORT");
}

static void test_end__the_client_leaves_during_the_answer(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    int fd = begin(f, "GET /endless HTTP/1.1\r\nHost: h\r\n\r\n", 2);
    close(fd);
    assert_end(f, "200", "MHD_REQUEST_TERMINATED_WITH_ERROR");
}

static void test_end__the_handler_gives_up(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    free(mhd_get(f, "/none", ""));
    assert_end(f, "", "MHD_REQUEST_TERMINATED_WITH_ERROR");
}

static void test_end__the_daemon_stops_with_a_request_in_flight(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    int fd = begin(f, "POST /never HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc", 2);
    mhd_stop(f);
    close(fd);
    assert_end(f, "", "MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN");
}

static void test_end__the_client_is_too_slow(void **state)
{
    struct mhd_fixture *f = *state;
    f->daemon = sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, mhd_handler,
                                       f, MHD_OPTION_CONNECTION_TIMEOUT, 1u, MHD_OPTION_END);
    int fd    = begin(f, "POST /ok HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", 2);
    assert_end(f, "", "MHD_REQUEST_TERMINATED_TIMEOUT_REACHED");
    close(fd);
}

static void test_end__libmicrohttpd_turns_the_request_down(void **state)
{
    static const char *const rows[][2] = {
        { "GET /bad HTTP/1.1\r\nHost: h\r\nno colon here\r\n\r\n", "400" },
        { "GET /length HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\n", "400" },
    };
    struct mhd_fixture *f = *state;
    mhd_start(f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sonde_span_view span;
        int             fd = wire_connect(mhd_port(f));
        free(wire_talk(fd, rows[i][0], NULL));
        close(fd);
        assert_true(spans_wait(&f->spans, i + 1));
        assert_true(spans_find(&f->spans, "HTTP", i, &span));
        assert_string_equal(spans_attribute(&span, "http.response.status_code"), rows[i][1]);
        assert_string_equal(spans_attribute(&span, "http.request.method"), "_OTHER");
        assert_int_equal(span.status, SONDE_STATUS_UNSET);
    }
    assert_int_equal(f->handler_calls, 0);
}

static void test_end__the_client_leaves_in_its_headers(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_start(f);
    int fd = wire_connect(mhd_port(f));
    assert_true(send(fd, "GET /part HTTP/1.1\r\nHost: h\r\n", 29, MSG_NOSIGNAL) == 29);
    shutdown(fd, SHUT_WR);
    free(wire_talk(fd, "", NULL));
    close(fd);
    assert_end(f, "", "MHD_REQUEST_TERMINATED_CLIENT_ABORT");
}

struct suspended {
    struct mhd_fixture    *f;
    struct MHD_Connection *connection;
    pthread_t              thread;
    bool                   begun;
};

static void *work_elsewhere(void *arg)
{
    struct suspended *work = arg;
    sonde_span       *span = sonde_span_start(work->f->tracer, "elsewhere",
                                              .parent = sonde_mhd_span(work->connection));
    sonde_span_set(sonde_mhd_span(work->connection), "touched", true);
    sonde_mhd_set_route(work->connection, "/slow");
    sonde_span_end(span);
    MHD_resume_connection(work->connection);
    return NULL;
}

static enum MHD_Result suspend(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **con_cls)
{
    struct suspended *work = cls;
    (void)url, (void)method, (void)version, (void)upload, (void)upload_size, (void)con_cls;
    if (work->begun)
        return mhd_answer(connection, MHD_HTTP_OK, "done");
    work->begun      = true;
    work->connection = connection;
    MHD_suspend_connection(connection);
    return pthread_create(&work->thread, NULL, work_elsewhere, work) == 0 ? MHD_YES : MHD_NO;
}

static void test_end__a_suspended_request_is_worked_on_elsewhere(void **state)
{
    struct mhd_fixture *f    = *state;
    struct suspended    work = { .f = f };
    f->daemon = sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME,
                                       0, NULL, NULL, suspend, &work, MHD_OPTION_END);
    free(mhd_get(f, "/slow", ""));
    pthread_join(work.thread, NULL);
    assert_true(spans_wait(&f->spans, 2));
    sonde_span_view elsewhere = mhd_span(f, "elsewhere"), span = mhd_span(f, "GET /slow");
    assert_true(spans_is_parent(&span, &elsewhere));
    assert_string_equal(spans_attribute(&span, "touched"), "true");
    assert_string_equal(spans_attribute(&span, "http.response.status_code"), "200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_end__the_client_leaves_during_its_upload),
        TEST(test_end__the_client_leaves_during_the_answer),
        TEST(test_end__the_handler_gives_up),
        TEST(test_end__the_daemon_stops_with_a_request_in_flight),
        TEST(test_end__the_client_is_too_slow),
        TEST(test_end__libmicrohttpd_turns_the_request_down),
        TEST(test_end__the_client_leaves_in_its_headers),
        TEST(test_end__a_suspended_request_is_worked_on_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
