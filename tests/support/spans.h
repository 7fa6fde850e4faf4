/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* support/spans.h - an SDK that keeps its spans, and questions about them. For tests that link what
 * is shipped. The test's own thread, but for spans_wait(). */
#ifndef SONDE_TEST_SPANS_H
#define SONDE_TEST_SPANS_H

#include <sonde/plugin/memory.h>
#include <sonde/plugin/record.h>
#include <sonde/sonde.h>

struct spans {
    sonde_sdk             *sdk;
    sonde_memory_exporter *memory;
    char                  *metrics; /* what spans_metric() read last */
};

/* Starts the process-wide SDK with a memory exporter; false when that fails. */
bool spans_start(struct spans *spans);

/* Stops it and frees what was kept. */
void spans_stop(struct spans *spans);

/* Waits until so many spans have ended since the start; false when that takes too long. Views that
 * were given before stay valid. */
bool spans_wait(struct spans *spans, uint64_t count);

/* How many have ended, all of them fetched. */
uint64_t spans_count(struct spans *spans);

/* The nth span of this name, from 0; false when there are fewer. NULL: of any name. */
bool spans_find(struct spans *spans, const char *name, size_t n, sonde_span_view *ret_span);

/* The value of an attribute as text; "" when the span has none of that key. Valid for some calls. */
const char *spans_attribute(const sonde_span_view *span, const char *key);

/* Whether one is the parent of the other, in one trace. */
bool spans_is_parent(const sonde_span_view *parent, const sonde_span_view *child);

/* The value of the first Prometheus series of that name that has this label, as it stands in the
 * text; -1 when there is none. */
double spans_metric(struct spans *spans, const char *name, const char *label);

#endif
