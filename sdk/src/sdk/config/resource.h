/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/resource.h - who sends: the encoded Resource message. In order of weight: the program's
 * attributes, its .service_name and .service_version, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
 * what is found out about the process. */
#ifndef SONDE_CONFIG_RESOURCE_H
#define SONDE_CONFIG_RESOURCE_H

#include "base/buf.h"
#include "config/config.h"

struct sonde__resource {
    struct sonde__buf message;
    uint32_t          stable; /* bytes of it that a forked child has in common with its parent */
    bool              find_id, find_pid, find_start;
};

/* Makes the message. Returns false when out of memory; to be undone in either case. */
bool sonde__resource_init(struct sonde__resource *resource, const sonde_sdk_options *options,
                          const struct sonde__config *config, sonde__diag_fn *diag);

void sonde__resource_done(struct sonde__resource *resource);

/* In a forked child: a new instance id, process id and start time. Without malloc and locks, which the
 * parent's other threads may have held. */
void sonde__resource_forked(struct sonde__resource *resource);

#endif
