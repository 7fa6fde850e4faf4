/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* carrier.c - a request's headers as a carrier to extract from. The thread that serves the
 * connection. */
#include "request.h"

#include <strings.h>

struct headers {
    sonde_carrier          base;
    struct MHD_Connection *connection;
};

struct collected {
    sonde_str  name;
    sonde_str *values;
    size_t     max;
    size_t     count;
};

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *key,
                               const char *value)
{
    struct collected *into = cls;
    (void)kind;
    if (strncasecmp(key, into->name.ptr, into->name.len) != 0 || key[into->name.len] != '\0')
        return MHD_YES;
    if (into->count < into->max)
        into->values[into->count] = sonde_str_z(value ? value : "");
    into->count++;
    return MHD_YES;
}

static size_t get(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max)
{
    struct headers  *headers = (struct headers *)self;
    struct collected into    = { name, ret_values, max, 0 };
    MHD_get_connection_values(headers->connection, MHD_HEADER_KIND, collect, &into);
    return into.count;
}

sonde_context *sonde__mhd_extract(struct MHD_Connection *connection)
{
    struct headers headers = { { get, NULL }, connection };
    return sonde_propagator_extract(NULL, NULL, &headers.base);
}
