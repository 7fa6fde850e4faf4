/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is recorded of a request that has ended: its span, all at once, and
 * its duration.
 */

#include "ngx_http_sonde.h"


/* attributes without an allocation */
#define NGX_HTTP_SONDE_ATTRS  8


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


void
ngx_http_sonde_describe(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_server_request *request)
{
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
}


/* What only the span is told of the request. */
static void
ngx_http_sonde_describe_more(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_server_request *request)
{
    u_char                    *p, *end;
    ngx_str_t                 *uri, *host, *agent, *client;
    ngx_http_core_srv_conf_t  *cscf;

    static ngx_str_t           none = ngx_null_string;

    uri = &r->unparsed_uri;
    end = uri->data + uri->len;

    for (p = uri->data; p < end && *p != '?' && *p != '#'; p++) {
        /* void */
    }

    request->path = sonde_str_n(uri->data, p - uri->data);
    request->query = (p < end && *p == '?') ? sonde_str_n(p + 1, end - p - 1)
                                            : sonde_str_n(NULL, 0);
    host = &none;

    if (r->headers_in.host) {
        host = &r->headers_in.host->value;

    } else {
        cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

        if (cscf->server_name.len
            && ngx_strchr("_*.~", cscf->server_name.data[0]) == NULL)
        {
            host = &cscf->server_name;
        }
    }

    request->host = ngx_http_sonde_view(host);

    agent = r->headers_in.user_agent ? &r->headers_in.user_agent->value
                                     : &none;

    request->user_agent = ngx_http_sonde_view(agent);

    /* realip may have put another address in the place of the peer's */

    client = (r->connection->sockaddr->sa_family != AF_UNIX)
             ? &r->connection->addr_text : &none;

    request->client_address = ngx_http_sonde_view(client);
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
ngx_http_sonde_span(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_response *response)
{
    ngx_str_t                          name;
    sonde_attr                         room[NGX_HTTP_SONDE_ATTRS];
    sonde_context                     *parent;
    sonde_http_exchange                exchange;
    ngx_http_sonde_loc_conf_t         *slcf;

    /* every field that is used is set for each request */

    static sonde_http_server_request   request;

    request.size = sizeof(request);

    ngx_http_sonde_describe(r, ctx, &request);
    ngx_http_sonde_describe_more(r, ctx, &request);

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    request.attrs = ngx_http_sonde_attrs(r, slcf, room);
    request.span_name = sonde_str_n(NULL, 0);

    if (slcf->span_name
        && ngx_http_complex_value(r, slcf->span_name, &name) == NGX_OK)
    {
        request.span_name = ngx_http_sonde_view(&name);
    }

    parent = NULL;

    if (ctx->flags.parent) {
        parent = sonde_context_with_remote(NULL, &ctx->parent,
                                    ngx_http_sonde_view(&ctx->tracestate));
    }

    request.parent_context = parent;

    sonde_http_server_start_opts(&exchange, ngx_http_sonde_tracer, NULL,
                                 &request);
    sonde_http_server_end_opts(&exchange, response);

    sonde_context_unref(parent);
}


void
ngx_http_sonde_record(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    static sonde_http_response  response;

    if (!ctx->flags.sampled && ngx_http_sonde_instruments.duration == NULL) {
        return;
    }

    response.size = sizeof(response);

    ngx_http_sonde_outcome(r, ctx, &response);

    if (ngx_http_sonde_instruments.duration) {
        ngx_http_sonde_count(r, ctx, &response);
    }

    if (ctx->flags.sampled) {
        ngx_http_sonde_span(r, ctx, &response);
    }
}
