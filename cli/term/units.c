/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/units.c - figures as people read them. */
#include "term/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Three digits; the caller has made sure that it is below 999.5. */
static void put_three_digits(double figure, const char *unit, char *ret_text)
{
    int decimals = figure < 9.995 ? 2 : figure < 99.95 ? 1 : 0;
    snprintf(ret_text, SONDE__UNITS_SIZE, "%.*f %s", decimals, figure, unit);
}

static void put_long_duration(uint64_t seconds, char *ret_text)
{
    uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (hours == 0)
        snprintf(ret_text, SONDE__UNITS_SIZE, "%" PRIu64 "m %02" PRIu64 "s", minutes, seconds % 60);
    else if (days == 0)
        snprintf(ret_text, SONDE__UNITS_SIZE, "%" PRIu64 "h %02" PRIu64 "m", hours, minutes % 60);
    else if (days < 1000)
        snprintf(ret_text, SONDE__UNITS_SIZE, "%" PRIu64 "d %02" PRIu64 "h", days, hours % 24);
    else
        snprintf(ret_text, SONDE__UNITS_SIZE, "%" PRIu64 "d", days);
}

const char *sonde__units_duration(uint64_t ns, bool utf8, char *ret_text)
{
    const char *micro = utf8 ? "µs" : "us";
    if (ns == 0)
        snprintf(ret_text, SONDE__UNITS_SIZE, "0");
    else if (ns < 1000)
        snprintf(ret_text, SONDE__UNITS_SIZE, "%" PRIu64 " ns", ns);
    else if (ns < 999500)
        put_three_digits((double)ns / 1e3, micro, ret_text);
    else if (ns < 999500000)
        put_three_digits((double)ns / 1e6, "ms", ret_text);
    else if (ns < UINT64_C(59950000000))
        put_three_digits((double)ns / 1e9, "s", ret_text);
    else
        put_long_duration(ns / 1000000000 + (ns % 1000000000 >= 500000000), ret_text);
    return ret_text;
}

static double unit_ns(sonde_str unit)
{
    static const struct {
        const char *unit;
        double      ns;
    } table[] = { { "s", 1e9 }, { "ms", 1e6 },   { "us", 1e3 },
                  { "ns", 1 },  { "min", 60e9 }, { "h", 3600e9 } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (unit.len == strlen(table[i].unit) && memcmp(unit.ptr, table[i].unit, unit.len) == 0)
            return table[i].ns;
    return 0;
}

static const char *put_bytes(double bytes, char *ret_text)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    size_t                   i       = 0;
    for (; fabs(bytes) >= 999.5 && i + 1 < sizeof units / sizeof units[0]; i++)
        bytes /= 1024;
    if (i == 0 || fabs(bytes) >= 999.5)
        snprintf(ret_text, SONDE__UNITS_SIZE, "%.4g %s", bytes, units[i]);
    else
        snprintf(ret_text, SONDE__UNITS_SIZE, "%.3g %s", bytes, units[i]);
    return ret_text;
}

const char *sonde__units_figure(double figure, sonde_str unit, bool utf8, char *ret_text)
{
    double ns = unit_ns(unit);
    if (!isfinite(figure)) {
        snprintf(ret_text, SONDE__UNITS_SIZE, "%s",
                 isnan(figure) ? "NaN"
                 : figure > 0  ? "+Inf"
                               : "-Inf");
        return ret_text;
    }
    if (ns > 0 && figure > 0 && figure * ns < 1.8e19)
        return sonde__units_duration(figure * ns < 1 ? 1 : (uint64_t)(figure * ns + 0.5), utf8,
                                     ret_text);
    if (unit.len == 2 && memcmp(unit.ptr, "By", 2) == 0)
        return put_bytes(figure, ret_text);
    if (figure == floor(figure) && fabs(figure) < 1e15)
        snprintf(ret_text, SONDE__UNITS_SIZE, "%.0f", figure);
    else
        snprintf(ret_text, SONDE__UNITS_SIZE,
                 fabs(figure) >= 1e4 && fabs(figure) < 1e15 ? "%.1f" : "%.4g", figure);
    return ret_text;
}
