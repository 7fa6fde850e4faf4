/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/listen.c - the socket that a receiver listens on. It is made here rather than by
 * libmicrohttpd, so that it can be said why it could not be had. */
#include "receiver/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_SIZE = 256, PORT_SIZE = 6, BACKLOG = 128 };

static bool is_port(const char *text)
{
    size_t   digits = strspn(text, "0123456789");
    unsigned port   = 0;
    for (size_t i = 0; i < digits && i < PORT_SIZE; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    return digits > 0 && digits < PORT_SIZE && text[digits] == '\0' && port <= 65535;
}

/* An address as typed, cut into host and port. */
static bool split(const char *address, char *ret_host, char *ret_port)
{
    const char *host = address, *colon = strrchr(address, ':');
    size_t      len;
    strcpy(ret_host, "127.0.0.1");
    strcpy(ret_port, "4318");
    if (is_port(address)) {
        strcpy(ret_port, address);
        return true;
    }
    if (*address == '[') {
        const char *end = strchr(address, ']');
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return false;
        host  = address + 1;
        len   = (size_t)(end - host);
        colon = end[1] == ':' ? end + 1 : NULL;
    } else {
        if (colon && strchr(address, ':') != colon)
            return false; /* an IPv6 address wants its brackets */
        len = colon ? (size_t)(colon - address) : strlen(address);
    }
    if (len >= HOST_SIZE || (colon && !is_port(colon + 1)) || (len == 0 && !colon))
        return false;
    if (len > 0)
        snprintf(ret_host, HOST_SIZE, "%.*s", (int)len, host);
    if (colon)
        strcpy(ret_port, colon + 1);
    return true;
}

static int listen_at(const struct addrinfo *at)
{
    int one = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0)
        return -1;
    /* Connections of a receiver that just ended do not keep the port from the next one. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void describe(int fd, char *ret_address, bool *ret_is_loopback)
{
    struct sockaddr_storage bound;
    socklen_t               size = sizeof bound;
    char                    text[INET6_ADDRSTRLEN];
    memset(&bound, 0, sizeof bound);
    getsockname(fd, (struct sockaddr *)&bound, &size);
    if (bound.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&bound;
        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        snprintf(ret_address, SONDE__ADDRESS_SIZE, "[%s]:%u", text, ntohs(in6->sin6_port));
        *ret_is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&bound;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        snprintf(ret_address, SONDE__ADDRESS_SIZE, "%s:%u", text, ntohs(in->sin_port));
        *ret_is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
}

int sonde__listen(const char *address, int *ret_fd, char *ret_address, bool *ret_is_loopback)
{
    struct addrinfo  hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *list  = NULL;
    char             host[HOST_SIZE], port[PORT_SIZE];
    int              fd = -1, error = 0;
    if (!split(address, host, port))
        return EINVAL;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return ENOENT;
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd    = listen_at(at);
        error = fd < 0 ? errno : 0;
    }
    freeaddrinfo(list);
    if (fd < 0)
        return error;
    describe(fd, ret_address, ret_is_loopback);
    *ret_fd = fd;
    return 0;
}
