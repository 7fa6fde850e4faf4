/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/value_text.c - a value as text for people. */
#include "base/number.h"
#include "base/utf8.h"

#include <sonde/plugin/record.h>

#include <stdio.h>

enum { TEXT_DEPTH = 8 };

struct text {
    char  *at;
    size_t len, room; /* room without the NUL */
    bool   full;
};

static void put(struct text *text, const char *bytes, size_t len)
{
    size_t room = text->room - text->len;
    if (text->full || len == 0)
        return;
    if (len > room) {
        len        = sonde__utf8_floor(bytes, len, room);
        text->full = true;
    }
    memcpy(text->at + text->len, bytes, len);
    text->len += len;
}

static void put_quoted(struct text *text, sonde_str s)
{
    put(text, "\"", 1);
    for (size_t i = 0, run = 0; i <= s.len; i++) {
        bool special = i < s.len &&
                       ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == '"' || s.ptr[i] == '\\');
        if (i < s.len && !special)
            continue;
        put(text, s.ptr + run, i - run);
        run = i + 1;
        if (special) {
            char escape[8];
            int  n = (unsigned char)s.ptr[i] < 0x20
                         ? snprintf(escape, sizeof escape, "\\u%04x", (unsigned)s.ptr[i])
                         : snprintf(escape, sizeof escape, "\\%c", s.ptr[i]);
            put(text, escape, (size_t)n);
        }
    }
    put(text, "\"", 1);
}

static void put_double(struct text *text, double d)
{
    char number[SONDE__NUMBER_ROOM];
    put(text, number, sonde__number_double(number, d));
}

static void put_base64(struct text *text, sonde_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len && !text->full; i += 3) {
        uint32_t word = 0;
        size_t   n    = bytes.len - i < 3 ? bytes.len - i : 3;
        for (size_t k = 0; k < 3; k++)
            word = word << 8 | (k < n ? (uint8_t)bytes.ptr[i + k] : 0u);
        char four[4] = { digits[word >> 18], digits[word >> 12 & 63],
                         n > 1 ? digits[word >> 6 & 63] : '=', n > 2 ? digits[word & 63] : '=' };
        put(text, four, 4);
    }
}

static void put_value(struct text *text, const sonde_value *value, int depth);

static void put_list(struct text *text, const sonde_value *list, int depth)
{
    bool        map  = list->type == SONDE_TYPE_MAP;
    sonde_str   rest = list->value.s, key;
    sonde_value item;
    put(text, map ? "{" : "[", 1);
    for (bool first = true; !text->full && sonde_value_next(list->type, &rest, &key, &item);
         first      = false) {
        if (!first)
            put(text, ",", 1);
        if (map) {
            put_quoted(text, key);
            put(text, ":", 1);
        }
        put_value(text, &item, depth + 1);
    }
    put(text, map ? "}" : "]", 1);
}

static void put_value(struct text *text, const sonde_value *value, int depth)
{
    char number[24];
    switch (value->type) {
    case SONDE_TYPE_STRING:
        if (depth == 0)
            put(text, value->value.s.ptr, value->value.s.len);
        else
            put_quoted(text, value->value.s);
        return;
    case SONDE_TYPE_BYTES:
        put_base64(text, value->value.s);
        return;
    case SONDE_TYPE_BOOL:
        put(text, value->value.b ? "true" : "false", value->value.b ? 4 : 5);
        return;
    case SONDE_TYPE_INT:
        snprintf(number, sizeof number, "%lld", (long long)value->value.i);
        put(text, number, strlen(number));
        return;
    case SONDE_TYPE_DOUBLE:
        put_double(text, value->value.d);
        return;
    case SONDE_TYPE_NONE:
        put(text, "null", 4);
        return;
    default:
        if (depth >= TEXT_DEPTH)
            put(text, "...", 3);
        else
            put_list(text, value, depth);
    }
}

size_t sonde_value_text(const sonde_value *value, char *ret_text, size_t size)
{
    if (!ret_text || size == 0)
        return 0;
    struct text text = { ret_text, 0, size - 1, false };
    if (value)
        put_value(&text, value, 0);
    ret_text[text.len] = '\0';
    return text.len;
}
