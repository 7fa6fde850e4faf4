/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* table.c - the table between libsonde-api and libsonde-sdk; the only file that knows both core and
 * metrics. */
#include "core/core.h"
#include "core/diag.h"
#include "core/table.h"
#include "metrics/metrics.h"

static sonde_err core_start(const struct sonde__core_options *options,
                            struct sonde__core              **ret_core)
{
    struct sonde__core_options set = *options;
    set.collect                    = sonde__metrics_write_otlp;
    return sonde__core_start(&set, ret_core);
}

static const struct sonde__table table = {
    .size                = sizeof table,
    .version             = SONDE__TABLE_VERSION,
    .core_start          = core_start,
    .core_flush          = sonde__core_flush,
    .core_stop           = sonde__core_stop,
    .core_fd             = sonde__core_fd,
    .core_dispatch       = sonde__core_dispatch,
    .core_stats          = sonde__core_stats,
    .metrics_start       = sonde__metrics_start,
    .metrics_stop        = sonde__metrics_stop,
    .metrics_visit       = sonde__metrics_visit,
    .metrics_memory_init = sonde__metrics_memory_init,
    .diag_set            = sonde__diag_set,
    .diag                = sonde__diag,
};

const struct sonde__table *sonde__table_get(uint32_t version)
{
    return version == SONDE__TABLE_VERSION ? &table : NULL;
}
