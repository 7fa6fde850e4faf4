/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/prefetch.h - asking for memory that is about to be written. */
#ifndef SONDE_BASE_PREFETCH_H
#define SONDE_BASE_PREFETCH_H

/* Asks for the cache line at p, to be owned by this processor; any address will do. Where the
 * compiler's own prefetch would only ask to read it, the instruction itself is named. */
static inline void sonde__prefetch_for_write(const void *p)
{
#if defined(__GNUC__) && defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#elif defined(__GNUC__)
    __builtin_prefetch(p, 1);
#else
    (void)p;
#endif
}

#endif
