/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/meter.c - the meters and instruments of this process: they are only added, and connected
 * with the region of the SDK that runs. Set-up; one lock. */
#include "core/diag.h"
#include "metrics/instrument.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

static struct {
    pthread_mutex_t        mutex;
    struct sonde_meter    *meters;
    struct sonde__metrics *global; /* NULL while the process-wide ones do not run */
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void connect(const struct sonde_meter *meter, struct sonde__instrument *instrument)
{
    struct sonde__stream_key key = { .scope       = meter->scope,
                                     .name        = instrument->name,
                                     .unit        = instrument->unit,
                                     .description = instrument->description,
                                     .kind        = instrument->kind,
                                     .bounds      = instrument->bounds,
                                     .bound_count = instrument->bound_count };
    struct sonde__stream *stream = meter->metrics ? sonde__stream_get(meter->metrics->region, &key)
                                                  : NULL;
    if (meter->metrics && !stream)
        sonde__diag(SONDE_LEVEL_ERROR, "%s is not counted: the memory for metrics is full",
                    instrument->name);
    /* Release: pairs with the acquire in sonde__instrument_stream(). */
    atomic_store_explicit(&instrument->stream, stream, memory_order_release);
}

static void connect_all(struct sonde_meter *meter, struct sonde__metrics *metrics)
{
    meter->metrics = metrics;
    for (struct sonde__instrument *each = meter->instruments; each; each = each->next)
        connect(meter, each);
}

void sonde__meter_attach(struct sonde__metrics *metrics)
{
    pthread_mutex_lock(&locked.mutex);
    if (metrics->global) {
        locked.global = metrics;
        for (struct sonde_meter *each = locked.meters; each; each = each->next)
            if (each->run == 0)
                connect_all(each, metrics);
    }
    pthread_mutex_unlock(&locked.mutex);
}

void sonde__meter_detach(struct sonde__metrics *metrics)
{
    pthread_mutex_lock(&locked.mutex);
    if (locked.global == metrics)
        locked.global = NULL;
    for (struct sonde_meter *each = locked.meters; each; each = each->next)
        if (each->metrics == metrics)
            connect_all(each, NULL);
    pthread_mutex_unlock(&locked.mutex);
}

static sonde_meter *meter_make(const struct sonde__scope *scope, uint64_t run,
                               struct sonde__metrics *metrics)
{
    sonde_meter *meter = calloc(1, sizeof *meter);
    if (!meter)
        return NULL;
    meter->scope   = scope;
    meter->run     = run;
    meter->metrics = metrics;
    meter->next    = locked.meters;
    locked.meters  = meter;
    return meter;
}

sonde_meter *sonde_meter_get_opts(const sonde_meter_options *options)
{
    sonde_meter_options given = { .size = sizeof given };
    if (options) {
        size_t size = options->size ? options->size : sizeof given;
        memcpy(&given, options, size < sizeof given ? size : sizeof given);
    }
    if (!given.name || !given.name[0])
        sonde__diag(SONDE_LEVEL_WARN, "a meter was asked for without a name");
    struct sonde__scope_key    key   = { given.name, given.version, given.schema_url, given.attrs };
    const struct sonde__scope *scope = sonde__scope_get(&key);
    if (!scope)
        return NULL;

    struct sonde__metrics *own = given.sdk ? ((struct sonde__sdk_head *)(void *)given.sdk)->metrics
                                           : NULL;
    uint64_t               run = given.sdk ? (own ? own->number : UINT64_MAX)
                                           : 0; /* no metrics: nobody's number */
    sonde_meter           *meter = NULL;
    pthread_mutex_lock(&locked.mutex);
    if (own && own == locked.global)
        run = 0;
    for (meter = locked.meters; meter; meter = meter->next)
        if (meter->scope == scope && meter->run == run)
            break;
    if (!meter)
        meter = meter_make(scope, run, run == 0 ? locked.global : own);
    pthread_mutex_unlock(&locked.mutex);
    return meter;
}

sonde_meter *sonde_meter_get(const char *name, const char *version)
{
    sonde_meter_options options = { .size = sizeof options, .name = name, .version = version };
    return sonde_meter_get_opts(&options);
}

static bool same_bounds(const struct sonde__instrument      *instrument,
                        const struct sonde__instrument_spec *spec)
{
    return instrument->bound_count == spec->bound_count &&
           (spec->bound_count == 0 ||
            memcmp(instrument->bounds, spec->bounds, spec->bound_count * sizeof(double)) == 0);
}

static struct sonde__instrument *find(const sonde_meter                   *meter,
                                      const struct sonde__instrument_spec *spec,
                                      const char                         **ret_conflict)
{
    for (struct sonde__instrument *each = meter->instruments; each; each = each->next) {
        if (strcasecmp(each->name, spec->name) != 0)
            continue;
        if (each->kind != spec->kind || strcmp(each->unit, spec->unit) != 0) {
            *ret_conflict = "another kind or unit; both are reported";
            continue;
        }
        *ret_conflict = NULL;
        if (strcmp(each->description, spec->description) != 0)
            *ret_conflict = "another description, which stays";
        else if (!same_bounds(each, spec))
            *ret_conflict = "other boundaries, which stay";
        return each;
    }
    return NULL;
}

static struct sonde__instrument *make(const struct sonde__instrument_spec *spec)
{
    struct sonde__instrument *instrument = calloc(1, sizeof *instrument +
                                                         spec->bound_count * sizeof(double));
    if (!instrument)
        return NULL;
    instrument->kind        = spec->kind;
    instrument->name        = strdup(spec->name);
    instrument->unit        = strdup(spec->unit);
    instrument->description = strdup(spec->description);
    instrument->bound_count = spec->bound_count;
    for (uint32_t i = 0; i < spec->bound_count; i++)
        instrument->bounds[i] = spec->bounds[i];
    if (instrument->name && instrument->unit && instrument->description)
        return instrument;
    free(instrument->name);
    free(instrument->unit);
    free(instrument->description);
    free(instrument);
    return NULL;
}

struct sonde__instrument *sonde__meter_instrument(sonde_meter                         *meter,
                                                  const struct sonde__instrument_spec *spec)
{
    const char *conflict = NULL;
    pthread_mutex_lock(&locked.mutex);
    struct sonde__instrument *instrument = find(meter, spec, &conflict);
    if (!instrument && (instrument = make(spec)) != NULL) {
        connect(meter, instrument);
        instrument->next   = meter->instruments;
        meter->instruments = instrument;
    }
    pthread_mutex_unlock(&locked.mutex);
    if (conflict)
        sonde__diag(SONDE_LEVEL_WARN, "instrument %s is registered already, with %s", spec->name,
                    conflict);
    return instrument;
}

/* Nobody in the child holds the lock. What it guards is never half done: meters and
 * instruments are complete before they are put at the head of their list. */
void sonde__meter_forked(void)
{
    pthread_mutex_init(&locked.mutex, NULL);
}
