/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* metrics/instrument.c - fetching instruments: what the caller gave is checked, reported and put
 * right. Binding. Set-up. */
#include "metrics/instrument.h"
#include "base/utf8.h"
#include "core/diag.h"
#include "metrics/series.h"

#include <math.h>

enum { NAME_MAX_LEN = 255, UNIT_MAX = 63, DESCRIPTION_MAX = 3 * 1023 };

static const double standard_bounds[] = { 0,   5,   10,   25,   50,   75,   100,  250,
                                          500, 750, 1000, 2500, 5000, 7500, 10000 };

enum { STANDARD_BOUNDS = sizeof standard_bounds / sizeof *standard_bounds };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool name_valid(const char *name)
{
    size_t len = 1;
    if (!name || !is_letter(name[0]))
        return false;
    for (; name[len]; len++)
        if (len >= NAME_MAX_LEN ||
            !(is_letter(name[len]) || (name[len] >= '0' && name[len] <= '9') ||
              strchr("_.-/", name[len])))
            return false;
    return true;
}

/* Copies text, repaired and cut to at most max characters' worth of bytes; says whether it had to
 * be cut. */
static bool copy_text(char *to, size_t max, const char *text)
{
    size_t len  = text ? strlen(text) : 0;
    size_t keep = sonde__utf8_floor(text, len, max);
    while (sonde__utf8_repaired_len(text, keep) > max)
        keep = sonde__utf8_floor(text, len, keep - 1);
    size_t repaired = sonde__utf8_repaired_len(text, keep);
    sonde__utf8_repair((uint8_t *)to, text, keep);
    to[repaired] = '\0';
    return keep < len;
}

static bool bounds_valid(const double *bounds, size_t count)
{
    if (count > SONDE__BOUNDS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
            return false;
    return true;
}

static void set_bounds(struct sonde__instrument_spec *spec, const sonde_instrument_options *given)
{
    if (spec->kind != SONDE__HISTOGRAM)
        return;
    spec->bounds      = standard_bounds;
    spec->bound_count = STANDARD_BOUNDS;
    if (!given->boundaries)
        return;
    if (bounds_valid(given->boundaries, given->boundary_count)) {
        spec->bounds      = given->boundaries;
        spec->bound_count = (uint32_t)given->boundary_count;
        return;
    }
    sonde__diag(
        SONDE_LEVEL_WARN,
        "%s: boundaries are at most %d finite numbers, each above the one before; the standard "
        "ones are used",
        spec->name, SONDE__BOUNDS_MAX);
}

static struct sonde__instrument *get(sonde_meter *meter, sonde__metric_kind kind,
                                     const sonde_instrument_options *options)
{
    sonde_instrument_options given = { .size = sizeof given };
    char                     unit[UNIT_MAX + 1], description[DESCRIPTION_MAX + 1];
    if (!meter)
        return NULL;
    if (options) {
        size_t size = options->size ? options->size : sizeof given;
        memcpy(&given, options, size < sizeof given ? size : sizeof given);
    }
    if (!name_valid(given.name)) {
        sonde__diag(
            SONDE_LEVEL_ERROR,
            "\"%s\" cannot name an instrument: a letter, then at most 254 of A-Z a-z 0-9 _ . - /",
            given.name ? given.name : "");
        return NULL;
    }
    if (copy_text(unit, UNIT_MAX, given.unit))
        sonde__diag(SONDE_LEVEL_WARN, "%s: the unit is cut to %d characters", given.name, UNIT_MAX);
    (void)copy_text(description, DESCRIPTION_MAX, given.description);
    struct sonde__instrument_spec spec = { given.name, unit, description, kind, NULL, 0 };
    set_bounds(&spec, &given);
    return sonde__meter_instrument(meter, &spec);
}

sonde_counter *sonde_counter_get_opts(sonde_meter *meter, const sonde_instrument_options *options)
{
    return (sonde_counter *)get(meter, SONDE__COUNTER, options);
}

sonde_updown_counter *sonde_updown_counter_get_opts(sonde_meter                    *meter,
                                                    const sonde_instrument_options *options)
{
    return (sonde_updown_counter *)get(meter, SONDE__UPDOWN, options);
}

sonde_histogram *sonde_histogram_get_opts(sonde_meter                    *meter,
                                          const sonde_instrument_options *options)
{
    return (sonde_histogram *)get(meter, SONDE__HISTOGRAM, options);
}

static struct sonde__series *bind(const void *instrument, sonde_attrs attrs)
{
    struct sonde__stream *stream = sonde__instrument_stream(instrument);
    if (!stream)
        return NULL;
    struct sonde__series *series = sonde__series_get(stream, attrs);
    if (series->at != stream->overflow)
        sonde__series_show(series);
    return series;
}

sonde_counter_bound *sonde_counter_bind(sonde_counter *counter, sonde_attrs attrs)
{
    return (sonde_counter_bound *)bind(counter, attrs);
}

sonde_updown_counter_bound *sonde_updown_counter_bind(sonde_updown_counter *counter,
                                                      sonde_attrs           attrs)
{
    return (sonde_updown_counter_bound *)bind(counter, attrs);
}

sonde_histogram_bound *sonde_histogram_bind(sonde_histogram *histogram, sonde_attrs attrs)
{
    return (sonde_histogram_bound *)bind(histogram, attrs);
}
