/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/destination.h - what the pump does with one exporter. The driver, everywhere. */
#ifndef SONDE_CORE_DESTINATION_H
#define SONDE_CORE_DESTINATION_H

#include "core/pump.h"

/* Puts a segment (its page reference is the destination's from here on) at the end; drops and
 * counts it when out of memory. */
void sonde__destination_add(struct sonde__destination   *destination,
                            const struct sonde__segment *segment);

/* Drops the oldest segment, and counts it. */
void sonde__destination_drop_oldest(struct sonde__destination *destination);

/* Puts a metrics batch in line, in place of an older one that has not been begun: cumulative
 * figures supersede. */
void sonde__destination_add_metrics(struct sonde__destination *destination, sonde_batch *batch);

/* Takes results, begins what can be begun; returns when it wants its next turn (monotonic ns,
 * UINT64_MAX: not by itself). */
uint64_t sonde__destination_turn(struct sonde__destination *destination, struct sonde__pump *pump,
                                 uint64_t now_ns);

/* The lowest seq that is not settled; UINT64_MAX when nothing waits. */
uint64_t sonde__destination_oldest(const struct sonde__destination *destination);

/* Drops and counts everything. */
void sonde__destination_drop_all(struct sonde__destination *destination);

/* In a forked child. consistent: the lists can be walked. */
void sonde__destination_forked(struct sonde__destination *destination, bool consistent);

#endif
