/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/curl.h - client spans, metrics and propagation for libcurl, call by call. Nothing is kept
 * outside of a transfer. <sonde/curl_auto.h> does the same for a whole source file.
 *
 * libcurl cannot be asked which headers a handle carries, and setting ours replaces them. So the
 * trace headers are sent only when the application's own list is known: given as .headers, or seen
 * by curl_auto.h. Ours stand in front of it for the transfer, and it is set again afterwards. */
#ifndef SONDE_CURL_H
#define SONDE_CURL_H

#include <curl/curl.h>
#include <sonde/api.h>

SONDE_BEGIN

typedef enum sonde_curl_inject {
    SONDE_INJECT_IF_KNOWN, /* .headers given, or the handle was seen by curl_auto.h */
    SONDE_INJECT_ALWAYS, /* the caller vouches that CURLOPT_HTTPHEADER is .headers, or not in use */
    SONDE_INJECT_NEVER
} sonde_curl_inject;

/* The callback of CURLOPT_PREREQFUNCTION, which older headers of libcurl do not name. */
typedef int sonde_curl_prereq(void *data, char *peer_ip, char *local_ip, int peer_port,
                              int local_port);

/* Zero is the default of every field. */
typedef struct sonde_curl_options {
    size_t size; /* set by the macro; 0: as first released */
    struct curl_slist
        *headers; /* the list the handle carries; set again when the transfer is over */
    sonde_curl_inject inject;
    sonde_span       *parent;       /* NULL: the thread's current context */
    const char       *url_template; /* "/items/{id}": few values; part of the span's name */
    const char       *span_name;    /* in place of "{method} {url_template}" */
    sonde_attrs       attrs;        /* more attributes */
    const char *url;    /* as given to libcurl; NULL: as seen, or asked when the transfer is over */
    const char *method; /* as for url */
    /* Headers of a list go along when libcurl follows a redirect to another host; with this, those
     * of the trace do not. It takes CURLOPT_PREREQFUNCTION for the transfer: the application's own
     * is then .prereq and .prereq_data, called as before and set again when the transfer is over.
     * With libcurl before 7.80, which has no such hook, no trace header is sent. Handles that were
     * seen by curl_auto.h have it without asking. */
    bool               guard_redirects;
    sonde_curl_prereq *prereq;
    void              *prereq_data;
} sonde_curl_options;

/* Performs a transfer as curl_easy_perform() does, inside of a CLIENT span that is current for the
 * thread. Only HTTP has one, and not the requests of OTLP exporters.
 * easy: NULL as in libcurl. options NULL: all defaults.
 * Returns: what curl_easy_perform() returns.
 * Threads: one (per handle). Blocks: as curl_easy_perform().
 * Standard: HTTP spans, "HTTP client span". Since: 0.1 */
SONDE_API CURLcode sonde_curl_easy_perform_opts(CURL *easy, const sonde_curl_options *options);

/* Adds a handle as curl_multi_add_handle() does, and begins its span, which is not current for the
 * thread. It ends when sonde_curl_multi_info_read() tells of the transfer's end, or when
 * sonde_curl_multi_remove_handle() cuts it off: use both, the span's memory is freed there.
 * options NULL: all defaults; what they point to may go after the call, but for .headers.
 * Returns: what curl_multi_add_handle() returns.
 * Threads: one (per multi handle). Blocks: never.
 * Standard: HTTP spans, "HTTP client span". Since: 0.1 */
SONDE_API CURLMcode sonde_curl_multi_add_handle_opts(CURLM *multi, CURL *easy,
                                                     const sonde_curl_options *options);

/* Removes a handle as curl_multi_remove_handle() does. A transfer whose end was not read has been
 * given up on purpose: its span ends, without an error.
 * Returns: what curl_multi_remove_handle() returns.
 * Threads: one (per multi handle). Blocks: never. Since: 0.1 */
SONDE_API CURLMcode sonde_curl_multi_remove_handle(CURLM *multi, CURL *easy);

/* Reads a message as curl_multi_info_read() does, and ends the span of a transfer that is over.
 * ret_left: messages left, as in libcurl.
 * Returns: what curl_multi_info_read() returns.
 * Threads: one (per multi handle). Blocks: never. Since: 0.1 */
SONDE_API CURLMsg *sonde_curl_multi_info_read(CURLM *multi, int *ret_left);

SONDE_END

#ifndef __cplusplus
/* sonde_curl_easy_perform(curl) or sonde_curl_easy_perform(curl, .headers = list, ...) */
#define sonde_curl_easy_perform(...) \
    SONDE__CURL_EASY(__VA_ARGS__, .size = sizeof(sonde_curl_options))
#define SONDE__CURL_EASY(easy, ...) \
    sonde_curl_easy_perform_opts((easy), &(const sonde_curl_options){ __VA_ARGS__ })
#define sonde_curl_multi_add_handle(multi, ...) \
    SONDE__CURL_ADD(multi, __VA_ARGS__, .size = sizeof(sonde_curl_options))
#define SONDE__CURL_ADD(multi, easy, ...) \
    sonde_curl_multi_add_handle_opts((multi), (easy), &(const sonde_curl_options){ __VA_ARGS__ })
#else
inline CURLcode sonde_curl_easy_perform(CURL              *easy,
                                        sonde_curl_options options = sonde_curl_options())
{
    options.size = sizeof options;
    return sonde_curl_easy_perform_opts(easy, &options);
}
inline CURLMcode sonde_curl_multi_add_handle(CURLM *multi, CURL *easy,
                                             sonde_curl_options options = sonde_curl_options())
{
    options.size = sizeof options;
    return sonde_curl_multi_add_handle_opts(multi, easy, &options);
}
#endif
#endif
