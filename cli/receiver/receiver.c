/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/receiver.c - OTLP over HTTP. Everything but start and stop runs in libmicrohttpd's
 * one thread. */
#include "receiver/receiver.h"
#include "receiver/gunzip.h"
#include "receiver/reply.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    CONNECTIONS_MAX = 256,
    IDLE_SECONDS    = 120,
    BODIES_MAX      = 4 /* full-sized ones on their way */
};

struct sonde__receiver {
    struct MHD_Daemon  *daemon;
    const char         *greeting;
    struct sonde__sink *sink;
    size_t              held; /* bytes of all bodies that are on their way */
};

/* One request, from its header to its end. */
struct upload {
    enum sonde__signal  signal;
    bool                is_packed, is_refused;
    enum sonde__refusal refusal;
    char               *data;
    size_t              size, room, discarded;
};

static const struct {
    unsigned    status;
    const char *sentence;
} refusals[SONDE__REFUSALS] = {
    [SONDE__REFUSED_JSON]     = { 415, "JSON is not read here: set "
                                           "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" },
    [SONDE__REFUSED_TYPE]     = { 415, "Content-Type must be application/x-protobuf" },
    [SONDE__REFUSED_ENCODING] = { 415, "Content-Encoding must be gzip or none" },
    [SONDE__REFUSED_SIZE]     = { 413, "a request must not be larger than 16 MiB, unpacked" },
    [SONDE__REFUSED_BROKEN]   = { 400, "the body is not what its path and its headers say" },
    [SONDE__REFUSED_BUSY]     = { 503, "too much is on its way at once: send it again" },
};

const char *sonde__refusal_sentence(enum sonde__refusal why)
{
    return refusals[why].sentence;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              sonde_str body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
                                   const char *text)
{
    return answer(connection, status, "text/plain; charset=utf-8", sonde_str_z(text));
}

static const char *find_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The media type without its parameters. */
static bool is_type(const char *value, const char *type)
{
    size_t len = strlen(type);
    return value && strncasecmp(value, type, len) == 0 && strchr("; \t", value[len]);
}

static bool is_protobuf(struct MHD_Connection *connection)
{
    return is_type(find_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE), "application/x-protobuf");
}

/* As the standard wants it for those who speak protobuf; a sentence for everybody else. */
static enum MHD_Result refuse(struct sonde__receiver *receiver, struct MHD_Connection *connection,
                              enum sonde__refusal why)
{
    char        message[SONDE__REPLY_SIZE];
    const char *sender = find_header(connection, MHD_HTTP_HEADER_USER_AGENT);
    receiver->sink->refused(receiver->sink, why, sender ? sender : "");
    if (!is_protobuf(connection)) {
        snprintf(message, sizeof message, "%s\n", refusals[why].sentence);
        return answer_text(connection, refusals[why].status, message);
    }
    size_t len = sonde__reply_status(refusals[why].status, refusals[why].sentence, message);
    return answer(connection, refusals[why].status, "application/x-protobuf",
                  sonde_str_n(message, len));
}

static void mark_refused(struct upload *upload, enum sonde__refusal why)
{
    if (upload->is_refused)
        return;
    upload->is_refused = true;
    upload->refusal    = why;
}

static uint64_t announced_size(struct MHD_Connection *connection)
{
    const char *value = find_header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return value ? strtoull(value, NULL, 10)
                 : 0; /* libmicrohttpd has checked that it is a number */
}

static void judge_headers(struct MHD_Connection *connection, struct upload *upload)
{
    const char *type     = find_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *encoding = find_header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING);
    upload->is_packed    = encoding && strcasecmp(encoding, "gzip") == 0;
    if (is_type(type, "application/json"))
        mark_refused(upload, SONDE__REFUSED_JSON);
    else if (!is_protobuf(connection))
        mark_refused(upload, SONDE__REFUSED_TYPE);
    else if (encoding && !upload->is_packed && strcasecmp(encoding, "identity") != 0)
        mark_refused(upload, SONDE__REFUSED_ENCODING);
    else if (announced_size(connection) > SONDE__BODY_MAX)
        mark_refused(upload, SONDE__REFUSED_SIZE);
}

/* A refused body is read to its end where that is cheap, because a sender that is cut off sees
 * no answer. One who asks first ("Expect: 100-continue") is told at once. */
static bool can_answer_early(struct MHD_Connection *connection)
{
    return find_header(connection, MHD_HTTP_HEADER_EXPECT) ||
           announced_size(connection) / BODIES_MAX > SONDE__BODY_MAX;
}

static bool find_signal(const char *path, enum sonde__signal *ret_signal)
{
    static const char *const paths[] = { "/v1/traces", "/v1/metrics", "/v1/logs" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(path, paths[i]) == 0) {
            *ret_signal = (enum sonde__signal)i;
            return true;
        }
    }
    return false;
}

static enum MHD_Result begin(struct sonde__receiver *receiver, struct MHD_Connection *connection,
                             const char *path, const char *method, void **con_cls)
{
    enum sonde__signal signal;
    bool               is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (is_get && strcmp(path, "/") == 0)
        return answer_text(connection, MHD_HTTP_OK, receiver->greeting);
    if (!find_signal(path, &signal))
        return answer_text(connection, MHD_HTTP_NOT_FOUND,
                           "OTLP is received at /v1/traces, /v1/metrics and /v1/logs\n");
    if (strcmp(method, "POST") != 0)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "OTLP is sent with POST\n");
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return MHD_NO;
    upload->signal = signal;
    *con_cls       = upload;
    judge_headers(connection, upload);
    if (upload->is_refused && can_answer_early(connection))
        return refuse(receiver, connection, upload->refusal);
    return MHD_YES;
}

/* Room for more bytes, or a reason why there is none. */
static bool grow(struct sonde__receiver *receiver, struct upload *upload, size_t more)
{
    size_t need = upload->size + more;
    size_t room = upload->room ? upload->room : 4096;
    if (need <= upload->room)
        return true;
    if (need > SONDE__BODY_MAX) {
        mark_refused(upload, SONDE__REFUSED_SIZE);
        return false;
    }
    while (room < need)
        room *= 2;
    size_t growth = room - upload->room;
    char  *data   = NULL;
    if (receiver->held + growth <= (size_t)SONDE__BODY_MAX * BODIES_MAX)
        data = realloc(upload->data, room);
    if (!data) {
        mark_refused(upload, SONDE__REFUSED_BUSY);
        return false;
    }
    receiver->held += growth;
    upload->data = data;
    upload->room = room;
    return true;
}

static enum MHD_Result take_in(struct sonde__receiver *receiver, struct upload *upload,
                               const char *bytes, size_t count)
{
    if (!upload->is_refused && grow(receiver, upload, count)) {
        memcpy(upload->data + upload->size, bytes, count);
        upload->size += count;
        return MHD_YES;
    }
    upload->discarded += count;
    return upload->discarded / BODIES_MAX > SONDE__BODY_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result deliver(struct sonde__receiver *receiver, struct MHD_Connection *connection,
                               struct upload *upload, sonde_str body)
{
    char     message[SONDE__REPLY_SIZE];
    uint64_t rejected = 0;
    size_t   len      = 0;
    if (!receiver->sink->accept(receiver->sink, upload->signal, body, &rejected))
        return refuse(receiver, connection, SONDE__REFUSED_BROKEN);
    if (rejected > 0)
        len = sonde__reply_partial(rejected, "they have no valid trace id or span id", message);
    return answer(connection, MHD_HTTP_OK, "application/x-protobuf", sonde_str_n(message, len));
}

static enum MHD_Result finish(struct sonde__receiver *receiver, struct MHD_Connection *connection,
                              struct upload *upload)
{
    if (upload->is_refused)
        return refuse(receiver, connection, upload->refusal);
    sonde_str body = sonde_str_n(upload->data ? upload->data : "", upload->size);
    if (!upload->is_packed)
        return deliver(receiver, connection, upload, body);
    char  *data = NULL;
    size_t size = 0;
    switch (sonde__gunzip(body, SONDE__BODY_MAX, &data, &size)) {
    case SONDE__GUNZIP_TOO_LARGE:
        return refuse(receiver, connection, SONDE__REFUSED_SIZE);
    case SONDE__GUNZIP_NOMEM:
        return refuse(receiver, connection, SONDE__REFUSED_BUSY);
    case SONDE__GUNZIP_BROKEN:
        return refuse(receiver, connection, SONDE__REFUSED_BROKEN);
    case SONDE__GUNZIP_OK:
        break;
    }
    enum MHD_Result result = deliver(receiver, connection, upload, sonde_str_n(data, size));
    free(data);
    return result;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *bytes,
                              size_t *count, void **con_cls)
{
    struct sonde__receiver *receiver = cls;
    struct upload          *upload   = *con_cls;
    (void)version;
    if (!upload)
        return begin(receiver, connection, path, method, con_cls);
    if (*count == 0)
        return finish(receiver, connection, upload);
    enum MHD_Result result = take_in(receiver, upload, bytes, *count);
    *count                 = 0;
    return result;
}

static void complete(void *cls, struct MHD_Connection *connection, void **con_cls,
                     enum MHD_RequestTerminationCode code)
{
    struct sonde__receiver *receiver = cls;
    struct upload          *upload   = *con_cls;
    (void)connection, (void)code;
    if (!upload)
        return;
    receiver->held -= upload->room;
    free(upload->data);
    free(upload);
    *con_cls = NULL;
}

struct sonde__receiver *sonde__receiver_start(int listen_fd, const char *greeting,
                                              struct sonde__sink *sink)
{
    struct sonde__receiver *receiver = calloc(1, sizeof *receiver);
    if (!receiver)
        return NULL;
    receiver->greeting            = greeting;
    receiver->sink                = sink;
    struct MHD_OptionItem items[] = {
        { MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    receiver->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, receiver,
        MHD_OPTION_ARRAY, items, MHD_OPTION_NOTIFY_COMPLETED, complete, receiver, MHD_OPTION_END);
    if (!receiver->daemon) {
        free(receiver);
        return NULL;
    }
    return receiver;
}

void sonde__receiver_stop(struct sonde__receiver *receiver)
{
    if (!receiver)
        return;
    MHD_stop_daemon(receiver->daemon);
    free(receiver);
}
