/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/tracer.c - the registry of tracers: grows, never shrinks. Any thread; one lock. */
#include "trace/tracer.h"

#include <stdlib.h>

static struct {
    pthread_mutex_t mutex;
    sonde_tracer   *all;
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

sonde_tracer *sonde_tracer_get(const char *name, const char *version)
{
    sonde_tracer_options options;
    memset(&options, 0, sizeof options);
    options.size    = sizeof options;
    options.name    = name;
    options.version = version;
    return sonde_tracer_get_opts(&options);
}

sonde_tracer *sonde_tracer_get_opts(const sonde_tracer_options *options)
{
    sonde_tracer_options set;
    memset(&set, 0, sizeof set);
    if (options)
        memcpy(&set, options,
               options->size && options->size < sizeof set ? options->size : sizeof set);
    const struct sonde__sdk_head *sdk   = (const struct sonde__sdk_head *)(const void *)set.sdk;
    struct sonde__core           *core  = sdk ? sdk->core : NULL;
    uint32_t                      run   = core ? sonde__core_run(core) : 0;
    struct sonde__scope_key       key   = { set.name, set.version, set.schema_url, set.attrs };
    const struct sonde__scope    *scope = sonde__scope_get(&key);
    if (!scope)
        return NULL;
    pthread_mutex_lock(&locked.mutex);
    sonde_tracer *tracer = locked.all;
    while (tracer && !(tracer->scope == scope && tracer->core == core && tracer->run == run))
        tracer = tracer->next;
    if (!tracer) {
        tracer = calloc(1, sizeof *tracer);
        if (tracer) {
            tracer->scope = scope;
            tracer->core  = core;
            tracer->run   = run;
            tracer->next  = locked.all;
            locked.all    = tracer;
        }
    }
    pthread_mutex_unlock(&locked.mutex);
    return tracer;
}

void sonde__tracer_lock(void)
{
    pthread_mutex_lock(&locked.mutex);
}

void sonde__tracer_unlock(void)
{
    pthread_mutex_unlock(&locked.mutex);
}
