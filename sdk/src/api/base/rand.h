/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/rand.h - xoshiro256** (Blackman and Vigna), one state a thread, seeded by the kernel. */
#ifndef SONDE_BASE_RAND_H
#define SONDE_BASE_RAND_H

#include <stdint.h>

struct sonde__rand {
    uint64_t s[4];
};

/* Seeds from getrandom(2), or from clocks and addresses where the kernel has none to give. */
void sonde__rand_seed(struct sonde__rand *rand);

static inline uint64_t sonde__rand_next(struct sonde__rand *rand)
{
    uint64_t *s      = rand->s;
    uint64_t  x      = s[1] * 5;
    uint64_t  result = ((x << 7) | (x >> 57)) * 9;
    uint64_t  t      = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

#endif
