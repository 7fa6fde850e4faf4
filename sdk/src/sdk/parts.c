/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* parts.c - runs in the thread that starts the SDK. */
#include "parts.h"
#include "transport/console.h"
#include "transport/otlp_http.h"

#include <unistd.h>

sonde_err sonde__sampler_make(const struct sonde__config *config, sonde_sampler **ret_sampler)
{
    unsigned what = config->sampler;
    if (what == (SONDE__SAMPLE_PARENT | SONDE__SAMPLE_ON))
        return SONDE_OK; /* what a core does by itself */
    sonde_sampler *root = what & SONDE__SAMPLE_RATIO
                              ? sonde_sampler_ratio_new(config->sampler_ratio)
                          : what & SONDE__SAMPLE_OFF ? sonde_sampler_always_off()
                                                     : sonde_sampler_always_on();
    sonde_sampler *made = root;
    if (root && what & SONDE__SAMPLE_PARENT)
        made = sonde_sampler_parent_based_new(root);
    if (!made) {
        sonde_sampler_free(root);
        return SONDE_ERR_NOMEM;
    }
    *ret_sampler = made;
    return SONDE_OK;
}

const sonde_propagator *sonde__propagators_make(struct sonde__propagators *propagators,
                                                unsigned                   which)
{
    size_t count = 0;
    if (which & SONDE__PROPAGATE_TRACECONTEXT)
        propagators->items[count++] = sonde_propagator_tracecontext();
    if (which & SONDE__PROPAGATE_BAGGAGE)
        propagators->items[count++] = sonde_propagator_baggage();
    if (count == 0 ||
        sonde_propagator_composite_init(propagators->items, count, &propagators->composite))
        return sonde_propagator_none();
    return &propagators->composite.base;
}

void sonde__exporters_done(struct sonde__exporters *exporters)
{
    while (exporters->count > 0) {
        sonde_exporter *exporter = exporters->items[--exporters->count];
        exporter->done(exporter);
    }
}

static sonde_err add_exporter(struct sonde__exporters *exporters, sonde_exporter *exporter)
{
    if (!exporter)
        return SONDE_ERR_NOMEM;
    exporters->items[exporters->count++] = exporter;
    return SONDE_OK;
}

static unsigned signals_of(const struct sonde__config *config, unsigned exporter)
{
    return (config->trace_exporters & exporter ? (unsigned)SONDE_SIGNAL_TRACES : 0u) |
           (config->metric_exporters & exporter ? (unsigned)SONDE_SIGNAL_METRICS : 0u);
}

sonde_err sonde__exporters_make(struct sonde__exporters    *exporters,
                                const struct sonde__config *config)
{
    unsigned  otlp    = signals_of(config, SONDE__EXPORT_OTLP);
    unsigned  console = signals_of(config, SONDE__EXPORT_CONSOLE);
    sonde_err err     = SONDE_OK;
    if (otlp) {
        const struct sonde__otlp_http_options options = {
            .traces      = otlp & SONDE_SIGNAL_TRACES ? &config->traces : NULL,
            .metrics     = otlp & SONDE_SIGNAL_METRICS ? &config->metrics : NULL,
            .use_proxies = config->use_proxies,
        };
        err = add_exporter(exporters, sonde__otlp_http_new(&options));
    }
    if (!err && console)
        err = add_exporter(exporters, sonde__console_new(console, STDOUT_FILENO));
    return err;
}
