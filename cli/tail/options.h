/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/options.h - the command line of sonde tail. */
#ifndef SONDE_CLI_TAIL_OPTIONS_H
#define SONDE_CLI_TAIL_OPTIONS_H

#include "term/look.h"

#include <stdint.h>

struct sonde__tail_options {
    const char        *listen;
    uint64_t           once;       /* end after so many traces; 0: never */
    uint64_t           timeout_ns; /* 0: none */
    uint64_t           settle_ns;  /* how long a trace must be quiet */
    uint32_t           rows_max;   /* 0: all */
    unsigned           width;      /* 0: the terminal's */
    enum sonde__colour colour;
    bool               metrics, all_attributes;
};

/* Reads argv, whose first word is "tail"; prints what is wrong, or the help that was asked for.
 * Returns: -1 to go on with ret_options, else the exit status. */
int sonde__tail_options_read(int argc, char **argv, struct sonde__tail_options *ret_options);

/* The help of the verb. */
extern const char sonde__tail_help[];

#endif
