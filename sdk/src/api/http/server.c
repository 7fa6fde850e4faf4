/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/server.c - the server's half of an exchange. Runs in the thread that serves the request. */
#include "http/http.h"

#include "base/clock.h"

sonde_http_metrics sonde_http_server_metrics_get(sonde_meter *meter)
{
    sonde_http_metrics metrics;
    metrics.duration = sonde__http_duration_get(meter, SONDE_METRIC_HTTP_SERVER_REQUEST_DURATION,
                                                "Duration of HTTP server requests.");
    metrics.active   = sonde_updown_counter_get(
          meter, SONDE_METRIC_HTTP_SERVER_ACTIVE_REQUESTS, .unit = "{request}",
          .description = "Number of active HTTP server requests.");
    return metrics;
}

static void add_host(struct sonde__http_attrs *attrs, const sonde_http_server_request *request)
{
    sonde_str address;
    uint16_t  port;
    if (!sonde_http_host_split(request->host, &address, &port))
        return;
    if (!port)
        port = sonde__http_scheme_port(request->scheme.len ? request->scheme : SONDE__STR("http"));
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_SERVER_ADDRESS), address);
    sonde__http_add_int(attrs, SONDE__STR(SONDE_ATTR_SERVER_PORT), port);
}

static void add_network(struct sonde__http_attrs *attrs, const sonde_http_server_request *request)
{
    sonde_str client = request->client_address;
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_CLIENT_ADDRESS),
                         client.len ? client : request->peer_address);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_NETWORK_PEER_ADDRESS), request->peer_address);
    if (request->peer_address.len)
        sonde__http_add_int(attrs, SONDE__STR(SONDE_ATTR_NETWORK_PEER_PORT), request->peer_port);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_NETWORK_PROTOCOL_VERSION), request->version);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_USER_AGENT_ORIGINAL), request->user_agent);
}

static sonde_str cut(sonde_str text)
{
    if (text.len > SONDE_HTTP_URL_MAX)
        text.len = SONDE_HTTP_URL_MAX;
    return text;
}

static sonde_span *start_span(sonde_http_exchange *exchange, sonde_tracer *tracer,
                              const sonde_http_server_request *request, sonde_str original)
{
    char                     query[SONDE_HTTP_URL_MAX], name_buffer[SONDE__HTTP_NAME_MAX];
    sonde_scratch            scratch = sonde_scratch_of(query, sizeof query);
    struct sonde__http_attrs attrs;
    sonde_span_options       options;
    sonde_str                scheme = request->scheme, name = request->span_name;
    attrs.count = 0;
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD), exchange->method);
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD_ORIGINAL),
                         cut(original));
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_URL_SCHEME),
                         scheme.len ? scheme : exchange->scheme);
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_URL_PATH), cut(request->path));
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_URL_QUERY),
                         sonde_http_redact_query(request->query, &scratch));
    sonde__http_add_text(&attrs, SONDE__STR(SONDE_ATTR_HTTP_ROUTE), request->route);
    add_host(&attrs, request);
    add_network(&attrs, request);

    if (!exchange->own_name)
        name = sonde__http_name(name_buffer, exchange->method, request->route);
    memset(&options, 0, sizeof options);
    options.name           = name.ptr;
    options.name_len       = name.len;
    options.kind           = SONDE_KIND_SERVER;
    options.root           = !request->parent_context;
    options.parent_context = request->parent_context;
    options.current        = request->current;
    options.shared         = request->shared;
    options.start_ns       = exchange->start_ns;
    options.ids            = request->ids;
    return sonde__http_span_start(tracer, &options, &attrs, request->attrs);
}

sonde_span *sonde_http_server_start_opts(sonde_http_exchange *exchange, sonde_tracer *tracer,
                                         const sonde_http_metrics        *metrics,
                                         const sonde_http_server_request *request)
{
    sonde_http_server_request room;
    sonde_str                 original;
    if (!exchange)
        return NULL;
    const sonde_http_server_request *known = sonde__http_options(&room, sizeof room, request,
                                                                 request ? request->size : 0);
    sonde__http_exchange_reset(exchange);
    if (sonde_http_is_export(known->user_agent)) {
        exchange->suppressed = true;
        return NULL;
    }
    exchange->started  = true;
    exchange->own_name = known->span_name.ptr && known->span_name.len;
    exchange->start_ns = known->start_ns ? known->start_ns : sonde__clock_wall();
    exchange->method   = sonde_http_method(known->method, &original);
    exchange->scheme   = sonde__http_scheme(known->scheme);
    exchange->version  = sonde__http_version(known->version);
    if (metrics)
        exchange->duration = metrics->duration;
    sonde__http_text_set(exchange, known->route);
    if (metrics && metrics->active) {
        sonde_attr items[] = {
            sonde_attr_string(SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD), exchange->method),
            sonde_attr_string(SONDE__STR(SONDE_ATTR_URL_SCHEME), exchange->scheme)
        };
        sonde_attrs list = { items, 2 };
        /* The series itself is kept, so that what was added here is taken from the same one. */
        exchange->active = sonde_updown_counter_bind(metrics->active, list);
        sonde_updown_counter_bound_add(exchange->active, 1);
    }
    exchange->span = start_span(exchange, tracer, known, original);
    return exchange->span;
}

void sonde_http_server_set_route(sonde_http_exchange *exchange, sonde_str route)
{
    char name_buffer[SONDE__HTTP_NAME_MAX];
    if (!exchange || !exchange->started || !route.ptr || !route.len)
        return;
    sonde__http_text_set(exchange, route);
    sonde_span_set_attr(exchange->span,
                        sonde_attr_string(SONDE__STR(SONDE_ATTR_HTTP_ROUTE), route));
    if (!exchange->own_name)
        sonde_span_set_name(exchange->span, sonde__http_name(name_buffer, exchange->method, route));
}

/* What the duration is told of an exchange. */
struct kind {
    sonde_str method, scheme, route, version, error_type;
    int       status;
};

static void add_kind(struct sonde__http_attrs *attrs, const struct kind *kind)
{
    attrs->count = 0;
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_HTTP_REQUEST_METHOD), kind->method);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_URL_SCHEME), kind->scheme);
    sonde__http_add_int(attrs, SONDE__STR(SONDE_ATTR_HTTP_RESPONSE_STATUS_CODE), kind->status);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_HTTP_ROUTE), kind->route);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_ERROR_TYPE), kind->error_type);
    sonde__http_add_text(attrs, SONDE__STR(SONDE_ATTR_NETWORK_PROTOCOL_VERSION), kind->version);
}

static void count(const sonde_http_exchange *exchange, int status, sonde_str error_type,
                  uint64_t end_ns)
{
    struct sonde__http_attrs attrs;
    struct kind kind = { exchange->method,  exchange->scheme, sonde__http_text(exchange),
                         exchange->version, error_type,       status };
    add_kind(&attrs, &kind);
    sonde__http_duration_record(exchange, &attrs, end_ns);
}

sonde_histogram_bound *sonde_http_server_duration_bind(const sonde_http_metrics        *metrics,
                                                       const sonde_http_server_request *request,
                                                       const sonde_http_response       *response)
{
    sonde_http_server_request        request_room;
    sonde_http_response              response_room;
    const sonde_http_server_request *asked;
    const sonde_http_response       *answered;
    struct sonde__http_attrs         attrs;
    struct kind                      kind;
    char                             digits[4];
    if (!metrics || !metrics->duration)
        return NULL;
    asked    = sonde__http_options(&request_room, sizeof request_room, request,
                                request ? request->size : 0);
    answered = sonde__http_options(&response_room, sizeof response_room, response,
                                   response ? response->size : 0);
    memset(&kind, 0, sizeof kind);
    (void)sonde__http_is_error(answered, 500, digits, &kind.error_type);
    kind.method  = sonde_http_method(asked->method, NULL);
    kind.scheme  = sonde__http_scheme(asked->scheme);
    kind.version = sonde__http_version(asked->version);
    kind.status  = answered->status;
    kind.route   = asked->route;
    if (kind.route.len > SONDE_HTTP_ROUTE_MAX)
        kind.route.len = SONDE_HTTP_ROUTE_MAX;
    add_kind(&attrs, &kind);
    sonde_attrs list = { attrs.items, attrs.count };
    return sonde_histogram_bind(metrics->duration, list);
}

void sonde_http_server_end_opts(sonde_http_exchange *exchange, const sonde_http_response *response)
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
    bool                       error  = sonde__http_is_error(known, 500, digits, &error_type);
    if (known->route.len) {
        exchange->started = true;
        sonde_http_server_set_route(exchange, known->route);
        exchange->started = false;
    }
    if (known->version.len)
        exchange->version = sonde__http_version(known->version);
    sonde__http_span_finish(exchange->span, known, error, error_type);
    if (exchange->duration)
        count(exchange, known->status, error_type, end_ns);
    sonde_updown_counter_bound_add(exchange->active, -1);
    sonde_span_end_at(exchange->span, end_ns);
    exchange->span = NULL;
}
