/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/tracer.h - a tracer: a scope, and the core that it records into. */
#ifndef SONDE_TRACE_TRACER_H
#define SONDE_TRACE_TRACER_H

#include "core/core.h"
#include "core/scope.h"

#include <sonde/trace.h>

struct sonde_tracer {
    const struct sonde__scope *scope;
    struct sonde__core *core; /* of a .local SDK; NULL: the process-wide one, whichever runs */
    uint32_t            run;
    sonde_tracer       *next;
};

/* Around a fork. */
void sonde__tracer_lock(void);
void sonde__tracer_unlock(void);

/* The core to record into and its run; NULL when none runs. */
static inline struct sonde__core *sonde__tracer_core(const sonde_tracer *tracer, uint32_t *ret_run)
{
    struct sonde__core *core = tracer->core ? tracer->core : sonde__core_current();
    if (!core)
        return NULL;
    uint32_t run = sonde__core_run(core);
    if (!(run & 1) || (tracer->core && run != tracer->run))
        return NULL;
    *ret_run = run;
    return core;
}

#endif
