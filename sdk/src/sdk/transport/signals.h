/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/signals.h - no signal handler of the application's runs while a transport is at work, in the
 * application's own thread (the loop driver) or in one that a library starts there; and a peer that has
 * gone away does not end the program. */
#ifndef SONDE_TRANSPORT_SIGNALS_H
#define SONDE_TRANSPORT_SIGNALS_H

#include <signal.h>

/* Blocks all signals but those that the processor raises, for this thread. */
void sonde__signals_block(sigset_t *ret_before);

/* Puts back what was, and takes away a SIGPIPE that came in between. */
void sonde__signals_unblock(const sigset_t *before);

#endif
