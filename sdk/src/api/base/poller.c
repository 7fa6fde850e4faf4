/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/poller.c - over epoll, eventfd and timerfd. */
#include "base/poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool sonde__poller_init(struct sonde__poller *poller, unsigned with)
{
    poller->open     = true;
    poller->with     = with;
    poller->wake_fd  = -1;
    poller->timer_fd = -1;
    poller->armed_ns = UINT64_MAX;
    atomic_init(&poller->waking, false);
    poller->set = epoll_create1(EPOLL_CLOEXEC);
    if (poller->set < 0)
        goto fail;
    if (with & SONDE__POLLER_WAKE) {
        poller->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (poller->wake_fd < 0 || !sonde__poller_watch(poller, poller->wake_fd, SONDE__POLL_IN))
            goto fail;
    }
    if (with & SONDE__POLLER_TIMER) {
        poller->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (poller->timer_fd < 0 || !sonde__poller_watch(poller, poller->timer_fd, SONDE__POLL_IN))
            goto fail;
    }
    return true;
fail:
    sonde__poller_done(poller);
    return false;
}

void sonde__poller_done(struct sonde__poller *poller)
{
    if (!poller->open)
        return;
    close_one(&poller->wake_fd);
    close_one(&poller->timer_fd);
    close_one(&poller->set);
    poller->open = false;
}

bool sonde__poller_forked(struct sonde__poller *poller)
{
    /* The set and both others are one object in parent and child: any epoll_ctl, write or settime
     * here would be felt there. Closing the child's numbers for them is not. */
    unsigned with = poller->with;
    sonde__poller_done(poller);
    return sonde__poller_init(poller, with);
}

bool sonde__poller_watch(struct sonde__poller *poller, int fd, unsigned what)
{
    struct epoll_event event = { .data.fd = fd };
    if (!poller->open || fd < 0)
        return false;
    if (what == 0)
        return epoll_ctl(poller->set, EPOLL_CTL_DEL, fd, &event) == 0 || errno == ENOENT;
    event.events = (what & SONDE__POLL_IN ? EPOLLIN : 0u) |
                   (what & SONDE__POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(poller->set, EPOLL_CTL_MOD, fd, &event) == 0)
        return true;
    return errno == ENOENT && epoll_ctl(poller->set, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool sonde__poller_arm(struct sonde__poller *poller, uint64_t at_ns)
{
    if (!poller->open || poller->timer_fd < 0)
        return false;
    if (at_ns == poller->armed_ns)
        return true;
    struct itimerspec at = { 0 }; /* all zero: none */
    if (at_ns != UINT64_MAX) {
        at.it_value.tv_sec  = (time_t)(at_ns / 1000000000);
        at.it_value.tv_nsec = (long)(at_ns % 1000000000);
        if (at_ns == 0)
            at.it_value.tv_nsec = 1;
    }
    if (timerfd_settime(poller->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
        return false;
    poller->armed_ns = at_ns;
    return true;
}

void sonde__poller_wake(struct sonde__poller *poller)
{
    /* Release, for what was written before; acquire-release also orders this exchange with the one
     * in drain(), so that either that wait still sees the descriptor readable or this call writes.
     */
    if (atomic_exchange_explicit(&poller->waking, true, memory_order_acq_rel))
        return;
    uint64_t one   = 1;
    int      saved = errno; /* a signal handler's host must not see it change */
    if (poller->open && poller->wake_fd >= 0 && write(poller->wake_fd, &one, sizeof one) < 0)
        atomic_store_explicit(&poller->waking, false, memory_order_release);
    errno = saved;
}

/* Uses up a wake-up or an expired timer; false when fd is neither. */
static bool drain(struct sonde__poller *poller, int fd)
{
    uint64_t count;
    if (fd == poller->wake_fd) {
        /* Read first: a wake-up between the two lines then finds the flag set and is this one. */
        (void)!read(fd, &count, sizeof count);
        atomic_exchange_explicit(&poller->waking, false, memory_order_acq_rel);
        return true;
    }
    if (fd == poller->timer_fd) {
        if (read(fd, &count, sizeof count) == (ssize_t)sizeof count)
            poller->armed_ns = UINT64_MAX;
        return true;
    }
    return false;
}

size_t sonde__poller_wait(struct sonde__poller *poller, struct sonde__poll_event *ret_events,
                          size_t max, int timeout_ms)
{
    struct epoll_event events[16];
    if (!poller->open || max == 0)
        return 0;
    int    room  = max < 16 ? (int)max : 16;
    int    count = epoll_wait(poller->set, events, room, timeout_ms);
    size_t found = 0;
    for (int i = 0; i < count; i++) {
        uint32_t have = events[i].events;
        if (drain(poller, events[i].data.fd))
            continue;
        ret_events[found].fd   = events[i].data.fd;
        ret_events[found].what = (have & EPOLLIN ? (unsigned)SONDE__POLL_IN : 0u) |
                                 (have & EPOLLOUT ? (unsigned)SONDE__POLL_OUT : 0u) |
                                 (have & (EPOLLERR | EPOLLHUP) ? (unsigned)SONDE__POLL_ERR : 0u);
        found++;
    }
    return found;
}
