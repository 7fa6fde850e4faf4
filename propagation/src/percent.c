/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Percent-encoding of UTF-8 text; see percent.h. */
#include "percent.h"

#include "ascii.h"

static const char replacement[3] = { '\xef', '\xbf', '\xbd' };

/* The longest run at the start of bytes that is one character or the beginning of one. */
typedef struct utf8_run {
    size_t len;
    bool   is_whole;
} utf8_run;

/* The length of the sequence that a lead byte begins, 0 when no sequence begins with it, and the
 * range that its second byte has to be in: narrower where overlong forms, surrogates and what is
 * beyond U+10FFFF would begin. */
static size_t utf8_expect(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low  = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static utf8_run utf8_read(const uint8_t *bytes, size_t count)
{
    uint8_t  low, high;
    size_t   want = utf8_expect(bytes[0], &low, &high);
    utf8_run run  = { 1, want == 1 };
    while (run.len < want && run.len < count && bytes[run.len] >= low && bytes[run.len] <= high) {
        run.len++;
        run.is_whole = run.len == want;
        low          = 0x80;
        high         = 0xbf;
    }
    return run;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the byte that is encoded at p; returns where the next one begins. */
static const char *read_byte(const char *p, const char *end, uint8_t *ret_byte)
{
    if (*p == '%' && end - p >= 3) {
        int high = hex_digit(p[1]), low = hex_digit(p[2]);
        if (high >= 0 && low >= 0) {
            *ret_byte = (uint8_t)(high << 4 | low);
            return p + 3;
        }
    }
    *ret_byte = (uint8_t)*p;
    return p + 1;
}

/* Decodes one character, or what is broken of one; returns where the next begins. */
static const char *decode_one(const char *p, const char *end, char **io_text)
{
    uint8_t     bytes[4];
    const char *after[4];
    size_t      count = 0;
    for (const char *q = p; count < 4 && q < end; count++)
        after[count] = q = read_byte(q, end, &bytes[count]);

    utf8_run run = utf8_read(bytes, count);
    if (run.is_whole)
        memcpy(*io_text, bytes, run.len);
    else
        memcpy(*io_text, replacement, sizeof(replacement));
    *io_text += run.is_whole ? run.len : sizeof(replacement);
    return after[run.len - 1];
}

size_t sonde__percent_decode(sonde_str encoded, char *ret_text)
{
    char       *text = ret_text;
    const char *p = encoded.ptr, *end = p + encoded.len;
    while (p < end) {
        if (*p != '%')
            *text++ = *p++;
        else
            p = decode_one(p, end, &text);
    }
    return (size_t)(text - ret_text);
}

/* The character at text, or U+FFFD for what is broken of one; *ret_used says how much it took. */
static sonde_str take_character(sonde_str text, size_t *ret_used)
{
    utf8_run run = utf8_read((const uint8_t *)text.ptr, text.len);
    *ret_used    = run.len;
    return run.is_whole ? sonde_str_n(text.ptr, run.len)
                        : sonde_str_n(replacement, sizeof(replacement));
}

size_t sonde__percent_encoded_len(sonde_str text)
{
    size_t len = 0, used;
    for (size_t i = 0; i < text.len; i += used) {
        sonde_str c = take_character(sonde_str_n(text.ptr + i, text.len - i), &used);
        len += sonde__ascii_is(c.ptr[0], SONDE__BAGGAGE_PLAIN) ? 1 : 3 * c.len;
    }
    return len;
}

char *sonde__percent_encode(sonde_str text, char *p)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t            used;
    for (size_t i = 0; i < text.len; i += used) {
        sonde_str c = take_character(sonde_str_n(text.ptr + i, text.len - i), &used);
        if (sonde__ascii_is(c.ptr[0], SONDE__BAGGAGE_PLAIN)) {
            *p++ = c.ptr[0];
            continue;
        }
        for (size_t k = 0; k < c.len; k++) {
            *p++ = '%';
            *p++ = digits[(uint8_t)c.ptr[k] >> 4];
            *p++ = digits[(uint8_t)c.ptr[k] & 15];
        }
    }
    return p;
}
