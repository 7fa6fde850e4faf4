/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/otlp_http.h - the exporter for OTLP over HTTP with protobuf bodies. */
#ifndef SONDE_TRANSPORT_OTLP_HTTP_H
#define SONDE_TRANSPORT_OTLP_HTTP_H

#include "config/config.h"

#include <sonde/plugin/exporter.h>

struct sonde__otlp_http_options {
    const struct sonde__otlp_target *traces,
        *metrics; /* borrowed until done(); NULL: not this signal */
    bool use_proxies;
};

/* An exporter that its done() frees. Nothing of libcurl is called before the first begin(). NULL when
 * out of memory. */
sonde_exporter *sonde__otlp_http_new(const struct sonde__otlp_http_options *options);

/* What a response means, for whoever checks it by itself. response: the body; as_text: it is for people,
 * not protobuf. Fills all of ret_result but batch and retry_after_ms. */
void sonde__otlp_http_judge(long status, sonde_str response, bool as_text,
                            sonde_result *ret_result);

#endif
