/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* support/wire.h - plain sockets on loopback: a server that keeps every byte of the requests it is
 * sent and answers what it is told, and a client that sends what it is given. */
#ifndef SONDE_TEST_WIRE_H
#define SONDE_TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

/* Listens on a free port of 127.0.0.1. NULL when that fails. */
struct wire *wire_start(void);
void         wire_stop(struct wire *wire);
uint16_t     wire_port(const struct wire *wire);

/* What the next request without an answer of its own is answered: a whole response, or NULL for a
 * connection that is closed without one. Copied. Without any, "200 OK" and the body "ok". */
void wire_answer(struct wire *wire, const char *response);

/* The same, and the connection is closed behind it. */
void wire_answer_last(struct wire *wire, const char *response);

/* The head and body of the nth request, from 0; NULL when there was none yet. Borrowed. */
const char *wire_request(struct wire *wire, size_t n);

/* The value of a header of the nth request, copied; NULL when it has none. turn: the first is 0.
 * Valid for some calls. */
const char *wire_header(struct wire *wire, size_t n, const char *name, size_t turn);

/* The nth request without the lines of these headers, which end with NULL; to be freed. */
char *wire_without(struct wire *wire, size_t n, const char *const *names);

/* Connects to a port of loopback. -1 when that fails. */
int wire_connect(uint16_t port);

/* Sends text, and reads until the peer closes or `until` (NULL: never) is in what came; to be
 * freed. */
char *wire_talk(int fd, const char *text, const char *until);

/* A port of 127.0.0.1 on which nobody listens. */
uint16_t wire_closed_port(void);

#endif
