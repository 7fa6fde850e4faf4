/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/otlp_http.c - a batch is a POST request, its response a result. Runs in the pump's driver. */
#include "transport/otlp_http.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "transport/http.h"

#include <sonde/plugin/record.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct target {
    const struct sonde__otlp_target *config; /* NULL: this signal is not ours */
    struct curl_slist               *headers;
    bool                             is_ready;
};

struct otlp_http {
    sonde_exporter     base;
    struct sonde__http http;
    bool               use_proxies;
    struct target      traces, metrics;
    char               user_agent[48];
};

static bool add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer)
        *list = longer;
    return longer != NULL;
}

/* Makes the list of headers, once. */
static bool make_ready(struct target *target)
{
    if (target->is_ready)
        return true;
    /* Expect: a body must not wait for the server's leave to be sent. */
    bool ok = add_header(&target->headers, "Content-Type: application/x-protobuf") &&
              add_header(&target->headers, "Expect:");
    for (size_t i = 0; ok && i < target->config->header_count; i++)
        ok = add_header(&target->headers, target->config->headers[i]);
    if (!ok) {
        curl_slist_free_all(target->headers);
        target->headers = NULL;
    }
    target->is_ready = ok;
    return ok;
}

static uint32_t time_left_ms(uint32_t timeout_ms, uint64_t deadline_ns)
{
    uint64_t now_ns  = sonde__clock_mono();
    uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 : 0;
    if (left_ms > timeout_ms)
        left_ms = timeout_ms;
    return left_ms ? (uint32_t)left_ms : 1;
}

static void begin(sonde_exporter *self, const sonde_batch *batch, uint64_t deadline_ns)
{
    struct otlp_http *otlp   = (struct otlp_http *)self;
    bool              traces = sonde_batch_signal(batch) == SONDE_SIGNAL_TRACES;
    struct target    *target = traces ? &otlp->traces : &otlp->metrics;
    bool              direct = !otlp->use_proxies || target->config->is_loopback;
    bool              ready  = make_ready(target); /* else it fails, and is tried again */

    struct sonde__http_target to         = { .url        = ready ? target->config->url : NULL,
                                             .headers    = target->headers,
                                             .user_agent = otlp->user_agent,
                                             .is_direct  = direct };
    uint32_t                  timeout_ms = time_left_ms(target->config->timeout_ms, deadline_ns);
    sonde__http_post(&otlp->http, batch, &to, sonde_batch_body(batch), timeout_ms);
}

static void put_message(sonde_result *result, const char *prefix, sonde_str text)
{
    size_t have = (size_t)snprintf(result->message, sizeof result->message, "%s", prefix);
    size_t room = sizeof result->message - 1;
    have        = have < room ? have : room;
    if (text.len > room - have)
        text.len = sonde__utf8_floor(text.ptr, text.len, room - have);
    if (text.len)
        memcpy(result->message + have, text.ptr, text.len);
    result->message[have + text.len] = '\0';
}

/* The message in a google.rpc.Status, or what a server or a proxy wrote for people. */
static sonde_str find_message(sonde_str response, bool as_text)
{
    enum { MESSAGE = 2 };
    sonde_field field;
    if (as_text)
        return response;
    while (sonde_field_next(&response, &field))
        if (field.number == MESSAGE && field.wire == 2)
            return field.bytes;
    return sonde_str_n(NULL, 0);
}

/* Export...ServiceResponse: partial_success. */
static void read_partial_success(sonde_str response, sonde_result *result)
{
    enum { PARTIAL_SUCCESS = 1, REJECTED = 1, MESSAGE = 2 };
    sonde_field field, inner;
    while (sonde_field_next(&response, &field)) {
        if (field.number != PARTIAL_SUCCESS || field.wire != 2)
            continue;
        while (sonde_field_next(&field.bytes, &inner)) {
            if (inner.number == REJECTED && inner.wire == 0 && inner.value <= INT64_MAX)
                result->rejected = inner.value < UINT32_MAX ? (uint32_t)inner.value : UINT32_MAX;
            if (inner.number == MESSAGE && inner.wire == 2)
                put_message(result, "", inner.bytes);
        }
    }
}

void sonde__otlp_http_judge(long status, sonde_str response, bool as_text, sonde_result *ret_result)
{
    char prefix[32];
    ret_result->rejected   = 0;
    ret_result->message[0] = '\0';
    if (status >= 200 && status < 300) {
        ret_result->outcome = SONDE_DELIVERED;
        if (!as_text)
            read_partial_success(response, ret_result);
        return;
    }
    bool again          = status == 429 || status == 502 || status == 503 || status == 504;
    ret_result->outcome = again ? SONDE_RETRY : SONDE_REFUSED;
    sonde_str message   = find_message(response, as_text);
    snprintf(prefix, sizeof prefix, "HTTP %ld%s", status, message.len ? ": " : "");
    put_message(ret_result, prefix, message);
}

/* Without a whole response. */
static void judge_failure(const struct sonde__http_request *request, sonde_result *ret_result)
{
    ret_result->outcome  = SONDE_RETRY;
    ret_result->rejected = 0;
    if (request->is_too_long) {
        ret_result->outcome = SONDE_REFUSED;
        put_message(ret_result, "a response of more than 4 MiB", sonde_str_n(NULL, 0));
        return;
    }
    /* What another try cannot mend. */
    if (request->code == CURLE_UNSUPPORTED_PROTOCOL || request->code == CURLE_URL_MALFORMAT)
        ret_result->outcome = SONDE_REFUSED;
    put_message(ret_result, "", sonde_str_z(request->error));
}

static bool is_text(const struct sonde__http_request *request)
{
    return request->type && strncasecmp(request->type, "application/x-protobuf", 22) != 0;
}

static bool progress(sonde_exporter *self, sonde_result *ret_result)
{
    struct otlp_http           *otlp    = (struct otlp_http *)self;
    struct sonde__http_request *request = sonde__http_step(&otlp->http);
    if (!request)
        return false;
    ret_result->retry_after_ms = 0;
    ret_result->batch          = request->tag;
    if (request->code) {
        judge_failure(request, ret_result);
        return true;
    }
    sonde_str response = sonde_str_n(request->response.data, request->response.len);
    sonde__otlp_http_judge(request->status, response, is_text(request), ret_result);
    uint32_t count = sonde_batch_count(ret_result->batch);
    if (ret_result->rejected > count)
        ret_result->rejected = count;
    if (ret_result->outcome == SONDE_RETRY && request->retry_s > 0)
        ret_result->retry_after_ms = request->retry_s < UINT32_MAX / 1000
                                         ? (uint32_t)request->retry_s * 1000
                                         : UINT32_MAX;
    return true;
}

static void cancel(sonde_exporter *self)
{
    sonde__http_cancel(&((struct otlp_http *)self)->http);
}

static int fd(sonde_exporter *self)
{
    return sonde__http_fd(&((struct otlp_http *)self)->http);
}

static uint64_t wake_at(sonde_exporter *self)
{
    return sonde__http_wake_at(&((struct otlp_http *)self)->http);
}

static void forked(sonde_exporter *self)
{
    sonde__http_forked(&((struct otlp_http *)self)->http);
}

static void done(sonde_exporter *self)
{
    struct otlp_http *otlp = (struct otlp_http *)self;
    sonde__http_done(&otlp->http);
    curl_slist_free_all(otlp->traces.headers);
    curl_slist_free_all(otlp->metrics.headers);
    free(otlp);
}

sonde_exporter *sonde__otlp_http_new(const struct sonde__otlp_http_options *options)
{
    static const sonde_exporter base = {
        .size          = sizeof(sonde_exporter),
        .name          = "otlp_http",
        .max_in_flight = SONDE__HTTP_REQUESTS,
        .begin         = begin,
        .progress      = progress,
        .cancel        = cancel,
        .fd            = fd,
        .wake_at       = wake_at,
        .forked        = forked,
        .done          = done,
    };
    struct otlp_http *otlp   = calloc(1, sizeof *otlp);
    unsigned          number = SONDE_VERSION_NUMBER;
    if (!otlp)
        return NULL;
    otlp->base         = base;
    otlp->base.signals = (options->traces ? (unsigned)SONDE_SIGNAL_TRACES : 0u) |
                         (options->metrics ? (unsigned)SONDE_SIGNAL_METRICS : 0u);
    otlp->use_proxies    = options->use_proxies;
    otlp->traces.config  = options->traces;
    otlp->metrics.config = options->metrics;
    snprintf(otlp->user_agent, sizeof otlp->user_agent, "OTel-OTLP-Exporter-C/%u.%u.%u",
             number >> 16, number >> 8 & 255, number & 255);
    sonde__http_init(&otlp->http);
    return &otlp->base;
}
