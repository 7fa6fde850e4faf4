/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/series.h - finding the series of a set of attributes. */
#ifndef SONDE_METRICS_SERIES_H
#define SONDE_METRICS_SERIES_H

#include "metrics/stream.h"

/* The series of these attributes, in whatever order; of a key given twice the last counts. Made
 * when it is new; beyond the limit, or when there is no room, the overflow series. Never NULL.
 * Known series: no lock, no allocation. */
struct sonde__series *sonde__series_get(struct sonde__stream *stream, sonde_attrs attrs);

/* The series without attributes. */
struct sonde__series *sonde__series_plain(struct sonde__stream *stream);

/* Shown from now on, even at zero. */
void sonde__series_show(struct sonde__series *series);

/* For the lock's holder: the overflow series and the table of a stream that nobody else knows yet.
 * False: no room. */
bool sonde__series_begin(struct sonde__region *region, struct sonde__stream *stream);

/* For the lock's holder, after a holder died: whatever is in the list is in the table, too. */
void sonde__series_repair(struct sonde__region *region, struct sonde__stream *stream);

#endif
