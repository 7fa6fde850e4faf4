/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Percent-encoding of UTF-8 text, as baggage values use it.  What is not UTF-8 becomes U+FFFD, one
 * for each longest part of a sequence that could have become one.  Pure functions: any thread. */
#ifndef SONDE__PERCENT_H
#define SONDE__PERCENT_H

#include <sonde/base.h>

/* Writes the text that encoded stands for at ret_text, which has room for encoded.len bytes; that
 * many always suffice.  A percent sign without two hexadecimal digits stands for itself.  Returns
 * the length. */
size_t sonde__percent_decode(sonde_str encoded, char *ret_text);

/* How many bytes sonde__percent_encode() writes for the text. */
size_t sonde__percent_encoded_len(sonde_str text);

/* Writes the text encoded at p; returns the end. */
char *sonde__percent_encode(sonde_str text, char *p);

#endif
