/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What all propagators share, and the one that does nothing.  No state: any thread. */
#include <sonde/propagator.h>

const sonde_propagator *sonde_propagator_none(void)
{
    static const sonde_propagator none = { .size = sizeof(sonde_propagator) };
    return &none;
}

void sonde_propagator_read(const sonde_propagator *propagator, sonde_carrier *from,
                           sonde_scratch *scratch, sonde_propagation *ret_found)
{
    if (!ret_found)
        return;
    memset(ret_found, 0, sizeof(*ret_found));
    sonde_scratch nothing = sonde_scratch_of(NULL, 0);
    if (propagator && propagator->read && from)
        propagator->read(propagator, from, scratch ? scratch : &nothing, ret_found);
}

void sonde_propagator_write(const sonde_propagator *propagator, const sonde_propagation *what,
                            sonde_carrier *into)
{
    if (propagator && propagator->write && what && into)
        propagator->write(propagator, what, into);
}
