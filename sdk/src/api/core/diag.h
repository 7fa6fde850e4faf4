/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/diag.h - the one function through which the SDK says what is wrong, and the count of misused
 * handles. */
#ifndef SONDE_CORE_DIAG_H
#define SONDE_CORE_DIAG_H

#include <sonde/sdk.h>

#include <stdatomic.h>
#include <stdint.h>

/* Reports one line to the process-wide sink; the same format string at most once a minute. Any
 * thread; without a running SDK nothing is said. */
void sonde__diag(sonde_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the sink: diagnostics, or standard error when NULL; level is the least severe that is
 * reported. quiet: nowhere. */
void sonde__diag_set(sonde_diagnostics *diagnostics, sonde_level level, bool quiet);

/* Handles used after their end and contexts detached out of order, since the process began. */
extern _Atomic uint64_t sonde__misuse_count;
void                    sonde__misuse(const char *sentence);

#endif
