/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/utf8.h - copying text that may not be UTF-8. */
#ifndef SONDE_BASE_UTF8_H
#define SONDE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copies len bytes and says whether all of them were ASCII: by words, the last of which overlaps the
 * one before. */
static inline bool sonde__ascii_copy(uint8_t *to, const char *from, size_t len)
{
    uint64_t high = 0, word;
    uint32_t half[2];
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            memcpy(&word, from + i, 8);
            memcpy(to + i, &word, 8);
            high |= word;
        }
        memcpy(&word, from + len - 8, 8);
        memcpy(to + len - 8, &word, 8);
        return ((high | word) & UINT64_C(0x8080808080808080)) == 0;
    }
    if (len >= 4) {
        memcpy(&half[0], from, 4);
        memcpy(&half[1], from + len - 4, 4);
        memcpy(to, &half[0], 4);
        memcpy(to + len - 4, &half[1], 4);
        return ((half[0] | half[1]) & UINT32_C(0x80808080)) == 0;
    }
    for (size_t i = 0; i < len; i++) {
        to[i] = (uint8_t)from[i];
        high |= (uint64_t)(uint8_t)from[i];
    }
    return high < 0x80;
}

/* Whether all of len bytes are ASCII. */
static inline bool sonde__ascii(const char *text, size_t len)
{
    uint64_t high = 0, word;
    size_t   i    = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&word, text + i, 8);
        high |= word;
    }
    for (; i < len; i++)
        high |= (uint64_t)(uint8_t)text[i];
    return (high & UINT64_C(0x8080808080808080)) == 0;
}

/* Whether text is well-formed UTF-8 (no surrogates, nothing above U+10FFFF, shortest forms only).
 */
bool sonde__utf8_valid(const char *text, size_t len);

/* The length of text once repaired: each maximal ill-formed run becomes one U+FFFD (3 bytes). */
size_t sonde__utf8_repaired_len(const char *text, size_t len);

/* Writes the repaired text; room for sonde__utf8_repaired_len() bytes. */
void sonde__utf8_repair(uint8_t *to, const char *text, size_t len);

/* The largest n <= max such that the first n bytes of valid UTF-8 text do not cut a character. */
size_t sonde__utf8_floor(const char *text, size_t len, size_t max);

#endif
