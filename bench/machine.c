/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bench/machine.c - what this machine takes for the things that nobody can do without: reading the
 * clock, copying 300 bytes, drawing 24 random bytes, a relaxed load and store. It shares nothing
 * with the SDK. Prints one line of JSON, in nanoseconds. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WINDOWS = 61, COPY = 300, SLOT = 320, SLOTS = 16 };

static uint64_t now(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

/* The compiler has to have written what is pointed to. */
static void use(const void *value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

static void read_clock(uint64_t count)
{
    struct timespec ts;
    for (uint64_t i = 0; i < count; i++) {
        clock_gettime(CLOCK_MONOTONIC, &ts);
        use(&ts);
    }
}

static void copy_300(uint64_t count)
{
    static char from[SLOTS * SLOT], to[SLOTS * SLOT];
    size_t      bytes = COPY;
    /* A length that is known only here, as it is for who copies a record. */
    __asm__ volatile("" : "+r"(bytes));
    for (uint64_t i = 0; i < count; i++) {
        memcpy(to + i % SLOTS * SLOT, from + (i * 5 + 3) % SLOTS * SLOT, bytes);
        use(to);
    }
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* The generator of Blackman and Vigna that is called xoshiro256**. */
static uint64_t draw(uint64_t s[4])
{
    uint64_t result  = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

static void random_24(uint64_t count)
{
    static uint64_t state[4] = { 1, 2, 3, 4 };
    uint64_t        bytes[3];
    for (uint64_t i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++)
            bytes[k] = draw(state);
        use(bytes);
    }
}

static void load_store(uint64_t count)
{
    static _Atomic uint64_t cell;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value = atomic_load_explicit(&cell, memory_order_relaxed);
        atomic_store_explicit(&cell, value + 1, memory_order_relaxed);
        use((const void *)&cell);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_of(void (*work)(uint64_t), uint64_t count)
{
    double each[WINDOWS];
    for (int i = 0; i < WINDOWS; i++) {
        uint64_t before = now(CLOCK_THREAD_CPUTIME_ID);
        work(count);
        each[i] = (double)(now(CLOCK_THREAD_CPUTIME_ID) - before) / (double)count;
    }
    qsort(each, WINDOWS, sizeof each[0], compare);
    return each[WINDOWS / 2];
}

int main(void)
{
    printf("{\"clock_read\": %.3f, \"copy_300\": %.3f, \"random_24\": %.3f, "
           "\"load_store\": %.3f}\n",
           time_of(read_clock, 10000), time_of(copy_300, 50000), time_of(random_24, 50000),
           time_of(load_store, 100000));
    return 0;
}
