/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/reader.h - collecting a region. */
#ifndef SONDE_METRICS_READER_H
#define SONDE_METRICS_READER_H

#include "metrics/stream.h"

/* Shows every stream that has a visible series, those of one scope behind each other, and each of
 * its points, cumulative. Never writes into a cell, and takes no lock that an add takes. Whoever
 * collects. */
void sonde__reader_visit(struct sonde__region *region, struct sonde__metric_visitor *visitor);

#endif
