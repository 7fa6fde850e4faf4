/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/http.c - runs in the pump's driver, which may be the application's own loop. Signals are
 * blocked around every call into libcurl: TLS libraries write without MSG_NOSIGNAL, and the threads
 * for name look-ups inherit the mask. */
#include "transport/http.h"
#include "base/clock.h"
#include "transport/signals.h"

#include <pthread.h>
#include <unistd.h>

/* CURLOPT_QUICK_EXIT, by number for headers older than 7.87. A name look-up that hangs is then left to
 * its thread, which cleans up behind itself; without it giving up would wait for that thread. */
enum { QUICK_EXIT = CURLOPTTYPE_LONG + 322 };

enum { RESPONSE_KEPT = 64 << 10 }; /* bytes of memory that a request keeps for the next response */

static void init_curl(void)
{
    /* Never undone: the application, or another library, may use libcurl as well. */
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *socket_data)
{
    static const unsigned watched[] = {
        [CURL_POLL_NONE]   = 0,
        [CURL_POLL_IN]     = SONDE__POLL_IN,
        [CURL_POLL_OUT]    = SONDE__POLL_OUT,
        [CURL_POLL_INOUT]  = SONDE__POLL_IN | SONDE__POLL_OUT,
        [CURL_POLL_REMOVE] = 0,
    };
    struct sonde__http *http = self;
    (void)easy;
    (void)socket_data;
    sonde__poller_watch(&http->poller, fd, watched[what]);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *self)
{
    struct sonde__http *http = self;
    (void)multi;
    http->timer_ns = timeout_ms < 0 ? UINT64_MAX
                                    : sonde__clock_mono() + (uint64_t)timeout_ms * 1000000;
    return 0;
}

static curl_socket_t on_open(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sonde__http *http = self;
    int type = address->socktype | SOCK_CLOEXEC; /* not for the programs that the host starts */
    int fd   = socket(address->family, type, address->protocol);
    (void)purpose;
    if (fd >= 0 && http->socket_count < SONDE__HTTP_SOCKETS)
        http->sockets[http->socket_count++] = fd;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close(void *self, curl_socket_t fd)
{
    struct sonde__http *http = self;
    for (size_t i = 0; i < http->socket_count; i++)
        if (http->sockets[i] == fd)
            http->sockets[i] = http->sockets[--http->socket_count];
    return close(fd);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *self)
{
    struct sonde__http_request *request = self;
    count *= size;
    if (request->response.len + count > SONDE__HTTP_RESPONSE_MAX) {
        request->is_too_long = true;
        return 0;
    }
    sonde__buf_add(&request->response, bytes, count);
    return request->response.failed ? 0 : count;
}

static bool open_multi(struct sonde__http *http)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (http->multi)
        return true;
    pthread_once(&once, init_curl);
    if (!sonde__poller_init(&http->poller, 0))
        return false;
    http->multi = curl_multi_init();
    if (!http->multi) {
        sonde__poller_done(&http->poller);
        return false;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)SONDE__HTTP_REQUESTS);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 2L * SONDE__HTTP_REQUESTS);
    return true;
}

/* What all requests of one handle have in common. */
static bool open_easy(struct sonde__http_request *request)
{
    if (request->easy)
        return true;
    CURL *easy = curl_easy_init();
    if (!easy)
        return false;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, (CURLoption)QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request->http);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, request->http);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    request->easy = easy;
    return true;
}

static CURLcode begin(struct sonde__http_request *request, const struct sonde__http_target *target,
                      sonde_str body, uint32_t timeout_ms)
{
    if (!target->url || !open_multi(request->http) || !open_easy(request))
        return CURLE_OUT_OF_MEMORY;
    CURL    *easy = request->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, target->url);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_USERAGENT, target->user_agent);
    if (!code) /* NULL: what the environment says */
        code = curl_easy_setopt(easy, CURLOPT_PROXY, target->is_direct ? "" : NULL);
    if (code)
        return code;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, target->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.ptr ? body.ptr : "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     timeout_ms < INT32_MAX ? (long)timeout_ms : INT32_MAX);
    if (curl_multi_add_handle(request->http->multi, easy) != CURLM_OK)
        return CURLE_FAILED_INIT;
    return CURLE_OK;
}

/* What libcurl did not say in particular, it says in general. */
static void explain(struct sonde__http_request *request)
{
    if (request->code && request->error[0] == '\0')
        strncat(request->error, curl_easy_strerror(request->code), sizeof request->error - 1);
}

struct sonde__http_request *sonde__http_post(struct sonde__http *http, const void *tag,
                                             const struct sonde__http_target *target,
                                             sonde_str body, uint32_t timeout_ms)
{
    struct sonde__http_request *request = NULL;
    sigset_t                    before;
    for (size_t i = 0; i < SONDE__HTTP_REQUESTS && !request; i++)
        if (http->requests[i].state == SONDE__HTTP_FREE)
            request = &http->requests[i];
    if (!request)
        return NULL;
    if (request->response.cap > RESPONSE_KEPT)
        sonde__buf_done(&request->response);
    sonde__buf_clear(&request->response);
    request->http        = http;
    request->tag         = tag;
    request->status      = 0;
    request->retry_s     = 0;
    request->type        = NULL;
    request->is_too_long = false;
    request->error[0]    = '\0';
    sonde__signals_block(&before);
    request->code = begin(request, target, body, timeout_ms);
    sonde__signals_unblock(&before);
    explain(request);
    request->state = request->code ? SONDE__HTTP_FINISHED : SONDE__HTTP_SENT;
    return request;
}

/* Takes a request whose transfer is over off the multi handle. */
static void finish(struct sonde__http *http, CURL *easy, CURLcode code)
{
    char *self = NULL, *type = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    struct sonde__http_request *request = (struct sonde__http_request *)(void *)self;
    request->code                       = code;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &request->status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &request->retry_s);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    request->type  = type;
    request->state = SONDE__HTTP_FINISHED;
    curl_multi_remove_handle(http->multi, easy);
    explain(request);
}

static void turn(struct sonde__http *http)
{
    struct sonde__poll_event events[16];
    int                      running, left;
    size_t                   count = sonde__poller_wait(&http->poller, events, 16, 0);
    for (size_t i = 0; i < count; i++) {
        int what = (events[i].what & SONDE__POLL_IN ? CURL_CSELECT_IN : 0) |
                   (events[i].what & SONDE__POLL_OUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].what & SONDE__POLL_ERR ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(http->multi, events[i].fd, what, &running);
    }
    /* A step of libcurl's may make the next one due at once. */
    for (int i = 0; i < 8 && http->timer_ns <= sonde__clock_mono(); i++) {
        http->timer_ns = UINT64_MAX;
        curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));)
        if (message->msg == CURLMSG_DONE)
            finish(http, message->easy_handle, message->data.result);
}

static struct sonde__http_request *take_finished(struct sonde__http *http)
{
    for (size_t i = 0; i < SONDE__HTTP_REQUESTS; i++) {
        struct sonde__http_request *request = &http->requests[i];
        if (request->state == SONDE__HTTP_FINISHED) {
            request->state = SONDE__HTTP_FREE;
            return request;
        }
    }
    return NULL;
}

static bool is_any_sent(const struct sonde__http *http)
{
    for (size_t i = 0; i < SONDE__HTTP_REQUESTS; i++)
        if (http->requests[i].state == SONDE__HTTP_SENT)
            return true;
    return false;
}

struct sonde__http_request *sonde__http_step(struct sonde__http *http)
{
    struct sonde__http_request *request = take_finished(http);
    sigset_t                    before;
    if (request || !is_any_sent(http))
        return request;
    sonde__signals_block(&before);
    turn(http);
    sonde__signals_unblock(&before);
    return take_finished(http);
}

int sonde__http_fd(const struct sonde__http *http)
{
    /* While nothing is under way nobody calls step, and an idle connection that the peer closes would
     * keep the descriptor readable for nothing. */
    return is_any_sent(http) ? sonde__poller_fd(&http->poller) : -1;
}

uint64_t sonde__http_wake_at(const struct sonde__http *http)
{
    for (size_t i = 0; i < SONDE__HTTP_REQUESTS; i++)
        if (http->requests[i].state == SONDE__HTTP_FINISHED)
            return 0;
    return http->timer_ns;
}

void sonde__http_init(struct sonde__http *http)
{
    memset(http, 0, sizeof *http);
    http->timer_ns = UINT64_MAX;
}

void sonde__http_cancel(struct sonde__http *http)
{
    sigset_t before;
    sonde__signals_block(&before);
    for (size_t i = 0; i < SONDE__HTTP_REQUESTS; i++) {
        struct sonde__http_request *request = &http->requests[i];
        if (request->state == SONDE__HTTP_SENT)
            curl_multi_remove_handle(http->multi, request->easy);
        request->state = SONDE__HTTP_FREE;
    }
    sonde__signals_unblock(&before);
}

void sonde__http_done(struct sonde__http *http)
{
    sigset_t before;
    sonde__http_cancel(http);
    sonde__signals_block(&before);
    for (size_t i = 0; i < SONDE__HTTP_REQUESTS; i++) {
        sonde__buf_done(&http->requests[i].response);
        curl_easy_cleanup(http->requests[i].easy);
    }
    if (http->multi)
        curl_multi_cleanup(http->multi);
    sonde__signals_unblock(&before);
    sonde__poller_done(&http->poller);
    sonde__http_init(http);
}

void sonde__http_forked(struct sonde__http *http)
{
    for (size_t i = 0; i < http->socket_count; i++)
        close(http->sockets[i]);
    sonde__poller_done(&http->poller);
    sonde__http_init(http);
}
