/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* shadow.h - what a handle was told, as far as a span and its headers depend on it. Seen by the
 * traced twins of curl_auto.h, kept until the handle is freed; the easy and the multi interface
 * read it alike. A handle is used by one thread at a time, and so is its shadow. */
#ifndef SONDE_CURL_SHADOW_H
#define SONDE_CURL_SHADOW_H

#include "table.h"

#include <sonde/curl.h>

enum { SONDE__CURL_METHOD_MAX = 32 };

/* A copy of a string of the application's; its memory is used again for the next one. */
struct sonde__curl_text {
    char  *ptr; /* NULL: none so far */
    size_t room;
    bool   set;
};

struct sonde__curl_shadow {
    struct sonde__curl_entry entry;
    /* What was set. All zero is the state after curl_easy_init() and curl_easy_reset(). */
    struct {
        struct curl_slist *headers;
        const char        *method; /* that libcurl itself chooses, in static storage; NULL: GET */
        char               custom_method[SONDE__CURL_METHOD_MAX + 1]; /* empty: none */
        CURLU             *url_handle;                                /* wins over the URL */
        sonde_curl_prereq *prereq;
        void              *prereq_data;
        long               port;
        bool               exports;         /* the user agent is that of an OTLP exporter */
        bool               follows;         /* redirects */
        bool               no_request;      /* CURLOPT_CONNECT_ONLY: nothing is asked for */
        bool               unified_headers; /* a proxy's CONNECT is sent the headers, too */
    } set;
    bool                    known; /* all of it, from the beginning */
    bool                    headers_known;
    bool                    busy;   /* in a transfer of the adapter's */
    bool                    hooked; /* our own prereq callback is set in its place */
    struct sonde__curl_text url;
};

/* The shadow of a handle; NULL: curl_auto.h has not seen it. Any thread. */
struct sonde__curl_shadow *sonde__curl_shadow_find(const CURL *easy);

/* The method that the handle will send, by what it was told. */
sonde_str sonde__curl_shadow_method(const struct sonde__curl_shadow *shadow);

#endif
