/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The caller's context out of the request's headers, and ours into them, so
 * that whatever the request is passed to (proxy, FastCGI, uwsgi, SCGI, gRPC)
 * finds exactly one.
 */

#include "ngx_http_sonde.h"


/*
 * A list in normal form lies in a header, which lives as long as the request,
 * or in a scratch on the stack, which does not.
 */

static ngx_str_t
ngx_http_sonde_keep(ngx_http_request_t *r, sonde_str list,
    sonde_scratch *scratch)
{
    ngx_str_t  kept;

    kept.data = (u_char *) list.ptr;
    kept.len = list.len;

    if (list.len && list.ptr >= scratch->ptr
        && list.ptr < scratch->ptr + scratch->len)
    {
        kept.data = ngx_pnalloc(r->pool, list.len);

        if (kept.data == NULL) {
            kept.len = 0;
            return kept;
        }

        ngx_memcpy(kept.data, list.ptr, list.len);
    }

    return kept;
}


static ngx_str_t
ngx_http_sonde_tracestate(ngx_http_request_t *r,
    ngx_http_sonde_values_t *values)
{
    char           room[SONDE_TRACESTATE_MAX];
    ngx_str_t      none;
    sonde_str      list;
    sonde_scratch  scratch;

    ngx_str_null(&none);
    scratch = sonde_scratch_of(room, sizeof(room));

    if (values->count == 0 || values->count > NGX_HTTP_SONDE_VALUES
        || sonde_tracestate_parse(values->items, values->count, &scratch,
                                  &list)
           != SONDE_OK)
    {
        return none;
    }

    return ngx_http_sonde_keep(r, list, &scratch);
}


static ngx_str_t
ngx_http_sonde_baggage(ngx_http_request_t *r, ngx_http_sonde_values_t *values)
{
    char           room[SONDE_BAGGAGE_MAX];
    ngx_str_t      none;
    sonde_str      list;
    sonde_scratch  scratch;

    ngx_str_null(&none);
    scratch = sonde_scratch_of(room, sizeof(room));

    if (values->count == 0 || values->count > NGX_HTTP_SONDE_VALUES
        || sonde_baggage_parse(values->items, values->count, &scratch, &list)
           != SONDE_OK)
    {
        return none;
    }

    return ngx_http_sonde_keep(r, list, &scratch);
}


void
ngx_http_sonde_extract(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers)
{
    ngx_http_sonde_values_t  *values;

    values = &headers->of[NGX_HTTP_SONDE_TRACEPARENT];

    /* two of them contradict each other, and it is as if there were none */

    if (values->count != 1
        || sonde_traceparent_parse(values->items[0], &ctx->parent)
           != SONDE_OK)
    {
        return;
    }

    ctx->flags.parent = 1;
    ctx->tracestate = ngx_http_sonde_tracestate(r,
                                    &headers->of[NGX_HTTP_SONDE_TRACESTATE]);
}


void
ngx_http_sonde_inject(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers)
{
    ngx_str_t                   values[NGX_HTTP_SONDE_HEADERS];
    sonde_span_context         *span_context;
    ngx_http_sonde_loc_conf_t  *slcf;

    ctx->flags.injected = 1;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    /* who records nothing hands on what it was given */

    span_context = &ctx->current;

    if (!ctx->flags.sampled && ctx->flags.parent) {
        span_context = &ctx->parent;
    }

    values[NGX_HTTP_SONDE_TRACEPARENT].len = SONDE_TRACEPARENT_LEN;
    values[NGX_HTTP_SONDE_TRACEPARENT].data =
                            ngx_pnalloc(r->pool, SONDE_TRACEPARENT_LEN + 1);

    if (values[NGX_HTTP_SONDE_TRACEPARENT].data == NULL) {
        goto failed;
    }

    sonde_traceparent_format(span_context,
                       (char *) values[NGX_HTTP_SONDE_TRACEPARENT].data);

    values[NGX_HTTP_SONDE_TRACESTATE] = ctx->tracestate;
    ngx_str_null(&values[NGX_HTTP_SONDE_BAGGAGE]);

    if (slcf->context & NGX_HTTP_SONDE_EXTRACT) {
        values[NGX_HTTP_SONDE_BAGGAGE] = ngx_http_sonde_baggage(r,
                                       &headers->of[NGX_HTTP_SONDE_BAGGAGE]);
    }

    if (ngx_http_sonde_headers_write(r, headers, values) == NGX_OK) {
        return;
    }

failed:

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "sonde: no memory to pass the trace context on");
}
