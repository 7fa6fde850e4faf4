/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* headers.c - a request's headers as a carrier. The thread that serves the connection. */
#include "headers.h"

#include <strings.h>

static enum MHD_Result keep(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
                            const char *value, size_t value_len)
{
    struct sonde__mhd_headers *headers = cls;
    (void)kind;
    if (headers->count < SONDE__MHD_HEADERS) {
        headers->items[headers->count].name  = sonde_str_n(name, name_len);
        headers->items[headers->count].value = sonde_str_n(value ? value : "", value_len);
    }
    headers->count++;
    return MHD_YES;
}

static bool is_named(const struct sonde__mhd_header *header, sonde_str name)
{
    return header->name.len == name.len && strncasecmp(header->name.ptr, name.ptr, name.len) == 0;
}

/* What is being looked for among more headers than were kept. */
struct search {
    sonde_str  name;
    sonde_str *values;
    size_t     max;
    size_t     found;
};

static enum MHD_Result match(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
                             const char *value, size_t value_len)
{
    struct search           *search = cls;
    struct sonde__mhd_header header = { sonde_str_n(name, name_len),
                                        sonde_str_n(value ? value : "", value_len) };
    (void)kind;
    if (!is_named(&header, search->name))
        return MHD_YES;
    if (search->found < search->max)
        search->values[search->found] = header.value;
    search->found++;
    return MHD_YES;
}

static size_t get(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max)
{
    struct sonde__mhd_headers *headers = (struct sonde__mhd_headers *)self;
    struct search              search  = { name, ret_values, max, 0 };
    if (headers->count > SONDE__MHD_HEADERS) {
        MHD_get_connection_values_n(headers->connection, MHD_HEADER_KIND, match, &search);
        return search.found;
    }
    for (size_t i = 0; i < headers->count; i++) {
        if (!is_named(&headers->items[i], name))
            continue;
        if (search.found < max)
            ret_values[search.found] = headers->items[i].value;
        search.found++;
    }
    return search.found;
}

void sonde__mhd_headers_init(struct sonde__mhd_headers *headers, struct MHD_Connection *connection)
{
    headers->base.get   = get;
    headers->base.set   = NULL;
    headers->connection = connection;
    headers->count      = 0;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, keep, headers);
}

sonde_str sonde__mhd_headers_find(struct sonde__mhd_headers *headers, sonde_str name)
{
    sonde_str value = { NULL, 0 };
    get(&headers->base, name, &value, 1);
    return value;
}
