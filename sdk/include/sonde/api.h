/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/api.h - what a library includes. Everything here is in libsonde-api. */
#ifndef SONDE_API_H
#define SONDE_API_H

#include <sonde/metrics.h>
#include <sonde/trace.h>

#endif
