/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* integration/sdk/program.c - the programs whose lives test_life.c looks at; the first argument says which. All
 * are configured by their environment alone. */
#include <sonde/sonde.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static sonde_tracer *tracer;

static void work(int count)
{
    for (int i = 0; i < count; i++)
        sonde_span_end(sonde_span_start(tracer, "work", .root = true));
}

/* Ends without having stopped the SDK. */
static int leave(sonde_sdk *sdk)
{
    (void)sdk;
    work(3);
    sonde_counter_add(sonde_counter_get(sonde_meter_get("program", NULL), "orders"), 2);
    return 0;
}

static int leave_at_once(sonde_sdk *sdk)
{
    (void)sdk;
    work(3);
    _exit(0);
}

static int stop_and_leave(sonde_sdk *sdk)
{
    work(3);
    return sonde_sdk_stop(&sdk, 10000) == SONDE_OK ? 0 : 1;
}

static int wait_for(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

/* A span that is open when the process forks belongs to the parent; both go on recording. */
static int fork_with_open_span(sonde_sdk *sdk)
{
    (void)sdk;
    work(1);
    sonde_span *open  = sonde_span_start(tracer, "open", .root = true);
    pid_t       child = fork();
    if (child == 0) {
        sonde_span_set(open, "who", "child");
        sonde_span_end(open);
        work(2);
        exit(0); /* its own exit flush */
    }
    int rc = wait_for(child);
    sonde_span_set(open, "who", "parent");
    sonde_span_end(open);
    return rc;
}

/* A child that has nothing to do with telemetry. */
static int fork_and_leave(sonde_sdk *sdk)
{
    work(1);
    sonde_sdk_flush(sdk, 10000);
    work(1);
    pid_t child = fork();
    if (child == 0)
        exit(0);
    return wait_for(child);
}

/* Becomes a daemon after the start: the one that counts is the grandchild. */
static int daemonize(sonde_sdk *sdk)
{
    (void)sdk;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            work(4);
            exit(0);
        }
        int rc = wait_for(grandchild);
        _exit(rc);
    }
    return wait_for(child);
}

/* Forks whenever the sending thread may be in the middle of something. */
static int fork_often(sonde_sdk *sdk)
{
    enum { CHILDREN = 40 };
    pid_t children[CHILDREN];
    int   rc = 0;
    for (int i = 0; i < CHILDREN; i++) {
        work(5);
        children[i] = fork();
        if (children[i] == 0) {
            work(1);
            exit(0);
        }
    }
    for (int i = 0; i < CHILDREN; i++)
        rc |= wait_for(children[i]);
    return sonde_sdk_stop(&sdk, 10000) == SONDE_OK ? rc : 1;
}

/* What console and reports look like. */
static int show(sonde_sdk *sdk)
{
    sonde_span *span = sonde_span_start(tracer, "GET /x", .kind = SONDE_KIND_SERVER, .root = true);
    sonde_span_set(span, "url.path", "/x");
    sonde_span_end(span);
    return sonde_sdk_stop(&sdk, 10000) == SONDE_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(sonde_sdk *sdk);
    } lives[] = {
        { "leave", leave },
        { "leave_at_once", leave_at_once },
        { "stop_and_leave", stop_and_leave },
        { "fork_with_open_span", fork_with_open_span },
        { "fork_and_leave", fork_and_leave },
        { "daemonize", daemonize },
        { "fork_often", fork_often },
        { "show", show },
    };
    sonde_sdk *sdk = NULL;
    sonde_sdk_start(&sdk);
    tracer = sonde_tracer_get("program", "1");
    for (size_t i = 0; argc == 2 && i < sizeof lives / sizeof *lives; i++)
        if (strcmp(argv[1], lives[i].name) == 0)
            return lives[i].run(sdk);
    fputs("usage: program LIFE\n", stderr);
    return 2;
}
