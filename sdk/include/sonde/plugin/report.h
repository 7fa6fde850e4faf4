/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/plugin/report.h - for who writes an adapter, an exporter or a sampler: saying what is
 * wrong, where the SDK says it. */
#ifndef SONDE_PLUGIN_REPORT_H
#define SONDE_PLUGIN_REPORT_H

#include <sonde/sdk.h>

SONDE_BEGIN

/* Reports one line: to the diagnostics that the SDK was started with, else to standard error. The
 * same message, told by its address, at most once a minute; nothing while no SDK runs.
 * message: one sentence without an end of line, of static storage; NULL: nothing.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API void sonde_report(sonde_level level, const char *message);

SONDE_END
#endif
