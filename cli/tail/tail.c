/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/tail.c - sonde tail: a receiver and the loop of the main thread, which waits for signals,
 * keys, requests and for traces to be finished. */
#include "tail/session.h"
#include "receiver/listen.h"
#include "verbs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MS = 1000000, BACKGROUND_MS = 1000 };

struct loop {
    struct sonde__session *session;
    int                    signal_fd;
    bool                   watches_keys, is_ended;
};

static void end(struct loop *loop)
{
    loop->is_ended = true;
}

static void show_metrics(struct loop *loop)
{
    sonde__session_print_metrics(loop->session, false, sonde__session_now());
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGUSR1)
            show_metrics(loop);
        else
            end(loop);
    }
}

/* A terminal gives a line at a time. */
static void take_keys(struct loop *loop)
{
    char    line[4096];
    ssize_t count = read(STDIN_FILENO, line, sizeof line);
    if (count < 0 && errno != EINTR && errno != EAGAIN && errno != EIO)
        loop->watches_keys = false;
    if (count == 0 || (count > 0 && line[0] == 'q')) /* nothing: Ctrl-D */
        end(loop);
    if (count > 0 && line[0] == 'm')
        show_metrics(loop);
}

/* A job in the background must leave the keyboard alone. */
static bool may_read_keys(const struct loop *loop)
{
    return loop->watches_keys && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static int milliseconds_until(uint64_t at_ns, uint64_t now_ns)
{
    if (at_ns == UINT64_MAX)
        return -1;
    uint64_t ms = at_ns > now_ns ? (at_ns - now_ns + MS - 1) / MS : 0;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

static void wait_until(struct loop *loop, uint64_t at_ns)
{
    bool          keys   = may_read_keys(loop);
    int           ms     = milliseconds_until(at_ns, sonde__session_now());
    struct pollfd fds[4] = {
        { .fd = loop->signal_fd, .events = POLLIN },
        { .fd = loop->session->wake_fd, .events = POLLIN },
        { .fd = keys ? STDIN_FILENO : -1, .events = POLLIN },
        { .fd = STDOUT_FILENO, .events = 0 }, /* whether the reader of a pipe went away */
    };
    if (loop->watches_keys && !keys && (ms < 0 || ms > BACKGROUND_MS))
        ms = BACKGROUND_MS; /* to see whether it came to the foreground */
    if (poll(fds, 4, ms) <= 0)
        return;
    loop->session->is_output_gone = fds[3].revents & (POLLERR | POLLHUP);
    uint64_t count;
    if (fds[1].revents && read(loop->session->wake_fd, &count, sizeof count) < 0)
        count = 0;
    if (fds[2].revents)
        take_keys(loop);
    if (fds[0].revents)
        take_signals(loop);
}

/* Returns whether the deadline ended it. */
static bool run(struct loop *loop, uint64_t deadline_ns)
{
    struct sonde__session *session = loop->session;
    while (!loop->is_ended && !session->is_output_gone) {
        uint64_t now_ns  = sonde__session_now();
        uint64_t next_ns = sonde__session_print_traces(session, now_ns);
        if (session->options.metrics)
            sonde__session_print_metrics(session, true, now_ns);
        sonde__session_tell(session, now_ns);
        if (sonde__session_is_full(session) || session->is_output_gone)
            return false;
        if (now_ns >= deadline_ns)
            return true;
        wait_until(loop, next_ns < deadline_ns ? next_ns : deadline_ns);
    }
    return false;
}

/* What is left when the receiver has stopped. */
static int finish(struct sonde__session *session, bool by_deadline)
{
    bool full = sonde__session_is_full(session);
    sonde__session_print_traces(session, UINT64_MAX);
    if (session->options.metrics && !full)
        sonde__session_print_metrics(session, true, sonde__session_now());
    sonde__session_tell(session, UINT64_MAX);
    if (!by_deadline)
        return SONDE__DONE;
    uint64_t came = session->traces_printed +
                    (session->options.once ? 0 : session->metrics_printed);
    uint64_t wanted = session->options.once ? session->options.once : 1;
    if (came >= wanted)
        return SONDE__DONE;
    fprintf(stderr, "sonde tail: time is up: %llu of %llu traces came\n",
            (unsigned long long)session->traces_printed, (unsigned long long)wanted);
    return SONDE__FAILED;
}

static void say_why_not(const char *address, int error)
{
    switch (error) {
    case EADDRINUSE:
        fprintf(
            stderr,
            "sonde tail: %s is in use: a collector, or another sonde tail, listens there already.\n"
            "Stop it (\"ss -ltnp\" shows who it is), or choose another port and tell the "
            "programs:\n"
            "  sonde tail --listen 127.0.0.1:14318\n"
            "  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14318\n",
            address);
        return;
    case EINVAL:
        fprintf(stderr,
                "sonde tail: \"%s\" is not an address: HOST:PORT, [IPV6]:PORT, HOST or PORT\n",
                address);
        return;
    case ENOENT:
        fprintf(stderr, "sonde tail: no such host: %s\n", address);
        return;
    default:
        fprintf(stderr, "sonde tail: cannot listen on %s: %s\n", address, strerror(error));
    }
}

static void greet(const char *address, bool is_loopback, bool keys)
{
    fprintf(stderr, "sonde tail: listening on http://%s%s\n", address,
            keys ? "  m Enter: metrics, q Enter: end" : "");
    if (strcmp(address, "127.0.0.1:4318") != 0)
        fprintf(stderr, "sonde tail: send here with OTEL_EXPORTER_OTLP_ENDPOINT=http://%s\n",
                address);
    if (!is_loopback)
        fprintf(stderr,
                "sonde tail: whoever reaches this address can send; there is no password\n");
}

/* Signals become readable; they are blocked before the receiver's thread exists, which inherits
 * that. */
static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is seen by write */
    signal(SIGTTIN, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int tail(struct sonde__session *session, int listen_fd, const char *address,
                bool is_loopback)
{
    static const char greeting[] =
        "sonde tail: send OTLP (protobuf) with POST to /v1/traces, /v1/metrics, /v1/logs\n";
    struct loop loop     = { session, catch_signals(), isatty(STDIN_FILENO) == 1, false };
    uint64_t    deadline = UINT64_MAX;
    if (session->options.timeout_ns)
        deadline = sonde__session_now() + session->options.timeout_ns;
    struct sonde__receiver *receiver = sonde__receiver_start(listen_fd, greeting, &session->sink);
    if (!receiver || loop.signal_fd < 0) {
        sonde__receiver_stop(receiver);
        fprintf(stderr, "sonde tail: the receiver did not start\n");
        return SONDE__FAILED;
    }
    greet(address, is_loopback, loop.watches_keys);
    bool by_deadline = run(&loop, deadline);
    sonde__receiver_stop(receiver);
    close(loop.signal_fd);
    return finish(session, by_deadline);
}

int sonde__tail_main(int argc, char **argv)
{
    struct sonde__tail_options options;
    struct sonde__session      session;
    char                       address[SONDE__ADDRESS_SIZE];
    bool                       is_loopback = false;
    int                        listen_fd   = -1;
    bool                       utf8        = sonde__look_locale();
    int                        status      = sonde__tail_options_read(argc, argv, &options);
    if (status >= 0)
        return status;
    int error = sonde__listen(options.listen, &listen_fd, address, &is_loopback);
    if (error) {
        say_why_not(options.listen, error);
        return SONDE__FAILED;
    }
    status = SONDE__FAILED;
    if (sonde__session_init(&session, &options, utf8))
        status = tail(&session, listen_fd, address, is_loopback);
    else
        fprintf(stderr, "sonde tail: out of memory\n");
    sonde__session_done(&session);
    return status;
}
