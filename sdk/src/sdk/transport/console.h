/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/console.h - the exporter for people: spans and data points as text on a descriptor. */
#ifndef SONDE_TRANSPORT_CONSOLE_H
#define SONDE_TRANSPORT_CONSOLE_H

#include "base/buf.h"

#include <sonde/plugin/exporter.h>

/* An exporter that its done() frees; fd stays the caller's. A reader that does not keep up is waited for,
 * without blocking, until the batch's deadline. NULL when out of memory. */
sonde_exporter *sonde__console_new(unsigned signals, int fd);

/* Appends the text of a request: one block a span, or one a metric, each ending in an empty line. */
void sonde__console_spans(struct sonde__buf *text, sonde_str request);
void sonde__console_metrics(struct sonde__buf *text, sonde_str request);

/* What both have in common. Text is written without control characters, which a terminal might obey. */
void sonde__console_put(struct sonde__buf *text, sonde_str words);
void sonde__console_format(struct sonde__buf *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "indent key = value", a line each; field: of the KeyValues in message. */
void sonde__console_attributes(struct sonde__buf *text, const char *indent, uint32_t field,
                               sonde_str message);
/* "  service NAME  scope NAME VERSION" and what ends the line. */
void sonde__console_origin(struct sonde__buf *text, sonde_str resource, sonde_str scope);

#endif
