/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Request metrics in memory that all workers share, and the location that
 * shows them.  The zone is there as soon as one location has sonde_metrics;
 * it keeps what it counted over a reload.
 */

#include "ngx_http_sonde.h"


#define NGX_HTTP_SONDE_ZONE_SIZE  (4 * 1024 * 1024)

/* r->method has a bit for each that nginx knows; the first: none of them */
#define NGX_HTTP_SONDE_METHODS    32

/* series of durations that are at hand without being looked up */
#define NGX_HTTP_SONDE_DURATIONS  64


typedef struct {
    u_char                      *route;  /* of a location, which has its own */
    uint64_t                     kind;   /* the rest, packed */
    sonde_histogram_bound       *bound;
} ngx_http_sonde_duration_t;


static ngx_int_t ngx_http_sonde_metrics_init_zone(ngx_shm_zone_t *zone,
    void *data);
static ngx_int_t ngx_http_sonde_metrics_handler(ngx_http_request_t *r);


sonde_http_metrics  ngx_http_sonde_instruments;

/* for both schemes */
static sonde_updown_counter_bound
    *ngx_http_sonde_actives[2][NGX_HTTP_SONDE_METHODS];

static ngx_http_sonde_duration_t
    ngx_http_sonde_durations[NGX_HTTP_SONDE_DURATIONS];


char *
ngx_http_sonde_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_sonde_loc_conf_t *slcf = conf;

    ngx_str_t                    name;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_sonde_main_conf_t  *smcf;

    if (slcf->metrics) {
        return "is duplicate";
    }

    slcf->metrics = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_sonde_metrics_handler;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sonde_module);

    if (smcf->metrics_zone) {
        return NGX_CONF_OK;
    }

    ngx_str_set(&name, "sonde_metrics");

    smcf->metrics_zone = ngx_shared_memory_add(cf, &name,
                                               NGX_HTTP_SONDE_ZONE_SIZE,
                                               &ngx_http_sonde_module);
    if (smcf->metrics_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    smcf->metrics_zone->init = ngx_http_sonde_metrics_init_zone;

    return NGX_CONF_OK;
}


/* In the master; data is what the zone of the last cycle held. */
static ngx_int_t
ngx_http_sonde_metrics_init_zone(ngx_shm_zone_t *zone, void *data)
{
    void             *memory;
    size_t            size;
    sonde_err         err;
    ngx_slab_pool_t  *shpool;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = shpool->data;
        return NGX_OK;
    }

    /* all of it in one piece; a fresh mapping is zero */

    size = shpool->pfree * ngx_pagesize;
    memory = ngx_slab_alloc(shpool, size);

    if (memory == NULL) {
        return NGX_ERROR;
    }

    err = sonde_metrics_memory_init(memory, size);

    if (err != SONDE_OK) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "sonde: the zone \"%V\" of %uz bytes cannot hold "
                      "metrics: %s", &zone->shm.name, size,
                      sonde_err_str(err));
        return NGX_ERROR;
    }

    shpool->data = memory;
    zone->data = memory;

    return NGX_OK;
}


void
ngx_http_sonde_metrics_start(sonde_meter *meter)
{
    ngx_http_sonde_instruments = sonde_http_server_metrics_get(meter);
}


/* The number of the method's bit; 0: a method that nginx does not know. */
static ngx_inline ngx_uint_t
ngx_http_sonde_method(ngx_http_request_t *r)
{
    ngx_uint_t  n;

    n = ffs((int) r->method) - 1;

    return n < NGX_HTTP_SONDE_METHODS ? n : 0;
}


static ngx_inline ngx_uint_t
ngx_http_sonde_is_https(ngx_http_request_t *r)
{
#if (NGX_HTTP_SSL)
    return r->connection->ssl != NULL;
#else
    return 0;
#endif
}


void
ngx_http_sonde_active(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_uint_t                   n, https;
    sonde_attr                   items[2];
    sonde_attrs                  attrs;
    sonde_updown_counter_bound  *bound;

    if (ngx_http_sonde_instruments.active == NULL || ctx->active) {
        return;
    }

    n = ngx_http_sonde_method(r);
    https = ngx_http_sonde_is_https(r);

    bound = ngx_http_sonde_actives[https][n];

    if (bound == NULL) {

        items[0] = sonde_attr_string(sonde_str_z("http.request.method"),
            sonde_http_method(ngx_http_sonde_view(&r->method_name), NULL));
        items[1] = sonde_attr_string(sonde_str_z("url.scheme"),
                                     sonde_str_z(https ? "https" : "http"));
        attrs.items = items;
        attrs.count = 2;

        bound = sonde_updown_counter_bind(ngx_http_sonde_instruments.active,
                                          attrs);

        if (n) {
            ngx_http_sonde_actives[https][n] = bound;
        }
    }

    sonde_updown_counter_bound_add(bound, 1);
    ctx->active = bound;
}


void
ngx_http_sonde_inactive(ngx_http_sonde_ctx_t *ctx)
{
    if (ctx->active) {
        sonde_updown_counter_bound_add(ctx->active, -1);
        ctx->active = NULL;
    }
}


void
ngx_http_sonde_count(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_response *response)
{
    uint64_t                    kind;
    ngx_uint_t                  n;
    sonde_histogram_bound      *bound;
    sonde_http_server_request   request;
    ngx_http_sonde_duration_t  *duration;

    n = ngx_http_sonde_method(r);

    kind = (uint64_t) response->status << 32 | (uint64_t) r->http_version << 8
           | n << 1 | ngx_http_sonde_is_https(r);

    duration = &ngx_http_sonde_durations[
                   ((uintptr_t) ctx->route.data / 8 + kind + (kind >> 32))
                   % NGX_HTTP_SONDE_DURATIONS];

    if (duration->bound && duration->route == ctx->route.data
        && duration->kind == kind && n && response->error_type.len == 0)
    {
        bound = duration->bound;

    } else {
        ngx_memzero(&request, sizeof(request));
        request.size = sizeof(request);

        ngx_http_sonde_describe(r, ctx, &request);

        bound = sonde_http_server_duration_bind(&ngx_http_sonde_instruments,
                                                &request, response);

        if (n && response->error_type.len == 0) {
            duration->route = ctx->route.data;
            duration->kind = kind;
            duration->bound = bound;
        }
    }

    sonde_histogram_bound_record(bound, (double) (response->end_ns
                                                  - ctx->start_ns) / 1e9);
}


static void
ngx_http_sonde_metrics_free(void *data)
{
    free(data);
}


static ngx_int_t
ngx_http_sonde_metrics_handler(ngx_http_request_t *r)
{
    char                  *text;
    size_t                 len;
    ngx_int_t              rc;
    ngx_buf_t             *b;
    ngx_chain_t            out;
    ngx_pool_cleanup_t    *cln;
    ngx_http_sonde_ctx_t  *ctx;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    /* it may have come here from another location */

    if (r == r->main) {
        ctx = ngx_http_sonde_ctx(r);

        if (ctx) {
            ctx->flags.ignored = 1;
            ngx_http_sonde_inactive(ctx);
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    b = ngx_calloc_buf(r->pool);

    if (cln == NULL || b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (sonde_sdk_prometheus(NULL, &text, &len) != SONDE_OK) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    cln->handler = ngx_http_sonde_metrics_free;
    cln->data = text;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = len;
    ngx_str_set(&r->headers_out.content_type,
                "text/plain; version=0.0.4; charset=utf-8");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = (u_char *) text;
    b->last = b->pos + len;
    b->memory = (len > 0);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
