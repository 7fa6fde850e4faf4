/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/settings.c - runs in the thread that starts the SDK. */
#include "config/settings.h"
#include "config/url.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind { FLAG, COUNT, DURATION, TIMEOUT, RATIO, CHOICE, CHOICES, URL, PAIRS, TEXT };

struct word {
    const char *name;
    unsigned    value;
    bool        absent; /* known to the standard, and not linked here */
};

static const struct {
    const char *name;
    enum kind   kind;
    const char *preset;
} keys[] = {
#define X(id, name, kind, preset, help) { name, kind, preset },
    SONDE__KEYS(X)
#undef X
};

static const struct word log_words[] = { { "none", SONDE__LOG_NONE, false },
                                         { "off", SONDE__LOG_NONE, false },
                                         { "error", SONDE__LOG_ERROR, false },
                                         { "warn", SONDE__LOG_WARN, false },
                                         { "warning", SONDE__LOG_WARN, false },
                                         { "info", SONDE__LOG_INFO, false },
                                         { "debug", SONDE__LOG_DEBUG, false },
                                         { "trace", SONDE__LOG_DEBUG, false },
                                         { 0 } };

static const struct word propagator_words[] = { { "tracecontext", SONDE__PROPAGATE_TRACECONTEXT,
                                                  false },
                                                { "baggage", SONDE__PROPAGATE_BAGGAGE, false },
                                                { "none", 0, false },
                                                { "b3", 0, true },
                                                { "b3multi", 0, true },
                                                { "jaeger", 0, true },
                                                { "xray", 0, true },
                                                { "ottrace", 0, true },
                                                { 0 } };

static const struct word sampler_words[] = {
    { "always_on", SONDE__SAMPLE_ON, false },
    { "always_off", SONDE__SAMPLE_OFF, false },
    { "traceidratio", SONDE__SAMPLE_RATIO, false },
    { "parentbased_always_on", SONDE__SAMPLE_PARENT | SONDE__SAMPLE_ON, false },
    { "parentbased_always_off", SONDE__SAMPLE_PARENT | SONDE__SAMPLE_OFF, false },
    { "parentbased_traceidratio", SONDE__SAMPLE_PARENT | SONDE__SAMPLE_RATIO, false },
    { "parentbased_jaeger_remote", 0, true },
    { "jaeger_remote", 0, true },
    { "xray", 0, true },
    { 0 }
};

static const struct word trace_exporter_words[] = { { "otlp", SONDE__EXPORT_OTLP, false },
                                                    { "console", SONDE__EXPORT_CONSOLE, false },
                                                    { "none", 0, false },
                                                    { "zipkin", 0, true },
                                                    { "otlp/stdout", 0, true },
                                                    { 0 } };

static const struct word metric_exporter_words[] = { { "otlp", SONDE__EXPORT_OTLP, false },
                                                     { "console", SONDE__EXPORT_CONSOLE, false },
                                                     { "prometheus", SONDE__EXPORT_PROMETHEUS,
                                                       false },
                                                     { "none", 0, false },
                                                     { "otlp/stdout", 0, true },
                                                     { 0 } };

static const struct word protocol_words[] = {
    { "http/protobuf", 1, false }, { "http/json", 0, true }, { "grpc", 0, true }, { 0 }
};

static const struct word compression_words[] = { { "none", 0, false }, { "gzip", 0, true }, { 0 } };

static const struct word *words_of(enum sonde__key key)
{
    switch (key) {
    case SONDE__KEY_LOG_LEVEL:
        return log_words;
    case SONDE__KEY_PROPAGATORS:
        return propagator_words;
    case SONDE__KEY_TRACES_SAMPLER:
        return sampler_words;
    case SONDE__KEY_TRACES_EXPORTER:
        return trace_exporter_words;
    case SONDE__KEY_METRICS_EXPORTER:
        return metric_exporter_words;
    case SONDE__KEY_OTLP_PROTOCOL:
    case SONDE__KEY_OTLP_TRACES_PROTOCOL:
    case SONDE__KEY_OTLP_METRICS_PROTOCOL:
        return protocol_words;
    default:
        return compression_words;
    }
}

void sonde__settings_report(enum sonde__key key, const char *shown, const char *why,
                            const char *instead, sonde__diag_fn *diag)
{
    if (!diag)
        return;
    /* One format string for each name: the sink says the same format only once a minute. */
    switch (key) {
#define X(id, name, kind, preset, help)                                                        \
    case SONDE__KEY_##id:                                                                      \
        diag(SONDE_LEVEL_WARN, name "=\"%.100s\": %s; used instead: %s", shown, why, instead); \
        return;
        SONDE__KEYS(X)
#undef X
    case SONDE__KEY_COUNT:
        return;
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static sonde_str trimmed(sonde_str text)
{
    while (text.len > 0 && is_space(text.ptr[0]))
        text = sonde_str_n(text.ptr + 1, text.len - 1);
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool is_word(sonde_str text, const char *word)
{
    return strlen(word) == text.len && strncasecmp(text.ptr, word, text.len) == 0;
}

static bool parse_whole(sonde_str text, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *ret_number = number;
    return text.len > 0;
}

static const struct word *find_word(const struct word *words, sonde_str text)
{
    for (; words->name; words++)
        if (is_word(text, words->name))
            return words;
    return NULL;
}

/* Where the reasons of one value are gathered. */
struct why {
    char text[160];
};

static void add_why(struct why *why, sonde_str word, bool absent)
{
    size_t have = strlen(why->text);
    snprintf(why->text + have, sizeof why->text - have, "%s'%.*s' %s", have ? ", " : "",
             word.len < 40 ? (int)word.len : 40, word.ptr,
             absent ? "needs a component that is not linked" : "is not known");
}

static bool parse_choice(enum sonde__key key, sonde_str text, uint64_t *ret_value, struct why *why)
{
    const struct word *word = find_word(words_of(key), text);
    if (!word || word->absent) {
        add_why(why, text, word != NULL);
        return false;
    }
    *ret_value = word->value;
    return true;
}

/* False when no word of the list is of use; why says which ones are not. */
static bool parse_choices(enum sonde__key key, sonde_str text, uint64_t *ret_bits, struct why *why)
{
    uint64_t bits = 0;
    bool     any  = false;
    while (text.len > 0) {
        const char *comma = memchr(text.ptr, ',', text.len);
        size_t      len   = comma ? (size_t)(comma - text.ptr) : text.len;
        sonde_str   one   = trimmed(sonde_str_n(text.ptr, len));
        uint64_t    bit;
        if (one.len > 0 && parse_choice(key, one, &bit, why)) {
            bits |= bit;
            any = true;
        }
        len += comma ? 1 : 0;
        text = sonde_str_n(text.ptr + len, text.len - len);
    }
    if (any)
        *ret_bits = bits;
    return any;
}

/* In every locale with a point. */
static bool parse_ratio(const char *text, double *ret_ratio)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c)
        return false;
    char  *end;
    double ratio = strtod_l(text, &end, c);
    freelocale(c);
    if (end == text || trimmed(sonde_str_z(end)).len > 0 || !(ratio >= 0 && ratio <= 1))
        return false;
    *ret_ratio = ratio;
    return true;
}

/* Fills ret_setting from a text. False: not as it should be; why may say so for parts that were left
 * out even when this returns true. */
static bool parse(enum sonde__key key, const char *text, struct sonde__setting *ret_setting,
                  struct why *why)
{
    struct sonde__setting setting = { .text = text };
    struct sonde__url     url;
    sonde_str             word    = trimmed(sonde_str_z(text));
    bool                  ok      = true;
    const char           *meaning = "";
    switch (keys[key].kind) {
    case FLAG:
        setting.number = is_word(word, "true");
        ok             = setting.number || is_word(word, "false");
        meaning        = "is neither true nor false";
        break;
    case COUNT:
        ok      = parse_whole(word, &setting.number) && setting.number > 0;
        meaning = "is not a whole number from 1 to 4294967295";
        break;
    case DURATION:
    case TIMEOUT:
        ok      = parse_whole(word, &setting.number);
        meaning = "is not a whole number of milliseconds";
        if (keys[key].kind == TIMEOUT && setting.number == 0)
            setting.number = UINT32_MAX;
        break;
    case RATIO:
        ok      = parse_ratio(text, &setting.ratio);
        meaning = "is not a number from 0 to 1";
        break;
    case CHOICE:
        ok = parse_choice(key, word, &setting.number, why);
        break;
    case CHOICES:
        ok = parse_choices(key, word, &setting.number, why);
        break;
    case URL:
        ok      = sonde__url_parse(word, &url);
        meaning = "is not an http:// or https:// URL";
        break;
    case PAIRS: /* read by whoever uses them */
    case TEXT:
        break;
    }
    if (!ok && why->text[0] == '\0')
        snprintf(why->text, sizeof why->text, "%s", meaning);
    if (ok)
        *ret_setting = setting;
    return ok;
}

/* The key that a default names, or SONDE__KEY_COUNT when it is a value. */
static enum sonde__key key_named(const char *name)
{
    size_t key = 0;
    while (key < SONDE__KEY_COUNT && strcmp(keys[key].name, name) != 0)
        key++;
    return (enum sonde__key)key;
}

static void use_default(enum sonde__key key, struct sonde__settings *settings)
{
    struct why      none  = { "" };
    enum sonde__key other = key_named(keys[key].preset);
    if (other < key) { /* in the list, the general key comes first */
        settings->of[key] = settings->of[other];
    } else {
        settings->of[key] = (struct sonde__setting){ 0 };
        parse(key, keys[key].preset, &settings->of[key], &none);
    }
    settings->of[key].given = false;
}

static void report(enum sonde__key key, const char *text, const char *why, bool partly,
                   sonde__diag_fn *diag)
{
    char        shown[128];
    const char *preset = keys[key].preset;
    if (keys[key].kind == URL) {
        sonde__url_redact(sonde_str_z(text), shown, sizeof shown);
        text = shown;
    }
    sonde__settings_report(key, text, why, partly ? "the rest of the list" : preset, diag);
}

void sonde__setting_read(enum sonde__key key, sonde__getenv_fn *get, sonde__diag_fn *diag,
                         struct sonde__settings *settings)
{
    const char *text = get ? get(keys[key].name) : NULL;
    struct why  why  = { "" };
    bool        ok   = false;
    if (text && trimmed(sonde_str_z(text)).len > 0) {
        ok = parse(key, text, &settings->of[key], &why);
        if (why.text[0])
            report(key, text, why.text, ok, diag);
    }
    settings->of[key].given = ok;
    if (!ok)
        use_default(key, settings);
}

void sonde__settings_read(sonde__getenv_fn *get, sonde__diag_fn *diag,
                          struct sonde__settings *ret_settings)
{
    for (size_t i = 0; i < SONDE__KEY_COUNT; i++)
        sonde__setting_read((enum sonde__key)i, get, diag, ret_settings);
}
