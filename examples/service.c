/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* 1 to 65535; 0: not a port. */
static uint16_t port_of(const char *text)
{
    char         *end;
    unsigned long port = strtoul(text, &end, 10);
    return *end || end == text || port > UINT16_MAX ? 0 : (uint16_t)port;
}

int serve(const char *service_name, const char *port, MHD_AccessHandlerCallback handler)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    sonde_sdk         *sdk     = NULL;
    sigset_t           ends;
    int                signal_number;

    /* Before any thread there is, so that all of them leave the signals to sigwait() below. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);

    sonde_sdk_start(&sdk, .service_name = service_name);

    address.sin_addr.s_addr   = htonl(INADDR_LOOPBACK);
    address.sin_port          = htons(port_of(port));
    struct MHD_Daemon *daemon = port_of(port)
                                    ? sonde_mhd_start_daemon(
                                          MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL,
                                          NULL, handler, NULL, MHD_OPTION_SOCK_ADDR,
                                          (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE,
                                          2u, MHD_OPTION_END)
                                    : NULL;
    if (!daemon) {
        fprintf(stderr, "%s: cannot listen on 127.0.0.1:%s\n", service_name, port);
        sonde_sdk_stop(&sdk, 0);
        return 1;
    }
    sigwait(&ends, &signal_number);
    sonde_mhd_stop_daemon(daemon);
    sonde_sdk_stop(&sdk, 2000);
    return 0;
}
