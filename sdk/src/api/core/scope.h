/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/scope.h - instrumentation scopes, once for all signals: name, version, schema URL and
 * attributes, kept for the life of the process and known by a small number, which is what a
 * record's frame carries. */
#ifndef SONDE_CORE_SCOPE_H
#define SONDE_CORE_SCOPE_H

#include "base/buf.h"

#include <sonde/attr.h>

#include <stdatomic.h>
#include <stdint.h>

enum { SONDE__SCOPE_MAX = 4096 };

struct sonde__scope {
    uint16_t id;
    char    *name, *version, *schema_url; /* repaired UTF-8, NUL-terminated; "" when not given */
    struct sonde__buf message;            /* InstrumentationScope, encoded */
};

struct sonde__scope_key {
    const char *name, *version, *schema_url;
    sonde_attrs attrs;
};

/* The scope with these values, made when it is new; the same pointer for equal values. NULL when
 * out of memory; beyond SONDE__SCOPE_MAX scopes: scope 0, whose name is empty. Any thread; one
 * lock. */
const struct sonde__scope *sonde__scope_get(const struct sonde__scope_key *key);

/* By number; never NULL for a number that a scope has. Any thread, no lock. */
const struct sonde__scope *sonde__scope_at(uint16_t id);

#endif
