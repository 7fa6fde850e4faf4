/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* redirect.h - a guard for transfers that follow redirects. */
#ifndef SONDE_CURL_REDIRECT_H
#define SONDE_CURL_REDIRECT_H

#include "transfer.h"

/* Takes libcurl's hook before each request, from which the application's own is called. False when
 * libcurl has no such hook: then no trace header may go out. */
bool sonde__curl_guard(struct sonde__curl_transfer *transfer);

/* Gives the hook back. */
void sonde__curl_unguard(struct sonde__curl_transfer *transfer);

#endif
