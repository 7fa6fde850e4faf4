/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/rand.c - seeding. */
#include "base/rand.h"
#include "base/clock.h"

#include <stdbool.h>
#include <sys/random.h>
#include <unistd.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z          = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z          = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void sonde__rand_seed(struct sonde__rand *rand)
{
    /* Not blocking: early in boot the kernel may not be ready, and a host never waits because of
     * us. */
    bool ok = getrandom(rand->s, sizeof rand->s, GRND_NONBLOCK) == (ssize_t)sizeof rand->s;
    if (!ok) {
        uint64_t state = sonde__clock_mono() ^ (uint64_t)(uintptr_t)rand ^
                         ((uint64_t)getpid() << 32) ^ (uint64_t)time(NULL);
        for (int i = 0; i < 4; i++)
            rand->s[i] = splitmix(&state);
    }
    if ((rand->s[0] | rand->s[1] | rand->s[2] | rand->s[3]) == 0)
        rand->s[0] = 1; /* the one state that xoshiro never leaves */
}
