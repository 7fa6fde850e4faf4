/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transfer.h - one transfer: its span, its headers, and what of the application's is to be set
 * again. On the stack for the easy interface, in a table of its own for multi handles. */
#ifndef SONDE_CURL_TRANSFER_H
#define SONDE_CURL_TRANSFER_H

#include "headers.h"
#include "shadow.h"

#include <sonde/http.h>

/* Must not move from begin to end: libcurl has pointers into it. */
struct sonde__curl_transfer {
    struct sonde__curl_entry   entry; /* of multi handles */
    CURL                      *easy;
    struct sonde__curl_shadow *shadow; /* NULL: the handle was not seen */
    sonde_http_exchange        exchange;
    struct sonde__curl_headers headers;
    bool                       injected; /* libcurl has our list */
    bool                       hooked;   /* libcurl has our callback */
    bool                       method_is_known;
    bool                       url_is_known;
    uint16_t                   host_len;
    uint16_t                   url_template_len; /* for a URL that is known late */
    sonde_curl_prereq         *prereq; /* the application's; of a seen handle, its shadow's */
    void                      *prereq_data;
    char                       host[SONDE_HTTP_ADDRESS_MAX]; /* of the first request */
    char                       url_template[SONDE_HTTP_ROUTE_MAX];
};

/* How the span stands to the thread. */
enum sonde__curl_span { SONDE__CURL_CURRENT, SONDE__CURL_DETACHED };

/* Begins the span and sets our headers. False: this transfer is not one to be traced, and there is
 * nothing to be ended. The thread that uses the handle, as the next. */
bool sonde__curl_begin(struct sonde__curl_transfer *transfer, CURL *easy,
                       const sonde_curl_options *options, enum sonde__curl_span how);

/* Sets what the application had, and ends the span. removed: the transfer was given up before its
 * end, and code says nothing. */
void sonde__curl_end(struct sonde__curl_transfer *transfer, CURLcode code, bool removed);

/* Instead of the end: the transfer did not begin after all. */
void sonde__curl_cancel(struct sonde__curl_transfer *transfer);

/* Gives up the transfer of a multi handle, if the handle has one. */
void sonde__curl_abandon(CURL *easy);

/* "CURLE_COULDNT_CONNECT" and so on; "_OTHER" for what has no name here. */
const char *sonde__curl_error_name(CURLcode code);

#endif
