/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* acceptance/programs/upload.c - upload PORT: a libmicrohttpd service that answers when it has got all of a request, and so
 * never when that does not come. Says "upload" on standard output for every part that it has seen. Ends with SIGTERM. */
#include <sonde/microhttpd.h>
#include <sonde/sonde.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    static int begun;
    (void)cls, (void)url, (void)method, (void)version, (void)upload;
    if (!*con_cls) {
        *con_cls = &begun;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        puts("upload");
        fflush(stdout);
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL,
                                                                    MHD_RESPMEM_PERSISTENT);
    enum MHD_Result      queued   = MHD_queue_response(connection, MHD_HTTP_NO_CONTENT, response);
    MHD_destroy_response(response);
    return queued;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family      = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    sonde_sdk         *sdk     = NULL;
    sigset_t           ends;
    int                number;
    if (argc != 2)
        return 2;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    sonde_sdk_start(&sdk, .service_name = "upload");
    address.sin_port          = htons((uint16_t)atoi(argv[1]));
    struct MHD_Daemon *daemon = sonde_mhd_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL,
                                                       handle, NULL, MHD_OPTION_SOCK_ADDR,
                                                       (struct sockaddr *)&address, MHD_OPTION_END);
    if (!daemon)
        return 1;
    sigwait(&ends, &number);
    sonde_mhd_stop_daemon(daemon);
    return sonde_sdk_stop(&sdk, 5000) == SONDE_OK ? 0 : 1;
}
