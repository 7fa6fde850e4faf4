/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/metrics.c - starting, stopping and collecting the metrics of an SDK. Whoever starts and
 * stops it, the pump's driver, and whoever asks for a page. */
#include "metrics/metrics.h"
#include "metrics/instrument.h"
#include "metrics/lease.h"
#include "metrics/reader.h"

#include <pthread.h>
#include <stdlib.h>

/* Address space, not memory. */
#define PROCESS_SIZE ((size_t)256 << 20)
#define LOCAL_SIZE   ((size_t)64 << 20)

static struct {
    pthread_mutex_t
        mutex; /* whoever collects holds it: nothing that is collected goes away meanwhile */
    struct sonde__metrics *global;
    /* The process-wide private region stays for ever, since bound handles point into it. */
    struct sonde__region *process_region;
    uint64_t              runs;
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static struct sonde__region *private_region(size_t size)
{
    struct sonde__region *region = sonde__region_new(size);
    if (region && !sonde__lease_attach(region))
        return NULL; /* its address space is lost; there is no memory to speak of in it */
    return region;
}

static sonde_err take_region(struct sonde__metrics *metrics, void *memory)
{
    if (memory) {
        if (!sonde__region_valid(memory))
            return SONDE_ERR_INVALID;
        metrics->region = memory;
        metrics->shared = true;
        return sonde__lease_attach(memory) ? SONDE_OK : SONDE_ERR_NOMEM;
    }
    if (metrics->global && locked.process_region) {
        metrics->region = locked.process_region;
        return sonde__stream_restart(metrics->region) ? SONDE_OK : SONDE_ERR_NOMEM;
    }
    metrics->region = private_region(metrics->global ? PROCESS_SIZE : LOCAL_SIZE);
    if (metrics->global)
        locked.process_region = metrics->region;
    return metrics->region ? SONDE_OK : SONDE_ERR_NOMEM;
}

sonde_err sonde__metrics_start(bool global, void *memory, struct sonde__metrics **ret_metrics)
{
    if (!ret_metrics)
        return SONDE_ERR_INVALID;
    struct sonde__metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return SONDE_ERR_NOMEM;
    metrics->global = global;

    pthread_mutex_lock(&locked.mutex);
    sonde_err err = global && locked.global ? SONDE_ERR_STARTED : take_region(metrics, memory);
    if (err == SONDE_OK) {
        metrics->number = ++locked.runs;
        locked.global   = global ? metrics : locked.global;
    }
    pthread_mutex_unlock(&locked.mutex);
    if (err != SONDE_OK) {
        free(metrics);
        return err;
    }
    sonde__meter_attach(metrics);
    *ret_metrics = metrics;
    return SONDE_OK;
}

void sonde__metrics_stop(struct sonde__metrics *metrics)
{
    if (!metrics)
        return;
    sonde__meter_detach(metrics);
    pthread_mutex_lock(&locked.mutex);
    if (locked.global == metrics)
        locked.global = NULL;
    pthread_mutex_unlock(&locked.mutex);
    /* Given memory may go now. Private memory stays, for the handles that point into it: that of
     * the process-wide metrics is used again. */
    if (metrics->shared || !metrics->global)
        sonde__lease_detach(metrics->region);
    if (!metrics->shared && !metrics->global)
        sonde__region_retire(metrics->region);
    free(metrics);
}

bool sonde__metrics_visit(struct sonde__metrics *metrics, struct sonde__metric_visitor *visitor)
{
    if (!visitor)
        return false;
    pthread_mutex_lock(&locked.mutex);
    if (!metrics)
        metrics = locked.global;
    if (metrics)
        sonde__reader_visit(metrics->region, visitor);
    pthread_mutex_unlock(&locked.mutex);
    return metrics != NULL;
}

sonde_err sonde__metrics_memory_init(void *memory, size_t size)
{
    return sonde__region_init(memory, size, true);
}

/* Whoever held a lock is not here, and nothing that they guard is ever half done. */
static void forked(void)
{
    pthread_mutex_init(&locked.mutex, NULL);
    sonde__meter_forked();
    sonde__lease_forked();
}

__attribute__((constructor)) static void load(void)
{
    sonde__thread_end_hooks[SONDE__HOOK_METRICS] = sonde__lease_thread_end;
    sonde__fork_hooks[SONDE__HOOK_METRICS]       = forked;
}
