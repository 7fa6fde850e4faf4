/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* support/sink.c - the receiver, over libmicrohttpd with a thread per connection, so that a request
 * may be held without holding others. */
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

struct stored {
    struct sink_request request; /* first: what the test sees */
    char               *path, *headers;
    unsigned char      *body;
    size_t              cap;
    struct stored      *next;
};

struct sink {
    struct MHD_Daemon *daemon;
    uint16_t           port;
    char               url[40];
    pthread_cond_t     changed;
    struct {
        pthread_mutex_t    mutex;
        struct stored     *first, **end;
        size_t             requests, spans, points, connections, open;
        struct sink_answer answer;
        unsigned           answers; /* times that it was set */
        bool               stopping;
    } locked;
};

static struct timespec deadline_in(unsigned ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct stored *stored = cls;
    char          *longer = NULL;
    (void)kind;
    if (asprintf(&longer, "%s%s: %s\n", stored->headers ? stored->headers : "", name,
                 value ? value : "") < 0)
        return MHD_NO;
    free(stored->headers);
    stored->headers = longer;
    return MHD_YES;
}

static void free_stored(struct stored *stored)
{
    if (!stored)
        return;
    free(stored->path);
    free(stored->headers);
    free(stored->body);
    free(stored);
}

static bool append(struct stored *stored, const char *data, size_t size)
{
    size_t need = stored->request.length + size;
    if (need > stored->cap) {
        size_t         cap  = need * 2;
        unsigned char *body = realloc(stored->body, cap);
        if (!body)
            return false;
        stored->body = body;
        stored->cap  = cap;
    }
    memcpy(stored->body + stored->request.length, data, size);
    stored->request.length = need;
    return true;
}

/* Waits as the answer of the moment says, and returns the one that counts in the end. */
static struct sink_answer settle(struct sink *sink)
{
    while (!sink->locked.stopping && sink->locked.answer.hold)
        pthread_cond_wait(&sink->changed, &sink->locked.mutex);
    unsigned        answers = sink->locked.answers;
    struct timespec until   = deadline_in(sink->locked.answer.delay_ms);
    int             error   = sink->locked.answer.delay_ms ? 0 : ETIMEDOUT;
    while (!sink->locked.stopping && answers == sink->locked.answers && error == 0)
        error = pthread_cond_timedwait(&sink->changed, &sink->locked.mutex, &until);
    return sink->locked.answer;
}

/* Adds what a body holds; one that is not protobuf holds nothing. */
static void tally(size_t *total, size_t count)
{
    if (count != SIZE_MAX)
        *total += count;
}

static struct sink_answer receive(struct sink *sink, struct stored *stored)
{
    stored->request.path    = stored->path;
    stored->request.headers = stored->headers ? stored->headers : "";
    stored->request.body    = stored->body;

    pthread_mutex_lock(&sink->locked.mutex);
    *sink->locked.end = stored;
    sink->locked.end  = &stored->next;
    sink->locked.requests++;
    pthread_cond_broadcast(&sink->changed);

    struct sink_answer answer = settle(sink);
    unsigned           status = answer.status ? answer.status : 200;
    if (sink->locked.stopping)
        answer.drop = true;
    stored->request.status = answer.drop ? 0 : status;
    if (!answer.drop && status / 100 == 2) {
        const struct sink_request *request = &stored->request;
        if (strstr(request->path, "traces"))
            tally(&sink->locked.spans, sink_count_spans(request->body, request->length));
        if (strstr(request->path, "metrics"))
            tally(&sink->locked.points, sink_count_points(request->body, request->length));
    }
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->locked.mutex);
    return answer;
}

static enum MHD_Result respond(struct MHD_Connection *connection, const struct sink_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->length, (void *)(uintptr_t)answer->body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/x-protobuf");
    if (answer->retry_after)
        MHD_add_response_header(response, "Retry-After", answer->retry_after);
    if (answer->location)
        MHD_add_response_header(response, "Location", answer->location);
    enum MHD_Result result = MHD_queue_response(connection, answer->status ? answer->status : 200,
                                                response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **req_cls)
{
    struct sink   *sink   = cls;
    struct stored *stored = *req_cls;
    (void)method;
    (void)version;
    if (!stored) {
        stored = calloc(1, sizeof *stored);
        if (!stored || !(stored->path = strdup(url))) {
            free(stored);
            return MHD_NO;
        }
        MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, stored);
        *req_cls = stored;
        return MHD_YES;
    }
    if (*upload_size) {
        bool kept    = append(stored, upload, *upload_size);
        *upload_size = 0;
        return kept ? MHD_YES : MHD_NO;
    }
    *req_cls                  = NULL; /* the sink's from here on */
    struct sink_answer answer = receive(sink, stored);
    return answer.drop ? MHD_NO : respond(connection, &answer);
}

/* A request that did not get as far as being stored. */
static void completed(void *cls, struct MHD_Connection *connection, void **req_cls,
                      enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)connection;
    (void)why;
    free_stored(*req_cls);
    *req_cls = NULL;
}

static void connected(void *cls, struct MHD_Connection *connection, void **socket_context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct sink *sink = cls;
    (void)connection;
    (void)socket_context;
    pthread_mutex_lock(&sink->locked.mutex);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        sink->locked.connections++;
        sink->locked.open++;
    } else {
        sink->locked.open--;
    }
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->locked.mutex);
}

struct sink *sink_start(void)
{
    return sink_start_at(0);
}

struct sink *sink_start_at(uint16_t port)
{
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&sink->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&sink->locked.mutex, NULL);
    sink->locked.end = &sink->locked.first;

    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr    = htonl(INADDR_LOOPBACK);
    sink->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
                                    port, NULL, NULL, handle, sink, MHD_OPTION_SOCK_ADDR, &address,
                                    MHD_OPTION_NOTIFY_CONNECTION, connected, sink,
                                    MHD_OPTION_NOTIFY_COMPLETED, completed, sink,
                                    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
    if (!sink->daemon) {
        sink_stop(sink);
        return NULL;
    }
    sink->port = MHD_get_daemon_info(sink->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    snprintf(sink->url, sizeof sink->url, "http://127.0.0.1:%u", (unsigned)sink->port);
    return sink;
}

void sink_stop(struct sink *sink)
{
    if (!sink)
        return;
    pthread_mutex_lock(&sink->locked.mutex);
    sink->locked.stopping = true;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->locked.mutex);
    if (sink->daemon)
        MHD_stop_daemon(sink->daemon);
    while (sink->locked.first) {
        struct stored *next = sink->locked.first->next;
        free_stored(sink->locked.first);
        sink->locked.first = next;
    }
    pthread_cond_destroy(&sink->changed);
    pthread_mutex_destroy(&sink->locked.mutex);
    free(sink);
}

uint16_t sink_port(const struct sink *sink)
{
    return sink->port;
}

const char *sink_url(const struct sink *sink)
{
    return sink->url;
}

void sink_answer(struct sink *sink, const struct sink_answer *answer)
{
    pthread_mutex_lock(&sink->locked.mutex);
    sink->locked.answer = *answer;
    sink->locked.answers++;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->locked.mutex);
}

static bool wait_for(struct sink *sink, const size_t *have, size_t count, unsigned timeout_ms)
{
    struct timespec until = deadline_in(timeout_ms);
    int             error = 0;
    pthread_mutex_lock(&sink->locked.mutex);
    while (*have < count && error == 0)
        error = pthread_cond_timedwait(&sink->changed, &sink->locked.mutex, &until);
    bool enough = *have >= count;
    pthread_mutex_unlock(&sink->locked.mutex);
    return enough;
}

bool sink_wait_spans(struct sink *sink, size_t count, unsigned timeout_ms)
{
    return wait_for(sink, &sink->locked.spans, count, timeout_ms);
}

bool sink_wait_points(struct sink *sink, size_t count, unsigned timeout_ms)
{
    return wait_for(sink, &sink->locked.points, count, timeout_ms);
}

bool sink_wait_requests(struct sink *sink, size_t count, unsigned timeout_ms)
{
    return wait_for(sink, &sink->locked.requests, count, timeout_ms);
}

bool sink_wait_closed(struct sink *sink, size_t count, unsigned timeout_ms)
{
    struct timespec until = deadline_in(timeout_ms);
    int             error = 0;
    pthread_mutex_lock(&sink->locked.mutex);
    while (sink->locked.open > count && error == 0)
        error = pthread_cond_timedwait(&sink->changed, &sink->locked.mutex, &until);
    bool closed = sink->locked.open <= count;
    pthread_mutex_unlock(&sink->locked.mutex);
    return closed;
}

static size_t figure(struct sink *sink, const size_t *of)
{
    pthread_mutex_lock(&sink->locked.mutex);
    size_t value = *of;
    pthread_mutex_unlock(&sink->locked.mutex);
    return value;
}

size_t sink_spans(struct sink *sink)
{
    return figure(sink, &sink->locked.spans);
}

size_t sink_points(struct sink *sink)
{
    return figure(sink, &sink->locked.points);
}

size_t sink_requests(struct sink *sink)
{
    return figure(sink, &sink->locked.requests);
}

size_t sink_connections(struct sink *sink)
{
    return figure(sink, &sink->locked.connections);
}

size_t sink_connections_open(struct sink *sink)
{
    return figure(sink, &sink->locked.open);
}

struct sink_request sink_request(struct sink *sink, size_t index)
{
    struct sink_request request = { 0 };
    pthread_mutex_lock(&sink->locked.mutex);
    const struct stored *stored = sink->locked.first;
    while (stored && index--)
        stored = stored->next;
    if (stored)
        request = stored->request;
    pthread_mutex_unlock(&sink->locked.mutex);
    return request;
}

bool sink_header(const struct sink_request *request, const char *name, char *ret_value, size_t size)
{
    size_t      length = strlen(name);
    const char *line   = request->headers;
    while (line && *line) {
        const char *end = strchr(line, '\n');
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 2;
            snprintf(ret_value, size, "%.*s", (int)(end - value), value);
            return true;
        }
        line = end + 1;
    }
    return false;
}

uint16_t sink_refusing_port(int *ret_fd)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t          length  = sizeof address;
    address.sin_addr.s_addr    = htonl(INADDR_LOOPBACK);
    int fd                     = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    /* Bound, and never listening: the kernel refuses, and gives the port to nobody else. */
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        close(fd);
        return 0;
    }
    *ret_fd = fd;
    return ntohs(address.sin_port);
}
