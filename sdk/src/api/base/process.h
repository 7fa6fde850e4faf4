/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/process.h - naming a process in one word, so that a reused pid is told from the process that
 * had it before: the pid in the high half, the low half of its start time (in ticks since boot) in
 * the low one. */
#ifndef SONDE_BASE_PROCESS_H
#define SONDE_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* This process; never 0. The start time is 0 where /proc does not tell it. Any thread. */
uint64_t sonde__process_self(void);

/* False when that process has ended, be it that nobody has waited for it yet. What cannot be told
 * (another user's process, no /proc) counts as alive. Reads /proc: not for a hot path. Any thread.
 */
bool sonde__process_alive(uint64_t process);

/* In a forked child: forgets what sonde__process_self() remembered. */
void sonde__process_forked(void);

static inline uint32_t sonde__process_pid(uint64_t process)
{
    return (uint32_t)(process >> 32);
}

#endif
