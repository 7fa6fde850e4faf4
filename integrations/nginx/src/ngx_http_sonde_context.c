/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The caller's context out of the request's headers, and ours into them, so
 * that whatever the request is passed to (proxy, FastCGI, uwsgi, SCGI, gRPC)
 * finds exactly one.
 */

#include "ngx_http_sonde.h"


/* more headers of one name than this carry no context */
#define NGX_HTTP_SONDE_VALUES  64


enum {
    NGX_HTTP_SONDE_TRACEPARENT = 0,
    NGX_HTTP_SONDE_TRACESTATE,
    NGX_HTTP_SONDE_BAGGAGE,
    NGX_HTTP_SONDE_HEADERS
};


typedef struct {
    sonde_str              items[NGX_HTTP_SONDE_VALUES];
    size_t                 count;      /* may be more than there are items */
} ngx_http_sonde_values_t;


typedef struct {
    ngx_list_part_t       *part;
    ngx_uint_t             i;
} ngx_http_sonde_iter_t;


static ngx_str_t  ngx_http_sonde_names[NGX_HTTP_SONDE_HEADERS] = {
    ngx_string("traceparent"),
    ngx_string("tracestate"),
    ngx_string("baggage")
};

static ngx_uint_t  ngx_http_sonde_hashes[NGX_HTTP_SONDE_HEADERS];


void
ngx_http_sonde_context_init(void)
{
    ngx_uint_t  n;

    for (n = 0; n < NGX_HTTP_SONDE_HEADERS; n++) {
        ngx_http_sonde_hashes[n] = ngx_hash_key(ngx_http_sonde_names[n].data,
                                                ngx_http_sonde_names[n].len);
    }
}


/* Which of our names a header has; NGX_HTTP_SONDE_HEADERS: none. */
static ngx_inline ngx_uint_t
ngx_http_sonde_which(ngx_table_elt_t *h)
{
    ngx_uint_t  n;

    for (n = 0; n < NGX_HTTP_SONDE_HEADERS; n++) {

        if (h->hash == ngx_http_sonde_hashes[n]
            && h->key.len == ngx_http_sonde_names[n].len
            && ngx_memcmp(h->lowcase_key, ngx_http_sonde_names[n].data,
                          h->key.len)
               == 0)
        {
            return n;
        }
    }

    return NGX_HTTP_SONDE_HEADERS;
}


static ngx_table_elt_t *
ngx_http_sonde_next(ngx_http_sonde_iter_t *iter)
{
    ngx_table_elt_t  *h;

    while (iter->i >= iter->part->nelts) {

        if (iter->part->next == NULL) {
            return NULL;
        }

        iter->part = iter->part->next;
        iter->i = 0;
    }

    h = iter->part->elts;

    return &h[iter->i++];
}


static void
ngx_http_sonde_value_add(ngx_http_sonde_values_t *values, ngx_str_t *value)
{
    if (values->count < NGX_HTTP_SONDE_VALUES) {
        values->items[values->count] = ngx_http_sonde_view(value);
    }

    values->count++;
}


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


static void
ngx_http_sonde_read_tracestate(ngx_http_request_t *r,
    ngx_http_sonde_ctx_t *ctx, ngx_http_sonde_values_t *values)
{
    char           room[SONDE_TRACESTATE_MAX];
    sonde_str      list;
    sonde_scratch  scratch;

    if (values->count == 0 || values->count > NGX_HTTP_SONDE_VALUES) {
        return;
    }

    scratch = sonde_scratch_of(room, sizeof(room));

    if (sonde_tracestate_parse(values->items, values->count, &scratch, &list)
        == SONDE_OK)
    {
        ctx->tracestate = ngx_http_sonde_keep(r, list, &scratch);
    }
}


void
ngx_http_sonde_extract(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_str_t                traceparent;
    ngx_uint_t               n, count;
    ngx_table_elt_t         *h;
    ngx_http_sonde_iter_t    iter;
    ngx_http_sonde_values_t  tracestate;

    count = 0;
    tracestate.count = 0;
    ngx_str_null(&traceparent);

    iter.part = &r->headers_in.headers.part;
    iter.i = 0;

    while ((h = ngx_http_sonde_next(&iter)) != NULL) {

        n = ngx_http_sonde_which(h);

        if (n == NGX_HTTP_SONDE_TRACEPARENT) {
            traceparent = h->value;
            count++;

        } else if (n == NGX_HTTP_SONDE_TRACESTATE) {
            ngx_http_sonde_value_add(&tracestate, &h->value);
        }
    }

    /* two of them contradict each other, and it is as if there were none */

    if (count != 1
        || sonde_traceparent_parse(ngx_http_sonde_view(&traceparent),
                                   &ctx->parent)
           != SONDE_OK)
    {
        return;
    }

    ngx_http_sonde_read_tracestate(r, ctx, &tracestate);
}


static ngx_str_t
ngx_http_sonde_read_baggage(ngx_http_request_t *r)
{
    char                     room[SONDE_BAGGAGE_MAX];
    ngx_str_t                none;
    sonde_str                list;
    sonde_scratch            scratch;
    ngx_table_elt_t         *h;
    ngx_http_sonde_iter_t    iter;
    ngx_http_sonde_values_t  values;

    ngx_str_null(&none);
    values.count = 0;

    iter.part = &r->headers_in.headers.part;
    iter.i = 0;

    while ((h = ngx_http_sonde_next(&iter)) != NULL) {

        if (ngx_http_sonde_which(h) == NGX_HTTP_SONDE_BAGGAGE) {
            ngx_http_sonde_value_add(&values, &h->value);
        }
    }

    if (values.count == 0 || values.count > NGX_HTTP_SONDE_VALUES) {
        return none;
    }

    scratch = sonde_scratch_of(room, sizeof(room));

    if (sonde_baggage_parse(values.items, values.count, &scratch, &list)
        != SONDE_OK)
    {
        return none;
    }

    return ngx_http_sonde_keep(r, list, &scratch);
}


/*
 * Takes headers out of the list.  Nothing moves, since r->headers_in points
 * at some of them: a part is cut in two around what goes.  nginx's own loops
 * expect no part but the first to be empty.
 */

static ngx_int_t
ngx_http_sonde_remove(ngx_list_t *list, ngx_table_elt_t **kept)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part, *prev, *rest;
    ngx_table_elt_t  *h;

    prev = NULL;

    for (part = &list->part; part; part = part->next) {

        for (i = 0; i < part->nelts; i++) {

            h = part->elts;
            n = ngx_http_sonde_which(&h[i]);

            if (n == NGX_HTTP_SONDE_HEADERS || &h[i] == kept[n]) {
                continue;
            }

            if (i == 0) {
                part->elts = &h[1];
                part->nelts--;
                i--;
                continue;
            }

            if (i + 1 < part->nelts) {
                rest = ngx_palloc(list->pool, sizeof(ngx_list_part_t));
                if (rest == NULL) {
                    return NGX_ERROR;
                }

                rest->elts = &h[i + 1];
                rest->nelts = part->nelts - i - 1;
                rest->next = part->next;

                part->next = rest;

                if (list->last == part) {
                    list->last = rest;
                }
            }

            part->nelts = i;
        }

        if (part->nelts == 0 && prev) {
            prev->next = part->next;

            if (list->last == part) {
                list->last = prev;
            }

            continue;
        }

        prev = part;
    }

    part = list->part.next;

    if (list->part.nelts == 0 && part) {
        list->part = *part;

        if (list->last == part) {
            list->last = &list->part;
        }
    }

    /* the last part may begin later in its memory now: it is full as it is */

    if (list->last->nelts) {
        list->nalloc = list->last->nelts;
        return NGX_OK;
    }

    list->part.elts = ngx_palloc(list->pool, list->nalloc * list->size);

    return list->part.elts ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_sonde_replace(ngx_http_request_t *r, ngx_str_t *values)
{
    ngx_uint_t              n, surplus;
    ngx_list_t             *list;
    ngx_table_elt_t        *h, *kept[NGX_HTTP_SONDE_HEADERS];
    ngx_http_sonde_iter_t   iter;

    surplus = 0;
    list = &r->headers_in.headers;
    ngx_memzero(kept, sizeof(kept));

    iter.part = &list->part;
    iter.i = 0;

    while ((h = ngx_http_sonde_next(&iter)) != NULL) {

        n = ngx_http_sonde_which(h);

        if (n == NGX_HTTP_SONDE_HEADERS) {
            continue;
        }

        if (values[n].len == 0 || kept[n]) {
            surplus = 1;
            continue;
        }

        h->value = values[n];
        kept[n] = h;
    }

    if (surplus && ngx_http_sonde_remove(list, kept) != NGX_OK) {
        return NGX_ERROR;
    }

    for (n = 0; n < NGX_HTTP_SONDE_HEADERS; n++) {

        if (values[n].len == 0 || kept[n]) {
            continue;
        }

        h = ngx_list_push(list);
        if (h == NULL) {
            return NGX_ERROR;
        }

        /* nginx 1.23 has a field more, which is to be NULL */

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = ngx_http_sonde_hashes[n];
        h->key = ngx_http_sonde_names[n];
        h->lowcase_key = ngx_http_sonde_names[n].data;
        h->value = values[n];
    }

    return NGX_OK;
}


void
ngx_http_sonde_inject(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx)
{
    ngx_str_t                   values[NGX_HTTP_SONDE_HEADERS];
    sonde_span_context         *span_context;
    ngx_http_sonde_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_sonde_module);

    ngx_memzero(values, sizeof(values));

    /* who records nothing hands on what it was given */

    span_context = &ctx->current;

    if (!ctx->sampled && sonde_span_context_is_valid(&ctx->parent)) {
        span_context = &ctx->parent;
    }

    values[NGX_HTTP_SONDE_TRACEPARENT].data =
                            ngx_pnalloc(r->pool, SONDE_TRACEPARENT_LEN + 1);

    if (values[NGX_HTTP_SONDE_TRACEPARENT].data == NULL) {
        return;
    }

    sonde_traceparent_format(span_context,
                       (char *) values[NGX_HTTP_SONDE_TRACEPARENT].data);

    values[NGX_HTTP_SONDE_TRACEPARENT].len = SONDE_TRACEPARENT_LEN;
    values[NGX_HTTP_SONDE_TRACESTATE] = ctx->tracestate;

    if (slcf->context & NGX_HTTP_SONDE_EXTRACT) {
        values[NGX_HTTP_SONDE_BAGGAGE] = ngx_http_sonde_read_baggage(r);
    }

    if (ngx_http_sonde_replace(r, values) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "sonde: no memory to pass the trace context on");
    }

    ctx->injected = 1;
}
