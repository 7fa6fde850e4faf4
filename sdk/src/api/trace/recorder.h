/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/recorder.h - writing a span's record: the fields of OTLP's Span, each in its final form, in
 * a slot's buffer. The slot is open for the calling thread alone. */
#ifndef SONDE_TRACE_RECORDER_H
#define SONDE_TRACE_RECORDER_H

#include "trace/slot.h"

struct sonde__recorder_start {
    const sonde_span_context *parent; /* NULL: none */
    sonde_str                 name;
    sonde_span_kind           kind;
    uint64_t                  start_ns;
};

/* Writes what is known at the start; slot->span_context and ->tracestate are set. False when out of
 * memory. */
bool sonde__recorder_begin(struct sonde__slot *slot, const struct sonde__recorder_start *start);

void sonde__recorder_attr(struct sonde__slot *slot, const sonde_attr *attr);
void sonde__recorder_event(struct sonde__slot *slot, sonde_str name, uint64_t time_ns,
                           sonde_attrs attrs);
void sonde__recorder_link(struct sonde__slot *slot, const sonde_link *link);
void sonde__recorder_name(struct sonde__slot *slot, sonde_str name);
void sonde__recorder_status(struct sonde__slot *slot, sonde_status status, sonde_str description);

/* Completes the record: end time (not before the start), counts of what was dropped, length. end_ns
 * 0: now. */
void sonde__recorder_end(struct sonde__slot *slot, uint64_t end_ns);

#endif
