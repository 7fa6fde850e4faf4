/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The value of the W3C `traceparent` header, to and from a span context. */
#ifndef SONDE_TRACEPARENT_H
#define SONDE_TRACEPARENT_H

#include <sonde/span_context.h>

SONDE_BEGIN

enum {
    SONDE_TRACEPARENT_LEN = 55 /* characters of version 00, without a terminator */
};

/* Reads the value of a traceparent header, of version 00 or of any later one.
 * text: the value without surrounding white space, borrowed; {NULL, 0} is invalid.
 * ret_span_context: the ids and the two known flags, marked as remote; NULL is invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when a rule of the header is broken: upper case, a wrong
 * length or separator, version ff, an id of zeros.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "Traceparent Header" and "Versioning".  Since: 0.1 */
SONDE_API sonde_err sonde_traceparent_parse(sonde_str text, sonde_span_context *ret_span_context);

/* Writes a span context as a traceparent of version 00, lower case, NUL-terminated.
 * span_context: unknown flags are left out; NULL or an invalid one writes the empty string.
 * ret_text: room for SONDE_TRACEPARENT_LEN + 1 characters; NULL writes nothing.
 * Returns nothing and cannot fail.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "Traceparent Header".  Since: 0.1 */
SONDE_API void sonde_traceparent_format(const sonde_span_context *span_context,
                                        char ret_text[SONDE_TRACEPARENT_LEN + 1]);

SONDE_END
#endif
