/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/reply.h - the messages that OTLP answers with. */
#ifndef SONDE_CLI_RECEIVER_REPLY_H
#define SONDE_CLI_RECEIVER_REPLY_H

#include <sonde/base.h>

enum { SONDE__REPLY_SIZE = 256 };

/* A google.rpc.Status for an HTTP status and a sentence (its first 100 bytes). ret_message:
 * SONDE__REPLY_SIZE bytes.
 * Returns: its length. */
size_t sonde__reply_status(unsigned http_status, const char *sentence, char *ret_message);

/* An ExportTraceServiceResponse that says how many spans were left out, and why. As above. */
size_t sonde__reply_partial(uint64_t rejected, const char *sentence, char *ret_message);

#endif
