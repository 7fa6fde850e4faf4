/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/settings.h - from what the environment says to one valid value for every key of keys.h; what
 * is not valid is reported once, by name, with the value and what is used instead. */
#ifndef SONDE_CONFIG_SETTINGS_H
#define SONDE_CONFIG_SETTINGS_H

#include "config/keys.h"

#include <sonde/sdk.h>

/* As sonde__table.diag. */
typedef void sonde__diag_fn(sonde_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Values of CHOICE and CHOICES keys; the latter are sets of bits. */
enum sonde__log_word {
    SONDE__LOG_NONE,
    SONDE__LOG_ERROR,
    SONDE__LOG_WARN,
    SONDE__LOG_INFO,
    SONDE__LOG_DEBUG
};
enum { SONDE__PROPAGATE_TRACECONTEXT = 1, SONDE__PROPAGATE_BAGGAGE = 2 };
enum { SONDE__EXPORT_OTLP = 1, SONDE__EXPORT_CONSOLE = 2, SONDE__EXPORT_PROMETHEUS = 4 };
enum { SONDE__SAMPLE_ON, SONDE__SAMPLE_OFF, SONDE__SAMPLE_RATIO, SONDE__SAMPLE_PARENT = 4 };

struct sonde__setting {
    bool        given; /* this variable had a value that was valid */
    const char *text;  /* of the variable, or of the default; as long as the environment lives */
    uint64_t
        number; /* FLAG COUNT DURATION TIMEOUT CHOICE CHOICES; of a limitless TIMEOUT the maximum */
    double ratio; /* RATIO */
};

struct sonde__settings {
    struct sonde__setting of[SONDE__KEY_COUNT];
};

/* Where values come from: getenv's shape. An empty value is as good as none. */
typedef const char *sonde__getenv_fn(const char *name);

/* Fills every setting. get: NULL for nothing but defaults. diag: NULL to report nothing. */
void sonde__settings_read(sonde__getenv_fn *get, sonde__diag_fn *diag,
                          struct sonde__settings *ret_settings);

/* Fills one; the one that its default names must have been filled before. */
void sonde__setting_read(enum sonde__key key, sonde__getenv_fn *get, sonde__diag_fn *diag,
                         struct sonde__settings *settings);

/* Says that the value of a key is not as it should be. diag NULL: nothing. */
void sonde__settings_report(enum sonde__key key, const char *shown, const char *why,
                            const char *instead, sonde__diag_fn *diag);

#endif
