/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every way in which libmicrohttpd spreads its work over threads, with several clients at once. */
#include "fixture.h"

#include <pthread.h>
#include <sys/select.h>
#include <unistd.h>

enum { CLIENTS = 4, REQUESTS_EACH = 25 };

struct mode {
    const char *name;
    unsigned    flags;
    unsigned    pool;
};

static const struct mode modes[] = {
    { "internal thread, select", MHD_USE_INTERNAL_POLLING_THREAD, 0 },
    { "internal thread, poll", MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0 },
    { "internal thread, epoll", MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0 },
    { "thread pool", MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 4 },
    { "thread per connection", MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0 },
};

struct client {
    struct mhd_fixture *f;
    unsigned            number;
    pthread_t           thread;
};

/* Each request carries a parent of its own: its client's number, and its own. */
static void *ask(void *arg)
{
    struct client *client = arg;
    int            fd     = wire_connect(mhd_port(client->f));
    for (unsigned i = 1; i <= REQUESTS_EACH; i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "GET /inner HTTP/1.1\r\nHost: h\r\n"
                 "traceparent: 00-000000000000000000000000000000%02x-%016x-01\r\n\r\n",
                 client->number, i);
        char *answer = wire_talk(fd, request, "\r\n\r\nok");
        client->f->odd += strncmp(answer, "HTTP/1.1 200", 12) != 0;
        free(answer);
    }
    close(fd);
    return NULL;
}

static void run_clients(struct mhd_fixture *f)
{
    struct client clients[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].f      = f;
        clients[i].number = i + 1;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, ask, &clients[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
}

/* How many of the inner spans are children of this one; ids: their parents'. */
static size_t children_of(const sonde_span_view *span, unsigned char (*ids)[8], size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += memcmp(ids[i], span->span_context.span_id, 8) == 0;
    return found;
}

/* Each parent has had one child, and each of these a child of its own. */
static void check_spans(struct mhd_fixture *f, const char *mode)
{
    enum { ALL = CLIENTS * REQUESTS_EACH };
    unsigned char   seen[CLIENTS + 1][REQUESTS_EACH + 1], inner_parents[ALL][8];
    sonde_span_view span;
    memset(seen, 0, sizeof seen);
    if (spans_count(&f->spans) != 2 * ALL || f->odd)
        fail_msg("%s: %llu spans, %d oddities", mode, (unsigned long long)spans_count(&f->spans),
                 (int)f->odd);
    for (size_t i = 0; i < ALL; i++) {
        assert_true(spans_find(&f->spans, "inner", i, &span));
        memcpy(inner_parents[i], span.parent_id, 8);
    }
    for (size_t i = 0; i < ALL; i++) {
        assert_true(spans_find(&f->spans, "GET", i, &span));
        unsigned client = span.span_context.trace_id[15], request = span.parent_id[7];
        assert_true(client <= CLIENTS && request <= REQUESTS_EACH);
        assert_int_equal(seen[client][request]++, 0);
        assert_int_equal(children_of(&span, inner_parents, ALL), 1);
    }
}

static void test_modes__every_request_is_traced_with_its_own_parent(void **state)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct mhd_fixture *f = *state;
        f->daemon = sonde_mhd_start_daemon(modes[i].flags, 0, NULL, NULL, mhd_handler, f,
                                           modes[i].pool ? MHD_OPTION_THREAD_POOL_SIZE
                                                         : MHD_OPTION_END,
                                           modes[i].pool, MHD_OPTION_END);
        if (!f->daemon)
            fail_msg("%s did not start", modes[i].name);
        run_clients(f);
        mhd_stop(f);
        check_spans(f, modes[i].name);
        mhd_teardown(state);
        mhd_setup(state);
    }
}

/* Drives the daemon from the thread that is the application's own, until so many have been sent. */
static void drive(struct mhd_fixture *f, uint64_t requests)
{
    while (sonde_memory_exporter_count(f->spans.memory, SONDE_SIGNAL_TRACES) < 2 * requests) {
        fd_set         read, write, except;
        MHD_socket     max  = 0;
        struct timeval wait = { 0, 5000 };
        FD_ZERO(&read);
        FD_ZERO(&write);
        FD_ZERO(&except);
        assert_int_equal(MHD_get_fdset(f->daemon, &read, &write, &except, &max), MHD_YES);
        select(max + 1, &read, &write, &except, &wait);
        MHD_run_from_select(f->daemon, &read, &write, &except);
    }
}

static void test_modes__the_applications_own_loop(void **state)
{
    struct mhd_fixture *f      = *state;
    struct client       client = { f, 1, 0 };
    sonde_span         *loop   = sonde_span_start(f->tracer, "loop", .current = true);
    f->daemon = sonde_mhd_start_daemon(0, 0, NULL, NULL, mhd_handler, f, MHD_OPTION_END);
    assert_non_null(f->daemon);
    assert_int_equal(pthread_create(&client.thread, NULL, ask, &client), 0);
    drive(f, REQUESTS_EACH);
    pthread_join(client.thread, NULL);
    assert_ptr_equal(sonde_span_current(), loop);
    sonde_span_end(loop);
    mhd_stop(f);
    assert_int_equal(f->odd, 0);
    assert_int_equal(spans_count(&f->spans), 2 * REQUESTS_EACH + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_modes__every_request_is_traced_with_its_own_parent),
        TEST(test_modes__the_applications_own_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
