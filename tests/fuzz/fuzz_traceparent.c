/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* traceparent: agrees with a slow reading of the rules, and what is written is read back. */
#include "fuzz.h"

#include <sonde/traceparent.h>

/* The value of a lower-case digit, or 16. */
static unsigned digit(char c)
{
    const char *found = c ? strchr("0123456789abcdef", c) : NULL;
    return found ? (unsigned)(found - "0123456789abcdef") : 16;
}

/* Reads count pairs of digits; false when a character is none. */
static bool read_bytes(const char *text, size_t count, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < count; i++) {
        unsigned high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high == 16 || low == 16)
            return false;
        ret_bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    while (count > 0 && bytes[count - 1] == 0)
        count--;
    return count == 0;
}

static bool read_slowly(const char *text, size_t len, sonde_span_context *ret)
{
    uint8_t version;
    if (len < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    if (!read_bytes(text, 1, &version) || !read_bytes(text + 3, 16, ret->trace_id) ||
        !read_bytes(text + 36, 8, ret->span_id) || !read_bytes(text + 53, 1, &ret->flags))
        return false;
    if (version == 0xff || (version == 0 && len != 55) || (len > 55 && text[55] != '-'))
        return false;
    ret->flags &= 3;
    ret->is_remote = true;
    return !is_zero(ret->trace_id, 16) && !is_zero(ret->span_id, 8);
}

static void check_text(const uint8_t *data, size_t size)
{
    sonde_span_context found, expected, again;
    char               text[SONDE_TRACEPARENT_LEN + 1];
    sonde_str          view = sonde_str_n(data, size);
    bool               good = sonde_traceparent_parse(view, &found) == SONDE_OK;

    REQUIRE(good == read_slowly((const char *)data, size, &expected));
    if (!good)
        return;
    REQUIRE(memcmp(&found, &expected, sizeof(found)) == 0);
    sonde_traceparent_format(&found, text);
    REQUIRE(strlen(text) == SONDE_TRACEPARENT_LEN);
    REQUIRE(sonde_traceparent_parse(sonde_str_z(text), &again) == SONDE_OK);
    REQUIRE(memcmp(&again, &found, sizeof(again)) == 0);
}

static void check_bytes(const uint8_t *data)
{
    sonde_span_context context, back;
    char               text[SONDE_TRACEPARENT_LEN + 1];
    memcpy(context.trace_id, data, 16);
    memcpy(context.span_id, data + 16, 8);
    context.flags     = data[24];
    context.is_remote = true;

    sonde_traceparent_format(&context, text);
    sonde_err err = sonde_traceparent_parse(sonde_str_z(text), &back);
    REQUIRE((err == SONDE_OK) == sonde_span_context_is_valid(&context));
    context.flags &= 3;
    REQUIRE(err != SONDE_OK || memcmp(&back, &context, sizeof(back)) == 0);
    REQUIRE(err == SONDE_OK || text[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text(data, size);
    if (size >= 25)
        check_bytes(data);
    return 0;
}
