/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/client.c - the client's half of an exchange. Runs in the thread that makes the request. */
#include "http/http.h"

#include "base/clock.h"

sonde_http_metrics sonde_http_client_metrics_get(sonde_meter *meter)
{
    sonde_http_metrics metrics;
    metrics.duration = sonde__http_duration_get(meter, SONDE_METRIC_HTTP_CLIENT_REQUEST_DURATION,
                                                "Duration of HTTP client requests.");
    metrics.active   = NULL;
    return metrics;
}

/* Attributes together with the memory that some of their values stand in. */
struct description {
    struct sonde__http_attrs attrs;
    char                     name[SONDE__HTTP_NAME_MAX];
    char                     url[SONDE_HTTP_URL_MAX];
};

/* Collects what the request says, and keeps in the exchange what metrics need of it. */
static void describe(struct description *into, sonde_http_exchange *exchange,
                     const sonde_http_client_request *request)
{
    struct sonde__http_attrs *attrs    = &into->attrs;
    sonde_str                 address  = { NULL, 0 };
    uint16_t                  port     = 0;
    sonde_scratch             scratch  = sonde_scratch_of(into->url, sizeof into->url);
    sonde_str                 original = { NULL, 0 };
    attrs->count                       = 0;
    if (request->method.ptr)
        exchange->method = sonde_http_method(request->method, &original);
    if (original.len > SONDE_HTTP_URL_MAX)
        original.len = SONDE_HTTP_URL_MAX;
    sonde_http_url_split(request->url, NULL, &address, &port);
    if (request->server_address.len)
        address = request->server_address;
    if (request->server_port)
        port = request->server_port;
    if (address.len) {
        sonde__http_text_set(exchange, address);
        exchange->server_port = port;
    }
    if (request->method.ptr)
        sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD), exchange->method);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD_ORIGINAL), original);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_URL_FULL),
                         sonde_http_redact_url(request->url, &scratch));
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_URL_TEMPLATE), request->url_template);
    if (address.len) {
        sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_SERVER_ADDRESS), address);
        sonde__http_add_int(attrs, SONDE__STR(SONDE_ATTR_SERVER_PORT), port);
    }
}

static sonde_str method_or_other(const sonde_http_exchange *exchange)
{
    return exchange->method.len ? exchange->method : SONDE__STR(SONDE_VALUE_OTHER);
}

static sonde_span *start_span(sonde_http_exchange *exchange, sonde_tracer *tracer,
                              const sonde_http_client_request *request)
{
    struct description into;
    sonde_span_options options;
    sonde_str          name = request->span_name;
    describe(&into, exchange, request);
    sonde__http_add_int(&into.attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_RESEND_COUNT),
                        request->resend_count);
    if (!exchange->own_name)
        name = sonde__http_name(into.name, method_or_other(exchange), request->url_template);
    memset(&options, 0, sizeof options);
    options.name           = name.ptr;
    options.name_len       = name.len;
    options.kind           = SONDE_KIND_CLIENT;
    options.parent         = request->parent;
    options.parent_context = request->parent_context;
    options.current        = request->current;
    options.shared         = request->shared;
    options.start_ns       = exchange->start_ns;
    return sonde__http_span_start(tracer, &options, &into.attrs, request->attrs);
}

sonde_span *sonde_http_client_start_opts(sonde_http_exchange *exchange, sonde_tracer *tracer,
                                         const sonde_http_metrics        *metrics,
                                         const sonde_http_client_request *request)
{
    sonde_http_client_request room;
    if (!exchange)
        return NULL;
    const sonde_http_client_request *known = sonde__http_options(&room, sizeof room, request,
                                                                 request ? request->size : 0);
    sonde__http_exchange_reset(exchange);
    if (sonde_http_is_export(known->user_agent)) {
        exchange->suppressed = true;
        return NULL;
    }
    exchange->started  = true;
    exchange->own_name = known->span_name.ptr && known->span_name.len;
    exchange->start_ns = known->start_ns ? known->start_ns : sonde__clock_wall();
    if (metrics)
        exchange->duration = metrics->duration;
    exchange->span = start_span(exchange, tracer, known);
    return exchange->span;
}

void sonde_http_client_update_opts(sonde_http_exchange             *exchange,
                                   const sonde_http_client_request *request)
{
    sonde_http_client_request room;
    struct description        into;
    if (!exchange || !exchange->started || !request)
        return;
    const sonde_http_client_request *known = sonde__http_options(&room, sizeof room, request,
                                                                 request->size);
    describe(&into, exchange, known);
    for (size_t i = 0; i < into.attrs.count; i++)
        sonde_span_set_attr(exchange->span, into.attrs.items[i]);
    if (!exchange->own_name)
        sonde_span_set_name(exchange->span, sonde__http_name(into.name, method_or_other(exchange),
                                                             known->url_template));
}

static void count(const sonde_http_exchange *exchange, const sonde_http_response *response,
                  sonde_str error_type, uint64_t end_ns)
{
    struct sonde__http_attrs attrs;
    attrs.count = 0;
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD),
                         method_or_other(exchange));
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_SERVER_ADDRESS), sonde__http_text(exchange));
    sonde__http_add_int(&attrs, SONDE__STR(SONDE_ATTR_SERVER_PORT), exchange->server_port);
    sonde__http_add_int(&attrs, SONDE__STR(SONDE_ATTR_HTTP_RESPONSE_STATUS_CODE), response->status);
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_ERROR_TYPE), error_type);
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_NETWORK_PROTOCOL_VERSION),
                         sonde__http_version(response->version));
    sonde__http_duration_record(exchange, &attrs, end_ns);
}

void sonde_http_client_end_opts(sonde_http_exchange *exchange, const sonde_http_response *response)
{
    sonde_http_response room;
    char                digits[4];
    sonde_str           error_type = { NULL, 0 };
    if (!exchange || !exchange->started)
        return;
    exchange->started                 = false;
    const sonde_http_response *known  = sonde__http_options(&room, sizeof room, response,
                                                           response ? response->size : 0);
    uint64_t                   end_ns = known->end_ns ? known->end_ns : sonde__clock_wall();
    bool                       error  = sonde__http_is_error(known, 400, digits, &error_type);
    sonde__http_span_finish(exchange->span, known, error, error_type);
    if (exchange->duration)
        count(exchange, known, error_type, end_ns);
    sonde_span_end_at(exchange->span, end_ns);
    exchange->span = NULL;
}
