/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* daemon.c - starting and stopping a traced daemon, and the three callbacks through which it is
 * traced: the request's first line, each call of the handler, the request's end. */
#include "request.h"

#include <sonde/microhttpd.h>
#include <sonde/plugin/report.h>

#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t daemons_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct {
    struct sonde__mhd_daemon *first;
} locked; /* by daemons_mutex: daemons that run */

/* The first that is heard of a request. The target is kept here, since the handler is given it
 * decoded and without its query; the headers have not been read yet. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    const struct sonde__mhd_daemon *daemon  = cls;
    struct sonde__mhd_request      *request = sonde__mhd_request_new(connection);
    if (request && uri) {
        size_t len = strnlen(uri, SONDE__MHD_URI_MAX);
        memcpy(request->uri, uri, len);
        request->uri_len = (uint16_t)len;
    }
    return daemon->uri_log ? daemon->uri_log(daemon->uri_log_cls, uri, connection) : NULL;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **con_cls)
{
    const struct sonde__mhd_daemon *daemon  = cls;
    struct sonde__mhd_request      *request = sonde__mhd_request_find(connection);
    sonde_token                     token;
    if (request && !request->begun) {
        request->begun = true;
        sonde__mhd_request_begin(request, daemon, method, version);
    }
    bool current = request && request->context;
    if (current)
        token = sonde_context_attach(request->context);
    enum MHD_Result result = daemon->handler(daemon->handler_cls, connection, url, method, version,
                                             upload, upload_size, con_cls);
    if (current)
        sonde_context_detach(token);
    if (request)
        request->status = sonde__mhd_status(connection);
    return result;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    const struct sonde__mhd_daemon *daemon  = cls;
    struct sonde__mhd_request      *request = sonde__mhd_request_find(connection);
    /* libmicrohttpd tells of the end of a request whose beginning was told. Our own callback made
     * that every one; the application shall hear of no more than it would have without us. */
    if (daemon->completed && (!request || request->begun || daemon->uri_log))
        daemon->completed(daemon->completed_cls, connection, con_cls, why);
    if (!request)
        return;
    if (!request->begun)
        sonde__mhd_request_begin(request, daemon, NULL, NULL);
    sonde__mhd_request_end(request, why);
    sonde__mhd_request_free(connection);
}

static bool add_pair(struct sonde__mhd_options *options, enum MHD_OPTION option,
                     void (*function)(void), void                       *cls)
{
    return sonde__mhd_options_add(options, option, (intptr_t)function, cls);
}

/* The daemon with our callbacks in front of its own; NULL: out of memory. */
static struct sonde__mhd_daemon *prepare(struct sonde__mhd_options *options)
{
    struct sonde__mhd_daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon)
        return NULL;
    daemon->uri_log       = options->uri_log;
    daemon->uri_log_cls   = options->uri_log_cls;
    daemon->completed     = options->completed;
    daemon->completed_cls = options->completed_cls;
    daemon->tracer        = sonde_tracer_get("sonde-microhttpd", SONDE_VERSION);
    daemon->metrics       = sonde_http_server_metrics_get(
              sonde_meter_get("sonde-microhttpd", SONDE_VERSION));
    if (add_pair(options, MHD_OPTION_URI_LOG_CALLBACK, (void (*)(void))on_uri, daemon) &&
        add_pair(options, MHD_OPTION_NOTIFY_COMPLETED, (void (*)(void))on_completed, daemon))
        return daemon;
    free(daemon);
    return NULL;
}

static void remember(struct sonde__mhd_daemon *daemon)
{
    pthread_mutex_lock(&daemons_mutex);
    daemon->next = locked.first;
    locked.first = daemon;
    pthread_mutex_unlock(&daemons_mutex);
}

/* Takes a daemon off the list; ret_last: it was the only one. */
static struct sonde__mhd_daemon *forget(const struct MHD_Daemon *daemon, bool *ret_last)
{
    pthread_mutex_lock(&daemons_mutex);
    struct sonde__mhd_daemon **at = &locked.first;
    while (*at && (*at)->daemon != daemon)
        at = &(*at)->next;
    struct sonde__mhd_daemon *found = *at;
    if (found)
        *at = found->next;
    *ret_last = !locked.first;
    pthread_mutex_unlock(&daemons_mutex);
    return found;
}

struct MHD_Daemon *sonde_mhd_start_daemon(unsigned flags, uint16_t port,
                                          MHD_AcceptPolicyCallback accept, void *accept_cls,
                                          MHD_AccessHandlerCallback handler, void *handler_cls, ...)
{
    struct sonde__mhd_options options;
    struct sonde__mhd_daemon *traced = NULL;
    struct MHD_Daemon        *daemon = NULL;
    va_list                   args, walked;
    memset(&options, 0, sizeof options);
    va_start(args, handler_cls);
    va_copy(walked, args);
    enum sonde__mhd_verdict verdict = sonde__mhd_options_read(&walked, &options);
    va_end(walked);
    if (verdict == SONDE__MHD_UNKNOWN_OPTION)
        sonde_report(SONDE_LEVEL_WARN, "sonde_mhd_start_daemon: an option of libmicrohttpd that is "
                                       "not known here; the daemon is not traced");
    if (verdict == SONDE__MHD_UNDERSTOOD && handler)
        traced = prepare(&options);
    if (!traced) {
        daemon = MHD_start_daemon_va(flags, port, accept, accept_cls, handler, handler_cls, args);
        goto out;
    }
    traced->handler     = handler;
    traced->handler_cls = handler_cls;
    traced->tls         = (flags & MHD_USE_TLS) != 0;
    daemon = MHD_start_daemon(flags, port, accept, accept_cls, on_request, traced, MHD_OPTION_ARRAY,
                              options.items, MHD_OPTION_END);
    if (!daemon) {
        free(traced);
        goto out;
    }
    traced->daemon = daemon;
    remember(traced);
out:
    va_end(args);
    sonde__mhd_options_done(&options);
    return daemon;
}

void sonde_mhd_stop_daemon(struct MHD_Daemon *daemon)
{
    bool last = false;
    if (!daemon)
        return;
    /* Off the list first: once it has stopped, its address may be another daemon's. */
    struct sonde__mhd_daemon *traced = forget(daemon, &last);
    MHD_stop_daemon(daemon);
    if (traced && last)
        sonde__mhd_requests_trim();
    free(traced);
}
