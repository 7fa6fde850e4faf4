/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/look.h - what the reader of our output can see. */
#ifndef SONDE_CLI_TERM_LOOK_H
#define SONDE_CLI_TERM_LOOK_H

#include <stdbool.h>

struct sonde__look {
    unsigned width; /* columns, from SONDE__WIDTH_MIN to SONDE__WIDTH_MAX */
    bool     colour;
    bool     utf8; /* the process's locale is a UTF-8 one */
};

enum { SONDE__WIDTH_MIN = 60, SONDE__WIDTH_MAX = 1000, SONDE__WIDTH_DEFAULT = 100 };

enum sonde__colour { SONDE__COLOUR_AUTO, SONDE__COLOUR_ALWAYS, SONDE__COLOUR_NEVER };

/* Takes over the locale of the environment. Called once, before there is a second thread.
 * Returns: whether text is written as UTF-8. */
bool sonde__look_locale(void);

/* Looks at what a descriptor leads to. auto: colours on a terminal that is not "dumb", unless
 * NO_COLOR is set. width: 0 for the terminal's own, or COLUMNS, or SONDE__WIDTH_DEFAULT. */
struct sonde__look sonde__look_at(int fd, enum sonde__colour colour, unsigned width, bool utf8);

#endif
