/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The W3C `baggage` list, kept as header text in its normal form: members
 * `key=value;metadata`, one comma between two, no white space around key, value and member, each
 * key once, values percent-encoded.  Functions that build text put it in the caller's scratch. */
#ifndef SONDE_BAGGAGE_H
#define SONDE_BAGGAGE_H

#include <sonde/base.h>

SONDE_BEGIN

enum {
    SONDE_BAGGAGE_MAX     = 8192, /* bytes kept of a whole list */
    SONDE_BAGGAGE_MEMBERS = 64    /* members kept of a list */
};

/* One member.  The value is UTF-8 as the application means it, decoded; the metadata is what
 * follows the first semicolon, opaque, as it stands in the header; {NULL, 0} when there is none. */
typedef struct sonde_baggage_member {
    sonde_str key;
    sonde_str value;
    sonde_str metadata;
} sonde_baggage_member;

/* Reads all baggage headers of one message, in order, as one list in normal form.
 * A single value that is in normal form already is returned as it is, without a copy.  Of a key
 * that comes twice the last value stays, in the place of the first.  Whole members go: those with a
 * key beyond the first SONDE_BAGGAGE_MEMBERS, and each that does not fit into what the ones before
 * it leave of SONDE_BAGGAGE_MAX bytes, or of the scratch when the list must be rebuilt.  At most
 * the 180 members that the grammar allows are looked at; empty ones are passed over.
 * values, count: the header values, borrowed; NULL or 0 is the empty list.
 * scratch: at most SONDE_BAGGAGE_MAX bytes are taken; NULL: a list that must be rebuilt is empty.
 * ret_baggage: the list, a view into the value or the scratch; {NULL, 0} when empty; NULL is
 * invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when a member breaks the grammar: the whole list then
 * counts as absent.
 * Threads: any.  Blocks: never.
 * Standard: W3C Baggage, "Header Content" and "Limits".  Since: 0.1 */
SONDE_API sonde_err sonde_baggage_parse(const sonde_str *values, size_t count,
                                        sonde_scratch *scratch, sonde_str *ret_baggage);

/* Steps through a list, left to right, and decodes each value; bytes that are not UTF-8 become
 * U+FFFD:  `for (sonde_str rest = list; sonde_baggage_next(&rest, &scratch, &member);)`.
 * io_rest: what is still to be read; begins as the whole list; NULL ends at once.
 * scratch: takes the values that had something to decode; the length of the list always suffices
 * for all of them; a member whose value does not fit is passed over; NULL passes over all those.
 * ret_member: the next member; NULL only steps.
 * Returns true while there was a member; false at the end, or at one that breaks the grammar.
 * Threads: any.  Blocks: never.
 * Standard: W3C Baggage, "value".  Since: 0.1 */
SONDE_API bool sonde_baggage_next(sonde_str *io_rest, sonde_scratch *scratch,
                                  sonde_baggage_member *ret_member);

/* Looks a key up and decodes its value.
 * baggage: the list; {NULL, 0} is empty.  key: compared byte for byte.
 * scratch: takes the value when it had something to decode; its encoded length suffices.
 * Returns the value, a view into the list or the scratch; {NULL, 0} when there is none or when it
 * does not fit.  An empty value has a pointer and length 0.
 * Threads: any.  Blocks: never.
 * Standard: OpenTelemetry baggage/api.md, "Get Value".  Since: 0.1 */
SONDE_API sonde_str sonde_baggage_get(sonde_str baggage, sonde_str key, sonde_scratch *scratch);

/* Adds a member or changes its value; either way it comes to stand at the right end.  The value is
 * percent-encoded, and what is not UTF-8 in it becomes U+FFFD.
 * baggage: the list before, outside the scratch's free part; one that breaks the grammar counts as
 * empty.
 * member: key, a token of HTTP; value, any bytes; metadata, properties `name` or `name=value`
 * between semicolons, or {NULL, 0}.
 * scratch: at most SONDE_BAGGAGE_MAX bytes are taken; NULL is invalid.
 * ret_baggage: the list after; NULL is invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when key or metadata break the grammar or when the list
 * would exceed its limits or the scratch.
 * Threads: any.  Blocks: never.
 * Standard: OpenTelemetry baggage/api.md, "Set Value".  Since: 0.1 */
SONDE_API sonde_err sonde_baggage_set(sonde_str baggage, sonde_baggage_member member,
                                      sonde_scratch *scratch, sonde_str *ret_baggage);

/* Takes a member out; the others keep their order.
 * baggage: as in sonde_baggage_set().  key: one that is not there changes nothing.
 * scratch: as in sonde_baggage_parse(); nothing is taken when an end of the list goes.
 * ret_baggage: the list after, {NULL, 0} when empty; NULL is invalid.
 * Returns SONDE_OK, or SONDE_ERR_INVALID when ret_baggage is NULL.
 * Threads: any.  Blocks: never.
 * Standard: OpenTelemetry baggage/api.md, "Remove Value".  Since: 0.1 */
SONDE_API sonde_err sonde_baggage_delete(sonde_str baggage, sonde_str key, sonde_scratch *scratch,
                                         sonde_str *ret_baggage);

SONDE_END
#endif
