/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which characters the grammars of the headers allow where.  Pure functions: any thread. */
#ifndef SONDE__ASCII_H
#define SONDE__ASCII_H

#include <sonde/base.h>

/* Bits of sonde__ascii[]. */
enum {
    SONDE__OWS                  = 0x01, /* space and tab */
    SONDE__TRACESTATE_KEY_FIRST = 0x02, /* a-z 0-9 */
    SONDE__TRACESTATE_KEY       = 0x04, /* and _ - * / @ */
    SONDE__TRACESTATE_VALUE     = 0x08, /* 20-7E but , and = */
    SONDE__TOKEN                = 0x10, /* HTTP's token */
    SONDE__BAGGAGE_OCTET        = 0x20, /* 21-7E but " , ; and \ */
    SONDE__BAGGAGE_PLAIN        = 0x40  /* the same but %: stands for itself when it is encoded */
};

extern const uint8_t sonde__ascii[256];

static inline bool sonde__ascii_is(char c, unsigned classes)
{
    return (sonde__ascii[(uint8_t)c] & classes) != 0;
}

/* The end of the run of such characters that begins at p. */
static inline const char *sonde__ascii_run(const char *p, const char *end, unsigned classes)
{
    while (p < end && sonde__ascii_is(*p, classes))
        p++;
    return p;
}

/* The same from the right: where the run that ends at end begins. */
static inline const char *sonde__ascii_run_back(const char *begin, const char *end,
                                                unsigned classes)
{
    while (end > begin && sonde__ascii_is(end[-1], classes))
        end--;
    return end;
}

static inline sonde_str sonde__str_between(const char *begin, const char *end)
{
    return sonde_str_n(begin, (size_t)(end - begin));
}

static inline sonde_str sonde__str_trim(sonde_str text)
{
    if (!text.ptr || text.len == 0)
        return sonde_str_n(NULL, 0);
    const char *end   = text.ptr + text.len;
    const char *begin = sonde__ascii_run(text.ptr, end, SONDE__OWS);
    return sonde__str_between(begin, sonde__ascii_run_back(begin, end, SONDE__OWS));
}

static inline bool sonde__str_equal(sonde_str a, sonde_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

#endif
