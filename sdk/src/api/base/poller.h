/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/poller.h - one descriptor that stands for many: sockets, a wake-up from any thread, and a
 * timer on the monotonic clock. Level-triggered, so that its own descriptor may be watched by
 * another poller or by an application's event loop. One thread at a time, sonde__poller_wake()
 * excepted. */
#ifndef SONDE_BASE_POLLER_H
#define SONDE_BASE_POLLER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SONDE__POLL_IN = 1, SONDE__POLL_OUT = 2, SONDE__POLL_ERR = 4 };

/* What a poller can have besides the descriptors that it watches. */
enum { SONDE__POLLER_WAKE = 1, SONDE__POLLER_TIMER = 2 };

struct sonde__poller {
    bool        open;
    unsigned    with;
    int         set, wake_fd, timer_fd; /* -1: none */
    uint64_t    armed_ns;               /* what the timer was set to; UINT64_MAX: nothing */
    atomic_bool waking;                 /* a wake-up is on its way: others cost no system call */
};

struct sonde__poll_event {
    int      fd;
    unsigned what; /* IN, OUT, ERR */
};

/* with: SONDE__POLLER_WAKE and SONDE__POLLER_TIMER, where they are wanted. False when the process
 * is out of descriptors; the poller may then be used, and finds nothing. */
bool sonde__poller_init(struct sonde__poller *poller, unsigned with);

/* Closes its own descriptors, not those that it watches. A poller of zeros is left alone. */
void sonde__poller_done(struct sonde__poller *poller);

/* In a forked child, where set, wake-up and timer are still the parent's: lets go of them, touching
 * nothing of the parent's, and begins with new ones. The child watches nothing yet. */
bool sonde__poller_forked(struct sonde__poller *poller);

/* Readable whenever sonde__poller_wait() would return at once; -1: none. */
static inline int sonde__poller_fd(const struct sonde__poller *poller)
{
    return poller->open ? poller->set : -1;
}

/* Watches fd for these (IN, OUT), in place of what it was watched for before; 0 ends the watching.
 * To be called before the descriptor is closed. */
bool sonde__poller_watch(struct sonde__poller *poller, int fd, unsigned what);

/* Sets the timer to a time of sonde__clock_mono(), also one that has passed; UINT64_MAX: to none.
 * It is for once. A system call only when it differs from what was set. */
bool sonde__poller_arm(struct sonde__poller *poller, uint64_t at_ns);

/* Ends the present wait, or else the next one. Any thread, and signal handlers. What was written
 * before this call is seen by who returns from that wait. */
void sonde__poller_wake(struct sonde__poller *poller);

/* Waits until something is ready, a wake-up, the timer, or timeout_ms (0: only looks, -1: no
 * limit). Returns how many ret_events were filled; wake-up and timer are used up and not among
 * them, and a signal ends the wait as well: a caller looks after all it has to do whenever this
 * returns. */
size_t sonde__poller_wait(struct sonde__poller *poller, struct sonde__poll_event *ret_events,
                          size_t max, int timeout_ms);

#endif
