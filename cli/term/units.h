/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/units.h - figures as people read them: three digits and a unit. */
#ifndef SONDE_CLI_TERM_UNITS_H
#define SONDE_CLI_TERM_UNITS_H

#include <sonde/base.h>

enum { SONDE__UNITS_SIZE = 40 };

/* A duration in at most 8 columns: 0, 850 ns, 12.3 µs, 4.56 ms, 59.9 s, 2m 05s, 3h 07m, 12d 05h.
 * ret_text: SONDE__UNITS_SIZE bytes. Returns ret_text. */
const char *sonde__units_duration(uint64_t ns, bool utf8, char *ret_text);

/* A figure of a metric whose unit is given as UCUM: seconds (s, ms, us, ns) as durations, By as
 * bytes, everything else as it is. Infinite and undefined ones have their names. ret_text:
 * SONDE__UNITS_SIZE bytes. Returns ret_text. */
const char *sonde__units_figure(double figure, sonde_str unit, bool utf8, char *ret_text);

#endif
