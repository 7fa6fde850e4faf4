/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The SDK of a worker: it sends from a thread of its own, which the event
 * loop never waits for but once, when the worker exits and hands over what it
 * has.  To whoever receives, all workers of an nginx are one instance.
 */

#include "ngx_http_sonde.h"

#include <sonde/plugin/sampler.h>

#include <sys/random.h>


/* finished spans that wait, in each worker */
#define NGX_HTTP_SONDE_QUEUE        (8 * 1024 * 1024)

/* milliseconds; after a TERM the master kills in 1.6 s */
#define NGX_HTTP_SONDE_QUIT_WAIT    3000
#define NGX_HTTP_SONDE_TERM_WAIT    1000

/* attributes of the resource that are the same in all workers */
#define NGX_HTTP_SONDE_OWN          3


static ngx_int_t ngx_http_sonde_shared_init_zone(ngx_shm_zone_t *zone,
    void *data);


sonde_tracer  *ngx_http_sonde_tracer;

static sonde_sdk  *ngx_http_sonde_sdk;


char *
ngx_http_sonde_shared_zone(ngx_conf_t *cf, ngx_http_sonde_main_conf_t *smcf)
{
    ngx_str_t  name;

    ngx_str_set(&name, "sonde");

    smcf->shared_zone = ngx_shared_memory_add(cf, &name, 8 * ngx_pagesize,
                                              &ngx_http_sonde_module);
    if (smcf->shared_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    smcf->shared_zone->init = ngx_http_sonde_shared_init_zone;

    return NGX_CONF_OK;
}


/* A random UUID, version 4. */
static void
ngx_http_sonde_uuid(u_char *text)
{
    u_char      *p;
    ngx_uint_t   i;
    u_char       id[16];

    if (getrandom(id, sizeof(id), 0) != sizeof(id)) {

        for (i = 0; i < sizeof(id); i++) {
            id[i] = ngx_random() >> 8;
        }
    }

    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;

    p = text;

    for (i = 0; i < sizeof(id); i++) {

        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *p++ = '-';
        }

        p = ngx_hex_dump(p, &id[i], 1);
    }
}


/* In the master; data is what the zone of the last cycle held. */
static ngx_int_t
ngx_http_sonde_shared_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_tm_t                  tm;
    ngx_slab_pool_t          *shpool;
    ngx_http_sonde_shared_t  *shared;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = shpool->data;
        return NGX_OK;
    }

    shared = ngx_slab_calloc(shpool, sizeof(ngx_http_sonde_shared_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    ngx_http_sonde_uuid(shared->instance_id);

    ngx_gmtime(ngx_time(), &tm);
    ngx_snprintf(shared->created, sizeof(shared->created),
                 "%4d-%02d-%02dT%02d:%02d:%02dZ", tm.ngx_tm_year,
                 tm.ngx_tm_mon, tm.ngx_tm_mday, tm.ngx_tm_hour,
                 tm.ngx_tm_min, tm.ngx_tm_sec);

    shpool->data = shared;
    zone->data = shared;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_sonde_has_key(sonde_attrs attrs, sonde_str key)
{
    size_t  i;

    for (i = 0; i < attrs.count; i++) {

        if (attrs.items[i].key.len == key.len
            && ngx_memcmp(attrs.items[i].key.ptr, key.ptr, key.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * What otel_resource_attr says, but for a name that otel_service_name gives;
 * then what makes of all workers one instance: its process is the master.
 */

static sonde_attrs
ngx_http_sonde_resource(ngx_cycle_t *cycle, ngx_http_sonde_main_conf_t *smcf)
{
    ngx_pid_t                 pid;
    ngx_uint_t                i, n;
    sonde_attr               *items, own[NGX_HTTP_SONDE_OWN];
    sonde_attrs               attrs;
    ngx_keyval_t             *kv;
    ngx_http_sonde_shared_t  *shared;

    attrs.items = NULL;
    attrs.count = 0;

    n = smcf->resource_attrs ? smcf->resource_attrs->nelts : 0;

    items = ngx_palloc(cycle->pool,
                       (n + NGX_HTTP_SONDE_OWN) * sizeof(sonde_attr));
    if (items == NULL) {
        return attrs;
    }

    attrs.items = items;
    kv = n ? smcf->resource_attrs->elts : NULL;

    for (i = 0; i < n; i++) {

        if (smcf->service_name.len
            && kv[i].key.len == sizeof("service.name") - 1
            && ngx_strncmp(kv[i].key.data, "service.name", kv[i].key.len)
               == 0)
        {
            continue;
        }

        items[attrs.count++] = sonde_attr_string(
                                         ngx_http_sonde_view(&kv[i].key),
                                         ngx_http_sonde_view(&kv[i].value));
    }

    shared = smcf->shared_zone->data;
    pid = (ngx_process == NGX_PROCESS_SINGLE) ? ngx_pid : getppid();

    own[0] = sonde_attr_string(sonde_str_z("service.instance.id"),
                               sonde_str_n(shared->instance_id,
                                           sizeof(shared->instance_id)));
    own[1] = sonde_attr_int(sonde_str_z("process.pid"), pid);
    own[2] = sonde_attr_string(sonde_str_z("process.creation_time"),
                               sonde_str_n(shared->created,
                                           sizeof(shared->created)));

    for (i = 0; i < NGX_HTTP_SONDE_OWN; i++) {

        if (!ngx_http_sonde_has_key(attrs, own[i].key)) {
            items[attrs.count++] = own[i];
        }
    }

    return attrs;
}


/* A worker without telemetry is better than no worker: it goes on. */
void
ngx_http_sonde_start(ngx_cycle_t *cycle, ngx_http_sonde_main_conf_t *smcf)
{
    sonde_err               err;
    sonde_sdk_options       options;
    sonde_meter_options     meter;
    sonde_tracer_options    tracer;

    static sonde_exporter  *none[1];

    ngx_memzero(&options, sizeof(options));
    options.size = sizeof(options);

    if (smcf->service_name.len) {
        options.service_name = (char *) smcf->service_name.data;
    }

    options.resource = ngx_http_sonde_resource(cycle, smcf);
    options.diagnostics = ngx_http_sonde_log_start(cycle,
                                                   smcf->shared_zone->data);
    options.quiet = (options.diagnostics == NULL);

    /* otel_trace has decided when a span starts */

    options.sampler = sonde_sampler_always_on();
    options.memory_bytes = NGX_HTTP_SONDE_QUEUE;

    if (smcf->exporter) {
        options.traces_endpoint = (char *) smcf->url.data;
        options.signals = SONDE_SIGNAL_TRACES;

    } else {
        options.exporters = none;
    }

    if (smcf->interval != NGX_CONF_UNSET_MSEC) {
        options.schedule_delay_ms = smcf->interval;
    }

    if (smcf->batch_size != NGX_CONF_UNSET_SIZE) {
        options.batch_spans = smcf->batch_size;
    }

    if (smcf->metrics_zone) {
        options.metrics_memory = smcf->metrics_zone->data;
    }

    err = sonde_sdk_start_opts(&ngx_http_sonde_sdk, &options);

    if (err != SONDE_OK) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "sonde: nothing is traced or counted: %s",
                      sonde_err_str(err));
        return;
    }

    ngx_memzero(&tracer, sizeof(tracer));
    tracer.size = sizeof(tracer);
    tracer.name = NGX_HTTP_SONDE_SCOPE;
    tracer.version = NGX_HTTP_SONDE_VERSION;
    tracer.schema_url = SONDE_SCHEMA_URL;

    ngx_http_sonde_tracer = sonde_tracer_get_opts(&tracer);

    if (smcf->metrics_zone) {
        ngx_memzero(&meter, sizeof(meter));
        meter.size = sizeof(meter);
        meter.name = NGX_HTTP_SONDE_SCOPE;
        meter.version = NGX_HTTP_SONDE_VERSION;
        meter.schema_url = SONDE_SCHEMA_URL;

        ngx_http_sonde_metrics_start(sonde_meter_get_opts(&meter));
    }
}


void
ngx_http_sonde_stop(ngx_cycle_t *cycle)
{
    if (ngx_http_sonde_sdk == NULL) {
        return;
    }

    (void) sonde_sdk_flush(ngx_http_sonde_sdk,
                           ngx_terminate ? NGX_HTTP_SONDE_TERM_WAIT
                                         : NGX_HTTP_SONDE_QUIT_WAIT);

    ngx_http_sonde_log_dropped(cycle->log, 1);

    (void) sonde_sdk_stop(&ngx_http_sonde_sdk, 0);

    ngx_http_sonde_log_stop(cycle);
}
