/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* acceptance/programs/ended_twice.c - uses spans after their end: at once, when their slot is another span's, in another
 * thread, in two threads at the same moment. Writes what was exported to FOLDER/<n>.pb, and figures for each step. */
#include "program.h"

#include <sonde/plugin/memory.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { OTHERS = 1000, RACES = 5000 };

static sonde_sdk    *sdk;
static sonde_tracer *tracer;
static sonde_span   *stale;
static sonde_span   *others[OTHERS];

static sonde_span *start(const char *name, int64_t number)
{
    sonde_span *span = sonde_span_start(tracer, name, .root = true);
    sonde_span_set(span, "number", number);
    return span;
}

/* Every verb that there is, on a handle that has ended. Returns how many were called. */
static uint64_t touch(sonde_span *span)
{
    const sonde_exception exception = { .type = "stolen", .message = "stolen" };
    sonde_span_set_attr(span, sonde_kv("stolen", 1));
    sonde_span_set_string(span, sonde_str_z("stolen"), sonde_str_z("text"));
    sonde_span_set_bool(span, sonde_str_z("stolen"), true);
    sonde_span_set_int(span, sonde_str_z("number"), -1);
    sonde_span_set_double(span, sonde_str_z("stolen"), 0.5);
    sonde_span_set_attrs(span, sonde_attrs_of(sonde_kv("stolen", 1), sonde_kv("number", -1)));
    sonde_span_set_name(span, sonde_str_z("stolen"));
    sonde_span_set_status(span, SONDE_STATUS_ERROR, "stolen");
    sonde_span_fail(span, "stolen", "stolen");
    sonde_span_add_event(span, "stolen");
    sonde_span_add_event_at(span, sonde_str_z("stolen"), 1, (sonde_attrs){ NULL, 0 });
    sonde_span_add_link(span, (sonde_link){ .span_context = sonde_span_context_make(NULL) });
    sonde_span_record_exception(span, &exception);
    sonde_span_end_at(span, 1);
    sonde_span_discard(span);
    sonde_span_end(span);
    return 16;
}

static void *touch_in_thread(void *argument)
{
    uint64_t *calls = argument;
    *calls          = touch(stale);
    return NULL;
}

static void *end_half(void *argument)
{
    (void)argument;
    for (int i = 0; i < OTHERS / 2; i++)
        sonde_span_end(others[i]);
    return NULL;
}

static sonde_span *_Atomic raced;
static atomic_int          ended;

/* Ends every span that is put into `raced`, as soon as it is seen there. */
static void *end_raced(void *argument)
{
    (void)argument;
    sonde_span *before = NULL;
    for (int i = 0; i < RACES; i++) {
        sonde_span *span;
        while ((span = atomic_load(&raced)) == before)
            sched_yield();
        sonde_span_end(span);
        before = span;
        atomic_fetch_add(&ended, 1);
    }
    return NULL;
}

static void race(void)
{
    for (int i = 0; i < RACES; i++) {
        sonde_span *span = start("raced", i);
        atomic_store(&raced, span);
        sonde_span_end(span);
        while (atomic_load(&ended) <= i)
            sched_yield();
    }
}

static bool in_thread(void *(*body)(void *), void *argument, void (*meanwhile)(void))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0)
        return false;
    if (meanwhile)
        meanwhile();
    return pthread_join(thread, NULL) == 0;
}

static bool write_bodies(sonde_memory_exporter *memory, const char *folder)
{
    bool good = true;
    for (size_t i = 0; good; i++) {
        sonde_str body = sonde_memory_exporter_body(memory, SONDE_SIGNAL_TRACES, i);
        char      path[4096];
        if (!body.ptr)
            break;
        snprintf(path, sizeof path, "%s/%zu.pb", folder, i);
        FILE *file = fopen(path, "wb");
        good       = file && fwrite(body.ptr, 1, body.len, file) == body.len;
        good       = file && fclose(file) == 0 && good;
    }
    return good;
}

static bool steps(void)
{
    uint64_t calls = 0;
    stale          = start("first", 0);
    sonde_span_end(stale);
    sonde_span_end(stale);
    print_figures(sdk, "twice", "late_calls", 1);
    for (int i = 0; i < OTHERS; i++)
        others[i] = start("other", i);
    print_figures(sdk, "reused", "late_calls", touch(stale));
    if (!in_thread(touch_in_thread, &calls, NULL))
        return false;
    print_figures(sdk, "other thread", "late_calls", calls);
    if (!in_thread(end_half, NULL, NULL))
        return false;
    for (int i = 0; i < OTHERS; i++)
        sonde_span_end(others[i]);
    print_figures(sdk, "ended elsewhere", "late_calls", OTHERS / 2);
    if (!in_thread(end_raced, NULL, race))
        return false;
    print_figures(sdk, "raced", "late_calls", RACES);
    return true;
}

int main(int argc, char **argv)
{
    sonde_memory_exporter *memory = sonde_memory_exporter_new();
    sonde_exporter *const  list[] = { sonde_memory_exporter_base(memory) };
    if (argc != 2 ||
        sonde_sdk_start(&sdk, .exporters = list, .exporter_count = 1, .quiet = true) != SONDE_OK)
        return 2;
    tracer    = sonde_tracer_get("acceptance", NULL);
    bool good = steps() && sonde_sdk_flush(sdk, 20000) == SONDE_OK && write_bodies(memory, argv[1]);
    print_figures(sdk, "flushed", "late_calls", 0);
    good = sonde_sdk_stop(&sdk, 20000) == SONDE_OK && good;
    sonde_memory_exporter_free(memory);
    return good ? 0 : 1;
}
