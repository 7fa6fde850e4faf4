/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * $otel_trace_id, $otel_span_id, $otel_parent_id and $otel_parent_sampled, in
 * any phase and also where nothing is traced.
 */

#include "ngx_http_sonde.h"


/* where the ids stand in a traceparent */
#define NGX_HTTP_SONDE_TRACE_ID_AT   3
#define NGX_HTTP_SONDE_TRACE_ID_LEN  32
#define NGX_HTTP_SONDE_SPAN_ID_AT    36
#define NGX_HTTP_SONDE_SPAN_ID_LEN   16


static ngx_int_t ngx_http_sonde_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_sonde_sampled_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


enum {
    NGX_HTTP_SONDE_TRACE_ID = 0,
    NGX_HTTP_SONDE_SPAN_ID,
    NGX_HTTP_SONDE_PARENT_ID
};


static ngx_http_variable_t  ngx_http_sonde_vars[] = {

    { ngx_string("otel_trace_id"), NULL, ngx_http_sonde_id_variable,
      NGX_HTTP_SONDE_TRACE_ID, 0, 0 },

    { ngx_string("otel_span_id"), NULL, ngx_http_sonde_id_variable,
      NGX_HTTP_SONDE_SPAN_ID, 0, 0 },

    { ngx_string("otel_parent_id"), NULL, ngx_http_sonde_id_variable,
      NGX_HTTP_SONDE_PARENT_ID, 0, 0 },

    { ngx_string("otel_parent_sampled"), NULL,
      ngx_http_sonde_sampled_variable, 0, 0, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_sonde_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_sonde_vars; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_sonde_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    char                  *text;
    ngx_http_sonde_ctx_t  *ctx;

    ctx = ngx_http_sonde_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_http_sonde_ids(r, ctx, NULL);

    if (data == NGX_HTTP_SONDE_PARENT_ID && !ctx->flags.parent) {
        v->not_found = 1;
        return NGX_OK;
    }

    text = ngx_pnalloc(r->pool, SONDE_TRACEPARENT_LEN + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    sonde_traceparent_format(data == NGX_HTTP_SONDE_PARENT_ID ? &ctx->parent
                                                              : &ctx->current,
                             text);

    if (data == NGX_HTTP_SONDE_TRACE_ID) {
        v->data = (u_char *) text + NGX_HTTP_SONDE_TRACE_ID_AT;
        v->len = NGX_HTTP_SONDE_TRACE_ID_LEN;

    } else {
        v->data = (u_char *) text + NGX_HTTP_SONDE_SPAN_ID_AT;
        v->len = NGX_HTTP_SONDE_SPAN_ID_LEN;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_sonde_sampled_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_sonde_ctx_t  *ctx;

    ctx = ngx_http_sonde_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_http_sonde_ids(r, ctx, NULL);

    v->data = (u_char *) (ctx->flags.parent
                          && sonde_span_context_is_sampled(&ctx->parent)
                          ? "1" : "0");
    v->len = 1;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
