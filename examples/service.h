/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What both services of this folder are made of. */
#ifndef SERVICE_H
#define SERVICE_H

#include <sonde/microhttpd.h>
#include <sonde/sonde.h>

/* Starts the SDK and a traced daemon on a port of 127.0.0.1, and serves until SIGTERM or SIGINT.
 * Returns the program's exit status. */
int serve(const char *service_name, const char *port, MHD_AccessHandlerCallback handler);

/* Answers with text, which is copied. */
enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *text);

#endif
