/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sdk.c - puts an SDK together, takes it apart, and passes everything else on to the core. Set-up calls,
 * any thread; the owner's functions run in the pump's driver. */
#include "config/resource.h"
#include "core/table.h"
#include "export/prometheus.h"
#include "parts.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct sonde_sdk {
    struct sonde__sdk_head    head; /* the first member: core/table.h */
    struct sonde__owner       owner;
    struct sonde__config      config;
    struct sonde__resource    resource;
    struct sonde__propagators propagators;
    sonde_sampler            *sampler; /* of the environment's choice; NULL: none was made */
    bool                      local;
    bool                      released; /* the core has let go of owner and exporters */
    struct sonde_sdk         *next;     /* at rest */
};

/* A thread that records may have looked up sampler and propagator just before an SDK stopped. An SDK is
 * therefore never freed, and not used again before REST_MAX others have stopped. */
static struct {
    pthread_mutex_t mutex;
    bool            is_taken;     /* the process-wide place: from the beginning of start */
    sonde_sdk      *process_wide; /* from the end of start; both to the beginning of stop */
    sonde_sdk      *reporter;     /* what is reported goes where this one said */
    sonde_sdk      *at_rest;      /* the one that has rested longest, and behind it the others */
    size_t          rest_count;
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

enum { EXIT_FLUSH_MS = 1000, REST_MAX = 64 };

static const struct sonde__table *table(void)
{
    return sonde__table_get(SONDE__TABLE_VERSION);
}

static void lock(void)
{
    pthread_mutex_lock(&locked.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&locked.mutex);
}

/* -- exit -- */

static pid_t first_pid; /* where the first SDK was started */

/* A child that has recorded nothing of its own ends as if there were no SDK. */
static bool is_used_here(struct sonde__core *core)
{
    sonde_stats stats = { .size = sizeof stats };
    if (getpid() == first_pid)
        return true;
    table()->core_stats(core, &stats);
    return stats.spans_started || stats.points_delivered || stats.points_dropped;
}

static void flush_at_exit(void)
{
    lock(); /* sonde_sdk_stop() in another thread waits */
    struct sonde__core *core = locked.process_wide ? locked.process_wide->head.core : NULL;
    if (core && is_used_here(core))
        table()->core_flush(core, EXIT_FLUSH_MS);
    unlock();
}

static void register_hooks(void)
{
    first_pid = getpid();
    pthread_atfork(lock, unlock, unlock);
    atexit(flush_at_exit);
}

/* -- what the core asks -- */

static sonde_sdk *sdk_of(struct sonde__owner *owner)
{
    return (sonde_sdk *)(void *)((char *)owner - offsetof(sonde_sdk, owner));
}

static sonde_str owner_resource(struct sonde__owner *self)
{
    const struct sonde__buf *message = &sdk_of(self)->resource.message;
    return sonde_str_n(message->data, message->len);
}

static void owner_forked(struct sonde__owner *self)
{
    sonde__resource_forked(&sdk_of(self)->resource);
}

static void owner_done(struct sonde__owner *self)
{
    sdk_of(self)->released = true;
}

/* -- start and stop -- */

static struct sonde__core_options core_options(sonde_sdk *sdk, const sonde_sdk_options *options)
{
    const struct sonde__config *config = &sdk->config;
    sdk->owner = (struct sonde__owner){ owner_resource, owner_forked, owner_done };
    return (struct sonde__core_options){
        .size               = sizeof(struct sonde__core_options),
        .owner              = &sdk->owner,
        .sampler            = options->sampler ? options->sampler : sdk->sampler,
        .propagator         = sonde__propagators_make(&sdk->propagators, config->propagators),
        .metrics            = sdk->head.metrics,
        .memory_bytes       = options->memory_bytes,
        .schedule_delay_ms  = config->schedule_delay_ms,
        .batch_spans        = config->batch_spans,
        .metric_interval_ms = config->metric_interval_ms,
        .export_timeout_ms  = config->export_timeout_ms,
        .attribute_limit    = config->attribute_limit,
        .event_limit        = config->event_limit,
        .link_limit         = config->link_limit,
        .loop               = options->driver == SONDE_DRIVER_LOOP,
        .global             = !options->local,
        .disabled           = config->disabled,
    };
}

static sonde_err start_core(sonde_sdk *sdk, const sonde_sdk_options *options)
{
    struct sonde__exporters    own = { .count = 0 };
    struct sonde__core_options set = core_options(sdk, options);
    struct sonde__core        *core;
    sonde_err                  err = SONDE_OK;
    set.exporters                  = own.items;
    if (!sdk->config.disabled && options->exporters) {
        set.exporters      = options->exporters;
        set.exporter_count = options->exporter_count;
    } else if (!sdk->config.disabled) {
        err                = sonde__exporters_make(&own, &sdk->config);
        set.exporter_count = own.count;
    }
    if (!err)
        err = table()->core_start(&set, &core);
    if (err)
        sonde__exporters_done(&own);
    else
        sdk->head.core = core;
    return err;
}

static sonde_err start(sonde_sdk *sdk, const sonde_sdk_options *options, sonde__getenv_fn *get)
{
    if (!sonde__config_make(options, get, table()->diag, &sdk->config) ||
        !sonde__resource_init(&sdk->resource, options, &sdk->config, table()->diag))
        return SONDE_ERR_NOMEM;
    sonde_err err = options->sampler ? SONDE_OK : sonde__sampler_make(&sdk->config, &sdk->sampler);
    if (!err && !sdk->config.disabled)
        err = table()->metrics_start(!options->local, options->metrics_memory, &sdk->head.metrics);
    return err ? err : start_core(sdk, options);
}

/* Gives back what only a core that runs needs. */
static void take_apart(sonde_sdk *sdk)
{
    if (sdk->head.metrics)
        table()->metrics_stop(sdk->head.metrics);
    sdk->head.metrics = NULL;
    sonde__resource_done(&sdk->resource);
    sonde__config_done(&sdk->config);
}

/* All zero, new or rested; NULL when out of memory. Under the lock. */
static sonde_sdk *take_rested(void)
{
    if (locked.rest_count < REST_MAX)
        return calloc(1, sizeof(sonde_sdk));
    sonde_sdk *sdk = locked.at_rest;
    locked.at_rest = sdk->next;
    locked.rest_count--;
    sonde_sampler_free(sdk->sampler);
    memset(sdk, 0, sizeof *sdk);
    return sdk;
}

/* Takes the process-wide place, and the reports. */
static sonde_err claim(const sonde_sdk_options *options, struct sonde__log_config log,
                       sonde_sdk **ret_sdk)
{
    sonde_err err = SONDE_OK;
    lock();
    if (!options->local && locked.is_taken) {
        err = SONDE_ERR_STARTED;
        goto out;
    }
    sonde_sdk *sdk = take_rested();
    if (!sdk) {
        err = SONDE_ERR_NOMEM;
        goto out;
    }
    sdk->local = options->local;
    if (!sdk->local)
        locked.is_taken = true;
    if (!sdk->local || !locked.reporter) {
        locked.reporter = sdk;
        table()->diag_set(options->diagnostics, log.level, log.quiet);
    }
    *ret_sdk = sdk;
out:
    unlock();
    return err;
}

/* From here on the process-wide functions find it. */
static void take_place(sonde_sdk *sdk)
{
    lock();
    if (!sdk->local)
        locked.process_wide = sdk;
    unlock();
}

static void leave_place(sonde_sdk *sdk)
{
    lock();
    if (!sdk->local) {
        locked.process_wide = NULL;
        locked.is_taken     = false;
    }
    unlock();
}

/* Nothing is reported for it any more. One that a blocked exporter holds on to never comes to rest. */
static void lay_to_rest(sonde_sdk *sdk, bool released)
{
    lock();
    if (locked.reporter == sdk) {
        locked.reporter = NULL;
        table()->diag_set(NULL, SONDE_LEVEL_ERROR, true);
    }
    sonde_sdk **end = &locked.at_rest;
    while (*end)
        end = &(*end)->next;
    if (released) {
        sdk->next = NULL;
        *end      = sdk;
        locked.rest_count++;
    }
    unlock();
}

/* The options as this version knows them. */
static sonde_sdk_options complete(const sonde_sdk_options *options)
{
    enum { FIRST = offsetof(sonde_sdk_options, signals) + sizeof(unsigned) }; /* as of 0.1 */
    sonde_sdk_options all;
    size_t            size = !options ? 0 : options->size ? options->size : FIRST;
    memset(&all, 0, sizeof all);
    if (size)
        memcpy(&all, options, size < sizeof all ? size : sizeof all);
    all.size = sizeof all;
    return all;
}

static const char *from_environment(const char *name)
{
    return secure_getenv(name);
}

sonde_err sonde_sdk_start_opts(sonde_sdk **ret_sdk, const sonde_sdk_options *options)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sonde_sdk            *sdk;
    if (!ret_sdk)
        return SONDE_ERR_INVALID;
    if (!table() || table()->size < sizeof(struct sonde__table))
        return SONDE_ERR_CONFIG;
    sonde_sdk_options all = complete(options);
    sonde__getenv_fn *get = all.ignore_environment ? NULL : from_environment;
    sonde_err         err = claim(&all, sonde__config_log(&all, get), &sdk);
    if (err)
        return err;
    err = start(sdk, &all, get);
    if (err) {
        leave_place(sdk);
        take_apart(sdk);
        lay_to_rest(sdk, true);
        return err;
    }
    pthread_once(&once, register_hooks);
    take_place(sdk);
    *ret_sdk = sdk;
    return SONDE_OK;
}

sonde_err sonde_sdk_flush(sonde_sdk *sdk, uint32_t timeout_ms)
{
    return sdk ? table()->core_flush(sdk->head.core, timeout_ms) : SONDE_OK;
}

sonde_err sonde_sdk_stop(sonde_sdk **sdk, uint32_t timeout_ms)
{
    if (!sdk || !*sdk)
        return SONDE_OK;
    sonde_sdk *self = *sdk;
    *sdk            = NULL;
    leave_place(self);
    sonde_err err   = table()->core_stop(self->head.core, timeout_ms);
    self->head.core = NULL;
    if (self->released)
        take_apart(self);
    lay_to_rest(self, self->released);
    return err;
}

/* -- everything else -- */

int sonde_sdk_fd(const sonde_sdk *sdk)
{
    return sdk ? table()->core_fd(sdk->head.core) : -1;
}

void sonde_sdk_dispatch(sonde_sdk *sdk)
{
    if (sdk)
        table()->core_dispatch(sdk->head.core);
}

void sonde_sdk_stats(sonde_sdk *sdk, sonde_stats *ret_stats)
{
    if (ret_stats && table())
        table()->core_stats(sdk ? sdk->head.core : NULL, ret_stats);
}

sonde_err sonde_sdk_prometheus(sonde_sdk *sdk, char **ret_text, size_t *ret_length)
{
    struct sonde__buf text     = { 0 };
    sonde_str         resource = { NULL, 0 };
    sonde_err         err      = SONDE_ERR_INVALID;
    if (!ret_text || !ret_length || !table())
        return err;
    lock(); /* so that the process-wide SDK does not stop meanwhile */
    sonde_sdk *self = sdk ? sdk : locked.process_wide;
    if (self && self->head.metrics) {
        resource = owner_resource(&self->owner);
        err      = sonde__prometheus_write(table(), self->head.metrics, resource, &text);
    }
    unlock();
    sonde__buf_byte(&text, '\0');
    if (!err && text.failed)
        err = SONDE_ERR_NOMEM;
    if (err) {
        sonde__buf_done(&text);
        return err;
    }
    *ret_text   = (char *)text.data;
    *ret_length = text.len - 1;
    return SONDE_OK;
}

sonde_err sonde_metrics_memory_init(void *memory, size_t size)
{
    return table() ? table()->metrics_memory_init(memory, size) : SONDE_ERR_CONFIG;
}
