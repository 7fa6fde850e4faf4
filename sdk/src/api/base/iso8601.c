/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/iso8601.c - pure functions. */
#include "base/iso8601.h"

#include <stdbool.h>

struct date {
    uint32_t year, month, day;
};

/* Days since 1970-01-01 as a date. The year is taken to begin in March, so that the leap day is its
 * last; 1968-03-01, 671 days before, begins a cycle of four years. */
static struct date date_of(uint64_t days)
{
    static const uint16_t month_start[] = { 0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337 };
    uint32_t              year          = 1968;
    uint64_t              left          = days + 671;
    for (;;) {
        /* The leap day at the end of this year belongs to the February of the next one. */
        uint32_t next   = year + 1;
        bool     leap   = (next % 4 == 0 && next % 100 != 0) || next % 400 == 0;
        uint32_t length = leap ? 366 : 365;
        if (left < length)
            break;
        left -= length;
        year++;
    }
    uint32_t month = 11;
    while (left < month_start[month])
        month--;
    uint32_t day = (uint32_t)(left - month_start[month]) + 1;
    return month < 10 ? (struct date){ year, month + 3, day }
                      : (struct date){ year + 1, month - 9, day };
}

static char *put(char *to, uint64_t number, unsigned digits, char end)
{
    for (unsigned i = digits; i-- > 0; number /= 10)
        to[i] = (char)('0' + number % 10);
    to[digits] = end;
    return to + digits + 1;
}

void sonde__iso8601(uint64_t unix_ns, unsigned digits, char ret_text[SONDE__ISO8601_SIZE])
{
    uint64_t    seconds  = unix_ns / 1000000000;
    uint64_t    fraction = unix_ns % 1000000000;
    uint64_t    of_day   = seconds % 86400;
    struct date date     = date_of(seconds / 86400);
    digits               = digits < 9 ? digits : 9;

    char *to = put(ret_text, date.year, 4, '-');
    to       = put(to, date.month, 2, '-');
    to       = put(to, date.day, 2, 'T');
    to       = put(to, of_day / 3600, 2, ':');
    to       = put(to, of_day / 60 % 60, 2, ':');
    to       = put(to, of_day % 60, 2, digits ? '.' : 'Z');
    for (unsigned i = digits; i < 9; i++)
        fraction /= 10;
    if (digits)
        to = put(to, fraction, digits, 'Z');
    *to = '\0';
}
