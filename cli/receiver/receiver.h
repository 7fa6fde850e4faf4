/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/receiver.h - OTLP over HTTP, the receiving end. */
#ifndef SONDE_CLI_RECEIVER_RECEIVER_H
#define SONDE_CLI_RECEIVER_RECEIVER_H

#include <sonde/base.h>

enum sonde__signal { SONDE__TRACES, SONDE__METRICS, SONDE__LOGS };

/* Why a request was refused, for the person who waits for it. */
enum sonde__refusal {
    SONDE__REFUSED_JSON,
    SONDE__REFUSED_TYPE,
    SONDE__REFUSED_ENCODING,
    SONDE__REFUSED_SIZE,
    SONDE__REFUSED_BROKEN,
    SONDE__REFUSED_BUSY,
    SONDE__REFUSALS
};

/* Where requests go; embedded in what wants them. Both are called in the receiver's thread. */
struct sonde__sink {
    /* One request, unpacked; body is borrowed. ret_rejected: items that were left out of it.
     * Returns: false when it is malformed. */
    bool (*accept)(struct sonde__sink *self, enum sonde__signal signal, sonde_str body,
                   uint64_t *ret_rejected);
    void (*refused)(struct sonde__sink *self, enum sonde__refusal why, const char *sender);
};

enum { SONDE__BODY_MAX = 16 * 1024 * 1024 /* bytes of one body, packed and unpacked */ };

struct sonde__receiver;

/* Starts answering on a listening socket, which it takes over, in a thread of its own. greeting:
 * what GET / answers; it and the sink must outlive the receiver. NULL when that fails. */
struct sonde__receiver *sonde__receiver_start(int listen_fd, const char *greeting,
                                              struct sonde__sink *sink);

/* Ends the thread; no call of the sink is running any more. NULL is nothing. */
void sonde__receiver_stop(struct sonde__receiver *receiver);

/* What the sender is told, and the reader of the terminal: one sentence. */
const char *sonde__refusal_sentence(enum sonde__refusal why);

#endif
