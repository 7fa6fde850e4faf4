/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The server span of a main request.  Its context is made when the request
 * has been read, its ids are fixed when somebody asks for them, the location
 * decides whether there will be a span, and the log phase, through which
 * every request ends, records all of it at once.
 */

#include "ngx_http_sonde.h"


static void ngx_http_sonde_cleanup(void *data);
static void ngx_http_sonde_begin(ngx_http_request_t *r,
    ngx_http_sonde_ctx_t *ctx);
static void ngx_http_sonde_decide(ngx_http_request_t *r,
    ngx_http_sonde_ctx_t *ctx, ngx_http_sonde_headers_t *headers);
static ngx_uint_t ngx_http_sonde_is_sampled(ngx_http_request_t *r,
    ngx_http_sonde_loc_conf_t *slcf);


static const ngx_http_sonde_flags_t  ngx_http_sonde_no_flags;


ngx_http_sonde_ctx_t *
ngx_http_sonde_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_sonde_ctx_t  *ctx;

    r = r->main;

    ctx = ngx_http_get_module_ctx(r, ngx_http_sonde_module);

    if (ctx) {
        return ctx;
    }

    /* internal redirects and filters that finalize clear the contexts */

    if (r->internal || r->filter_finalize) {

        for (cln = r->pool->cleanup; cln; cln = cln->next) {

            if (cln->handler == ngx_http_sonde_cleanup) {
                ngx_http_set_ctx(r, cln->data, ngx_http_sonde_module);
                return cln->data;
            }
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_sonde_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;

    cln->handler = ngx_http_sonde_cleanup;
    ngx_http_set_ctx(r, ctx, ngx_http_sonde_module);

    ngx_http_sonde_begin(r, ctx);

    return ctx;
}


/* Should the log phase ever be left out, the request is over all the same. */
static void
ngx_http_sonde_cleanup(void *data)
{
    ngx_http_sonde_inactive(data);
}


static void
ngx_http_sonde_begin(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_time_t        *tp;
    ngx_msec_int_t     elapsed;
    ngx_connection_t  *c;

    static time_t      offset_sec;
    static uint64_t    offset_ns;

    /* what the flags say is not there is not read */

    ctx->flags = ngx_http_sonde_no_flags;
    ctx->active = NULL;

    ngx_str_null(&ctx->tracestate);
    ngx_str_null(&ctx->route);
    ngx_str_null(&ctx->peer_text);

    /*
     * nginx's clock, by which the request began, stands still while events
     * are handled; what it had counted comes before our first reading
     */

    tp = ngx_timeofday();

    elapsed = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                                + (tp->msec - r->start_msec));
    if (elapsed < 0) {
        elapsed = 0;
    }

    ctx->start_mono_ns = ngx_http_sonde_clock(CLOCK_MONOTONIC)
                         - (uint64_t) elapsed * 1000000;

    if (offset_sec != tp->sec) {
        offset_sec = tp->sec;
        offset_ns = ngx_http_sonde_clock(CLOCK_REALTIME)
                    - ngx_http_sonde_clock(CLOCK_MONOTONIC);
    }

    ctx->start_ns = ctx->start_mono_ns + offset_ns;

    c = r->connection;

    /* a client of a UNIX-domain socket has no address */

    if (c->sockaddr->sa_family != AF_UNIX) {
        ctx->peer_text = c->addr_text;
        ctx->peer_port = ngx_inet_get_port(c->sockaddr);
    }
}


void
ngx_http_sonde_ids(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers)
{
    ngx_http_sonde_headers_t    own;
    ngx_http_sonde_loc_conf_t  *slcf;

    if (ctx->flags.ids) {
        return;
    }

    ctx->flags.ids = 1;

    r = r->main;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    if (slcf->context & NGX_HTTP_SONDE_EXTRACT) {

        if (headers == NULL) {
            headers = &own;
            ngx_http_sonde_headers_read(r, headers);
        }

        ngx_http_sonde_extract(r, ctx, headers);
    }

    ctx->current = sonde_span_context_make(ctx->flags.parent ? &ctx->parent
                                                             : NULL);
    ctx->current.flags &= ~SONDE_TRACE_SAMPLED;
}


ngx_int_t
ngx_http_sonde_post_read_handler(ngx_http_request_t *r)
{
    ngx_http_sonde_ctx_t  *ctx;

    ctx = ngx_http_sonde_ctx(r);

    if (ctx) {
        ngx_http_sonde_active(r, ctx);
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_sonde_rewrite_handler(ngx_http_request_t *r)
{
    ngx_http_sonde_ctx_t       *ctx;
    ngx_http_sonde_headers_t    headers, *read;
    ngx_http_sonde_loc_conf_t  *slcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_sonde_ctx(r);
    if (ctx == NULL) {
        return NGX_DECLINED;
    }

    read = NULL;
    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    if (slcf->context && !ctx->flags.injected) {
        read = &headers;
        ngx_http_sonde_headers_read(r, read);
    }

    if (!ctx->flags.decided) {
        ngx_http_sonde_decide(r, ctx, read);
    }

    if ((slcf->context & NGX_HTTP_SONDE_INJECT)
        && !ctx->flags.injected && !ctx->flags.ignored)
    {
        ngx_http_sonde_ids(r, ctx, read);
        ngx_http_sonde_inject(r, ctx, read);
    }

    return NGX_DECLINED;
}


/*
 * The first location that a request comes to decides for all that follow;
 * a request that never came to one is decided by where it ended.
 */

static void
ngx_http_sonde_decide(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers)
{
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_sonde_loc_conf_t  *slcf;

    ctx->flags.decided = 1;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    if (slcf->metrics
        || (r->headers_in.user_agent
            && sonde_http_is_export(
                   ngx_http_sonde_view(&r->headers_in.user_agent->value))))
    {
        ctx->flags.ignored = 1;
        ngx_http_sonde_inactive(ctx);
        return;
    }

    /* the location of an error page is not what was asked for */

    if (r->err_status == 0 || !r->internal) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        ctx->route = clcf->name;
    }

    if (ngx_http_sonde_is_sampled(r, slcf)) {
        ngx_http_sonde_ids(r, ctx, headers);

        ctx->flags.sampled = 1;
        ctx->current.flags |= SONDE_TRACE_SAMPLED;
    }
}


static ngx_uint_t
ngx_http_sonde_is_sampled(ngx_http_request_t *r,
    ngx_http_sonde_loc_conf_t *slcf)
{
    ngx_str_t  value;

    if (slcf->trace_known != NGX_HTTP_SONDE_ASK) {
        return slcf->trace_known == NGX_HTTP_SONDE_ON;
    }

    return ngx_http_complex_value(r, slcf->trace, &value) == NGX_OK
           && ngx_http_sonde_is_on(&value);
}


ngx_int_t
ngx_http_sonde_log_handler(ngx_http_request_t *r)
{
    ngx_http_sonde_ctx_t  *ctx;

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_http_sonde_ctx(r);
    if (ctx == NULL) {
        return NGX_OK;
    }

    if (!ctx->flags.decided) {
        ngx_http_sonde_decide(r, ctx, NULL);
    }

    if (!ctx->flags.ignored) {
        ngx_http_sonde_record(r, ctx);
    }

    ngx_http_sonde_inactive(ctx);

    return NGX_OK;
}
