/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* request.h - what the adapter knows of a daemon and of a request, and how a request is found by
 * its connection. */
#ifndef SONDE_MHD_REQUEST_H
#define SONDE_MHD_REQUEST_H

#include "options.h"

#include <sonde/http.h>

enum { SONDE__MHD_URI_MAX = 2048 }; /* bytes of a request's target that are kept */

/* A traced daemon, from its start to its stop. Nothing in it changes while it runs. */
struct sonde__mhd_daemon {
    struct MHD_Daemon           *daemon;
    struct sonde__mhd_daemon    *next; /* guarded by the list's lock */
    MHD_AccessHandlerCallback    handler;
    void                        *handler_cls;
    sonde__mhd_uri_log          *uri_log; /* the application's; NULL: none */
    void                        *uri_log_cls;
    MHD_RequestCompletedCallback completed; /* the application's; NULL: none */
    void                        *completed_cls;
    bool                         tls;
    sonde_tracer                *tracer;
    sonde_http_metrics           metrics;
};

/* A request, from its first line to its completion. Used by the thread that serves its connection;
 * by others only through the public functions, while the request waits for them. */
struct sonde__mhd_request {
    struct MHD_Connection     *connection;
    struct sonde__mhd_request *next; /* guarded by its stripe's lock */
    sonde_http_exchange        exchange;
    sonde_context             *context; /* attached while the handler runs */
    bool                       begun;   /* the handler has seen it */
    int                        status;  /* that the handler queued; 0: none so far */
    uint16_t                   uri_len;
    char                       uri[SONDE__MHD_URI_MAX];
};

/* A request for this connection, in the place of one that may be left over. NULL: out of memory.
 * Any thread, as the next two. */
struct sonde__mhd_request *sonde__mhd_request_new(struct MHD_Connection *connection);
struct sonde__mhd_request *sonde__mhd_request_find(struct MHD_Connection *connection);

/* Frees the connection's request. */
void sonde__mhd_request_free(struct MHD_Connection *connection);

/* Gives back memory that is kept for requests to come. */
void sonde__mhd_requests_trim(void);

/* Begins the span: what the request line and the headers say. method NULL: not known. */
void sonde__mhd_request_begin(struct sonde__mhd_request      *request,
                              const struct sonde__mhd_daemon *daemon, const char *method,
                              const char *version);

/* Ends the span, by what libmicrohttpd says of how the request ended. */
void sonde__mhd_request_end(struct sonde__mhd_request      *request,
                            enum MHD_RequestTerminationCode why);

/* The status that was queued for a connection; 0: none. */
int sonde__mhd_status(struct MHD_Connection *connection);

#endif
