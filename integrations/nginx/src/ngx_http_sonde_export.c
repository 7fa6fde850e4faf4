/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The otel_exporter block.  The master and nginx -t read it, and that is all
 * that happens here.
 */

#include "ngx_http_sonde.h"


static char *ngx_http_sonde_exporter_param(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *ngx_http_sonde_exporter_check(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf);
static char *ngx_http_sonde_endpoint(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf);


static ngx_command_t  ngx_http_sonde_exporter_params[] = {

    { ngx_string("protocol"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, protocol),
      NULL },

    { ngx_string("endpoint"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, endpoint),
      NULL },

    { ngx_string("interval"),
      NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, interval),
      NULL },

    { ngx_string("batch_size"),
      NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, batch_size),
      NULL },

    { ngx_string("batch_count"),
      NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      0,
      offsetof(ngx_http_sonde_main_conf_t, batch_count),
      NULL },

      ngx_null_command
};


char *
ngx_http_sonde_exporter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_sonde_main_conf_t *smcf = conf;

    char        *rv;
    ngx_conf_t   save;

    if (smcf->exporter) {
        return "is duplicate";
    }

    smcf->exporter = 1;

    save = *cf;
    cf->handler = ngx_http_sonde_exporter_param;
    cf->handler_conf = conf;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_sonde_exporter_check(cf, smcf);
}


static char *
ngx_http_sonde_exporter_param(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    char           *rv;
    ngx_str_t      *value;
    ngx_command_t  *cmd;

    value = cf->args->elts;

    for (cmd = ngx_http_sonde_exporter_params; cmd->name.len; cmd++) {

        if (value[0].len == cmd->name.len
            && ngx_strncmp(value[0].data, cmd->name.data, cmd->name.len) == 0)
        {
            break;
        }
    }

    if (cmd->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown parameter \"%V\" in \"otel_exporter\"",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts != 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" of "
                           "\"otel_exporter\"", &value[0]);
        return NGX_CONF_ERROR;
    }

    rv = cmd->set(cf, cmd, conf);

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"otel_exporter\" %s", &value[0], rv);
        return NGX_CONF_ERROR;
    }

    return rv;
}


static char *
ngx_http_sonde_exporter_check(ngx_conf_t *cf,
    ngx_http_sonde_main_conf_t *smcf)
{
    if (smcf->protocol.len == 0
        || (smcf->protocol.len == 4
            && ngx_strncmp(smcf->protocol.data, "grpc", 4) == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"otel_exporter\" cannot export by gRPC yet: "
                           "write \"protocol http/protobuf;\" and an endpoint "
                           "that receives OTLP over HTTP, such as "
                           "\"endpoint http://127.0.0.1:4318;\"");
        return NGX_CONF_ERROR;
    }

    if (smcf->protocol.len != sizeof("http/protobuf") - 1
        || ngx_strncmp(smcf->protocol.data, "http/protobuf",
                       sizeof("http/protobuf") - 1)
           != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"protocol\" of "
                           "\"otel_exporter\", it must be \"http/protobuf\"",
                           &smcf->protocol);
        return NGX_CONF_ERROR;
    }

    if (smcf->endpoint.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"otel_exporter\" requires \"endpoint\"");
        return NGX_CONF_ERROR;
    }

    if (smcf->interval == 0 || smcf->batch_size == 0
        || smcf->batch_count == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"interval\", \"batch_size\" and \"batch_count\" "
                           "of \"otel_exporter\" must not be zero");
        return NGX_CONF_ERROR;
    }

    if (smcf->batch_size != NGX_CONF_UNSET_SIZE
        && smcf->batch_size > NGX_MAX_INT32_VALUE)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"batch_size\" of \"otel_exporter\" is too large");
        return NGX_CONF_ERROR;
    }

    return ngx_http_sonde_endpoint(cf, smcf);
}


/*
 * http:// may be left out, as in nginx's own module.  A path is taken as it
 * is; without one, spans go where OTLP has them.
 */

static char *
ngx_http_sonde_endpoint(ngx_conf_t *cf, ngx_http_sonde_main_conf_t *smcf)
{
    u_char     *p, *last, *host, *path;
    ngx_str_t  *endpoint;

    endpoint = &smcf->endpoint;
    last = endpoint->data + endpoint->len;
    host = endpoint->data;

    if (endpoint->len >= 7
        && ngx_strncasecmp(host, (u_char *) "http://", 7) == 0)
    {
        host += 7;

    } else if (endpoint->len >= 8
               && ngx_strncasecmp(host, (u_char *) "https://", 8) == 0)
    {
        host += 8;

    } else if (ngx_strstr(host, "://")) {
        goto invalid;
    }

    path = last;

    for (p = last; p > host; p--) {

        if (p[-1] <= ' ' || p[-1] == 0x7f || p[-1] == '#') {
            goto invalid;
        }

        if (p[-1] == '/' || p[-1] == '?') {
            path = p - 1;
        }
    }

    if (path == host) {
        goto invalid;
    }

    p = ngx_pnalloc(cf->pool, endpoint->len + sizeof("http:///v1/traces"));
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    smcf->url.data = p;

    if (host == endpoint->data) {
        p = ngx_cpymem(p, "http://", 7);
    }

    p = ngx_cpymem(p, endpoint->data, path - endpoint->data);

    if (last - path > 1) {
        p = ngx_cpymem(p, path, last - path);

    } else {
        p = ngx_cpymem(p, "/v1/traces", 10);
    }

    *p = '\0';
    smcf->url.len = p - smcf->url.data;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"endpoint\" of "
                       "\"otel_exporter\", it must be "
                       "\"http://HOST[:PORT][/PATH]\" or the same with "
                       "\"https://\"", endpoint);

    return NGX_CONF_ERROR;
}
