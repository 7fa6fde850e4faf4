/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/transport/test_otlp_http_life.c - connections, deadlines, cancelling, signals and fork. This
 * program's own getaddrinfo() and send() stand before the C library's, so that a look-up can hang and
 * a write can raise SIGPIPE. */
#include "drive.h"
#include "sink.h"
#include "transport/otlp_http.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* -- stand-ins -- */

#define STAND_IN __attribute__((visibility("default"))) /* or libcurl would not find them */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t  changed;
    bool            entered, let_go;
} look_up = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };

static atomic_bool pipe_breaks;

STAND_IN int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                         struct addrinfo **ret_list)
{
    (void)node;
    (void)service;
    (void)hints;
    *ret_list = NULL;
    pthread_mutex_lock(&look_up.mutex);
    look_up.entered = true;
    pthread_cond_broadcast(&look_up.changed);
    while (!look_up.let_go)
        pthread_cond_wait(&look_up.changed, &look_up.mutex);
    pthread_mutex_unlock(&look_up.mutex);
    return EAI_NONAME;
}

STAND_IN ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
    if (atomic_load(&pipe_breaks))
        raise(SIGPIPE); /* to this thread, as write(2) does */
    return sendto(fd, bytes, count, flags, NULL, 0);
}

/* -- fixture -- */

struct fixture {
    struct sink              *sink;
    char                      url[80];
    struct sonde__otlp_target traces;
    sonde_exporter           *exporter;
    sonde_batch              *batches[5];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct fixture       *f = &fixture;
    memset(f, 0, sizeof *f);
    f->sink = sink_start();
    if (!f->sink)
        return -1;
    snprintf(f->url, sizeof f->url, "%s/v1/traces", sink_url(f->sink));
    f->traces = (struct sonde__otlp_target){ .url = f->url, .timeout_ms = DRIVE_MS };
    const struct sonde__otlp_http_options options = { &f->traces, NULL, false };
    f->exporter                                   = sonde__otlp_http_new(&options);
    for (uint32_t i = 0; i < 5; i++)
        f->batches[i] = batch_of(SONDE_SIGNAL_TRACES, i + 1);
    *state = f;
    return f->exporter ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->exporter)
        f->exporter->done(f->exporter);
    sink_stop(f->sink);
    for (int i = 0; i < 5; i++)
        batch_free(f->batches[i]);
    return 0;
}

static void begin(struct fixture *f, int batch)
{
    f->exporter->begin(f->exporter, f->batches[batch], in_ms(DRIVE_MS));
}

/* Drives until the sink has that many requests, none of which may get a result meanwhile. */
static void drive_until_received(struct fixture *f, size_t requests)
{
    sonde_result result;
    uint64_t     until = in_ms(DRIVE_MS);
    while (!sink_wait_requests(f->sink, requests, 1)) {
        assert_false(f->exporter->progress(f->exporter, &result));
        assert_true(in_ms(0) < until);
    }
}

/* -- tests -- */

static void test_otlp_http__takes_a_signal_only_when_it_has_a_target(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->exporter->signals, SONDE_SIGNAL_TRACES);
    assert_int_equal(f->exporter->fd(f->exporter), -1); /* nothing is opened before there is work */
}

static void test_otlp_http__one_connection_serves_many_batches(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(deliver(f->exporter, f->batches[i % 5]).outcome, SONDE_DELIVERED);
    assert_int_equal(sink_connections(f->sink), 1);
    assert_int_equal(sink_spans(f->sink), 60);
}

static void test_otlp_http__four_batches_are_under_way_at_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->exporter->max_in_flight, 4);
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    for (int i = 0; i < 4; i++)
        begin(f, i);
    drive_until_received(f, 4);
    sink_answer(f->sink, &(struct sink_answer){ 0 });

    uint32_t spans = 0;
    for (int i = 0; i < 4; i++) {
        sonde_result result;
        assert_true(drive(f->exporter, &result));
        assert_int_equal(result.outcome, SONDE_DELIVERED);
        spans += sonde_batch_count(result.batch);
    }
    assert_int_equal(spans, 1 + 2 + 3 + 4);
    assert_int_equal(f->exporter->fd(f->exporter), -1);
}

static void test_otlp_http__a_refused_connection_is_tried_again(void **state)
{
    struct fixture *f = *state;
    int             fd;
    uint16_t        port = sink_refusing_port(&fd);
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/v1/traces", (unsigned)port);

    sonde_result result = deliver(f->exporter, f->batches[0]);

    close(fd);
    assert_int_equal(result.outcome, SONDE_RETRY);
    assert_int_equal(result.retry_after_ms, 0);
    assert_non_null(strstr(result.message, "connect"));
}

static void test_otlp_http__a_dropped_connection_is_tried_again(void **state)
{
    struct fixture *f = *state;
    sink_answer(f->sink, &(struct sink_answer){ .drop = true });
    assert_int_equal(deliver(f->exporter, f->batches[0]).outcome, SONDE_RETRY);
    sink_answer(f->sink, &(struct sink_answer){ 0 });
    assert_int_equal(deliver(f->exporter, f->batches[0]).outcome, SONDE_DELIVERED);
}

static void test_otlp_http__survives_a_server_that_comes_back(void **state)
{
    struct fixture *f    = *state;
    uint16_t        port = sink_port(f->sink);
    assert_int_equal(deliver(f->exporter, f->batches[0]).outcome, SONDE_DELIVERED);
    sink_stop(f->sink);
    sonde_result away = deliver(f->exporter, f->batches[0]);
    f->sink           = sink_start_at(port);
    assert_non_null(f->sink);
    assert_int_equal(away.outcome, SONDE_RETRY);
    assert_int_equal(deliver(f->exporter, f->batches[0]).outcome, SONDE_DELIVERED);
}

static void test_otlp_http__a_server_that_hangs_is_left_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    sonde_result    result;
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    f->exporter->begin(f->exporter, f->batches[0], in_ms(50));
    assert_true(drive(f->exporter, &result));
    assert_int_equal(result.outcome, SONDE_RETRY);
    assert_non_null(strstr(result.message, "timed out"));
}

static void test_otlp_http__the_configured_timeout_counts_when_it_is_shorter(void **state)
{
    struct fixture *f    = *state;
    f->traces.timeout_ms = 50;
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    sonde_result result = deliver(f->exporter, f->batches[0]);
    assert_int_equal(result.outcome, SONDE_RETRY);
    assert_non_null(strstr(result.message, "timed out"));
}

static void test_otlp_http__a_deadline_of_the_past_fails_soon(void **state)
{
    struct fixture *f = *state;
    sonde_result    result;
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    f->exporter->begin(f->exporter, f->batches[0], 0);
    assert_true(drive(f->exporter, &result));
    assert_int_equal(result.outcome, SONDE_RETRY);
}

static void test_otlp_http__cancelling_leaves_no_result_and_works_again(void **state)
{
    struct fixture *f = *state;
    sonde_result    result;
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    begin(f, 0);
    begin(f, 1);
    drive_until_received(f, 2);

    f->exporter->cancel(f->exporter);

    assert_false(f->exporter->progress(f->exporter, &result));
    assert_int_equal(f->exporter->fd(f->exporter), -1);
    sink_answer(f->sink, &(struct sink_answer){ 0 });
    assert_int_equal(deliver(f->exporter, f->batches[2]).outcome, SONDE_DELIVERED);
}

static void test_otlp_http__giving_up_does_not_wait_for_a_name_look_up(void **state)
{
    struct fixture *f = *state;
    sonde_result    result;
    snprintf(f->url, sizeof f->url, "http://collector.invalid:4318/v1/traces");
    begin(f, 0);
    assert_false(f->exporter->progress(f->exporter, &result));
    pthread_mutex_lock(&look_up.mutex);
    while (!look_up.entered)
        pthread_cond_wait(&look_up.changed, &look_up.mutex);
    pthread_mutex_unlock(&look_up.mutex);

    f->exporter->cancel(f->exporter); /* would never return if it waited */
    f->exporter->done(f->exporter);

    f->exporter = NULL;
    pthread_mutex_lock(&look_up.mutex);
    look_up.let_go = true;
    pthread_cond_broadcast(&look_up.changed);
    pthread_mutex_unlock(&look_up.mutex);
}

static void test_otlp_http__sigpipe_never_reaches_the_application(void **state)
{
    struct fixture *f = *state;
    sigset_t        before, after;
    sigset_t        pending;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(sigismember(&before, SIGPIPE), 0); /* it would end this program */

    atomic_store(&pipe_breaks, true);
    sonde_result result = deliver(f->exporter, f->batches[0]);
    atomic_store(&pipe_breaks, false);

    assert_int_equal(result.outcome, SONDE_DELIVERED);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    sigpending(&pending);
    for (int number = 1; number < 32; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
}

/* Sockets that this process has open, other than those open in the fixture's sink. */
static int connected_sockets(uint16_t port)
{
    int found = 0;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_storage peer;
        socklen_t               length = sizeof peer;
        char                    text[8];
        char                    want[8];
        if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0 ||
            getnameinfo((struct sockaddr *)&peer, length, NULL, 0, text, sizeof text,
                        NI_NUMERICSERV | NI_NUMERICHOST) != 0)
            continue;
        snprintf(want, sizeof want, "%u", (unsigned)port);
        found += strcmp(text, want) == 0;
    }
    return found;
}

static int in_the_child(struct fixture *f, int released)
{
    char byte;
    f->exporter->forked(f->exporter);
    if (connected_sockets(sink_port(f->sink)) != 0)
        return 1;
    if (deliver(f->exporter, f->batches[4]).outcome != SONDE_DELIVERED)
        return 2;
    f->exporter->done(f->exporter);
    return read(released, &byte, 1) == 0 ? 0 : 3; /* lives on until the parent has let go */
}

static void test_otlp_http__a_forked_child_leaves_the_parents_request_alone(void **state)
{
    struct fixture *f = *state;
    sonde_result    result;
    int             status, gate[2];
    assert_int_equal(pipe(gate), 0);
    sink_answer(f->sink, &(struct sink_answer){ .hold = true });
    begin(f, 0);
    drive_until_received(f, 1);

    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        _exit(in_the_child(f, gate[0]));
    }
    assert_true(sink_wait_requests(f->sink, 2, DRIVE_MS));
    sink_answer(f->sink, &(struct sink_answer){ 0 });

    assert_true(drive(f->exporter, &result));
    assert_int_equal(result.outcome, SONDE_DELIVERED);
    assert_true(sink_wait_spans(f->sink, 1 + 5, DRIVE_MS));
    assert_int_equal(sink_connections(f->sink), 2);
    /* The child is alive and has none of the parent's descriptors: closing is seen by the server. */
    f->exporter->done(f->exporter);
    f->exporter = NULL;
    assert_true(sink_wait_closed(f->sink, 0, DRIVE_MS));
    close(gate[1]);
    close(gate[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_otlp_http__##name, set_up, tear_down)
        TEST(takes_a_signal_only_when_it_has_a_target),
        TEST(one_connection_serves_many_batches),
        TEST(four_batches_are_under_way_at_once),
        TEST(a_refused_connection_is_tried_again),
        TEST(a_dropped_connection_is_tried_again),
        TEST(survives_a_server_that_comes_back),
        TEST(a_server_that_hangs_is_left_at_the_deadline),
        TEST(the_configured_timeout_counts_when_it_is_shorter),
        TEST(a_deadline_of_the_past_fails_soon),
        TEST(cancelling_leaves_no_result_and_works_again),
        TEST(giving_up_does_not_wait_for_a_name_look_up),
        TEST(sigpipe_never_reaches_the_application),
        TEST(a_forked_child_leaves_the_parents_request_alone),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
