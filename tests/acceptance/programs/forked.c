/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* acceptance/programs/forked.c - forks with one span open and others ended but not sent yet. Every child uses and ends the
 * open span as if it were its own, and records one below it; the parent ends it last. */
#include <sonde/sonde.h>

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3, WAITING = 100 };

static int child(sonde_tracer *tracer, sonde_span *open, int number)
{
    sonde_span_set(open, "touched.by", "child");
    sonde_span *own = sonde_span_start(tracer, "child", .parent = open);
    sonde_span_set(own, "pid", (int64_t)getpid());
    sonde_span_set(own, "number", number);
    sonde_span_end(own);
    sonde_span_end(open);
    sonde_span_end(open);
    exit(0); /* which sends */
}

int main(void)
{
    sonde_sdk *sdk = NULL;
    if (sonde_sdk_start(&sdk, .schedule_delay_ms = 60000) != SONDE_OK)
        return 2;
    sonde_tracer *tracer = sonde_tracer_get("acceptance", NULL);
    for (int i = 0; i < WAITING; i++) {
        sonde_span *span = sonde_span_start(tracer, "waiting", .root = true);
        sonde_span_set(span, "number", i);
        sonde_span_end(span);
    }
    sonde_span *open = sonde_span_start(tracer, "open", .root = true);
    sonde_span_set(open, "touched.by", "parent");
    sonde_span_set(open, "pid", (int64_t)getpid());
    bool good = true;
    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(tracer, open, i);
        int status = -1;
        good       = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && good;
    }
    sonde_span_end(open);
    return sonde_sdk_stop(&sdk, 20000) == SONDE_OK && good ? 0 : 1;
}
