/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The headers of a trace context in nginx's list of request headers: found in
 * one walk, and put in the place of what was there.
 */

#include "ngx_http_sonde.h"


static ngx_str_t  ngx_http_sonde_names[NGX_HTTP_SONDE_HEADERS] = {
    ngx_string("traceparent"),
    ngx_string("tracestate"),
    ngx_string("baggage")
};

static ngx_uint_t  ngx_http_sonde_hashes[NGX_HTTP_SONDE_HEADERS];


void
ngx_http_sonde_headers_init(void)
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


void
ngx_http_sonde_headers_read(ngx_http_request_t *r,
    ngx_http_sonde_headers_t *headers)
{
    ngx_uint_t                i, n;
    ngx_list_part_t          *part;
    ngx_table_elt_t          *h;
    ngx_http_sonde_values_t  *values;

    for (n = 0; n < NGX_HTTP_SONDE_HEADERS; n++) {
        headers->of[n].count = 0;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            n = ngx_http_sonde_which(&h[i]);

            if (n == NGX_HTTP_SONDE_HEADERS) {
                continue;
            }

            values = &headers->of[n];

            if (values->count == 0) {
                values->first = &h[i];
            }

            if (values->count < NGX_HTTP_SONDE_VALUES) {
                values->items[values->count] =
                                            ngx_http_sonde_view(&h[i].value);
            }

            values->count++;
        }
    }
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


ngx_int_t
ngx_http_sonde_headers_write(ngx_http_request_t *r,
    ngx_http_sonde_headers_t *headers, ngx_str_t *values)
{
    ngx_uint_t        n, surplus;
    ngx_list_t       *list;
    ngx_table_elt_t  *h, *kept[NGX_HTTP_SONDE_HEADERS];

    surplus = 0;
    list = &r->headers_in.headers;

    for (n = 0; n < NGX_HTTP_SONDE_HEADERS; n++) {

        kept[n] = NULL;

        if (headers->of[n].count && values[n].len) {
            kept[n] = headers->of[n].first;
            kept[n]->value = values[n];
        }

        if (headers->of[n].count > (kept[n] ? 1 : 0)) {
            surplus = 1;
        }
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
