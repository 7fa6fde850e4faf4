/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* handler.c - what a handler calls. The handler's thread; a request that waits, any thread. */
#include "request.h"

#include <sonde/microhttpd.h>
#include <sonde/sdk.h>

#include <stdlib.h>

sonde_span *sonde_mhd_span(struct MHD_Connection *connection)
{
    struct sonde__mhd_request *request = connection ? sonde__mhd_request_find(connection) : NULL;
    return request ? request->exchange.span : NULL;
}

void sonde_mhd_set_route(struct MHD_Connection *connection, const char *route)
{
    struct sonde__mhd_request *request = connection ? sonde__mhd_request_find(connection) : NULL;
    if (request)
        sonde_http_server_set_route(&request->exchange, sonde_str_z(route));
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result sonde_mhd_queue_metrics(struct MHD_Connection *connection)
{
    static char                off[]   = "no SDK is running\n";
    struct sonde__mhd_request *request = connection ? sonde__mhd_request_find(connection) : NULL;
    struct MHD_Response       *response;
    char                      *text   = NULL;
    size_t                     length = 0;
    if (!connection)
        return MHD_NO;
    if (request)
        sonde_http_discard(&request->exchange);
    if (sonde_sdk_prometheus(NULL, &text, &length) != SONDE_OK)
        return queue(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                     MHD_create_response_from_buffer(sizeof off - 1, off, MHD_RESPMEM_PERSISTENT));
    response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return queue(connection, MHD_HTTP_OK, response);
}
