/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/http.h - HTTP POST requests over libcurl, several at once, without waiting and without a
 * thread: a multi handle in socket_action mode on an epoll set of its own. Connections are kept and
 * used again. Everything here is called by one driver, one call at a time. */
#ifndef SONDE_TRANSPORT_HTTP_H
#define SONDE_TRANSPORT_HTTP_H

#include "base/buf.h"
#include "base/poller.h"

#include <sonde/base.h>

#include <curl/curl.h>

enum {
    SONDE__HTTP_REQUESTS     = 4,
    SONDE__HTTP_SOCKETS      = 32,
    SONDE__HTTP_RESPONSE_MAX = 4 << 20 /* bytes of a response body; a longer one is cut off */
};

enum sonde__http_state { SONDE__HTTP_FREE, SONDE__HTTP_SENT, SONDE__HTTP_FINISHED };

struct sonde__http;

struct sonde__http_request {
    enum sonde__http_state state;
    const void            *tag; /* the caller's */
    struct sonde__http    *http;
    CURL                  *easy; /* kept from one request to the next */
    /* when FINISHED */
    CURLcode          code;
    long              status;  /* CURLE_OK: the response's */
    curl_off_t        retry_s; /* Retry-After in either form; 0: none */
    const char       *type;    /* Content-Type; NULL: none */
    struct sonde__buf response;
    bool              is_too_long;
    char              error[CURL_ERROR_SIZE];
};

struct sonde__http {
    CURLM                     *multi; /* NULL until the first request */
    struct sonde__poller       poller;
    uint64_t                   timer_ns; /* when libcurl wants to be called; UINT64_MAX: never */
    struct sonde__http_request requests[SONDE__HTTP_REQUESTS];
    int                        sockets[SONDE__HTTP_SOCKETS]; /* the open ones, from the front */
    size_t                     socket_count;
};

/* What a request is sent to. */
struct sonde__http_target {
    const char        *url; /* NULL: memory was out; the request fails */
    struct curl_slist *headers;
    const char        *user_agent;
    bool               is_direct; /* through no proxy, whatever the environment says */
};

/* In place; nothing is opened. */
void sonde__http_init(struct sonde__http *http);

/* Closes everything. */
void sonde__http_done(struct sonde__http *http);

/* Sends body, which stays as it is until the request has finished or is cancelled. NULL when all requests
 * are under way. A request that cannot even begin finishes with a code of libcurl's. */
struct sonde__http_request *sonde__http_post(struct sonde__http *http, const void *tag,
                                             const struct sonde__http_target *target,
                                             sonde_str body, uint32_t timeout_ms);

/* Does what can be done now. Returns a request that has finished, or NULL; what it holds is good until
 * the next call, and it is free then. */
struct sonde__http_request *sonde__http_step(struct sonde__http *http);

/* Gives up what is under way. */
void sonde__http_cancel(struct sonde__http *http);

/* Readable when there is something to do; -1 while nothing is under way. */
int sonde__http_fd(const struct sonde__http *http);

/* When to call sonde__http_step() at the latest, on the monotonic clock. */
uint64_t sonde__http_wake_at(const struct sonde__http *http);

/* In a forked child: forgets the parent's handles without a call into libcurl, which might write to the
 * parent's connections (the end of a TLS session, say). The child's descriptors for these are closed,
 * which the connections do not notice; the handles' memory stays, since only libcurl could free it. */
void sonde__http_forked(struct sonde__http *http);

#endif
