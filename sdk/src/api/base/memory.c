/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/memory.c - mmap(2) and madvise(2). */
#include "base/memory.h"

#include <string.h>
#include <sys/mman.h>

void *sonde__memory_reserve(size_t size)
{
    /* First without access and unlocked: a host that called mlockall(MCL_FUTURE) would otherwise
     * get every page at once. */
    void *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    munlock(memory, size);
    if (mprotect(memory, size, PROT_READ | PROT_WRITE) == 0)
        return memory;
    munmap(memory, size);
    return NULL;
}

void sonde__memory_release(void *memory, size_t size)
{
    munmap(memory, size);
}

void sonde__memory_clear(void *memory, size_t size)
{
    /* Refused for locked pages. */
    if (size > 0 && madvise(memory, size, MADV_DONTNEED) != 0)
        memset(memory, 0, size);
}
