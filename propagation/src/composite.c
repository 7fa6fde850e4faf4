/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Several propagators as one.  Written by init only, then read by any thread. */
#include <sonde/propagator.h>

#include "ascii.h"

static void composite_read(const sonde_propagator *self, sonde_carrier *from,
                           sonde_scratch *scratch, sonde_propagation *io)
{
    const sonde_propagator_composite *all = (const sonde_propagator_composite *)(const void *)self;
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i] && all->items[i]->read)
            all->items[i]->read(all->items[i], from, scratch, io);
    }
}

static void composite_write(const sonde_propagator *self, const sonde_propagation *what,
                            sonde_carrier *into)
{
    const sonde_propagator_composite *all = (const sonde_propagator_composite *)(const void *)self;
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i] && all->items[i]->write)
            all->items[i]->write(all->items[i], what, into);
    }
}

/* Adds a header name unless it is there; false when there is no more room. */
static bool add_field(sonde_str *names, size_t *io_count, sonde_str name)
{
    for (size_t i = 0; i < *io_count; i++) {
        if (sonde__str_equal(names[i], name))
            return true;
    }
    if (*io_count == SONDE_PROPAGATOR_FIELDS)
        return false;
    names[(*io_count)++] = name;
    return true;
}

static bool add_fields_of(const sonde_propagator *item, sonde_str *names, size_t *io_count)
{
    for (size_t i = 0; item && i < item->field_count; i++) {
        if (!add_field(names, io_count, item->fields[i]))
            return false;
    }
    return true;
}

sonde_err sonde_propagator_composite_init(const sonde_propagator *const *items, size_t count,
                                          sonde_propagator_composite *ret_composite)
{
    sonde_str names[SONDE_PROPAGATOR_FIELDS];
    size_t    field_count = 0;
    if (!ret_composite || (!items && count))
        return SONDE_ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (!add_fields_of(items[i], names, &field_count))
            return SONDE_ERR_INVALID;
    }

    memset(ret_composite, 0, sizeof(*ret_composite));
    memcpy(ret_composite->field_names, names, field_count * sizeof(names[0]));
    ret_composite->base.size        = sizeof(sonde_propagator);
    ret_composite->base.read        = composite_read;
    ret_composite->base.write       = composite_write;
    ret_composite->base.fields      = ret_composite->field_names;
    ret_composite->base.field_count = field_count;
    ret_composite->items            = items;
    ret_composite->count            = count;
    return SONDE_OK;
}
