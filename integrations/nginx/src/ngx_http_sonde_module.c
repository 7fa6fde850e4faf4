/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Directives, configuration, and the hooks into nginx's life.  The master
 * reads the configuration; workers, and nobody else, start the SDK.
 */

#include "ngx_http_sonde.h"


static void *ngx_http_sonde_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_sonde_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_sonde_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_sonde_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_sonde_trace(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_sonde_span_attr(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_sonde_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_sonde_init_process(ngx_cycle_t *cycle);
static void ngx_http_sonde_exit_process(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_sonde_contexts[] = {
    { ngx_string("ignore"), 0 },
    { ngx_string("extract"), NGX_HTTP_SONDE_EXTRACT },
    { ngx_string("inject"), NGX_HTTP_SONDE_INJECT },
    { ngx_string("propagate"),
      NGX_HTTP_SONDE_EXTRACT|NGX_HTTP_SONDE_INJECT },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_sonde_commands[] = {

    { ngx_string("otel_exporter"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_http_sonde_exporter,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("otel_service_name"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_sonde_main_conf_t, service_name),
      NULL },

    { ngx_string("otel_resource_attr"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_conf_set_keyval_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_sonde_main_conf_t, resource_attrs),
      NULL },

    { ngx_string("otel_trace"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_sonde_trace,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_sonde_loc_conf_t, trace),
      NULL },

    { ngx_string("otel_trace_context"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_sonde_loc_conf_t, context),
      &ngx_http_sonde_contexts },

    { ngx_string("otel_span_name"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_sonde_loc_conf_t, span_name),
      NULL },

    { ngx_string("otel_span_attr"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_sonde_span_attr,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sonde_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_sonde_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_sonde_module_ctx = {
    ngx_http_sonde_add_variables,          /* preconfiguration */
    ngx_http_sonde_init,                   /* postconfiguration */

    ngx_http_sonde_create_main_conf,       /* create main configuration */
    ngx_http_sonde_init_main_conf,         /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_sonde_create_loc_conf,        /* create location configuration */
    ngx_http_sonde_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_sonde_module = {
    NGX_MODULE_V1,
    &ngx_http_sonde_module_ctx,            /* module context */
    ngx_http_sonde_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_sonde_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_sonde_exit_process,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_sonde_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_sonde_main_conf_t  *smcf;

    smcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_sonde_main_conf_t));
    if (smcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     smcf->protocol = { 0, NULL };
     *     smcf->endpoint = { 0, NULL };
     *     smcf->url = { 0, NULL };
     *     smcf->service_name = { 0, NULL };
     *     smcf->resource_attrs = NULL;
     *     smcf->shared_zone = NULL;
     *     smcf->metrics_zone = NULL;
     *     smcf->exporter = 0;
     *     smcf->context = 0;
     */

    smcf->interval = NGX_CONF_UNSET_MSEC;
    smcf->batch_size = NGX_CONF_UNSET_SIZE;
    smcf->batch_count = NGX_CONF_UNSET_SIZE;

    return smcf;
}


static char *
ngx_http_sonde_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_sonde_main_conf_t *smcf = conf;

    if (!smcf->exporter && smcf->metrics_zone == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_http_sonde_shared_zone(cf, smcf);
}


static void *
ngx_http_sonde_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_sonde_loc_conf_t  *slcf;

    slcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_sonde_loc_conf_t));
    if (slcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     slcf->trace_known = NGX_HTTP_SONDE_OFF;
     *     slcf->span_attrs = NULL;
     *     slcf->metrics = 0;
     */

    slcf->trace = NGX_CONF_UNSET_PTR;
    slcf->context = NGX_CONF_UNSET_UINT;
    slcf->span_name = NGX_CONF_UNSET_PTR;

    return slcf;
}


static char *
ngx_http_sonde_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_sonde_loc_conf_t *prev = parent;
    ngx_http_sonde_loc_conf_t *conf = child;

    ngx_http_sonde_main_conf_t  *smcf;

    ngx_conf_merge_ptr_value(conf->trace, prev->trace, NULL);
    ngx_conf_merge_uint_value(conf->context, prev->context, 0);
    ngx_conf_merge_ptr_value(conf->span_name, prev->span_name, NULL);

    if (conf->span_attrs == NULL) {
        conf->span_attrs = prev->span_attrs;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sonde_module);

    if (conf->context) {
        smcf->context = 1;
    }

    if (conf->trace == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->trace->lengths) {
        conf->trace_known = NGX_HTTP_SONDE_ASK;

    } else if (ngx_http_sonde_is_on(&conf->trace->value)) {
        conf->trace_known = NGX_HTTP_SONDE_ON;
    }

    if (conf->trace_known != NGX_HTTP_SONDE_OFF && !smcf->exporter) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"otel_trace\" needs an \"otel_exporter\" block");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_sonde_trace(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_sonde_loc_conf_t *slcf = conf;

    char       *rv;
    ngx_str_t  *value;

    if (slcf->trace != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK || slcf->trace->lengths) {
        return rv;
    }

    value = &slcf->trace->value;

    if (ngx_http_sonde_is_on(value)
        || (value->len == 3 && ngx_strncmp(value->data, "off", 3) == 0)
        || (value->len == 1 && value->data[0] == '0'))
    {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\" directive, it must be "
                       "\"on\", \"off\" or a variable", value, &cmd->name);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_sonde_span_attr(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_sonde_loc_conf_t *slcf = conf;

    ngx_str_t                         *value;
    ngx_http_sonde_attr_t             *attr;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    if (slcf->span_attrs == NULL) {
        slcf->span_attrs = ngx_array_create(cf->pool, 4,
                                            sizeof(ngx_http_sonde_attr_t));
        if (slcf->span_attrs == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    attr = ngx_array_push(slcf->span_attrs);
    if (attr == NULL) {
        return NGX_CONF_ERROR;
    }

    attr->name = ngx_http_sonde_view(&value[1]);

    /* the conventions have headers as arrays of strings */

    attr->array = (ngx_strncmp(value[1].data, "http.request.header.",
                               sizeof("http.request.header.") - 1) == 0
                   || ngx_strncmp(value[1].data, "http.response.header.",
                                  sizeof("http.response.header.") - 1) == 0);

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &attr->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_sonde_init(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_http_handler_pt         *h;
    ngx_http_core_main_conf_t   *cmcf;
    ngx_http_sonde_main_conf_t  *smcf;

    static struct {
        ngx_uint_t               phase;
        ngx_http_handler_pt      handler;
    } handlers[] = {
        { NGX_HTTP_POST_READ_PHASE, ngx_http_sonde_post_read_handler },
        { NGX_HTTP_REWRITE_PHASE, ngx_http_sonde_rewrite_handler },
        { NGX_HTTP_LOG_PHASE, ngx_http_sonde_log_handler }
    };

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sonde_module);

    ngx_http_sonde_headers_init();

    /* a module that has nothing to do costs nothing */

    if (!smcf->exporter && smcf->metrics_zone == NULL && !smcf->context) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {

        h = ngx_array_push(&cmcf->phases[handlers[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = handlers[i].handler;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_sonde_init_process(ngx_cycle_t *cycle)
{
    ngx_http_sonde_main_conf_t  *smcf;

    /* the cache manager and loader come here, too */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    smcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sonde_module);

    if (smcf && (smcf->exporter || smcf->metrics_zone)) {
        ngx_http_sonde_start(cycle, smcf);
    }

    return NGX_OK;
}


static void
ngx_http_sonde_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_sonde_stop(cycle);
}
