/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* redirect.c - keeps the trace headers from following a redirect to another host. libcurl calls
 * before each request of a transfer, when the connection stands and the request is not built yet.
 * The thread that drives the transfer. */
#include "redirect.h"

#include <strings.h>

#if LIBCURL_VERSION_NUM >= 0x075000

static sonde_str host_now(const struct sonde__curl_transfer *transfer)
{
    char     *url  = NULL;
    sonde_str host = { NULL, 0 };
    curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    sonde_http_url_split(sonde_str_z(url), NULL, &host, NULL);
    return host;
}

static void look_at_host(struct sonde__curl_transfer *transfer)
{
    sonde_str host = host_now(transfer);
    if (!transfer->host_len && host.len) {
        memcpy(transfer->host, host.ptr, host.len);
        transfer->host_len = (uint16_t)host.len;
    }
    bool same = host.len && host.len == transfer->host_len &&
                strncasecmp(host.ptr, transfer->host, host.len) == 0;
    sonde__curl_headers_show(&transfer->headers, same);
}

static int before_request(void *data, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    struct sonde__curl_transfer     *transfer = data;
    const struct sonde__curl_shadow *shadow   = transfer->shadow;
    sonde_curl_prereq               *own      = shadow ? shadow->set.prereq : transfer->prereq;
    void *own_data = shadow ? shadow->set.prereq_data : transfer->prereq_data;
    look_at_host(transfer);
    return own ? own(own_data, peer_ip, local_ip, peer_port, local_port) : CURL_PREREQFUNC_OK;
}

bool sonde__curl_guard(struct sonde__curl_transfer *transfer)
{
    if (curl_easy_setopt(transfer->easy, CURLOPT_PREREQFUNCTION, before_request) != CURLE_OK)
        return false; /* an older libcurl than its header */
    curl_easy_setopt(transfer->easy, CURLOPT_PREREQDATA, transfer);
    transfer->hooked = true;
    if (transfer->shadow)
        transfer->shadow->hooked = true;
    return true;
}

void sonde__curl_unguard(struct sonde__curl_transfer *transfer)
{
    struct sonde__curl_shadow *shadow = transfer->shadow;
    if (!transfer->hooked)
        return;
    transfer->hooked = false;
    if (shadow)
        shadow->hooked = false;
    curl_easy_setopt(transfer->easy, CURLOPT_PREREQFUNCTION,
                     shadow ? shadow->set.prereq : transfer->prereq);
    curl_easy_setopt(transfer->easy, CURLOPT_PREREQDATA,
                     shadow ? shadow->set.prereq_data : transfer->prereq_data);
}

#else

bool sonde__curl_guard(struct sonde__curl_transfer *transfer)
{
    (void)transfer;
    return false;
}

void sonde__curl_unguard(struct sonde__curl_transfer *transfer)
{
    (void)transfer;
}

#endif
