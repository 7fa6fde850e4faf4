/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUESTS = 4096, ANSWERS = 64, CONNECTIONS = 64, READ = 65536 };

struct wire {
    int             listener;
    int             wake[2];
    uint16_t        port;
    pthread_t       thread;
    pthread_mutex_t mutex;
    struct {
        char  *requests[REQUESTS];
        size_t request_count;
        struct answer {
            char *text; /* NULL: none */
            bool  last; /* close behind it */
        } answers[ANSWERS];
        size_t answer_count, answers_taken;
    } locked;
};

/* A client that is connected, and what it sent that is not a whole request yet. */
struct connection {
    int    fd;
    char  *text;
    size_t len;
};

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr    = htonl(INADDR_LOOPBACK);
    return address;
}

static int listen_on_loopback(uint16_t *ret_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t          size    = sizeof address;
    int                fd      = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 128) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* The value of a header in a request's head; *ret_len gets its length. NULL: it has none. */
static const char *find_header(const char *request, const char *name, size_t turn, size_t *ret_len)
{
    const char *end  = strstr(request, "\r\n\r\n");
    const char *line = strstr(request, "\r\n");
    for (; end && line && line < end; line = strstr(line, "\r\n")) {
        line += 2;
        size_t len = strlen(name);
        if (strncasecmp(line, name, len) != 0 || line[len] != ':' || turn-- > 0)
            continue;
        line += len + 1;
        line += strspn(line, " ");
        *ret_len = strcspn(line, "\r");
        return line;
    }
    return NULL;
}

/* The length of the whole request that the text begins with; 0: not all of it is there. */
static size_t whole_request(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    size_t      ignored, head = end ? (size_t)(end - text) + 4 : 0;
    const char *length = end ? find_header(text, "Content-Length", 0, &ignored) : NULL;
    if (end && find_header(text, "Transfer-Encoding", 0, &ignored)) {
        const char *last = strstr(end, "\r\n0\r\n\r\n");
        return last ? (size_t)(last - text) + 7 : 0;
    }
    size_t body = length ? strtoul(length, NULL, 10) : 0;
    return head && len >= head + body ? head + body : 0;
}

/* Keeps a request and says what to answer; its text is to be freed. */
static struct answer keep(struct wire *wire, const char *text, size_t len)
{
    static const char ok[]   = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct answer     answer = { NULL, false };
    pthread_mutex_lock(&wire->mutex);
    if (wire->locked.request_count < REQUESTS)
        wire->locked.requests[wire->locked.request_count++] = strndup(text, len);
    if (wire->locked.answers_taken < wire->locked.answer_count)
        answer = wire->locked.answers[wire->locked.answers_taken++];
    else
        answer.text = strdup(ok);
    pthread_mutex_unlock(&wire->mutex);
    return answer;
}

static bool send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* Answers every whole request that has come in; false: the connection is to be closed. */
static bool answer_all(struct wire *wire, struct connection *connection)
{
    size_t len;
    while ((len = whole_request(connection->text, connection->len)) > 0) {
        struct answer answer = keep(wire, connection->text, len);
        bool sent = answer.text && send_all(connection->fd, answer.text, strlen(answer.text));
        free(answer.text);
        if (!sent || answer.last)
            return false;
        connection->len -= len;
        memmove(connection->text, connection->text + len, connection->len + 1);
    }
    return true;
}

static bool read_more(struct wire *wire, struct connection *connection)
{
    connection->text = realloc(connection->text, connection->len + READ + 1);
    ssize_t n        = recv(connection->fd, connection->text + connection->len, READ, 0);
    if (n <= 0)
        return false;
    connection->len += (size_t)n;
    connection->text[connection->len] = '\0';
    return answer_all(wire, connection);
}

static void drop(struct connection *connection)
{
    close(connection->fd);
    free(connection->text);
}

static void *serve(void *arg)
{
    struct wire      *wire = arg;
    struct connection connections[CONNECTIONS];
    struct pollfd     polled[CONNECTIONS + 2];
    nfds_t            count = 0;
    for (;;) {
        polled[0] = (struct pollfd){ .fd = wire->wake[0], .events = POLLIN };
        polled[1] = (struct pollfd){ .fd     = count < CONNECTIONS ? wire->listener : -1,
                                     .events = POLLIN };
        for (nfds_t i = 0; i < count; i++)
            polled[i + 2] = (struct pollfd){ .fd = connections[i].fd, .events = POLLIN };
        if (poll(polled, count + 2, -1) < 0 && errno != EINTR)
            break;
        if (polled[0].revents)
            break;
        for (nfds_t i = count; i-- > 0;) {
            if (!polled[i + 2].revents || read_more(wire, &connections[i]))
                continue;
            drop(&connections[i]);
            connections[i] = connections[--count];
        }
        int fd = polled[1].revents ? accept(wire->listener, NULL, NULL) : -1;
        if (fd >= 0)
            connections[count++] = (struct connection){ .fd = fd };
    }
    while (count > 0)
        drop(&connections[--count]);
    return NULL;
}

static void send_wake(struct wire *wire)
{
    ssize_t written = write(wire->wake[1], "", 1);
    (void)written;
}

struct wire *wire_start(void)
{
    struct wire *wire = calloc(1, sizeof *wire);
    pthread_mutex_init(&wire->mutex, NULL);
    wire->listener = listen_on_loopback(&wire->port);
    if (wire->listener < 0 || pipe(wire->wake) ||
        pthread_create(&wire->thread, NULL, serve, wire)) {
        free(wire);
        return NULL;
    }
    return wire;
}

void wire_stop(struct wire *wire)
{
    if (!wire)
        return;
    send_wake(wire);
    pthread_join(wire->thread, NULL);
    close(wire->listener);
    close(wire->wake[0]);
    close(wire->wake[1]);
    for (size_t i = 0; i < wire->locked.request_count; i++)
        free(wire->locked.requests[i]);
    for (size_t i = wire->locked.answers_taken; i < wire->locked.answer_count; i++)
        free(wire->locked.answers[i].text);
    pthread_mutex_destroy(&wire->mutex);
    free(wire);
}

uint16_t wire_port(const struct wire *wire)
{
    return wire->port;
}

static void add_answer(struct wire *wire, const char *response, bool last)
{
    pthread_mutex_lock(&wire->mutex);
    if (wire->locked.answer_count < ANSWERS) {
        struct answer *answer = &wire->locked.answers[wire->locked.answer_count++];
        answer->text          = response ? strdup(response) : NULL;
        answer->last          = last;
    }
    pthread_mutex_unlock(&wire->mutex);
}

void wire_answer(struct wire *wire, const char *response)
{
    add_answer(wire, response, false);
}

void wire_answer_last(struct wire *wire, const char *response)
{
    add_answer(wire, response, true);
}

const char *wire_request(struct wire *wire, size_t n)
{
    pthread_mutex_lock(&wire->mutex);
    const char *request = n < wire->locked.request_count ? wire->locked.requests[n] : NULL;
    pthread_mutex_unlock(&wire->mutex);
    return request;
}

const char *wire_header(struct wire *wire, size_t n, const char *name, size_t turn)
{
    static _Thread_local char     text[8][8192];
    static _Thread_local unsigned next;
    size_t                        len     = 0;
    const char                   *request = wire_request(wire, n);
    const char                   *value   = request ? find_header(request, name, turn, &len) : NULL;
    if (!value || len >= sizeof text[0])
        return NULL;
    char *into = text[next++ % 8];
    memcpy(into, value, len);
    into[len] = '\0';
    return into;
}

char *wire_without(struct wire *wire, size_t n, const char *const *names)
{
    const char *request = wire_request(wire, n);
    char       *text = calloc(1, (request ? strlen(request) : 0) + 1), *at = text;
    while (request && *request) {
        const char *end      = strstr(request, "\r\n");
        size_t      len      = end ? (size_t)(end - request) + 2 : strlen(request);
        bool        left_out = false;
        for (size_t i = 0; names[i]; i++)
            left_out |= strncasecmp(request, names[i], strlen(names[i])) == 0 &&
                        request[strlen(names[i])] == ':';
        if (!left_out) {
            memcpy(at, request, len);
            at += len;
        }
        request += len;
    }
    return text;
}

int wire_connect(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int                fd      = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

char *wire_talk(int fd, const char *text, const char *until)
{
    char  *read = calloc(1, READ + 1);
    size_t len  = 0;
    send_all(fd, text, strlen(text));
    while (len < READ && !(until && strstr(read, until))) {
        ssize_t n = recv(fd, read + len, READ - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        read[len] = '\0';
    }
    return read;
}

uint16_t wire_closed_port(void)
{
    uint16_t port = 0;
    int      fd   = listen_on_loopback(&port);
    if (fd >= 0)
        close(fd);
    return port;
}
