/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/pairs.c - pure functions. */
#include "config/pairs.h"
#include "base/utf8.h"

static sonde_str trimmed(sonde_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = sonde_str_n(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

sonde__pair sonde__pairs_next(sonde_str *rest, sonde_str *ret_name, sonde_str *ret_value)
{
    while (rest->len > 0) {
        const char *comma  = memchr(rest->ptr, ',', rest->len);
        size_t      len    = comma ? (size_t)(comma - rest->ptr) : rest->len;
        sonde_str   member = trimmed(sonde_str_n(rest->ptr, len));
        len += comma ? 1 : 0;
        *rest = sonde_str_n(rest->ptr + len, rest->len - len);
        if (member.len == 0)
            continue;
        const char *equals = memchr(member.ptr, '=', member.len);
        if (!equals)
            return SONDE__PAIR_BAD;
        size_t    before = (size_t)(equals - member.ptr);
        sonde_str name   = trimmed(sonde_str_n(member.ptr, before));
        if (name.len == 0)
            return SONDE__PAIR_BAD;
        *ret_name  = name;
        *ret_value = trimmed(sonde_str_n(equals + 1, member.len - before - 1));
        return SONDE__PAIR_OK;
    }
    return SONDE__PAIR_END;
}

/* -1: not a hexadecimal digit. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool sonde__pairs_decode(sonde_str encoded, char *ret_text, size_t *ret_length)
{
    size_t length = 0;
    for (size_t i = 0; i < encoded.len; i++) {
        char c = encoded.ptr[i];
        if (c == '%') {
            int high = i + 2 < encoded.len ? digit(encoded.ptr[i + 1]) : -1;
            int low  = i + 2 < encoded.len ? digit(encoded.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return false;
        ret_text[length++] = c;
    }
    *ret_length = length;
    return sonde__utf8_valid(ret_text, length);
}
