/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* parts.h - what a configuration says an SDK is made of: sampler, propagator, exporters. */
#ifndef SONDE_SDK_PARTS_H
#define SONDE_SDK_PARTS_H

#include "config/config.h"

#include <sonde/plugin/exporter.h>
#include <sonde/plugin/sampler.h>
#include <sonde/propagator.h>

/* To be freed with sonde_sampler_free(). *ret_sampler is left alone where a core needs none: parent based,
 * root always on. */
sonde_err sonde__sampler_make(const struct sonde__config *config, sonde_sampler **ret_sampler);

struct sonde__propagators {
    const sonde_propagator    *items[2];
    sonde_propagator_composite composite;
};

/* The propagator of these SONDE__PROPAGATE_ bits; may be part of *propagators, never NULL. */
const sonde_propagator *sonde__propagators_make(struct sonde__propagators *propagators,
                                                unsigned                   which);

/* Exporters of our own. A core that has been given them frees them when it stops. */
struct sonde__exporters {
    sonde_exporter *items[2];
    size_t          count;
};

/* Those that OTEL_*_EXPORTER name. They borrow the configuration. */
sonde_err sonde__exporters_make(struct sonde__exporters    *exporters,
                                const struct sonde__config *config);
void      sonde__exporters_done(struct sonde__exporters *exporters);

#endif
