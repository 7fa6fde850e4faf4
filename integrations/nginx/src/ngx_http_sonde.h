/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the files of the module share.  Everything here runs in a worker's
 * event loop, except where a comment names another thread or process.
 */

#ifndef _NGX_HTTP_SONDE_H_INCLUDED_
#define _NGX_HTTP_SONDE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <time.h>

#include <sonde/http.h>
#include <sonde/plugin/exporter.h>
#include <sonde/sonde.h>


/* the instrumentation scope */
#define NGX_HTTP_SONDE_SCOPE    "sonde.nginx"
#define NGX_HTTP_SONDE_VERSION  "0.1.0"

/* different messages of the error log that are remembered */
#define NGX_HTTP_SONDE_SAID     32

/* otel_trace_context */
#define NGX_HTTP_SONDE_EXTRACT  1
#define NGX_HTTP_SONDE_INJECT   2

/* otel_trace: what is known of it without a request */
#define NGX_HTTP_SONDE_OFF      0
#define NGX_HTTP_SONDE_ON       1
#define NGX_HTTP_SONDE_ASK      2


/* The last time that a message was written to the error log. */
typedef struct {
    ngx_atomic_t                 key;
    ngx_atomic_t                 time;
} ngx_http_sonde_said_t;


/* All workers of an nginx have one of these, from its start to its end. */
typedef struct {
    u_char                       instance_id[36];
    u_char                       created[20];     /* in ISO 8601 */
    ngx_http_sonde_said_t        said[NGX_HTTP_SONDE_SAID];
} ngx_http_sonde_shared_t;


typedef struct {
    ngx_str_t                    protocol;
    ngx_str_t                    endpoint;
    ngx_str_t                    url;             /* of the endpoint */
    ngx_msec_t                   interval;
    size_t                       batch_size;
    size_t                       batch_count;

    ngx_str_t                    service_name;
    ngx_array_t                 *resource_attrs;  /* of ngx_keyval_t */

    ngx_shm_zone_t              *shared_zone;     /* what workers share */
    ngx_shm_zone_t              *metrics_zone;    /* NULL: nothing counts */

    unsigned                     exporter:1;
    unsigned                     context:1;       /* extract or inject */
} ngx_http_sonde_main_conf_t;


typedef struct {
    sonde_str                    name;
    ngx_http_complex_value_t     value;
    unsigned                     array:1;
} ngx_http_sonde_attr_t;


typedef struct {
    ngx_http_complex_value_t    *trace;
    ngx_uint_t                   trace_known;
    ngx_uint_t                   context;

    ngx_http_complex_value_t    *span_name;
    ngx_array_t                 *span_attrs;  /* of ngx_http_sonde_attr_t */

    unsigned                     metrics:1;   /* sonde_metrics; */
} ngx_http_sonde_loc_conf_t;


/* more headers of one name than this carry no context */
#define NGX_HTTP_SONDE_VALUES  64


enum {
    NGX_HTTP_SONDE_TRACEPARENT = 0,
    NGX_HTTP_SONDE_TRACESTATE,
    NGX_HTTP_SONDE_BAGGAGE,
    NGX_HTTP_SONDE_HEADERS
};


typedef struct {
    ngx_table_elt_t             *first;  /* when there is one */
    size_t                       count;  /* may be more than there are items */
    sonde_str                    items[NGX_HTTP_SONDE_VALUES];
} ngx_http_sonde_values_t;


typedef struct {
    ngx_http_sonde_values_t      of[NGX_HTTP_SONDE_HEADERS];
} ngx_http_sonde_headers_t;


typedef struct {
    unsigned                     ids:1;      /* current is there, and told */
    unsigned                     parent:1;   /* parent is there */
    unsigned                     decided:1;
    unsigned                     sampled:1;
    unsigned                     injected:1;
    unsigned                     ignored:1;  /* neither traced nor counted */
} ngx_http_sonde_flags_t;


/* One main request, from its first phase, or its end, to its end. */
typedef struct {
    sonde_span_context           parent;
    sonde_span_context           current;
    ngx_http_sonde_flags_t       flags;

    in_port_t                    peer_port;
    ngx_str_t                    peer_text;  /* of the socket, before realip */
    ngx_str_t                    tracestate;
    ngx_str_t                    route;

    uint64_t                     start_mono_ns;
    uint64_t                     start_ns;   /* Unix time */

    sonde_updown_counter_bound  *active;
} ngx_http_sonde_ctx_t;


/* ngx_http_sonde_span.c */

ngx_int_t ngx_http_sonde_post_read_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_sonde_rewrite_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_sonde_log_handler(ngx_http_request_t *r);

/* Of the main request, made when there is none; NULL when out of memory. */
ngx_http_sonde_ctx_t *ngx_http_sonde_ctx(ngx_http_request_t *r);

/*
 * From now on the ids are fixed, whether or not there will be a span.
 * headers: NULL when they have not been read.
 */
void ngx_http_sonde_ids(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers);


/* ngx_http_sonde_record.c */

void ngx_http_sonde_record(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx);

/* What span and metrics are told of a request; the rest is left alone. */
void ngx_http_sonde_describe(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_server_request *request);


/* ngx_http_sonde_headers.c */

void ngx_http_sonde_headers_init(void);
void ngx_http_sonde_headers_read(ngx_http_request_t *r,
    ngx_http_sonde_headers_t *headers);

/* Each value instead of all headers of its name; an empty one: no header. */
ngx_int_t ngx_http_sonde_headers_write(ngx_http_request_t *r,
    ngx_http_sonde_headers_t *headers, ngx_str_t *values);


/* ngx_http_sonde_context.c */

void ngx_http_sonde_extract(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers);
void ngx_http_sonde_inject(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    ngx_http_sonde_headers_t *headers);


/* ngx_http_sonde_export.c */

char *ngx_http_sonde_exporter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_sonde_worker.c */

char *ngx_http_sonde_shared_zone(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf);
void ngx_http_sonde_start(ngx_cycle_t *cycle,
    ngx_http_sonde_main_conf_t *smcf);
void ngx_http_sonde_stop(ngx_cycle_t *cycle);

extern sonde_tracer  *ngx_http_sonde_tracer;


/* ngx_http_sonde_log.c */

sonde_diagnostics *ngx_http_sonde_log_start(ngx_cycle_t *cycle,
    ngx_http_sonde_shared_t *shared);
void ngx_http_sonde_log_stop(ngx_cycle_t *cycle);
void ngx_http_sonde_log_dropped(ngx_log_t *log, ngx_uint_t last);


/* ngx_http_sonde_metrics.c */

char *ngx_http_sonde_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
void ngx_http_sonde_metrics_start(sonde_meter *meter);
void ngx_http_sonde_active(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx);
void ngx_http_sonde_inactive(ngx_http_sonde_ctx_t *ctx);
void ngx_http_sonde_count(ngx_http_request_t *r, ngx_http_sonde_ctx_t *ctx,
    sonde_http_response *response);

extern sonde_http_metrics  ngx_http_sonde_instruments;


/* ngx_http_sonde_variables.c */

ngx_int_t ngx_http_sonde_add_variables(ngx_conf_t *cf);


extern ngx_module_t  ngx_http_sonde_module;


static ngx_inline sonde_str
ngx_http_sonde_view(ngx_str_t *s)
{
    return sonde_str_n(s->data, s->len);
}


static ngx_inline uint64_t
ngx_http_sonde_clock(clockid_t id)
{
    struct timespec  ts;

    clock_gettime(id, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


/* As nginx's own module has it: anything else is off. */
static ngx_inline ngx_uint_t
ngx_http_sonde_is_on(ngx_str_t *s)
{
    return (s->len == 2 && s->data[0] == 'o' && s->data[1] == 'n')
           || (s->len == 1 && s->data[0] == '1');
}


#endif /* _NGX_HTTP_SONDE_H_INCLUDED_ */
