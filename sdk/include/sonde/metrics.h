/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/metrics.h - meters and instruments: counters, up-down counters and histograms.
 *
 * Instruments may be fetched before the SDK starts and come alive with it; they are never freed.
 * x(...) is plain, x_with(..., sonde_kv()...) has attributes, a bound instrument has its attributes
 * built in and costs one add. */
#ifndef SONDE_METRICS_H
#define SONDE_METRICS_H

#include <sonde/attr.h>

SONDE_BEGIN

typedef struct sonde_meter                sonde_meter;
typedef struct sonde_counter              sonde_counter;
typedef struct sonde_counter_bound        sonde_counter_bound;
typedef struct sonde_updown_counter       sonde_updown_counter;
typedef struct sonde_updown_counter_bound sonde_updown_counter_bound;
typedef struct sonde_histogram            sonde_histogram;
typedef struct sonde_histogram_bound      sonde_histogram_bound;

typedef struct sonde_meter_options {
    size_t            size; /* sizeof(sonde_meter_options) */
    const char       *name;
    const char       *version;
    const char       *schema_url;
    sonde_attrs       attrs;
    struct sonde_sdk *sdk; /* a .local SDK; NULL: the process-wide one */
} sonde_meter_options;

/* A meter of the process-wide SDK; comes alive when it starts. Equal arguments give the same meter.
 * Returns: a borrowed meter; NULL only when out of memory.
 * Threads: any. Blocks: never for long (one lock). Standard: Metrics API, "Get a Meter".
 * Since: 0.1 */
SONDE_API sonde_meter *sonde_meter_get(const char *name, const char *version);

/* The same with schema URL, attributes and a .local SDK. options NULL: all defaults.
 * Returns: a borrowed meter; NULL only when out of memory.
 * Threads: any. Blocks: never for long (one lock). Standard: Metrics API, "Get a Meter".
 * Since: 0.1 */
SONDE_API sonde_meter *sonde_meter_get_opts(const sonde_meter_options *options);

typedef struct sonde_instrument_options {
    size_t        size; /* set by the macro; 0: as first released */
    const char   *name; /* a letter, then up to 254 of A-Z a-z 0-9 _ . - / */
    const char   *unit; /* UCUM, at most 63 characters: "s", "By", "{order}" */
    const char   *description;
    const double *boundaries;     /* histogram: upper bounds, ascending; NULL: the standard's 15 */
    size_t        boundary_count; /* at most 64 */
} sonde_instrument_options;

/* An instrument of a meter. The same name, unit and description give the same instrument (names are
 * compared without case); a name that is registered with another kind or unit is reported and still
 * works. Returns: a borrowed instrument; NULL when meter is NULL, the name is not valid (reported)
 * or memory is out.
 * Threads: any. Blocks: never for long (one lock). Standard: Metrics API, "Counter creation".
 * Since: 0.1 */
SONDE_API sonde_counter *sonde_counter_get_opts(sonde_meter                    *meter,
                                                const sonde_instrument_options *options);

/* As above, for sums that go down, too.
 * Threads: any. Blocks: never for long (one lock). Standard: Metrics API, "UpDownCounter
 * creation". Since: 0.1 */
SONDE_API sonde_updown_counter *sonde_updown_counter_get_opts(
    sonde_meter *meter, const sonde_instrument_options *options);

/* As above, for distributions, with explicit bucket boundaries.
 * Threads: any. Blocks: never for long (one lock). Standard: Metrics API, "Histogram creation".
 * Since: 0.1 */
SONDE_API sonde_histogram *sonde_histogram_get_opts(sonde_meter                    *meter,
                                                    const sonde_instrument_options *options);

/* Adds value, which is not negative (else counted as misuse and ignored), to the series without
 * attributes.
 * Threads: any. Blocks: never. Standard: Metrics API, "Counter: Add". Since: 0.1 */
SONDE_API void sonde_counter_add(sonde_counter *counter, int64_t value);

/* The same for the series of these attributes; order does not matter, of a key given twice the last
 * counts. Beyond the cardinality limit the series otel.metric.overflow takes it.
 * Threads: any. Blocks: never. Standard: Metrics API, "Counter: Add". Since: 0.1 */
SONDE_API void sonde_counter_add_attrs(sonde_counter *counter, int64_t value, sonde_attrs attrs);

/* Adds value, of either sign, to the series without attributes.
 * Threads: any. Blocks: never. Standard: Metrics API, "UpDownCounter: Add". Since: 0.1 */
SONDE_API void sonde_updown_counter_add(sonde_updown_counter *counter, int64_t value);

/* The same for the series of these attributes.
 * Threads: any. Blocks: never. Standard: Metrics API, "UpDownCounter: Add". Since: 0.1 */
SONDE_API void sonde_updown_counter_add_attrs(sonde_updown_counter *counter, int64_t value,
                                              sonde_attrs attrs);

/* Records value, finite and not negative (else counted as misuse and ignored), in the series
 * without attributes.
 * Threads: any. Blocks: never. Standard: Metrics API, "Histogram: Record". Since: 0.1 */
SONDE_API void sonde_histogram_record(sonde_histogram *histogram, double value);

/* The same for the series of these attributes.
 * Threads: any. Blocks: never. Standard: Metrics API, "Histogram: Record". Since: 0.1 */
SONDE_API void sonde_histogram_record_attrs(sonde_histogram *histogram, double value,
                                            sonde_attrs attrs);

/* The series itself, for attributes that are known beforehand; it is reported from now on, even at
 * zero. Borrowed from the instrument, the same handle for the same attributes, and valid for ever
 * (in .metrics_memory: as long as that is mapped). Returns: never NULL while an SDK runs (beyond the
 * limit: the overflow series) and has room for the instrument; NULL before.
 * Threads: any. Blocks: never for long (one lock, the first time). Since: 0.1 */
SONDE_API sonde_counter_bound *sonde_counter_bind(sonde_counter *counter, sonde_attrs attrs);

/* As sonde_counter_bind().
 * Threads: any. Blocks: never for long (one lock, the first time). Since: 0.1 */
SONDE_API sonde_updown_counter_bound *sonde_updown_counter_bind(sonde_updown_counter *counter,
                                                                sonde_attrs           attrs);

/* As sonde_counter_bind().
 * Threads: any. Blocks: never for long (one lock, the first time). Since: 0.1 */
SONDE_API sonde_histogram_bound *sonde_histogram_bind(sonde_histogram *histogram,
                                                      sonde_attrs      attrs);

/* As sonde_counter_add(), for the bound series. NULL is ignored.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API void sonde_counter_bound_add(sonde_counter_bound *bound, int64_t value);

/* As sonde_updown_counter_add(), for the bound series. NULL is ignored.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API void sonde_updown_counter_bound_add(sonde_updown_counter_bound *bound, int64_t value);

/* As sonde_histogram_record(), for the bound series. NULL is ignored.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API void sonde_histogram_bound_record(sonde_histogram_bound *bound, double value);

SONDE_END

#ifndef __cplusplus
#define SONDE__INSTRUMENT(...)                                                    \
    (&(const sonde_instrument_options){ .size = sizeof(sonde_instrument_options), \
                                        .name = __VA_ARGS__ })
/* sonde_counter_get(meter, "name", .unit = "{order}", ...) and so on. */
#define sonde_counter_get(meter, ...) \
    sonde_counter_get_opts((meter), SONDE__INSTRUMENT(__VA_ARGS__))
#define sonde_updown_counter_get(meter, ...) \
    sonde_updown_counter_get_opts((meter), SONDE__INSTRUMENT(__VA_ARGS__))
#define sonde_histogram_get(meter, ...) \
    sonde_histogram_get_opts((meter), SONDE__INSTRUMENT(__VA_ARGS__))
#define sonde_counter_add_with(counter, value, ...) \
    sonde_counter_add_attrs((counter), (value), sonde_attrs_of(__VA_ARGS__))
#define sonde_updown_counter_add_with(counter, value, ...) \
    sonde_updown_counter_add_attrs((counter), (value), sonde_attrs_of(__VA_ARGS__))
#define sonde_histogram_record_with(histogram, value, ...) \
    sonde_histogram_record_attrs((histogram), (value), sonde_attrs_of(__VA_ARGS__))
#else
template <class... A> inline void sonde_counter_add_with(sonde_counter *c, int64_t v, A... a)
{
    sonde_counter_add_attrs(c, v, sonde_attrs_of(a...));
}
template <class... A>
inline void sonde_updown_counter_add_with(sonde_updown_counter *c, int64_t v, A... a)
{
    sonde_updown_counter_add_attrs(c, v, sonde_attrs_of(a...));
}
template <class... A> inline void sonde_histogram_record_with(sonde_histogram *h, double v, A... a)
{
    sonde_histogram_record_attrs(h, v, sonde_attrs_of(a...));
}
#endif
#endif
