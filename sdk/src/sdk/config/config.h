/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/config.h - what an SDK runs with: the options that the program gave, over what the
 * environment says, over the defaults; valid as a whole, and not changed any more. */
#ifndef SONDE_CONFIG_CONFIG_H
#define SONDE_CONFIG_CONFIG_H

#include "config/settings.h"

/* Where the OTLP exporter sends one signal. */
struct sonde__otlp_target {
    char    *url;
    char   **headers; /* as libcurl takes them: "Name: value", "Name;" when it is empty */
    size_t   header_count;
    uint32_t timeout_ms;
    bool     is_loopback;
};

struct sonde__config {
    bool     disabled;
    unsigned propagators;                       /* SONDE__PROPAGATE_ bits */
    unsigned trace_exporters, metric_exporters; /* SONDE__EXPORT_ bits */
    unsigned sampler;                           /* SONDE__SAMPLE_ */
    double   sampler_ratio;
    uint32_t schedule_delay_ms, batch_spans, export_timeout_ms, metric_interval_ms;
    uint32_t attribute_limit, event_limit, link_limit;
    bool     use_proxies;                        /* what http_proxy and the like say counts */
    char    *service_name, *resource_attributes; /* of the environment; NULL: not given */
    struct sonde__otlp_target traces, metrics;
};

/* options: complete, not NULL. get: where OTEL_ variables come from; NULL: nowhere, and proxies are not
 * asked for either. Bad values are reported through diag, and the default is used. Returns false when
 * out of memory; to be undone in either case. */
bool sonde__config_make(const sonde_sdk_options *options, sonde__getenv_fn *get,
                        sonde__diag_fn *diag, struct sonde__config *ret_config);

void sonde__config_done(struct sonde__config *config);

/* How much is to be said of what, which has to be known before the first report. */
struct sonde__log_config {
    sonde_level level;
    bool        quiet;
};

struct sonde__log_config sonde__config_log(const sonde_sdk_options *options, sonde__getenv_fn *get);

#endif
