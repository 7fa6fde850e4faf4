/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transfer.c - the beginning and the end of a transfer, for the easy and the multi interface. The
 * thread that uses the handle. */
#include "transfer.h"

#include "redirect.h"

#include <sonde/plugin/report.h>

#include <pthread.h>
#include <strings.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct {
    sonde_tracer      *tracer;
    sonde_http_metrics metrics;
} scope; /* set once */

static void scope_init(void)
{
    scope.tracer  = sonde_tracer_get("sonde-curl", SONDE_VERSION);
    scope.metrics = sonde_http_client_metrics_get(sonde_meter_get("sonde-curl", SONDE_VERSION));
}

/* The URL that a handle was told. ret_made: NULL, or memory of libcurl's, to be freed. */
static sonde_str url_of(const struct sonde__curl_shadow *shadow, const sonde_curl_options *options,
                        char **ret_made)
{
    if (options->url)
        return sonde_str_z(options->url);
    if (shadow && shadow->set.url_handle) {
        curl_url_get(shadow->set.url_handle, CURLUPART_URL, ret_made, 0);
        return sonde_str_z(*ret_made);
    }
    return shadow && shadow->url.set ? sonde_str_z(shadow->url.ptr) : sonde_str_n(NULL, 0);
}

static sonde_str method_of(const struct sonde__curl_shadow *shadow,
                           const sonde_curl_options        *options)
{
    if (options->method)
        return sonde_str_z(options->method);
    return shadow && shadow->known ? sonde__curl_shadow_method(shadow) : sonde_str_n(NULL, 0);
}

static struct curl_slist *list_of(const struct sonde__curl_shadow *shadow,
                                  const sonde_curl_options        *options)
{
    if (options->headers || !shadow || !shadow->headers_known)
        return options->headers;
    return shadow->set.headers;
}

static sonde_str user_agent_of(const struct sonde__curl_shadow *shadow,
                               const struct curl_slist         *list)
{
    if (shadow && shadow->set.exports)
        return sonde_str_z("OTel-OTLP-Exporter");
    return sonde__curl_list_find(list, sonde_str_z("User-Agent"));
}

static bool is_http(sonde_str scheme)
{
    return (scheme.len == 4 && strncasecmp(scheme.ptr, "http", 4) == 0) ||
           (scheme.len == 5 && strncasecmp(scheme.ptr, "https", 5) == 0);
}

/* Starts the span; false when this is no request of HTTP's, or one that carries telemetry. */
static bool start(struct sonde__curl_transfer *transfer, const sonde_curl_options *options,
                  enum sonde__curl_span how)
{
    const struct sonde__curl_shadow *shadow = transfer->shadow;
    sonde_http_client_request        request;
    sonde_str                        scheme = { NULL, 0 };
    char                            *made   = NULL;
    memset(&request, 0, sizeof request);
    request.size              = sizeof request;
    request.url               = url_of(shadow, options, &made);
    request.method            = method_of(shadow, options);
    transfer->url_is_known    = request.url.ptr != NULL;
    transfer->method_is_known = request.method.ptr != NULL;
    sonde_http_url_split(request.url, &scheme, NULL, NULL);
    bool traced = (!scheme.len || is_http(scheme)) && !(shadow && shadow->set.no_request);
    if (traced) {
        request.user_agent   = user_agent_of(shadow, list_of(shadow, options));
        request.url_template = sonde_str_z(options->url_template);
        request.span_name    = sonde_str_z(options->span_name);
        request.parent       = options->parent;
        request.attrs        = options->attrs;
        request.current      = how == SONDE__CURL_CURRENT;
        if (shadow && shadow->set.port > 0 && shadow->set.port <= UINT16_MAX)
            request.server_port = (uint16_t)shadow->set.port;
        pthread_once(&once, scope_init);
        sonde_http_client_start_opts(&transfer->exchange, scope.tracer, &scope.metrics, &request);
        traced = !transfer->exchange.suppressed;
    }
    curl_free(made);
    return traced;
}

/* Whether our headers may be set, and may leave. */
static bool may_inject(struct sonde__curl_transfer *transfer, const sonde_curl_options *options)
{
    const struct sonde__curl_shadow *shadow = transfer->shadow;
    if (options->inject == SONDE_INJECT_NEVER)
        return false;
    if (options->inject != SONDE_INJECT_ALWAYS && !options->headers &&
        !(shadow && shadow->headers_known)) {
        sonde_report(SONDE_LEVEL_WARN,
                     "libcurl: a request without trace headers, because it is not known which "
                     "headers its handle has; give them as .headers or use curl_auto.h");
        return false;
    }
    if (shadow && shadow->set.unified_headers)
        return false; /* a proxy would be sent them, too */
    if (options->guard_redirects || (shadow && shadow->set.follows))
        return sonde__curl_guard(transfer);
    return true;
}

static void inject(struct sonde__curl_transfer *transfer, const sonde_curl_options *options,
                   enum sonde__curl_span how)
{
    sonde_context *base = NULL, *context = NULL;
    if (how == SONDE__CURL_DETACHED) {
        base    = sonde_context_current();
        context = sonde_context_with_span(base, transfer->exchange.span);
    }
    sonde__curl_headers_init(&transfer->headers, list_of(transfer->shadow, options), context);
    sonde_context_unref(context);
    sonde_context_unref(base);
    if (transfer->headers.count && may_inject(transfer, options))
        transfer->injected = curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
                                              sonde__curl_headers_list(&transfer->headers)) ==
                             CURLE_OK;
}

/* A list that is given is the one the handle carries from now on, whatever becomes of the span. */
static void take_list(const struct sonde__curl_transfer *transfer,
                      const sonde_curl_options          *options)
{
    if (!options->headers)
        return;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, options->headers);
    if (transfer->shadow) {
        transfer->shadow->set.headers   = options->headers;
        transfer->shadow->headers_known = true;
    }
}

static void prepare(struct sonde__curl_transfer *transfer, CURL *easy,
                    const sonde_curl_options *options)
{
    memset(transfer, 0, offsetof(struct sonde__curl_transfer, headers));
    transfer->headers.count = 0;
    transfer->injected = transfer->hooked = false;
    transfer->host_len                    = 0;
    transfer->easy                        = easy;
    transfer->shadow                      = sonde__curl_shadow_find(easy);
    transfer->prereq                      = options->prereq;
    transfer->prereq_data                 = options->prereq_data;
    size_t template_len = options->url_template ? strlen(options->url_template) : 0;
    if (template_len > sizeof transfer->url_template)
        template_len = sizeof transfer->url_template;
    if (template_len)
        memcpy(transfer->url_template, options->url_template, template_len);
    transfer->url_template_len = (uint16_t)template_len;
}

bool sonde__curl_begin(struct sonde__curl_transfer *transfer, CURL *easy,
                       const sonde_curl_options *options, enum sonde__curl_span how)
{
    sonde_curl_options known;
    memset(&known, 0, sizeof known);
    if (options)
        memcpy(&known, options,
               options->size && options->size < sizeof known ? options->size : sizeof known);
    prepare(transfer, easy, &known);
    if (transfer->shadow && transfer->shadow->busy)
        return false; /* a transfer from within a transfer, which libcurl refuses */
    take_list(transfer, &known);
    if (!start(transfer, &known, how))
        return false;
    inject(transfer, &known, how);
    if (transfer->shadow)
        transfer->shadow->busy = true;
    return true;
}

static void give_back(struct sonde__curl_transfer *transfer)
{
    struct sonde__curl_shadow *shadow = transfer->shadow;
    if (shadow)
        shadow->busy = false;
    if (transfer->injected) {
        /* The application may have set another list from one of its callbacks: that one counts. */
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
                         shadow && shadow->headers_known ? shadow->set.headers
                                                         : transfer->headers.own);
        transfer->injected = false;
    }
    sonde__curl_unguard(transfer);
    sonde__curl_headers_done(&transfer->headers);
}

static sonde_str version_of(CURL *easy)
{
    long version = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return sonde_str_z("1.0");
    case CURL_HTTP_VERSION_1_1:
        return sonde_str_z("1.1");
    case CURL_HTTP_VERSION_2_0:
        return sonde_str_z("2");
    case 30: /* CURL_HTTP_VERSION_3, which older headers do not name */
        return sonde_str_z("3");
    default:
        return sonde_str_n(NULL, 0);
    }
}

/* Says what was not known before: what libcurl made of the handle. */
static void complete(struct sonde__curl_transfer *transfer)
{
    sonde_http_client_request request;
    char                     *url = NULL, *method = NULL;
    memset(&request, 0, sizeof request);
    request.size = sizeof request;
    if (!transfer->url_is_known)
        curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
#if LIBCURL_VERSION_NUM >= 0x074800
    if (!transfer->method_is_known)
        curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_METHOD, &method);
#endif
    request.url          = sonde_str_z(url && *url ? url : NULL);
    request.method       = sonde_str_z(method && *method ? method : NULL);
    request.url_template = sonde_str_n(transfer->url_template, transfer->url_template_len);
    sonde_http_client_update_opts(&transfer->exchange, &request);
}

/* Whether libcurl spoke another protocol: of a URL not given, or without a scheme, that is known
 * only now. */
static bool spoke_otherwise(CURL *easy)
{
    char     *scheme = NULL, *url = NULL;
    sonde_str given = { NULL, 0 };
    curl_easy_getinfo(easy, CURLINFO_SCHEME, &scheme);
    if (scheme && *scheme)
        return !is_http(sonde_str_z(scheme));
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    sonde_http_url_split(sonde_str_z(url), &given, NULL, NULL);
    return given.len && !is_http(given);
}

/* Errors that libcurl returns before it forgets what it knew of the transfer before. */
static bool never_began(CURLcode code)
{
    return code == CURLE_FAILED_INIT || code == CURLE_URL_MALFORMAT ||
           code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_BAD_FUNCTION_ARGUMENT;
}

static void ask(CURL *easy, sonde_http_response *ret_response)
{
    char *peer   = NULL;
    long  status = 0, port = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &peer);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    ret_response->status       = (int)status;
    ret_response->version      = version_of(easy);
    ret_response->peer_address = sonde_str_z(peer);
    if (port > 0 && port <= UINT16_MAX)
        ret_response->peer_port = (uint16_t)port;
}

void sonde__curl_end(struct sonde__curl_transfer *transfer, CURLcode code, bool removed)
{
    sonde_http_response response;
    give_back(transfer);
    if (!never_began(code) && spoke_otherwise(transfer->easy)) {
        sonde_http_discard(&transfer->exchange);
        return;
    }
    memset(&response, 0, sizeof response);
    response.size = sizeof response;
    if (!never_began(code))
        ask(transfer->easy, &response);
    if (!transfer->url_is_known || !transfer->method_is_known)
        complete(transfer);
    response.cancelled = removed || code == CURLE_ABORTED_BY_CALLBACK;
    /* CURLOPT_FAILONERROR makes an error of a status, which says it better. */
    if (code != CURLE_OK && !removed && !(code == CURLE_HTTP_RETURNED_ERROR && response.status))
        response.error_type = sonde_str_z(sonde__curl_error_name(code));
    sonde_http_client_end_opts(&transfer->exchange, &response);
}

void sonde__curl_cancel(struct sonde__curl_transfer *transfer)
{
    give_back(transfer);
    sonde_http_discard(&transfer->exchange);
}
