/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The traceparent header.  Pure functions over the caller's memory: any thread.
 *
 *     0         10        20        30        40        50
 *     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 */
#include <sonde/traceparent.h>

#include "hex.h"

enum {
    AT_VERSION  = 0,
    AT_TRACE_ID = 3,
    AT_SPAN_ID  = 36,
    AT_FLAGS    = 53,
    KNOWN_FLAGS = SONDE_TRACE_SAMPLED | SONDE_TRACE_RANDOM
};

/* The version in the lowest byte and the flags in the next; the rest of the word reads as zeros. */
static uint64_t load_version_and_flags(const char *p)
{
    char text[8] = {
        p[AT_VERSION], p[AT_VERSION + 1], p[AT_FLAGS], p[AT_FLAGS + 1], '0', '0', '0', '0'
    };
    return sonde__hex_load(text);
}

/* Version 00 ends with the flags; a later one may go on after a dash; ff will never exist. */
static bool version_allows(unsigned version, sonde_str text)
{
    if (version == 0)
        return text.len == SONDE_TRACEPARENT_LEN;
    if (version == 0xff)
        return false;
    return text.len == SONDE_TRACEPARENT_LEN || text.ptr[SONDE_TRACEPARENT_LEN] == '-';
}

sonde_err sonde_traceparent_parse(sonde_str text, sonde_span_context *ret_span_context)
{
    if (!text.ptr || text.len < SONDE_TRACEPARENT_LEN || !ret_span_context)
        return SONDE_ERR_INVALID;

    const char        *p = text.ptr;
    sonde_span_context found;
    uint64_t           ends = load_version_and_flags(p);
    uint64_t           bad  = sonde__hex_bad(ends);
    bad |= sonde__hex_read(p + AT_TRACE_ID, found.trace_id);
    bad |= sonde__hex_read(p + AT_TRACE_ID + 16, found.trace_id + 8);
    bad |= sonde__hex_read(p + AT_SPAN_ID, found.span_id);
    bad |= (uint64_t)((p[AT_TRACE_ID - 1] ^ '-') | (p[AT_SPAN_ID - 1] ^ '-') |
                      (p[AT_FLAGS - 1] ^ '-'));

    uint32_t version_and_flags = sonde__hex_value(ends);
    if (bad || !version_allows(version_and_flags & 0xff, text) ||
        !sonde_span_context_is_valid(&found))
        return SONDE_ERR_INVALID;

    found.flags       = (uint8_t)((version_and_flags >> 8) & KNOWN_FLAGS);
    found.is_remote   = true;
    *ret_span_context = found;
    return SONDE_OK;
}

void sonde_traceparent_format(const sonde_span_context *span_context,
                              char                      ret_text[SONDE_TRACEPARENT_LEN + 1])
{
    if (!ret_text)
        return;
    if (!sonde_span_context_is_valid(span_context)) {
        ret_text[0] = '\0';
        return;
    }
    memcpy(ret_text, "00-", 3);
    sonde__hex_write(span_context->trace_id, ret_text + AT_TRACE_ID);
    sonde__hex_write(span_context->trace_id + 8, ret_text + AT_TRACE_ID + 16);
    ret_text[AT_SPAN_ID - 1] = '-';
    sonde__hex_write(span_context->span_id, ret_text + AT_SPAN_ID);
    ret_text[AT_FLAGS - 1]          = '-';
    ret_text[AT_FLAGS]              = '0';
    ret_text[AT_FLAGS + 1]          = (char)('0' + (span_context->flags & KNOWN_FLAGS));
    ret_text[SONDE_TRACEPARENT_LEN] = '\0';
}
