/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the fuzzers share: the one function that libFuzzer calls under clang and driver.c elsewhere, the stop when
 * something does not hold (both report the input then), and ways to make parts out of the bytes at hand. */
#ifndef SONDE_TESTS_FUZZ_H
#define SONDE_TESTS_FUZZ_H

#include <sonde/base.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                  \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);  \
            abort();                                                                        \
        }                                                                                   \
    } while (0)

/* A block of exactly this size: a sanitizer sees the first byte beyond it. To be freed by the caller. */
static inline char *fuzz_memory(size_t size)
{
    char *memory = malloc(size ? size : 1);
    REQUIRE(memory);
    return memory;
}

static inline bool fuzz_same(sonde_str a, sonde_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* What stands before the first separator, and what stands after it: nothing, when there is none. */
static inline void fuzz_cut(sonde_str text, char separator, sonde_str *ret_before, sonde_str *ret_after)
{
    const char *at = text.len ? memchr(text.ptr, separator, text.len) : NULL;
    if (!at) {
        *ret_before = text;
        *ret_after  = sonde_str_n(NULL, 0);
        return;
    }
    size_t before = (size_t)(at - text.ptr);
    *ret_before   = sonde_str_n(text.ptr, before);
    *ret_after    = sonde_str_n(at + 1, text.len - before - 1);
}

/* The input as lines, at most room of them: a message's headers, one below the other. */
static inline size_t fuzz_lines(const uint8_t *data, size_t size, sonde_str *ret_lines, size_t room)
{
    sonde_str rest  = sonde_str_n(data, size);
    size_t    count = 0;
    while (rest.len > 0 && count < room)
        fuzz_cut(rest, '\n', &ret_lines[count++], &rest);
    return count;
}

#endif
