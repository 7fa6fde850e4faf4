/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/console_text.c - what blocks of spans and of metrics are made of. Pure functions. */
#include "transport/console.h"

#include <sonde/plugin/record.h>

#include <stdarg.h>
#include <stdio.h>

void sonde__console_put(struct sonde__buf *text, sonde_str words)
{
    for (size_t i = 0; i < words.len; i++) {
        uint8_t byte = (uint8_t)words.ptr[i];
        uint8_t next = i + 1 < words.len ? (uint8_t)words.ptr[i + 1] : 0;
        /* C2 80 to C2 9F are control characters as well. */
        bool is_c1 = byte == 0xC2 && next >= 0x80 && next <= 0x9F;
        i += is_c1;
        sonde__buf_byte(text, is_c1 || byte < 0x20 || byte == 0x7F ? ' ' : byte);
    }
}

void sonde__console_format(struct sonde__buf *text, const char *format, ...)
{
    char    line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0)
        sonde__buf_text(text, line);
}

void sonde__console_attributes(struct sonde__buf *text, const char *indent, uint32_t field,
                               sonde_str message)
{
    sonde_str   key;
    sonde_value value;
    char        line[2048];
    while (sonde_attribute_next(field, &message, &key, &value)) {
        sonde_str words = value.value.s;
        if (value.type != SONDE_TYPE_STRING)
            words = sonde_str_n(line, sonde_value_text(&value, line, sizeof line));
        sonde__buf_text(text, indent);
        sonde__console_put(text, key);
        sonde__buf_text(text, " = ");
        sonde__console_put(text, words);
        sonde__buf_byte(text, '\n');
    }
}

static void put_service(struct sonde__buf *text, sonde_str resource)
{
    sonde_str   key;
    sonde_value value;
    while (sonde_attribute_next(1, &resource, &key, &value)) {
        if (key.len != 12 || memcmp(key.ptr, "service.name", 12) != 0 ||
            value.type != SONDE_TYPE_STRING)
            continue;
        sonde__buf_text(text, "  service ");
        sonde__console_put(text, value.value.s);
    }
}

void sonde__console_origin(struct sonde__buf *text, sonde_str resource, sonde_str scope)
{
    enum { NAME = 1, VERSION = 2 };
    sonde_field field;
    put_service(text, resource);
    while (sonde_field_next(&scope, &field)) {
        if (field.wire != 2 || field.bytes.len == 0 || field.number > VERSION)
            continue;
        sonde__buf_text(text, field.number == NAME ? "  scope " : " ");
        sonde__console_put(text, field.bytes);
    }
    sonde__buf_byte(text, '\n');
}
