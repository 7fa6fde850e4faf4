/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/pairs.h - lists as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS have them:
 * name=value,name=value with percent-encoding, spaces around names and values not counted. */
#ifndef SONDE_CONFIG_PAIRS_H
#define SONDE_CONFIG_PAIRS_H

#include <sonde/base.h>

typedef enum sonde__pair { SONDE__PAIR_END, SONDE__PAIR_OK, SONDE__PAIR_BAD } sonde__pair;

/* Takes the next member off the front of *rest, still encoded; empty members are passed over. BAD: it has
 * no "=" or no name. */
sonde__pair sonde__pairs_next(sonde_str *rest, sonde_str *ret_name, sonde_str *ret_value);

/* Writes what encoded stands for at ret_text, which has room for encoded.len bytes. False: a percent
 * sign without two hexadecimal digits, a NUL, or not UTF-8. */
bool sonde__pairs_decode(sonde_str encoded, char *ret_text, size_t *ret_length);

#endif
