/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/iso8601.h - Unix time as "2026-11-22T09:25:34.853Z". By itself, since gmtime_r() takes a
 * lock that another thread may hold when this one forks. */
#ifndef SONDE_BASE_ISO8601_H
#define SONDE_BASE_ISO8601_H

#include <stdint.h>

enum { SONDE__ISO8601_SIZE = 32 };

/* digits: of the fraction, 0 to 9. Years 1970 to 2554, which is what nanoseconds in 64 bits hold.
 */
void sonde__iso8601(uint64_t unix_ns, unsigned digits, char ret_text[SONDE__ISO8601_SIZE]);

#endif
