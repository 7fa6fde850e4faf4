/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* acceptance/programs/nulls.h - what the program that 2-11 writes is made of: a world of valid things, made anew for each
 * call in a process of its own, so that a call that crashes or hangs is told from the others. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

static struct {
    sonde_memory_exporter      *memory;
    sonde_sdk                  *sdk;
    sonde_tracer               *tracer;
    sonde_meter                *meter;
    sonde_span                 *span;
    sonde_context              *context;
    sonde_counter              *counter;
    sonde_counter_bound        *counter_bound;
    sonde_updown_counter       *updown_counter;
    sonde_updown_counter_bound *updown_counter_bound;
    sonde_histogram            *histogram;
    sonde_histogram_bound      *histogram_bound;
} world;

static bool make_world(void)
{
    static sonde_exporter *exporters[1];
    world.memory = sonde_memory_exporter_new();
    exporters[0] = sonde_memory_exporter_base(world.memory);
    if (sonde_sdk_start(&world.sdk, .exporters = exporters, .exporter_count = 1, .quiet = true) !=
        SONDE_OK)
        return false;
    const sonde_attrs none     = { NULL, 0 };
    world.tracer               = sonde_tracer_get("nulls", "1");
    world.meter                = sonde_meter_get("nulls", "1");
    world.span                 = sonde_span_start(world.tracer, "span", .shared = true);
    world.context              = sonde_context_with_span(NULL, world.span);
    world.counter              = sonde_counter_get(world.meter, "counter");
    world.counter_bound        = sonde_counter_bind(world.counter, none);
    world.updown_counter       = sonde_updown_counter_get(world.meter, "updown");
    world.updown_counter_bound = sonde_updown_counter_bind(world.updown_counter, none);
    world.histogram            = sonde_histogram_get(world.meter, "histogram");
    world.histogram_bound      = sonde_histogram_bind(world.histogram, none);
    return world.span && world.context && world.counter_bound && world.updown_counter_bound &&
           world.histogram_bound;
}

/* After the call all else still works: the span ends and is exported. */
static bool world_is_well(void)
{
    sonde_span_end(world.span);
    sonde_span_end(sonde_span_start(world.tracer, "after", .root = true));
    return sonde_sdk_flush(world.sdk, 5000) == SONDE_OK &&
           sonde_memory_exporter_count(world.memory, SONDE_SIGNAL_TRACES) >= 1;
}

struct call {
    const char *what;
    void (*make)(void);
    bool alive; /* with an SDK */
};

static int run_call(const struct call *call)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(PATIENCE_S);
        if (call->alive && !make_world())
            _exit(2);
        call->make();
        _exit(call->alive && !world_is_well() ? 3 : 0);
    }
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    if (status == 0)
        return 0;
    printf("%s: %s %d\n", call->what, WIFSIGNALED(status) ? "signal" : "exit status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return 1;
}
