/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/signals.c - runs in the pump's driver, which may be the application's own loop. */
#include "transport/signals.h"

#include <stddef.h>
#include <time.h>

void sonde__signals_block(sigset_t *ret_before)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
    sigset_t         all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_BLOCK, &all, ret_before);
}

void sonde__signals_unblock(const sigset_t *before)
{
    static const struct timespec at_once = { 0, 0 };
    sigset_t                     pipe;
    /* Where it was not blocked before, a SIGPIPE that is pending now is ours. Where it was, as in the
     * pump's own thread, nobody will ever see it. */
    if (!sigismember(before, SIGPIPE)) {
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        sigtimedwait(&pipe, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
