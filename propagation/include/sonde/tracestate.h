/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The W3C `tracestate` list, kept as text in its normal form: members `key=value`, one comma
 * between two, no white space around them, each key once, the most recently changed at the left.
 * Functions that make a new list build it in the caller's scratch. */
#ifndef SONDE_TRACESTATE_H
#define SONDE_TRACESTATE_H

#include <sonde/base.h>

SONDE_BEGIN

enum {
    SONDE_TRACESTATE_MAX       = 4096, /* bytes kept of a whole list */
    SONDE_TRACESTATE_MEMBERS   = 32,   /* members of a list */
    SONDE_TRACESTATE_KEY_MAX   = 256,  /* characters of a key */
    SONDE_TRACESTATE_VALUE_MAX = 256,  /* characters of a value */
    SONDE_TRACESTATE_LONG      = 128   /* longer members go first when a list is cut */
};

/* One member of the list; both views are borrowed from the list. */
typedef struct sonde_tracestate_member {
    sonde_str key;
    sonde_str value;
} sonde_tracestate_member;

/* Reads all tracestate headers of one message, in order, as one list in normal form.
 * A single value that is in normal form already is returned as it is, without a copy.  Of a key
 * that comes twice the left member stays.  A list longer than SONDE_TRACESTATE_MAX, or one that must
 * be rebuilt and is longer than what is left of the scratch, loses whole members: those over
 * SONDE_TRACESTATE_LONG characters first, then others, each time from the right.
 * values, count: the header values, borrowed; NULL or 0 is the empty list.
 * scratch: at most SONDE_TRACESTATE_MAX bytes are taken; NULL: a list that must be rebuilt is empty.
 * ret_tracestate: the list, a view into the value or the scratch; {NULL, 0} when empty; NULL is
 * invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when a member breaks the grammar or there are more than
 * SONDE_TRACESTATE_MEMBERS: the list then counts as absent, the traceparent stays valid.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "Tracestate Header" and "tracestate Limits".  Since: 0.1 */
SONDE_API sonde_err sonde_tracestate_parse(const sonde_str *values, size_t count,
                                           sonde_scratch *scratch, sonde_str *ret_tracestate);

/* Steps through a list, left to right:
 * `for (sonde_str rest = list; sonde_tracestate_next(&rest, &member);)`.
 * io_rest: what is still to be read; begins as the whole list; NULL ends at once.
 * ret_member: the next member; NULL only steps.
 * Returns true while there was a member; false at the end, or at one that breaks the grammar.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "list".  Since: 0.1 */
SONDE_API bool sonde_tracestate_next(sonde_str *io_rest, sonde_tracestate_member *ret_member);

/* Looks a key up.
 * tracestate: the list; {NULL, 0} is empty.  key: compared byte for byte.
 * Returns the value, borrowed from the list, or {NULL, 0}.
 * Threads: any.  Blocks: never.
 * Standard: OpenTelemetry trace/api.md, "TraceState".  Since: 0.1 */
SONDE_API sonde_str sonde_tracestate_get(sonde_str tracestate, sonde_str key);

/* Adds a member or changes its value; either way it moves to the left end.  What then exceeds the
 * limits goes as in sonde_tracestate_parse(), but never the new member.
 * tracestate: the list before, outside the scratch's free part; one that breaks the grammar counts
 * as empty.
 * member: a key and value within the grammar; a value may begin with spaces but not end with one.
 * scratch: at most SONDE_TRACESTATE_MAX bytes are taken; NULL is invalid.
 * ret_tracestate: the list after; NULL is invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when the member breaks the grammar or does not fit in the
 * scratch even alone.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "Mutating the tracestate Field".  Since: 0.1 */
SONDE_API sonde_err sonde_tracestate_set(sonde_str tracestate, sonde_tracestate_member member,
                                         sonde_scratch *scratch, sonde_str *ret_tracestate);

/* Takes a member out; the others keep their order.
 * tracestate: as in sonde_tracestate_set().  key: one that is not there changes nothing.
 * scratch: as in sonde_tracestate_parse(); nothing is taken when an end of the list goes.
 * ret_tracestate: the list after, {NULL, 0} when empty; NULL is invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when ret_tracestate is NULL.
 * Threads: any.  Blocks: never.
 * Standard: W3C Trace Context level 2, "Mutating the tracestate Field".  Since: 0.1 */
SONDE_API sonde_err sonde_tracestate_delete(sonde_str tracestate, sonde_str key,
                                            sonde_scratch *scratch, sonde_str *ret_tracestate);

SONDE_END
#endif
