/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* request.c - the exchange of one request: from what libmicrohttpd tells to what the conventions
 * ask for. The thread that serves the connection; at a daemon's stop, the one that stops it. */
#include "request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The request's target, taken apart. */
struct target {
    sonde_str authority; /* of "http://host/path"; else empty */
    sonde_str path;
    sonde_str query;
};

static size_t find_char(sonde_str text, size_t from, const char *set)
{
    while (from < text.len && !strchr(set, text.ptr[from]))
        from++;
    return from;
}

static struct target target_of(const struct sonde__mhd_request *request)
{
    struct target target;
    sonde_str     uri  = sonde_str_n(request->uri, request->uri_len);
    size_t        path = 0;
    memset(&target, 0, sizeof target);
    size_t scheme = uri.len && uri.ptr[0] != '/' ? find_char(uri, 0, ":/?#") : 0;
    if (scheme && uri.len - scheme > 2 && memcmp(uri.ptr + scheme, "://", 3) == 0) {
        size_t host = scheme + 3;
        path        = find_char(uri, host, "/?#");
        for (size_t i = path; i > host; i--) { /* a client's own user and password stay out */
            if (uri.ptr[i - 1] == '@') {
                host = i;
                break;
            }
        }
        target.authority = sonde_str_n(uri.ptr + host, path - host);
    }
    size_t query = find_char(uri, path, "?");
    target.path  = sonde_str_n(uri.ptr + path, query - path);
    if (query < uri.len)
        target.query = sonde_str_n(uri.ptr + query + 1, uri.len - query - 1);
    return target;
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
        text      = inet_ntop(AF_INET, &in.sin_addr, buffer, INET6_ADDRSTRLEN);
    } else if (address && address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        *ret_port = ntohs(in6.sin6_port);
        text      = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)
                        ? inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], buffer, INET6_ADDRSTRLEN)
                        : inet_ntop(AF_INET6, &in6.sin6_addr, buffer, INET6_ADDRSTRLEN);
    }
    return sonde_str_z(text);
}

static sonde_str header(struct MHD_Connection *connection, const char *name)
{
    return sonde_str_z(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

void sonde__mhd_request_begin(struct sonde__mhd_request      *request,
                              const struct sonde__mhd_daemon *daemon, const char *method,
                              const char *version)
{
    char                      peer[INET6_ADDRSTRLEN];
    struct target             target = target_of(request);
    sonde_context            *from   = sonde__mhd_extract(request->connection);
    sonde_http_server_request known;
    memset(&known, 0, sizeof known);
    known.size       = sizeof known;
    known.method     = sonde_str_z(method);
    known.scheme     = sonde_str_z(daemon->tls ? "https" : "http");
    known.path       = target.path;
    known.query      = target.query;
    known.host       = target.authority.len ? target.authority
                                            : header(request->connection, MHD_HTTP_HEADER_HOST);
    known.user_agent = header(request->connection, MHD_HTTP_HEADER_USER_AGENT);
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
