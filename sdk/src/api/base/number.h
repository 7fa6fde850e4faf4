/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/number.h - numbers as text, whatever the locale says. */
#ifndef SONDE_BASE_NUMBER_H
#define SONDE_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum { SONDE__NUMBER_ROOM = 32 }; /* enough for any of them, without a NUL, which is not written */

/* Each returns the length. */
size_t sonde__number_uint(char *to, uint64_t value);
size_t sonde__number_int(char *to, int64_t value);

/* The shortest text that reads back as value: 3, 0.25, 1.5e+300, +Inf, -Inf, NaN. */
size_t sonde__number_double(char *to, double value);

#endif
