/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/transport/drive.h - stands in for the pump: batches made by hand, and a driver that waits for
 * an exporter's descriptor and its time. */
#ifndef SONDE_TEST_DRIVE_H
#define SONDE_TEST_DRIVE_H

#include "core/batch.h"

#include <sonde/plugin/exporter.h>

enum { DRIVE_MS = 10000 }; /* long enough for the slowest machine; nothing waits for it to pass */

/* A trace request with that many empty spans, or a metrics request with that many points. */
sonde_batch *batch_of(sonde_signal signal, uint32_t count);
void         batch_free(sonde_batch *batch);

uint64_t in_ms(unsigned ms); /* a time of the monotonic clock */

/* Calls progress() until there is a result; false when there was none after DRIVE_MS. */
bool drive(sonde_exporter *exporter, sonde_result *ret_result);

/* Begins the batch and drives it to its result; one that stays out is SONDE_RETRY with a message. */
sonde_result deliver(sonde_exporter *exporter, const sonde_batch *batch);

#endif
