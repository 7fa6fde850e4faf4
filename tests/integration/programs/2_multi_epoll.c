/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A curl multi client on epoll; the SDK sends from the same loop, without a thread. */
#define _DEFAULT_SOURCE
#include <sonde/curl.h>
#include <sonde/sonde.h>
#include <stdio.h>
#include <sys/epoll.h>

static int    loop;
static long   timeout_ms = -1;
static CURLM *multi;

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *cls, void *socket_cls)
{
    (void)easy, (void)cls;
    struct epoll_event ev = { .events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
                                        (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
                              .data.fd = fd };
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL);
    if (!socket_cls)
        curl_multi_assign(multi, fd, &loop);
    return epoll_ctl(loop, socket_cls ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev);
}

static int on_timer(CURLM *m, long ms, void *cls)
{
    (void)m, (void)cls;
    timeout_ms = ms;
    return 0;
}

int main(int argc, char **argv)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%s/items/7", argc > 1 ? argv[1] : "8080");
    sonde_sdk *sdk = NULL;
    sonde_sdk_start(&sdk, .service_name = "fetcher", .driver = SONDE_DRIVER_LOOP);
    sonde_tracer *fetch = sonde_tracer_get("fetcher", NULL);

    loop  = epoll_create1(EPOLL_CLOEXEC);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    int                sdk_fd    = sonde_sdk_fd(sdk);
    struct epoll_event sdk_event = { .events = EPOLLIN, .data.fd = sdk_fd };
    if (sdk_fd >= 0)
        epoll_ctl(loop, EPOLL_CTL_ADD, sdk_fd, &sdk_event);

    sonde_span        *all     = sonde_span_start(fetch, "fetch all");
    struct curl_slist *headers = curl_slist_append(NULL, "X-Api-Key: mine");
    for (int i = 0; i < 100; i++) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, url);
        sonde_curl_multi_add_handle(multi, easy, .headers = headers, .parent = all,
                                    .url_template = "/items/{id}");
    }
    for (int running = 1; running;) {
        struct epoll_event events[64];
        int                n = epoll_wait(loop, events, 64, (int)timeout_ms);
        if (n == 0)
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == sdk_fd)
                sonde_sdk_dispatch(sdk);
            else
                curl_multi_socket_action(multi, events[i].data.fd, 0, &running);
        }
        int left;
        for (CURLMsg *message; (message = sonde_curl_multi_info_read(multi, &left));) {
            CURL *easy = message->easy_handle;
            sonde_curl_multi_remove_handle(multi, easy);
            curl_easy_cleanup(easy);
        }
    }
    sonde_span_end(all);
    curl_slist_free_all(headers);
    curl_multi_cleanup(multi);
    return sonde_sdk_stop(&sdk, 2000) == SONDE_OK ? 0 : 1;
}
