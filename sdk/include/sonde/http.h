/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/http.h - the HTTP semantic conventions, for who instruments an HTTP server or client: span
 * names, attributes, status rules, redaction and metrics, once for all adapters.
 *
 * An exchange is one request and its answer; its memory is the caller's. start() begins its span,
 * end() ends the span and records the metrics. Strings are views and need no terminator; nothing
 * that is passed in is kept. */
#ifndef SONDE_HTTP_H
#define SONDE_HTTP_H

#include <sonde/metrics.h>
#include <sonde/semconv.h>
#include <sonde/trace.h>

SONDE_BEGIN

enum {
    SONDE_HTTP_ROUTE_MAX   = 255, /* bytes of a route that metrics keep; spans keep all of it */
    SONDE_HTTP_ADDRESS_MAX = 255, /* bytes of a host or address; a longer one counts as absent */
    SONDE_HTTP_URL_MAX     = 8192 /* bytes of a URL, path or query that are recorded */
};

/* The instruments of one side; borrowed handles, copy it freely. All zero: nothing is counted. */
typedef struct sonde_http_metrics {
    sonde_histogram      *duration;
    sonde_updown_counter *active; /* servers */
} sonde_http_metrics;

/* One request under way. Zero it before its first use; the fields are for this file's functions,
 * but `span` and `suppressed` may be read. One thread at a time. */
typedef struct sonde_http_exchange {
    sonde_span                 *span;       /* NULL: not traced */
    bool                        suppressed; /* it carries telemetry: no span, metric or header */
    bool                        started;
    bool                        own_name;
    uint16_t                    server_port;
    uint16_t                    text_len;
    uint64_t                    start_ns;
    sonde_histogram            *duration;
    sonde_updown_counter_bound *active;
    sonde_str                   method; /* in static storage, as are the next two */
    sonde_str                   scheme;
    sonde_str                   version;
    char text[SONDE_HTTP_ROUTE_MAX + 1]; /* servers: the route; clients: server.address */
} sonde_http_exchange;

/* A request that a server has received. {NULL, 0} and 0 mean "not known". */
typedef struct sonde_http_server_request {
    size_t    size;    /* set by the macro; 0: as first released */
    sonde_str method;  /* as received */
    sonde_str scheme;  /* "http" or "https"; not known: "http" */
    sonde_str path;    /* without query */
    sonde_str query;   /* without '?'; recorded redacted */
    sonde_str host;    /* the Host header (or :authority), with or without a port */
    sonde_str route;   /* the template that matched, if it is known already; never the path */
    sonde_str version; /* of the protocol: "1.0", "1.1", "2", "3" */
    sonde_str user_agent;
    sonde_str client_address; /* behind trusted proxies; not known: peer_address */
    sonde_str peer_address;   /* of the socket */
    uint16_t  peer_port;
    bool      current; /* current for this thread until it ends, as sonde_span_options says */
    bool      shared;  /* several threads may touch the span at once */
    const sonde_context *parent_context; /* what extract returned; NULL: a new trace */
    sonde_str   span_name; /* in place of "{method} {route}"; a late route leaves it alone, too */
    sonde_attrs attrs;     /* more attributes, seen by the sampler */
    uint64_t    start_ns;  /* Unix time in nanoseconds; 0: now */
    const sonde_span_context *ids; /* as in sonde_span_options */
} sonde_http_server_request;

/* A request that a client is about to send. {NULL, 0} and 0 mean "not known". */
typedef struct sonde_http_client_request {
    size_t      size;   /* set by the macro; 0: as first released */
    sonde_str   method; /* as it will be sent; not known: left out until update */
    sonde_str   url; /* absolute; recorded redacted; server.address and server.port come from it */
    sonde_str   url_template;   /* "/items/{id}": few values; becomes part of the span's name */
    sonde_str   server_address; /* wins over the URL */
    uint16_t    server_port;    /* wins over the URL */
    sonde_str   user_agent;
    uint32_t    resend_count; /* 1: the first time it is sent again */
    bool        current; /* current for this thread until it ends, as sonde_span_options says */
    bool        shared;  /* several threads may touch the span at once */
    sonde_span *parent;  /* NULL: the thread's current context */
    const sonde_context *parent_context; /* wins over parent */
    sonde_str            span_name;      /* in place of "{method} {url_template}" */
    sonde_attrs          attrs;          /* more attributes, seen by the sampler */
    uint64_t             start_ns;       /* Unix time in nanoseconds; 0: now */
} sonde_http_client_request;

/* How an exchange ended, for both sides. */
typedef struct sonde_http_response {
    size_t      size;         /* set by the macro; 0: as first released */
    int         status;       /* 0: no response was sent or received */
    sonde_str   error_type;   /* what else went wrong, a name of few values; {NULL, 0}: nothing */
    bool        cancelled;    /* clients: given up on purpose; neither an error nor a success */
    sonde_str   route;        /* servers: a route that became known late */
    sonde_str   version;      /* of the protocol as negotiated, if start() did not know */
    sonde_str   peer_address; /* clients: of the socket */
    uint16_t    peer_port;
    sonde_attrs attrs;  /* more attributes for the span */
    uint64_t    end_ns; /* Unix time in nanoseconds; 0: now */
} sonde_http_response;

/* The instruments of a server: http.server.request.duration and http.server.active_requests.
 * meter: NULL gives all zero.
 * Returns: the instruments, the same for the same meter.
 * Threads: any. Blocks: never for long (one lock). Standard: HTTP metrics. Since: 0.1 */
SONDE_API sonde_http_metrics sonde_http_server_metrics_get(sonde_meter *meter);

/* The instruments of a client: http.client.request.duration.
 * meter: NULL gives all zero.
 * Returns: the instruments, the same for the same meter.
 * Threads: any. Blocks: never for long (one lock). Standard: HTTP metrics. Since: 0.1 */
SONDE_API sonde_http_metrics sonde_http_client_metrics_get(sonde_meter *meter);

/* Begins the exchange of a request that was received: a SERVER span with its name and attributes,
 * one more active request.
 * exchange: filled anew; NULL does nothing. tracer NULL: as if no SDK ran. metrics NULL: nothing is
 * counted.
 * request NULL: nothing is known about it.
 * Returns: the span, ended by sonde_http_server_end() alone. NULL as
 * sonde_span_start_opts() does, and for requests that carry telemetry (sonde_http_is_export).
 * Threads: one (per exchange). Blocks: never. Standard: HTTP spans, "HTTP server span".
 * Since: 0.1 */
SONDE_API sonde_span *sonde_http_server_start_opts(sonde_http_exchange             *exchange,
                                                   sonde_tracer                    *tracer,
                                                   const sonde_http_metrics        *metrics,
                                                   const sonde_http_server_request *request);

/* Says which route matched, once it is known: http.route for span and metrics, and the span's name,
 * unless the request was started with a name of its own. exchange NULL, or a route of no bytes:
 * nothing.
 * Threads: one (per exchange). Blocks: never. Standard: HTTP spans, "Name". Since: 0.1 */
SONDE_API void sonde_http_server_set_route(sonde_http_exchange *exchange, sonde_str route);

/* Ends the exchange: status, error.type and end of the span; duration and one less active request.
 * Only the first call after a start counts. exchange NULL: nothing. response NULL: nothing was
 * sent.
 * Threads: one (per exchange). Blocks: never. Standard: HTTP spans, "Status". Since: 0.1 */
SONDE_API void sonde_http_server_end_opts(sonde_http_exchange       *exchange,
                                          const sonde_http_response *response);

/* Gives the exchange of a server or a client up: no span, no duration, one less active request. For
 * what turns out not to be worth telling, such as a scrape of /metrics. exchange NULL: nothing.
 * Threads: one (per exchange). Blocks: never. Since: 0.1 */
SONDE_API void sonde_http_discard(sonde_http_exchange *exchange);

/* The series of http.server.request.duration that requests and answers of one kind count into, for
 * who keeps it and records by sonde_histogram_bound_record(), in seconds, what then is not to be
 * counted by an exchange.
 * request: its method, scheme, route and version count; response: its status and error_type. NULL:
 * nothing is known about it.
 * Returns: as sonde_histogram_bind(); NULL for metrics NULL or all zero.
 * Threads: any. Blocks: never for long (one lock, the first time). Standard: HTTP metrics.
 * Since: 0.1 */
SONDE_API sonde_histogram_bound *sonde_http_server_duration_bind(
    const sonde_http_metrics *metrics, const sonde_http_server_request *request,
    const sonde_http_response *response);

/* Begins the exchange of a request that is about to be sent: a CLIENT span with its name and
 * attributes.
 * exchange: filled anew; NULL does nothing. tracer NULL: as if no SDK ran. metrics NULL: nothing is
 * counted.
 * request NULL: nothing is known about it.
 * Returns: the span, ended by sonde_http_client_end() alone: inject it
 * into the request. NULL as sonde_span_start_opts() does, and for requests that carry telemetry
 * (exchange->suppressed: inject nothing).
 * Threads: one (per exchange). Blocks: never. Standard: HTTP spans, "HTTP client span".
 * Since: 0.1 */
SONDE_API sonde_span *sonde_http_client_start_opts(sonde_http_exchange             *exchange,
                                                   sonde_tracer                    *tracer,
                                                   const sonde_http_metrics        *metrics,
                                                   const sonde_http_client_request *request);

/* Completes the description of a request that was started before all was known about it: method,
 * url, url_template and the server's address, as far as they are given, for span and metrics, and
 * the span's name, unless the request was started with a name of its own. exchange or request NULL:
 * nothing.
 * Threads: one (per exchange). Blocks: never. Standard: HTTP spans, "HTTP client span". Since: 0.1
 */
SONDE_API void sonde_http_client_update_opts(sonde_http_exchange             *exchange,
                                             const sonde_http_client_request *request);

/* Ends the exchange: status, error.type and end of the span; duration. Only the first call after a
 * start counts. exchange NULL: nothing. response NULL: none was received.
 * Threads: one (per exchange). Blocks: never. Standard: HTTP spans, "Status". Since: 0.1 */
SONDE_API void sonde_http_client_end_opts(sonde_http_exchange       *exchange,
                                          const sonde_http_response *response);

/* The value of http.request.method. Known are GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH
 * QUERY, or, in their place, what OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS lists (read once; not by
 * setuid programs).
 * method: as received, compared byte for byte.
 * ret_original: NULL, or gets what http.request.method_original is to say: {NULL, 0} for a known
 * method.
 * Returns: the method in static storage, or "_OTHER".
 * Threads: any. Blocks: never. Standard: HTTP spans, "http.request.method". Since: 0.1 */
SONDE_API sonde_str sonde_http_method(sonde_str method, sonde_str *ret_original);

/* A URL without its secrets: user and password, and the values of secret keys in its query and
 * fragment, become REDACTED. Secret are, as spelled: X-Amz-Signature, X-Amz-Credential,
 * X-Amz-Security-Token, AWSAccessKeyId, Signature, sig, X-Goog-Signature; and in either case, with -
 * or _, also as the last part of a[b] or a.b: access_key, access_token, api_key, apikey, auth,
 * auth_token, authorization, client_secret, code, credential, credentials, id_token, jsessionid,
 * jwt, key, pass, passphrase, passwd, password, phpsessid, private_key, pwd, refresh_token, secret,
 * secret_key, session, session_id, session_token, sessionid, sid, token, x_api_key.
 * url: absolute, or as people type it, without a scheme. Beyond SONDE_HTTP_URL_MAX bytes it is cut.
 * scratch: takes the text when something was redacted; three times the URL's length plus 32 bytes
 * always suffice; what does not fit is cut off. NULL: only a URL without secrets is returned.
 * Returns: a view of url where nothing was redacted, else of the scratch; {NULL, 0} for {NULL, 0}.
 * Threads: any (one per scratch). Blocks: never. Standard: HTTP spans, "url.full". Since: 0.1 */
SONDE_API sonde_str sonde_http_redact_url(sonde_str url, sonde_scratch *scratch);

/* The same for a query alone, without its '?'.
 * Returns: a view of query where nothing was redacted, else of the scratch; {NULL, 0} for the
 * same.
 * Threads: any (one per scratch). Blocks: never. Standard: HTTP spans, "url.query". Since: 0.1 */
SONDE_API sonde_str sonde_http_redact_query(sonde_str query, sonde_scratch *scratch);

/* Takes a host with an optional port apart: "example.org:8080", "[::1]:8080", "::1".
 * ret_address, ret_port: each may be NULL. The address is a view without brackets; port 0: none, or
 * not a port.
 * Returns: true when there is an address; false, with {NULL, 0} and 0, for one that is empty,
 * longer than SONDE_HTTP_ADDRESS_MAX or has characters no host can have.
 * Threads: any. Blocks: never. Standard: RFC 3986, "Authority". Since: 0.1 */
SONDE_API bool sonde_http_host_split(sonde_str host, sonde_str *ret_address, uint16_t *ret_port);

/* Takes the parts of a URL that name its server: "https://user@example.org:8080/path".
 * url: absolute, or as people type it, without a scheme.
 * ret_scheme, ret_address, ret_port: each may be NULL. Scheme and address are views; the port is
 * the scheme's own where the URL has none, 0 where that is not known either.
 * Returns: true when there is an address; else it and the port are {NULL, 0} and 0.
 * Threads: any. Blocks: never. Standard: RFC 3986, "Syntax Components". Since: 0.1 */
SONDE_API bool sonde_http_url_split(sonde_str url, sonde_str *ret_scheme, sonde_str *ret_address,
                                    uint16_t *ret_port);

/* Whether a request carries telemetry itself, so that tracing it would never end: one of the
 * products that its User-Agent names begins with OTel-OTLP-Exporter.
 * Threads: any. Blocks: never. Standard: OTLP exporter, "User Agent". Since: 0.1 */
SONDE_API bool sonde_http_is_export(sonde_str user_agent);

SONDE_END

#ifndef __cplusplus
/* Every field of the description by name: sonde_http_server_start(&exchange, tracer, &metrics,
 * .method = ..., ...). */
#define sonde_http_server_start(exchange, tracer, metrics, ...)      \
    sonde_http_server_start_opts((exchange), (tracer), (metrics),    \
                                 &(const sonde_http_server_request){ \
                                     .size = sizeof(sonde_http_server_request), __VA_ARGS__ })
#define sonde_http_client_start(exchange, tracer, metrics, ...)      \
    sonde_http_client_start_opts((exchange), (tracer), (metrics),    \
                                 &(const sonde_http_client_request){ \
                                     .size = sizeof(sonde_http_client_request), __VA_ARGS__ })
#define sonde_http_client_update(exchange, ...)                                                    \
    sonde_http_client_update_opts(                                                                 \
        (exchange), &(const sonde_http_client_request){ .size = sizeof(sonde_http_client_request), \
                                                        __VA_ARGS__ })
#define sonde_http_server_end(exchange, ...)                             \
    sonde_http_server_end_opts((exchange), &(const sonde_http_response){ \
                                               .size = sizeof(sonde_http_response), __VA_ARGS__ })
#define sonde_http_client_end(exchange, ...)                             \
    sonde_http_client_end_opts((exchange), &(const sonde_http_response){ \
                                               .size = sizeof(sonde_http_response), __VA_ARGS__ })
#endif
#endif
