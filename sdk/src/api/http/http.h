/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/http.h - what the server's and the client's half of sonde/http.h share. Everything works on
 * memory of the caller's and runs in whatever thread calls. */
#ifndef SONDE_HTTP_HTTP_H
#define SONDE_HTTP_HTTP_H

#include <sonde/http.h>

enum {
    SONDE__HTTP_ATTRS      = 32, /* attributes that a span starts with, the caller's included */
    SONDE__HTTP_METHOD_MAX = 32, /* bytes of a known method */
    SONDE__HTTP_NAME_MAX   = SONDE__HTTP_METHOD_MAX + 1 + SONDE_HTTP_ROUTE_MAX
};

/* A list that is filled from the front; what does not fit is left out. */
struct sonde__http_attrs {
    size_t     count;
    sonde_attr items[SONDE__HTTP_ATTRS];
};

#define SONDE__STR(literal) sonde_str_n((literal), sizeof(literal) - 1)

/* Adds text that is there; {NULL, 0} and the empty string are not. */
static inline void sonde__http_add_text(struct sonde__http_attrs *attrs, sonde_str key,
                                        sonde_str value)
{
    if (value.ptr && value.len && attrs->count < SONDE__HTTP_ATTRS)
        attrs->items[attrs->count++] = sonde_attr_string(key, value);
}

/* Adds a number that is there; 0 is not. */
static inline void sonde__http_add_int(struct sonde__http_attrs *attrs, sonde_str key,
                                       int64_t value)
{
    if (value && attrs->count < SONDE__HTTP_ATTRS)
        attrs->items[attrs->count++] = sonde_attr_int(key, value);
}

/* Options as this version knows them: the caller's own, or, where its version knew fewer, those in
 * the room and the rest zero. Zero bytes are every field's default, hence memset. size: what the
 * caller says, 0 for the first release. */
static inline const void *sonde__http_options(void *room, size_t known, const void *given,
                                              size_t size)
{
    if (given && (size == 0 || size >= known))
        return given;
    memset(room, 0, known);
    if (given)
        memcpy(room, given, size);
    return room;
}

/* Forgets what the exchange held before; its text is left as it is, but has no length. */
void sonde__http_exchange_reset(sonde_http_exchange *exchange);

/* The scheme, and the protocol's version, as strings of static storage, of which there are few.
 * What is not known is "_OTHER" and {NULL, 0}. */
sonde_str sonde__http_scheme(sonde_str scheme);
sonde_str sonde__http_version(sonde_str version);

/* The port that a scheme stands for; 0: none. */
uint16_t sonde__http_scheme_port(sonde_str scheme);

/* "{method} {target}" in the buffer, or "{method}" alone; the method _OTHER reads HTTP. */
sonde_str sonde__http_name(char buffer[SONDE__HTTP_NAME_MAX], sonde_str method, sonde_str target);

/* Keeps at most SONDE_HTTP_ROUTE_MAX bytes of a route or address in the exchange, for its metrics; does
 * nothing when it has none. */
void      sonde__http_text_set(sonde_http_exchange *exchange, sonde_str text);
sonde_str sonde__http_text(const sonde_http_exchange *exchange);

/* Starts the span with what was collected and the caller's own attributes behind it. */
sonde_span *sonde__http_span_start(sonde_tracer *tracer, sonde_span_options *options,
                                   struct sonde__http_attrs *attrs, sonde_attrs own);

/* The duration histogram of one side, with the buckets of the conventions. */
sonde_histogram *sonde__http_duration_get(sonde_meter *meter, const char *name,
                                          const char *description);

/* What an answer means: status and error.type of the span. error_from: the first status that is an
 * error to this side. ret_digits: room for the status in digits, to which *ret_error_type may
 * point. Returns true for an error. */
bool sonde__http_is_error(const sonde_http_response *response, int error_from, char ret_digits[4],
                          sonde_str *ret_error_type);

/* Sets on the span what both sides record of an answer. */
void sonde__http_span_finish(sonde_span *span, const sonde_http_response *response, bool error,
                             sonde_str error_type);

/* Records the duration, unless the exchange is not counted. */
void sonde__http_duration_record(const sonde_http_exchange      *exchange,
                                 const struct sonde__http_attrs *attrs, uint64_t end_ns);

/* Where a URL's user and password begin and end (the '@' included), and where its query or fragment
 * begins; an empty run where there are none. */
struct sonde__http_url_parts {
    size_t scheme_end; /* of "scheme:"; 0: none */
    size_t authority;
    size_t host; /* behind the '@' */
    size_t authority_end;
    size_t query; /* behind the '?' or '#' */
};
void sonde__http_url_parts(sonde_str url, struct sonde__http_url_parts *ret_parts);

#endif
