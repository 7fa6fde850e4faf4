/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export/prometheus_name.c - what OpenTelemetry's names and units are called in Prometheus. */
#include "export/prometheus.h"

struct unit {
    const char *ucum, *word, *per; /* per: one of it, behind a stroke */
};

static const struct unit units[] = {
    { "d", "days", "day" },
    { "h", "hours", "hour" },
    { "min", "minutes", "minute" },
    { "s", "seconds", "second" },
    { "ms", "milliseconds", "millisecond" },
    { "us", "microseconds", "microsecond" },
    { "ns", "nanoseconds", "nanosecond" },
    { "By", "bytes", "byte" },
    { "KiBy", "kibibytes", "kibibyte" },
    { "MiBy", "mebibytes", "mebibyte" },
    { "GiBy", "gibibytes", "gibibyte" },
    { "TiBy", "tebibytes", "tebibyte" },
    { "kBy", "kilobytes", "kilobyte" },
    { "MBy", "megabytes", "megabyte" },
    { "GBy", "gigabytes", "gigabyte" },
    { "TBy", "terabytes", "terabyte" },
    { "m", "meters", "meter" },
    { "V", "volts", "volt" },
    { "A", "amperes", "ampere" },
    { "J", "joules", "joule" },
    { "W", "watts", "watt" },
    { "g", "grams", "gram" },
    { "Cel", "celsius", "celsius" },
    { "Hz", "hertz", "hertz" },
    { "%", "percent", "percent" },
    { "1", "", "" }, /* a gauge's would be a ratio */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    unsigned char letter = (unsigned char)(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || is_digit(c);
}

/* Behind `from`: what is not allowed becomes one underscore, and so do runs of underscores. */
static void put_name(struct sonde__buf *into, uint32_t from, sonde_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = is_word(text.ptr[i]) || text.ptr[i] == ':' ? text.ptr[i] : '_';
        if (c != '_' || into->len == from || into->data[into->len - 1] != '_')
            sonde__buf_byte(into, (uint8_t)c);
    }
}

/* Whether what was written from `from` on is the word, or ends in _word. */
static bool ends_in(const struct sonde__buf *into, uint32_t from, sonde_str word)
{
    size_t len = into->len - from;
    if (into->failed || len < word.len ||
        memcmp(into->data + into->len - word.len, word.ptr, word.len) != 0)
        return false;
    return len == word.len || into->data[into->len - word.len - 1] == '_';
}

static void put_suffix(struct sonde__buf *into, uint32_t from, sonde_str word)
{
    for (; word.len > 0 && word.ptr[0] == '_'; word.len--)
        word.ptr++;
    while (word.len > 0 && word.ptr[word.len - 1] == '_')
        word.len--;
    if (word.len == 0 || ends_in(into, from, word))
        return;
    if (into->len > from && into->data[into->len - 1] != '_')
        sonde__buf_byte(into, '_');
    sonde__buf_add(into, word.ptr, word.len);
}

/* A part of a unit in words; what is not in the table stays as it is, without its {annotations}. */
static void put_unit_part(struct sonde__buf *into, sonde_str part, bool per)
{
    char   plain[64];
    size_t len   = 0;
    int    depth = 0;
    for (size_t i = 0; i < part.len && len < sizeof plain; i++) {
        depth += part.ptr[i] == '{';
        if (depth == 0)
            plain[len++] = part.ptr[i];
        depth -= part.ptr[i] == '}' && depth > 0;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].ucum) == len && memcmp(units[i].ucum, plain, len) == 0) {
            sonde__buf_text(into, per ? units[i].per : units[i].word);
            return;
        }
    }
    put_name(into, into->len, sonde_str_n(plain, len));
}

static void put_unit(struct sonde__buf *into, const char *unit)
{
    const char *stroke = strchr(unit, '/');
    size_t      len    = stroke ? (size_t)(stroke - unit) : strlen(unit);
    uint32_t    from   = into->len;
    put_unit_part(into, sonde_str_n(unit, len), false);
    if (!stroke)
        return;
    uint32_t before = into->len;
    sonde__buf_text(into, into->len > from ? "_per_" : "per_");
    uint32_t word = into->len;
    put_unit_part(into, sonde_str_z(stroke + 1), true);
    if (into->len == word)
        into->len = before;
}

void sonde__prometheus_name(struct sonde__buf *into, const struct sonde__metric_view *metric)
{
    struct sonde__buf unit  = { 0 };
    sonde_str         total = sonde_str_z("total");
    uint32_t          from  = into->len;
    bool              sum   = metric->kind == SONDE__COUNTER;
    if (is_digit(metric->name[0]))
        sonde__buf_byte(into, '_');
    put_name(into, from, sonde_str_z(metric->name));
    if (sum && ends_in(into, from, total) && into->len - from > total.len)
        into->len -= (uint32_t)total.len + 1; /* which comes behind the unit */
    put_unit(&unit, metric->unit);
    put_suffix(into, from, sonde_str_n(unit.data, unit.len));
    if (sum && !(into->failed || unit.failed)) {
        if (into->data[into->len - 1] != '_')
            sonde__buf_byte(into, '_');
        sonde__buf_add(into, total.ptr, total.len);
    }
    into->failed |= unit.failed;
    sonde__buf_done(&unit);
}

void sonde__prometheus_label(struct sonde__buf *into, const char *prefix, sonde_str key)
{
    if (prefix[0])
        sonde__buf_text(into, prefix);
    if (!sonde__buf_reserve(into, key.len + 4))
        return;
    uint8_t *to = into->data + into->len;
    if (!prefix[0] && key.len > 0 && is_digit(key.ptr[0]))
        *to++ = '_';
    if (!prefix[0] && key.len > 1 && !is_word(key.ptr[0]) && !is_word(key.ptr[1])) {
        memcpy(to, "key", 3); /* two underscores in front are Prometheus's own */
        to += 3;
    }
    for (size_t i = 0; i < key.len; i++)
        *to++ = (uint8_t)(is_word(key.ptr[i]) ? key.ptr[i] : '_');
    into->len = (uint32_t)(to - into->data);
}
