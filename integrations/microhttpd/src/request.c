/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* request.c - the exchange of one request: from what libmicrohttpd tells to what the conventions
 * ask for. The thread that serves the connection; at a daemon's stop, the one that stops it. */
#include "request.h"

#include "headers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The request's target, taken apart. */
struct target {
    sonde_str authority; /* of "http://host/path"; else empty */
    sonde_str path;
    sonde_str query;
};

/* Where the authority ends: at the first of these. */
static size_t authority_end(sonde_str uri, size_t from)
{
    while (from < uri.len && uri.ptr[from] != '/' && uri.ptr[from] != '?' && uri.ptr[from] != '#')
        from++;
    return from;
}

/* Where the path begins; ret_authority: what of "http://user@host/path" names the host. */
static size_t path_begin(sonde_str uri, sonde_str *ret_authority)
{
    size_t host = 0;
    if (!uri.len || uri.ptr[0] == '/')
        return 0;
    while (host < uri.len && uri.ptr[host] != ':' && uri.ptr[host] != '/')
        host++;
    if (!host || uri.len - host <= 2 || memcmp(uri.ptr + host, "://", 3) != 0)
        return 0;
    host += 3;
    size_t path = authority_end(uri, host);
    for (size_t i = path; i > host; i--) { /* a client's own user and password stay out */
        if (uri.ptr[i - 1] == '@') {
            host = i;
            break;
        }
    }
    *ret_authority = sonde_str_n(uri.ptr + host, path - host);
    return path;
}

static struct target target_of(const struct sonde__mhd_request *request)
{
    struct target target;
    sonde_str     uri = sonde_str_n(request->uri, request->uri_len);
    memset(&target, 0, sizeof target);
    size_t      path     = path_begin(uri, &target.authority);
    const char *question = memchr(uri.ptr + path, '?', uri.len - path);
    size_t      query    = question ? (size_t)(question - uri.ptr) : uri.len;
    target.path          = sonde_str_n(uri.ptr + path, query - path);
    if (question)
        target.query = sonde_str_n(question + 1, uri.len - query - 1);
    return target;
}

/* Four numbers and three dots; inet_ntop() prints them by way of printf(). */
static const char *ipv4_text(const uint8_t bytes[4], char *buffer)
{
    char *at = buffer;
    for (int i = 0; i < 4; i++) {
        unsigned value = bytes[i];
        if (value >= 100)
            *at++ = (char)('0' + value / 100);
        if (value >= 10)
            *at++ = (char)('0' + value / 10 % 10);
        *at++ = (char)('0' + value % 10);
        *at++ = i < 3 ? '.' : '\0';
    }
    return buffer;
}

/* The peer's address as text in the buffer; an IPv4 address that came over IPv6 as IPv4. */
static sonde_str peer_of(struct MHD_Connection *connection, char buffer[INET6_ADDRSTRLEN],
                         uint16_t *ret_port)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const char            *text    = NULL;
    if (address && address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        *ret_port = ntohs(in.sin_port);
        text      = ipv4_text((const uint8_t *)&in.sin_addr, buffer);
    } else if (address && address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        *ret_port = ntohs(in6.sin6_port);
        text      = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)
                        ? ipv4_text(&in6.sin6_addr.s6_addr[12], buffer)
                        : inet_ntop(AF_INET6, &in6.sin6_addr, buffer, INET6_ADDRSTRLEN);
    }
    return sonde_str_z(text);
}

void sonde__mhd_request_begin(struct sonde__mhd_request      *request,
                              const struct sonde__mhd_daemon *daemon, const char *method,
                              const char *version)
{
    char                      peer[INET6_ADDRSTRLEN];
    struct target             target = target_of(request);
    struct sonde__mhd_headers headers;
    sonde_http_server_request known;
    sonde__mhd_headers_init(&headers, request->connection);
    sonde_context *from = sonde_propagator_extract(NULL, NULL, &headers.base);
    memset(&known, 0, sizeof known);
    known.size   = sizeof known;
    known.method = sonde_str_z(method);
    known.scheme = sonde_str_z(daemon->tls ? "https" : "http");
    known.path   = target.path;
    known.query  = target.query;
    known.host   = target.authority;
    if (!known.host.len)
        known.host = sonde__mhd_headers_find(&headers, sonde_str_n("host", 4));
    known.user_agent = sonde__mhd_headers_find(&headers, sonde_str_n("user-agent", 10));
    if (version && strncmp(version, "HTTP/", 5) == 0)
        known.version = sonde_str_z(version + 5);
    known.peer_address   = peer_of(request->connection, peer, &known.peer_port);
    known.shared         = true; /* sonde_mhd_span() lends it to any thread */
    known.parent_context = from;
    sonde_http_server_start_opts(&request->exchange, daemon->tracer, &daemon->metrics, &known);
    request->context = sonde_context_with_span(from, request->exchange.span);
    sonde_context_unref(from);
}

int sonde__mhd_status(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
                                                                   MHD_CONNECTION_INFO_HTTP_STATUS);
    return info ? (int)(info->http_status & 0xFFFF) : 0;
}

static const char *name_of(enum MHD_RequestTerminationCode why)
{
    switch (why) {
    case MHD_REQUEST_TERMINATED_COMPLETED_OK:
        return NULL;
    case MHD_REQUEST_TERMINATED_WITH_ERROR:
        return "MHD_REQUEST_TERMINATED_WITH_ERROR";
    case MHD_REQUEST_TERMINATED_TIMEOUT_REACHED:
        return "MHD_REQUEST_TERMINATED_TIMEOUT_REACHED";
    case MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN:
        return "MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN";
    case MHD_REQUEST_TERMINATED_READ_ERROR:
        return "MHD_REQUEST_TERMINATED_READ_ERROR";
    case MHD_REQUEST_TERMINATED_CLIENT_ABORT:
        return "MHD_REQUEST_TERMINATED_CLIENT_ABORT";
    }
    return SONDE_VALUE_OTHER;
}

void sonde__mhd_request_end(struct sonde__mhd_request *request, enum MHD_RequestTerminationCode why)
{
    sonde_http_response response;
    memset(&response, 0, sizeof response);
    response.size   = sizeof response;
    response.status = sonde__mhd_status(request->connection);
    if (!response.status)
        response.status = request->status;
    /* A request that libmicrohttpd itself turns down ends "with error" although its answer went
     * out whole: that answer says it better. */
    bool turned_down = why == MHD_REQUEST_TERMINATED_WITH_ERROR && !request->status &&
                       response.status >= 400;
    if (!turned_down)
        response.error_type = sonde_str_z(name_of(why));
    sonde_http_server_end_opts(&request->exchange, &response);
    sonde_context_unref(request->context);
    request->context = NULL;
}
