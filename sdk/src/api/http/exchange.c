/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/exchange.c - what servers and clients have in common: small sets of values, span names,
 * status rules, durations. Any thread, on memory of the caller's. */
#include "http/http.h"

/* Field by field: a loop over the bytes would have to be waited for. */
void sonde__http_exchange_reset(sonde_http_exchange *exchange)
{
    const sonde_str none  = { NULL, 0 };
    exchange->span        = NULL;
    exchange->suppressed  = false;
    exchange->started     = false;
    exchange->own_name    = false;
    exchange->server_port = 0;
    exchange->text_len    = 0;
    exchange->start_ns    = 0;
    exchange->duration    = NULL;
    exchange->active      = NULL;
    exchange->method      = none;
    exchange->scheme      = none;
    exchange->version     = none;
    exchange->text[0]     = '\0';
}

static bool is_word(sonde_str text, const char *lower)
{
    if (text.len != strlen(lower))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] | 0x20) != lower[i])
            return false;
    return true;
}

sonde_str sonde__http_scheme(sonde_str scheme)
{
    if (!scheme.len || is_word(scheme, "http"))
        return SONDE__STR("http");
    if (is_word(scheme, "https"))
        return SONDE__STR("https");
    return SONDE__STR(SONDE_VALUE_OTHER);
}

uint16_t sonde__http_scheme_port(sonde_str scheme)
{
    if (is_word(scheme, "http"))
        return 80;
    return is_word(scheme, "https") ? 443 : 0;
}

sonde_str sonde__http_version(sonde_str version)
{
    static const char *const known[] = { "1.1", "2", "3", "1.0", "0.9" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == version.len && memcmp(known[i], version.ptr, version.len) == 0)
            return sonde_str_n(known[i], version.len);
    return sonde_str_n(NULL, 0);
}

/* Apart, so that the compiler, which sees how short it is, does not make a slow loop of it. */
__attribute__((noinline)) static char *put(char *to, sonde_str text)
{
    memcpy(to, text.ptr, text.len);
    return to + text.len;
}

sonde_str sonde__http_name(char buffer[SONDE__HTTP_NAME_MAX], sonde_str method, sonde_str target)
{
    if (method.len && method.ptr[0] == '_')
        method = SONDE__STR("HTTP");
    if (!target.ptr || !target.len)
        return method;
    if (target.len > SONDE_HTTP_ROUTE_MAX)
        target.len = SONDE_HTTP_ROUTE_MAX;
    char *end = put(buffer, method);
    *end++    = ' ';
    end       = put(end, target);
    return sonde_str_n(buffer, (size_t)(end - buffer));
}

void sonde__http_text_set(sonde_http_exchange *exchange, sonde_str text)
{
    if (!exchange->duration)
        return;
    if (text.len > SONDE_HTTP_ROUTE_MAX)
        text.len = SONDE_HTTP_ROUTE_MAX;
    if (text.len)
        put(exchange->text, text);
    exchange->text_len = (uint16_t)text.len;
}

sonde_str sonde__http_text(const sonde_http_exchange *exchange)
{
    return sonde_str_n(exchange->text, exchange->text_len);
}

sonde_span *sonde__http_span_start(sonde_tracer *tracer, sonde_span_options *options,
                                   struct sonde__http_attrs *attrs, sonde_attrs own)
{
    size_t      used = 0;
    sonde_span *span;
    while (own.items && used < own.count && attrs->count < SONDE__HTTP_ATTRS)
        attrs->items[attrs->count++] = own.items[used++];
    options->size        = sizeof *options;
    options->attrs.items = attrs->items;
    options->attrs.count = attrs->count;
    span                 = sonde_span_start_opts(tracer, options);
    for (; own.items && used < own.count; used++)
        sonde_span_set_attr(span, own.items[used]);
    return span;
}

bool sonde__http_is_error(const sonde_http_response *response, int error_from, char ret_digits[4],
                          sonde_str *ret_error_type)
{
    int status = response->status;
    if (response->cancelled)
        return false;
    if (response->error_type.ptr && response->error_type.len) {
        *ret_error_type = response->error_type;
        return true;
    }
    if (status == 0 || (status >= 100 && status < error_from))
        return false;
    if (status < 100 || status > 999) { /* no status of HTTP's */
        *ret_error_type = SONDE__STR(SONDE_VALUE_OTHER);
        return true;
    }
    ret_digits[0]   = (char)('0' + status / 100);
    ret_digits[1]   = (char)('0' + status / 10 % 10);
    ret_digits[2]   = (char)('0' + status % 10);
    *ret_error_type = sonde_str_n(ret_digits, 3);
    return true;
}

void sonde__http_span_finish(sonde_span *span, const sonde_http_response *response, bool error,
                             sonde_str error_type)
{
    if (response->status)
        sonde_span_set_attr(span, sonde_attr_int(SONDE__STR(SONDE_ATTR_HTTP_RESPONSE_STATUS_CODE),
                                                 response->status));
    if (error) {
        sonde_span_set_attr(span, sonde_attr_string(SONDE__STR(SONDE_ATTR_ERROR_TYPE), error_type));
        sonde_span_set_status(span, SONDE_STATUS_ERROR, NULL);
    }
    if (response->version.ptr && response->version.len)
        sonde_span_set_attr(span, sonde_attr_string(SONDE__STR(SONDE_ATTR_NETWORK_PROTOCOL_VERSION),
                                                    response->version));
    if (response->peer_address.ptr && response->peer_address.len) {
        sonde_span_set_attr(span, sonde_attr_string(SONDE__STR(SONDE_ATTR_NETWORK_PEER_ADDRESS),
                                                    response->peer_address));
        if (response->peer_port)
            sonde_span_set_attr(span, sonde_attr_int(SONDE__STR(SONDE_ATTR_NETWORK_PEER_PORT),
                                                     response->peer_port));
    }
    if (response->attrs.items)
        sonde_span_set_attrs(span, response->attrs);
}

sonde_histogram *sonde__http_duration_get(sonde_meter *meter, const char *name,
                                          const char *description)
{
    static const double bounds[] = { 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                     0.5,   0.75, 1,     2.5,  5,     7.5, 10 };
    return sonde_histogram_get(meter, name, .unit = "s", .description = description,
                               .boundaries     = bounds,
                               .boundary_count = sizeof bounds / sizeof *bounds);
}

void sonde__http_duration_record(const sonde_http_exchange      *exchange,
                                 const struct sonde__http_attrs *attrs, uint64_t end_ns)
{
    sonde_attrs list = { attrs->items, attrs->count };
    uint64_t    ns   = end_ns > exchange->start_ns ? end_ns - exchange->start_ns : 0;
    sonde_histogram_record_attrs(exchange->duration, (double)ns / 1e9, list);
}

bool sonde_http_is_export(sonde_str user_agent)
{
    static const char product[] = "OTel-OTLP-Exporter";
    const char       *at = user_agent.ptr, *end = at ? at + user_agent.len : NULL;
    while (at && (size_t)(end - at) >= sizeof product - 1) {
        if (memcmp(at, product, sizeof product - 1) == 0)
            return true;
        at = memchr(at, ' ', (size_t)(end - at));
        at += at != NULL;
    }
    return false;
}

void sonde_http_discard(sonde_http_exchange *exchange)
{
    if (!exchange || !exchange->started)
        return;
    exchange->started = false;
    sonde_updown_counter_bound_add(exchange->active, -1);
    sonde_span_discard(exchange->span);
    exchange->span = NULL;
}
