/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/utf8.c - checking and repairing text. Unicode 15, 3.9: maximal subparts are replaced, so
 * that a cut or mixed encoding loses as little as possible. */
#include "base/utf8.h"

/* The length of the well-formed character at text, or 0; ret_bad is then the length of the
 * ill-formed run. */
static size_t character(const uint8_t *text, size_t len, size_t *ret_bad)
{
    uint8_t lead = text[0];
    *ret_bad     = 1;
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    size_t  need = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint8_t low = 0x80, high = 0xBF;
    if (lead == 0xE0)
        low = 0xA0;
    if (lead == 0xED)
        high = 0x9F;
    if (lead == 0xF0)
        low = 0x90;
    if (lead == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i < need; i++) {
        if (i == len || text[i] < low || text[i] > high) {
            *ret_bad = i;
            return 0;
        }
        low  = 0x80;
        high = 0xBF;
    }
    return need;
}

bool sonde__utf8_valid(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t         bad;
    for (size_t i = 0; i < len;) {
        uint64_t word;
        if (len - i >= 8 && (memcpy(&word, p + i, 8), (word & UINT64_C(0x8080808080808080)) == 0)) {
            i += 8;
            continue;
        }
        size_t n = character(p + i, len - i, &bad);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

size_t sonde__utf8_repaired_len(const char *text, size_t len)
{
    const uint8_t *p   = (const uint8_t *)text;
    size_t         out = 0, bad;
    for (size_t i = 0; i < len;) {
        size_t n = character(p + i, len - i, &bad);
        out += n ? n : 3;
        i += n ? n : bad;
    }
    return out;
}

void sonde__utf8_repair(uint8_t *to, const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t         bad;
    for (size_t i = 0; i < len;) {
        size_t n = character(p + i, len - i, &bad);
        if (n) {
            memcpy(to, p + i, n);
            to += n;
            i += n;
            continue;
        }
        memcpy(to, "\xEF\xBF\xBD", 3);
        to += 3;
        i += bad;
    }
}

size_t sonde__utf8_floor(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    size_t n = max;
    while (n > 0 && ((uint8_t)text[n] & 0xC0) == 0x80)
        n--;
    return n;
}
