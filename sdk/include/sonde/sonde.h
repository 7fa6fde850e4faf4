/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/sonde.h - everything an application needs. */
#ifndef SONDE_SONDE_H
#define SONDE_SONDE_H

#include <sonde/api.h>
#include <sonde/sdk.h>

#endif
