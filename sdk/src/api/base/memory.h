/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/memory.h - address space that costs nothing until it is touched. */
#ifndef SONDE_BASE_MEMORY_H
#define SONDE_BASE_MEMORY_H

#include <stddef.h>

/* Reserves size bytes, a multiple of the page size, that read as zero. NULL when the system
 * refuses. */
void *sonde__memory_reserve(size_t size);

void sonde__memory_release(void *memory, size_t size);

/* Makes size bytes from a page's beginning read as zero again, and gives the pages back where the
 * system lets us. Only for what sonde__memory_reserve() gave; nobody else may use the bytes
 * meanwhile. */
void sonde__memory_clear(void *memory, size_t size);

#endif
