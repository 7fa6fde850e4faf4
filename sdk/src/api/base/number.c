/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/number.c - decimal text. Nearly all doubles that people measure have few digits; those are
 * found by exact arithmetic, the rest by trying. */
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT 9007199254740992.0 /* up to here every integer is a double */

enum { DECIMALS = 15 };

size_t sonde__number_uint(char *to, uint64_t value)
{
    size_t len = 1;
    for (uint64_t left = value; left >= 10; left /= 10)
        len++;
    for (size_t at = len; at > 0; value /= 10)
        to[--at] = (char)('0' + value % 10);
    return len;
}

size_t sonde__number_int(char *to, int64_t value)
{
    if (value >= 0)
        return sonde__number_uint(to, (uint64_t)value);
    to[0] = '-';
    return 1 + sonde__number_uint(to + 1, 0 - (uint64_t)value);
}

/* value = units / 10^decimals, with as few decimals as that takes. The quotient of two integers
 * that are doubles is rounded once, as reading the text is: if it is value, the text reads back as
 * value. */
static bool few_decimals(double value, uint64_t *ret_units, int *ret_decimals)
{
    double power = 1;
    for (int i = 0; i <= DECIMALS; i++, power *= 10) {
        double scaled = value * power + 0.5;
        if (scaled >= EXACT)
            return false;
        uint64_t units = (uint64_t)scaled;
        if ((double)units / power == value) {
            *ret_units    = units;
            *ret_decimals = i;
            return true;
        }
    }
    return false;
}

static size_t put_decimals(char *to, uint64_t units, int decimals)
{
    char   digits[SONDE__NUMBER_ROOM];
    size_t len   = sonde__number_uint(digits, units);
    size_t after = (size_t)decimals;
    if (after == 0) {
        memcpy(to, digits, len);
        return len;
    }
    size_t zeros = len > after ? 0 : after + 1 - len; /* 0.05: the point follows a digit */
    size_t at    = 0;
    for (size_t i = 0; i < zeros + len; i++) {
        if (zeros + len - i == after)
            to[at++] = '.';
        to[at++] = i < zeros ? '0' : digits[i - zeros];
    }
    return at;
}

/* What the locale writes between the digits becomes a point. */
static size_t put_point(char *to, const char *text)
{
    size_t len = 0;
    for (const char *p = text; *p; p++) {
        if ((*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == 'e')
            to[len++] = *p;
        else if (len > 0 && to[len - 1] != '.')
            to[len++] = '.';
    }
    return len;
}

size_t sonde__number_double(char *to, double value)
{
    char     text[64];
    uint64_t units;
    int      decimals;
    if (isnan(value) || isinf(value)) {
        memcpy(to, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", 4);
        return isnan(value) ? 3 : 4;
    }
    size_t sign      = signbit(value) ? 1 : 0;
    double magnitude = fabs(value);
    to[0]            = '-'; /* written over where it is none */
    if ((magnitude == 0 || magnitude >= 1e-6) && few_decimals(magnitude, &units, &decimals))
        return sign + put_decimals(to + sign, units, decimals);
    /* What is next to zero has few digits worth the name. */
    for (int digits = magnitude < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, magnitude);
        if (strtod(text, NULL) == magnitude)
            break;
    }
    return sign + put_point(to + sign, text);
}
