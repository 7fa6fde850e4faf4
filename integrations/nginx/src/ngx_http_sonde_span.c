/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The server span of a main request.  Its context is made when the request
 * has been read, its ids are fixed when somebody asks for them, the location
 * decides whether there will be a span, and the log phase, through which
 * every request ends, records all of it at once.
 */

#include "ngx_http_sonde.h"

#include <time.h>


/* attributes without an allocation */
#define NGX_HTTP_SONDE_ATTRS  8


static void ngx_http_sonde_cleanup(void *data);
static void ngx_http_sonde_begin(ngx_http_request_t *r,
    ngx_http_sonde_ctx_t *ctx);
static void ngx_http_sonde_decide(ngx_http_request_t *r,
    ngx_http_sonde_ctx_t *ctx);
static ngx_uint_t ngx_http_sonde_is_sampled(ngx_http_request_t *r,
    ngx_http_sonde_loc_conf_t *slcf);
static void ngx_http_sonde_record(ngx_http_request_t *r,
    ngx_http_sonde_ctx_t *ctx);


static uint64_t
ngx_http_sonde_clock(clockid_t id)
{
    struct timespec  ts;

    clock_gettime(id, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


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
    ngx_memzero(ctx, sizeof(ngx_http_sonde_ctx_t));

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

    ctx->peer_text = c->addr_text;
    ctx->peer_port = ngx_inet_get_port(c->sockaddr);
}


void
ngx_http_sonde_ids(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_http_sonde_loc_conf_t  *slcf;

    if (sonde_span_context_is_valid(&ctx->current)) {
        return;
    }

    r = r->main;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    if (slcf->context & NGX_HTTP_SONDE_EXTRACT) {
        ngx_http_sonde_extract(r, ctx);
    }

    ctx->current = sonde_span_context_make(&ctx->parent);
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
    ngx_http_sonde_loc_conf_t  *slcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_sonde_ctx(r);
    if (ctx == NULL) {
        return NGX_DECLINED;
    }

    if (!ctx->decided) {
        ngx_http_sonde_decide(r, ctx);
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    if ((slcf->context & NGX_HTTP_SONDE_INJECT)
        && !ctx->injected && !ctx->ignored)
    {
        ngx_http_sonde_ids(r, ctx);
        ngx_http_sonde_inject(r, ctx);
    }

    return NGX_DECLINED;
}


/*
 * The first location that a request comes to decides for all that follow;
 * a request that never came to one is decided by where it ended.
 */

static void
ngx_http_sonde_decide(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_sonde_loc_conf_t  *slcf;

    ctx->decided = 1;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    if (slcf->metrics
        || (r->headers_in.user_agent
            && sonde_http_is_export(
                   ngx_http_sonde_view(&r->headers_in.user_agent->value))))
    {
        ctx->ignored = 1;
        ngx_http_sonde_inactive(ctx);
        return;
    }

    /* the location of an error page is not what was asked for */

    if (r->err_status == 0 || !r->internal) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        ctx->route = clcf->name;
    }

    if (ngx_http_sonde_is_sampled(r, slcf)) {
        ngx_http_sonde_ids(r, ctx);

        ctx->sampled = 1;
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

    if (!ctx->decided) {
        ngx_http_sonde_decide(r, ctx);
    }

    if (!ctx->ignored && (ctx->sampled || ngx_http_sonde_instruments.duration))
    {
        ngx_http_sonde_record(r, ctx);
    }

    ngx_http_sonde_inactive(ctx);

    return NGX_OK;
}


static sonde_str
ngx_http_sonde_version(ngx_http_request_t *r)
{
    switch (r->http_version) {

    case NGX_HTTP_VERSION_9:
        return sonde_str_n("0.9", 3);

    case NGX_HTTP_VERSION_10:
        /* also what a request has that could not be read */
        return sonde_str_n("1.0", r->http_protocol.len ? 3 : 0);

    case NGX_HTTP_VERSION_11:
        return sonde_str_n("1.1", 3);

    case NGX_HTTP_VERSION_20:
        return sonde_str_n("2", 1);

    case 3000:
        return sonde_str_n("3", 1);

    default:
        return sonde_str_n(NULL, 0);
    }
}


/* What the span and, of it, the metrics are told of the request. */
static void
ngx_http_sonde_describe(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_server_request *request)
{
    u_char                    *p, *end;
    ngx_str_t                 *uri;
    ngx_http_core_srv_conf_t  *cscf;

    request->method = ngx_http_sonde_view(&r->method_name);
    request->version = ngx_http_sonde_version(r);
    request->route = ngx_http_sonde_view(&ctx->route);
    request->start_ns = ctx->start_ns;

    request->scheme = sonde_str_n("http", 4);

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        request->scheme = sonde_str_n("https", 5);
    }
#endif

    if (!ctx->sampled) {
        return;
    }

    uri = &r->unparsed_uri;
    end = uri->data + uri->len;

    for (p = uri->data; p < end && *p != '?' && *p != '#'; p++) {
        /* void */
    }

    request->path = sonde_str_n(uri->data, p - uri->data);

    if (p < end && *p == '?') {
        uri = &r->unparsed_uri;
        request->query = sonde_str_n(p + 1, end - p - 1);
    }

    if (r->headers_in.host) {
        request->host = ngx_http_sonde_view(&r->headers_in.host->value);

    } else {
        cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
        request->host = ngx_http_sonde_view(&cscf->server_name);
    }

    if (r->headers_in.user_agent) {
        request->user_agent =
                 ngx_http_sonde_view(&r->headers_in.user_agent->value);
    }

    /* realip may have put another address in the place of the peer's */

    request->client_address = ngx_http_sonde_view(&r->connection->addr_text);
    request->peer_address = ngx_http_sonde_view(&ctx->peer_text);
    request->peer_port = ctx->peer_port;

    request->ids = &ctx->current;
}


/* An upstream that broke off after nginx had passed its status on. */
static ngx_uint_t
ngx_http_sonde_is_broken_off(ngx_http_request_t *r)
{
    ngx_event_pipe_t     *p;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (u == NULL || !u->header_sent || r->header_only) {
        return 0;
    }

    if (!u->buffering) {
        return u->length > 0;
    }

    p = u->pipe;

    return p && (p->upstream_error
                 || (p->upstream_eof && !p->upstream_done && p->length > 0));
}


/* Why not all of an answer was sent; nothing where none was meant to be. */
static sonde_str
ngx_http_sonde_failure(ngx_http_request_t *r, ngx_int_t status)
{
    if (r->request_complete) {
        return ngx_http_sonde_is_broken_off(r)
               ? sonde_str_n("response_incomplete", 19)
               : sonde_str_n(NULL, 0);
    }

    if (r->connection->timedout) {
        return sonde_str_n("timeout", 7);
    }

    if (r->connection->error || status == NGX_HTTP_CLIENT_CLOSED_REQUEST) {
        return sonde_str_n("client_closed_request", 21);
    }

    if (r->header_sent) {
        return sonde_str_n("response_incomplete", 19);
    }

    return sonde_str_n(NULL, 0);
}


static void
ngx_http_sonde_outcome(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_response *response)
{
    uint64_t  now;

    response->status = r->err_status ? r->err_status : r->headers_out.status;

    response->error_type = ngx_http_sonde_failure(r, response->status);

    now = ngx_http_sonde_clock(CLOCK_MONOTONIC);

    response->end_ns = ctx->start_ns;

    if (now > ctx->start_mono_ns) {
        response->end_ns += now - ctx->start_mono_ns;
    }
}


/* otel_span_attr and the sizes of the bodies; room: NGX_HTTP_SONDE_ATTRS. */
static sonde_attrs
ngx_http_sonde_attrs(ngx_http_request_t *r, ngx_http_sonde_loc_conf_t *slcf,
    sonde_attr *room)
{
    off_t                   size;
    ngx_str_t               value;
    sonde_str              *view;
    ngx_uint_t              i;
    sonde_attrs             attrs;
    ngx_http_sonde_attr_t  *attr;

    attrs.items = room;
    attrs.count = 0;

    size = r->headers_in.content_length_n;

    if (size > 0) {
        room[attrs.count++] = sonde_kv_int("http.request.body.size", size, 0);
    }

    size = r->connection->sent - (off_t) r->header_size;

    if (size > 0) {
        room[attrs.count++] = sonde_kv_int("http.response.body.size", size, 0);
    }

    if (slcf->span_attrs == NULL) {
        return attrs;
    }

    if (slcf->span_attrs->nelts + 2 > NGX_HTTP_SONDE_ATTRS) {

        room = ngx_palloc(r->pool, (slcf->span_attrs->nelts + 2)
                                   * sizeof(sonde_attr));
        if (room == NULL) {
            return attrs;
        }

        ngx_memcpy(room, attrs.items, attrs.count * sizeof(sonde_attr));
        attrs.items = room;
    }

    attr = slcf->span_attrs->elts;

    for (i = 0; i < slcf->span_attrs->nelts; i++) {

        if (ngx_http_complex_value(r, &attr[i].value, &value) != NGX_OK
            || value.len == 0)
        {
            continue;
        }

        if (!attr[i].array) {
            room[attrs.count++] = sonde_attr_string(attr[i].name,
                                               ngx_http_sonde_view(&value));
            continue;
        }

        view = ngx_palloc(r->pool, sizeof(sonde_str));
        if (view == NULL) {
            continue;
        }

        *view = ngx_http_sonde_view(&value);
        room[attrs.count++] = sonde_attr_array(attr[i].name,
                                               SONDE_TYPE_STRING_ARRAY,
                                               view, 1);
    }

    return attrs;
}


static void
ngx_http_sonde_record(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_str_t                   name;
    sonde_attr                  room[NGX_HTTP_SONDE_ATTRS];
    sonde_context              *parent;
    sonde_http_metrics          metrics;
    sonde_http_exchange         exchange;
    sonde_http_response         response;
    sonde_http_server_request   request;
    ngx_http_sonde_loc_conf_t  *slcf;

    ngx_memzero(&request, sizeof(request));
    ngx_memzero(&response, sizeof(response));

    request.size = sizeof(request);
    response.size = sizeof(response);

    parent = NULL;

    ngx_http_sonde_describe(r, ctx, &request);
    ngx_http_sonde_outcome(r, ctx, &response);

    if (ctx->sampled) {
        slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

        request.attrs = ngx_http_sonde_attrs(r, slcf, room);

        if (slcf->span_name
            && ngx_http_complex_value(r, slcf->span_name, &name) == NGX_OK)
        {
            request.span_name = ngx_http_sonde_view(&name);
        }

        if (sonde_span_context_is_valid(&ctx->parent)) {
            parent = sonde_context_with_remote(NULL, &ctx->parent,
                                    ngx_http_sonde_view(&ctx->tracestate));
            request.parent_context = parent;
        }
    }

    /* requests that are active are counted as they come and go */

    metrics.duration = ngx_http_sonde_instruments.duration;
    metrics.active = NULL;

    sonde_http_server_start_opts(&exchange,
                                 ctx->sampled ? ngx_http_sonde_tracer : NULL,
                                 &metrics, &request);
    sonde_http_server_end_opts(&exchange, &response);

    sonde_context_unref(parent);
}
