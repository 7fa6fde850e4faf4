/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Hexadecimal, eight characters at a time in one 64-bit word, so that no character costs a branch
 * or a table look-up.  Pure functions: any thread. */
#ifndef SONDE__HEX_H
#define SONDE__HEX_H

#include <sonde/base.h>

#define SONDE__EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define SONDE__HIGH_BITS  SONDE__EACH(0x80u)

/* The arithmetic below wants the first character in the lowest byte. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline uint64_t sonde__hex_order(uint64_t word)
{
    return __builtin_bswap64(word);
}
#else
static inline uint64_t sonde__hex_order(uint64_t word)
{
    return word;
}
#endif

static inline uint64_t sonde__hex_load(const char *text)
{
    uint64_t word;
    memcpy(&word, text, 8);
    return sonde__hex_order(word);
}

/* The high bit of each byte that is not one of 0-9 a-f.  Adding 0x80 - n carries a byte below 0x80
 * into its high bit exactly when it is n or more; bytes above are bad by themselves, and what they
 * carry into their neighbour no longer matters. */
static inline uint64_t sonde__hex_bad(uint64_t word)
{
    uint64_t from_0  = word + SONDE__EACH(0x80u - '0');
    uint64_t after_9 = word + SONDE__EACH(0x80u - '9' - 1);
    uint64_t from_a  = word + SONDE__EACH(0x80u - 'a');
    uint64_t after_f = word + SONDE__EACH(0x80u - 'f' - 1);
    uint64_t good    = (from_0 & ~after_9) | (from_a & ~after_f);
    return (word | ~good) & SONDE__HIGH_BITS;
}

/* Eight good characters as four bytes, the first two characters in the lowest byte. */
static inline uint32_t sonde__hex_value(uint64_t word)
{
    uint64_t letters = (word >> 6) & SONDE__EACH(0x01u);
    uint64_t nibbles = (word & SONDE__EACH(0x0fu)) + letters * 9;
    uint64_t bytes   = ((nibbles << 4) | (nibbles >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    bytes            = (bytes | (bytes >> 8)) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(bytes | (bytes >> 16));
}

/* Reads 16 characters into 8 bytes; returns the bad ones, as sonde__hex_bad() marks them. */
static inline uint64_t sonde__hex_read(const char *text, uint8_t ret_bytes[8])
{
    uint64_t first = sonde__hex_load(text), second = sonde__hex_load(text + 8);
    uint64_t bytes = sonde__hex_value(first) | ((uint64_t)sonde__hex_value(second) << 32);
    bytes          = sonde__hex_order(bytes);
    memcpy(ret_bytes, &bytes, 8);
    return sonde__hex_bad(first) | sonde__hex_bad(second);
}

/* Four bytes, the first in the lowest place, as eight characters in the same order. */
static inline uint64_t sonde__hex_text(uint32_t value)
{
    uint64_t bytes   = value;
    bytes            = (bytes | (bytes << 16)) & UINT64_C(0x0000ffff0000ffff);
    bytes            = (bytes | (bytes << 8)) & UINT64_C(0x00ff00ff00ff00ff);
    uint64_t nibbles = ((bytes >> 4) | (bytes << 8)) & SONDE__EACH(0x0fu);
    uint64_t letters = ((nibbles + SONDE__EACH(6u)) >> 4) & SONDE__EACH(0x01u);
    return nibbles + SONDE__EACH((unsigned)'0') + letters * ('a' - '0' - 10);
}

/* Writes 8 bytes as 16 characters. */
static inline void sonde__hex_write(const uint8_t bytes[8], char *ret_text)
{
    uint64_t word;
    memcpy(&word, bytes, 8);
    word            = sonde__hex_order(word);
    uint64_t first  = sonde__hex_order(sonde__hex_text((uint32_t)word));
    uint64_t second = sonde__hex_order(sonde__hex_text((uint32_t)(word >> 32)));
    memcpy(ret_text, &first, 8);
    memcpy(ret_text + 8, &second, 8);
}

#endif
