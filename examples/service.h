/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the example services share and what has nothing to do with telemetry: a daemon on loopback, an
 * answer, waiting for the signal to end. */
#ifndef EXAMPLE_SERVICE_H
#define EXAMPLE_SERVICE_H

#include <sonde/microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline enum MHD_Result answer(struct MHD_Connection *connection, unsigned status,
                                     const char *json)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(json), (void *)(uintptr_t)json, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Serves on 127.0.0.1 with four threads until SIGTERM or SIGINT. Returns the program's exit status. */
static inline int serve(const char *port_text, MHD_AccessHandlerCallback handler)
{
    long               port    = strtol(port_text, NULL, 10);
    struct sockaddr_in address = { .sin_family = AF_INET };
    sigset_t           ends;
    int                signal_number;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "not a port: %s\n", port_text);
        return 2;
    }
    address.sin_port        = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Blocked before there are threads, so that none of them is interrupted. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);

    struct MHD_Daemon *daemon = sonde_mhd_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL, handler, NULL,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE, 4u,
        MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "cannot listen on 127.0.0.1:%ld: %s\n", port, strerror(errno));
        return 1;
    }
    sigwait(&ends, &signal_number);
    sonde_mhd_stop_daemon(daemon);
    return 0;
}

#endif
