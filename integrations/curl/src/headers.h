/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* headers.h - the trace headers of one transfer: list nodes of ours that lead to the application's
 * list. */
#ifndef SONDE_CURL_HEADERS_H
#define SONDE_CURL_HEADERS_H

#include <sonde/curl.h>

enum {
    SONDE__CURL_TEXT = 512 /* bytes of headers that need no memory of their own */
};

/* Must not move while libcurl has it. */
struct sonde__curl_headers {
    struct curl_slist  nodes[SONDE_PROPAGATOR_FIELDS];
    char              *lines[SONDE_PROPAGATOR_FIELDS]; /* what each node says, or said */
    size_t             count;
    size_t             used;
    struct curl_slist *own; /* the application's list */
    char               text[SONDE__CURL_TEXT];
};

/* Collects what the context has to say to the server. own: the application's list; a header that it
 * has already is left to it. context NULL: the thread's current one. */
void sonde__curl_headers_init(struct sonde__curl_headers *headers, struct curl_slist *own,
                              const sonde_context *context);

/* The list to be set in the application's place: ours, then the application's. */
struct curl_slist *sonde__curl_headers_list(struct sonde__curl_headers *headers);

/* Whether ours are sent with the next request that libcurl builds. */
void sonde__curl_headers_show(struct sonde__curl_headers *headers, bool shown);

/* Frees what text had no room in the struct; libcurl must not have the list any more. */
void sonde__curl_headers_done(struct sonde__curl_headers *headers);

/* The value of a header in a list, without white space around it; {NULL, 0}: it is not there. */
sonde_str sonde__curl_list_find(const struct curl_slist *list, sonde_str name);

#endif
