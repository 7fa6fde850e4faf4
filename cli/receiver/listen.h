/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/listen.h - the socket that a receiver listens on. */
#ifndef SONDE_CLI_RECEIVER_LISTEN_H
#define SONDE_CLI_RECEIVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

enum { SONDE__ADDRESS_SIZE = 300 };

/* Listens on "HOST:PORT", "[IPv6]:PORT", "HOST", ":PORT" or "PORT" (default 127.0.0.1 and 4318;
 * port 0: any free one). ret_fd: the socket. ret_address: SONDE__ADDRESS_SIZE bytes,
 * "127.0.0.1:4318" as it turned out. ret_is_loopback: nobody outside of this machine reaches it.
 * Returns: 0, or an errno value; EINVAL when the address cannot be read and ENOENT when the host
 * is not known. */
int sonde__listen(const char *address, int *ret_fd, char *ret_address, bool *ret_is_loopback);

#endif
