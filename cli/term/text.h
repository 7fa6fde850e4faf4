/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/text.h - text of strangers on a terminal: what could move the cursor, change colours or
 * reorder a line is shown as a harmless character, and widths are counted in columns. */
#ifndef SONDE_CLI_TERM_TEXT_H
#define SONDE_CLI_TERM_TEXT_H

#include <sonde/base.h>

/* What stands in one place of the terminal, or nothing (len 0) for a character that is left out. */
struct sonde__glyph {
    const char *bytes;
    uint8_t     len;
    uint8_t     width; /* columns: 0 for a mark above the character before, 2 for wide ones */
    uint8_t     marks; /* how many more marks may follow; kept from call to call, 0 at first */
};

/* Takes the next character off *rest, which is UTF-8 or broken. utf8: whether the terminal shows
 * UTF-8 (then the process's locale is a UTF-8 one); else everything but ASCII is '?'. ret_glyph
 * is zeroed before the first call.
 * Returns: false at the end. */
bool sonde__text_next(sonde_str *rest, bool utf8, struct sonde__glyph *ret_glyph);

/* The columns that text takes, up to max: the answer is never above max + 1. */
unsigned sonde__text_width(sonde_str text, bool utf8, unsigned max);

#endif
