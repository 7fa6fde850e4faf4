/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The otel_exporter block, and the SDK of a worker: it sends from a thread of
 * its own, which the event loop never waits for but once, when the worker
 * exits and hands over what it has.
 */

#include "ngx_http_sonde.h"

#include <sonde/plugin/sampler.h>


/* finished spans that wait, in each worker */
#define NGX_HTTP_SONDE_QUEUE        (8 * 1024 * 1024)

/* milliseconds; after a TERM the master kills in 1.6 s */
#define NGX_HTTP_SONDE_QUIT_WAIT    3000
#define NGX_HTTP_SONDE_TERM_WAIT    1000


static char *ngx_http_sonde_exporter_param(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *ngx_http_sonde_exporter_check(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf);
static char *ngx_http_sonde_endpoint(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf);


sonde_tracer  *ngx_http_sonde_tracer;

static sonde_sdk  *ngx_http_sonde_sdk;


static ngx_command_t  ngx_http_sonde_exporter_params[] = {

    { ngx_string("protocol"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, protocol),
      NULL },

    { ngx_string("endpoint"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, endpoint),
      NULL },

    { ngx_string("interval"),
      NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, interval),
      NULL },

    { ngx_string("batch_size"),
      NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, batch_size),
      NULL },

    { ngx_string("batch_count"),
      NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, batch_count),
      NULL },

      ngx_null_command
};


char *
ngx_http_sonde_exporter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_sonde_main_conf_t *smcf = conf;

    char        *rv;
    ngx_conf_t   save;

    if (smcf->exporter) {
        return "is duplicate";
    }

    smcf->exporter = 1;

    save = *cf;
    cf->handler = ngx_http_sonde_exporter_param;
    cf->handler_conf = conf;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_sonde_exporter_check(cf, smcf);
}


static char *
ngx_http_sonde_exporter_param(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    char           *rv;
    ngx_str_t      *value;
    ngx_command_t  *cmd;

    value = cf->args->elts;

    for (cmd = ngx_http_sonde_exporter_params; cmd->name.len; cmd++) {

        if (value[0].len == cmd->name.len
            && ngx_strncmp(value[0].data, cmd->name.data, cmd->name.len) == 0)
        {
            break;
        }
    }

    if (cmd->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown parameter \"%V\" in \"otel_exporter\"",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts != 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" of "
                           "\"otel_exporter\"", &value[0]);
        return NGX_CONF_ERROR;
    }

    rv = cmd->set(cf, cmd, conf);

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"otel_exporter\" %s", &value[0], rv);
        return NGX_CONF_ERROR;
    }

    return rv;
}


static char *
ngx_http_sonde_exporter_check(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf)
{
    if (smcf->protocol.len == 0
        || (smcf->protocol.len == 4
            && ngx_strncmp(smcf->protocol.data, "grpc", 4) == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"otel_exporter\" cannot export by gRPC yet: "
                           "write \"protocol http/protobuf;\" and an endpoint "
                           "that receives OTLP over HTTP, such as "
                           "\"endpoint http://127.0.0.1:4318;\"");
        return NGX_CONF_ERROR;
    }

    if (smcf->protocol.len != sizeof("http/protobuf") - 1
        || ngx_strncmp(smcf->protocol.data, "http/protobuf",
                       sizeof("http/protobuf") - 1)
           != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"protocol\" of "
                           "\"otel_exporter\", it must be \"http/protobuf\"",
                           &smcf->protocol);
        return NGX_CONF_ERROR;
    }

    if (smcf->endpoint.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"otel_exporter\" requires \"endpoint\"");
        return NGX_CONF_ERROR;
    }

    if (smcf->interval == 0 || smcf->batch_size == 0
        || smcf->batch_count == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"interval\", \"batch_size\" and \"batch_count\" "
                           "of \"otel_exporter\" must not be zero");
        return NGX_CONF_ERROR;
    }

    if (smcf->batch_size != NGX_CONF_UNSET_SIZE
        && smcf->batch_size > NGX_MAX_INT32_VALUE)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"batch_size\" of \"otel_exporter\" is too large");
        return NGX_CONF_ERROR;
    }

    return ngx_http_sonde_endpoint(cf, smcf);
}


/*
 * http:// may be left out, as in nginx's own module.  A path is taken as it
 * is; without one, spans go where OTLP has them.
 */

static char *
ngx_http_sonde_endpoint(ngx_conf_t *cf, ngx_http_sonde_main_conf_t *smcf)
{
    u_char     *p, *last, *host, *path;
    ngx_str_t  *endpoint;

    endpoint = &smcf->endpoint;
    last = endpoint->data + endpoint->len;
    host = endpoint->data;

    if (endpoint->len >= 7
        && ngx_strncasecmp(host, (u_char *) "http://", 7) == 0)
    {
        host += 7;

    } else if (endpoint->len >= 8
               && ngx_strncasecmp(host, (u_char *) "https://", 8) == 0)
    {
        host += 8;

    } else if (ngx_strstr(host, "://")) {
        goto invalid;
    }

    path = last;

    for (p = last; p > host; p--) {

        if (p[-1] <= ' ' || p[-1] == 0x7f || p[-1] == '#') {
            goto invalid;
        }

        if (p[-1] == '/' || p[-1] == '?') {
            path = p - 1;
        }
    }

    if (path == host) {
        goto invalid;
    }

    p = ngx_pnalloc(cf->pool, endpoint->len + sizeof("http:///v1/traces"));
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    smcf->url.data = p;

    if (host == endpoint->data) {
        p = ngx_cpymem(p, "http://", 7);
    }

    p = ngx_cpymem(p, endpoint->data, path - endpoint->data);

    if (last - path > 1) {
        p = ngx_cpymem(p, path, last - path);

    } else {
        p = ngx_cpymem(p, "/v1/traces", 10);
    }

    *p = '\0';
    smcf->url.len = p - smcf->url.data;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"endpoint\" of "
                       "\"otel_exporter\", it must be "
                       "\"http://HOST[:PORT][/PATH]\" or the same with "
                       "\"https://\"", endpoint);

    return NGX_CONF_ERROR;
}


/* What otel_resource_attr says, but for a name that otel_service_name gives. */
static sonde_attrs
ngx_http_sonde_resource(ngx_cycle_t *cycle, ngx_http_sonde_main_conf_t *smcf)
{
    ngx_uint_t     i;
    sonde_attr    *items;
    sonde_attrs    attrs;
    ngx_keyval_t  *kv;

    attrs.items = NULL;
    attrs.count = 0;

    if (smcf->resource_attrs == NULL) {
        return attrs;
    }

    items = ngx_palloc(cycle->pool, smcf->resource_attrs->nelts
                                    * sizeof(sonde_attr));
    if (items == NULL) {
        return attrs;
    }

    attrs.items = items;
    kv = smcf->resource_attrs->elts;

    for (i = 0; i < smcf->resource_attrs->nelts; i++) {

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

    return attrs;
}


/* A worker without telemetry is better than no worker: it goes on. */
void
ngx_http_sonde_start(ngx_cycle_t *cycle, ngx_http_sonde_main_conf_t *smcf)
{
    sonde_err               err;
    sonde_tracer_options    tracer;
    sonde_meter_options     meter;
    sonde_sdk_options       options;

    static sonde_exporter  *none[1];

    ngx_memzero(&options, sizeof(options));
    options.size = sizeof(options);

    if (smcf->service_name.len) {
        options.service_name = (char *) smcf->service_name.data;
    }

    options.resource = ngx_http_sonde_resource(cycle, smcf);
    options.diagnostics = ngx_http_sonde_log_start(cycle, smcf->log_zone);
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

    (void) sonde_sdk_stop(&ngx_http_sonde_sdk,
                          ngx_terminate ? NGX_HTTP_SONDE_TERM_WAIT
                                        : NGX_HTTP_SONDE_QUIT_WAIT);

    ngx_http_sonde_log_stop(cycle);
}
