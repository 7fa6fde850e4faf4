/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/plugin/memory.h - an exporter that keeps what it is given, for tests.
 *
 *     sonde_memory_exporter *memory = sonde_memory_exporter_new();
 *     sonde_exporter *const  list[] = {sonde_memory_exporter_base(memory)};
 *     sonde_sdk_start(&sdk, .exporters = list, .exporter_count = 1);
 *     ... sonde_sdk_flush(sdk, 1000);
 *     sonde_str request = sonde_memory_exporter_body(memory, SONDE_SIGNAL_TRACES, 0);
 *
 * It has no place for answers that come late: each batch is answered at once. */
#ifndef SONDE_PLUGIN_MEMORY_H
#define SONDE_PLUGIN_MEMORY_H

#include <sonde/plugin/exporter.h>

SONDE_BEGIN

typedef struct sonde_memory_exporter sonde_memory_exporter;

/* Makes an exporter for spans and metrics that says it delivered everything.
 * Returns: the exporter, to be freed with sonde_memory_exporter_free(); NULL when out of memory.
 * Threads: any. Blocks: never. Standard: Trace SDK, "In-memory exporter". Since: 0.1 */
SONDE_API sonde_memory_exporter *sonde_memory_exporter_new(void);

/* Frees it and all that it kept, which ends the views that sonde_memory_exporter_body() gave. Only after the SDK that it
 * was given to has stopped. memory NULL: nothing.
 * Threads: any, once. Blocks: never. Since: 0.1 */
SONDE_API void sonde_memory_exporter_free(sonde_memory_exporter *memory);

/* What to put into sonde_sdk_options.exporters.
 * Returns: borrowed from memory; NULL for NULL.
 * Threads: any. Blocks: never. Since: 0.1 */
SONDE_API sonde_exporter *sonde_memory_exporter_base(sonde_memory_exporter *memory);

/* Sets how batches are answered from now on. Those answered with SONDE_DELIVERED are kept, all others are not.
 * answer: its batch is not looked at; NULL: SONDE_DELIVERED and nothing to say. memory NULL: nothing.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API void sonde_memory_exporter_answer(sonde_memory_exporter *memory,
                                            const sonde_result    *answer);

/* How many spans, or data points, are or were kept since it was made. signal: one of sonde_signal. memory NULL: 0.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API uint64_t sonde_memory_exporter_count(sonde_memory_exporter *memory, sonde_signal signal);

/* Waits until that many spans, or data points, have been kept since it was made.
 * Returns: SONDE_OK; SONDE_ERR_TIMEOUT when timeout_ms milliseconds passed first; SONDE_ERR_INVALID for NULL.
 * Threads: any. Blocks: up to timeout_ms. Since: 0.1 */
SONDE_API sonde_err sonde_memory_exporter_wait(sonde_memory_exporter *memory, sonde_signal signal,
                                               uint64_t count, uint32_t timeout_ms);

/* The OTLP request number index, from 0, of one signal, in the order of their coming.
 * Returns: a view that lasts until sonde_memory_exporter_clear() or _free(); {NULL, 0} when there is none.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API sonde_str sonde_memory_exporter_body(sonde_memory_exporter *memory, sonde_signal signal,
                                               size_t index);

/* Forgets the requests, not the counts. memory NULL: nothing.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API void sonde_memory_exporter_clear(sonde_memory_exporter *memory);

SONDE_END
#endif
