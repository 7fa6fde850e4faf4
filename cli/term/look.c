/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/look.c - what the reader of our output can see. */
#include "term/look.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool sonde__look_locale(void)
{
    /* LC_CTYPE alone: numbers keep their point. */
    return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool wants_colour(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term     = getenv("TERM");
    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0 && isatty(fd);
}

static unsigned find_width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    long        width   = columns ? strtol(columns, NULL, 10) : 0;
    return width > 0 && width <= SONDE__WIDTH_MAX ? (unsigned)width : SONDE__WIDTH_DEFAULT;
}

struct sonde__look sonde__look_at(int fd, enum sonde__colour colour, unsigned width, bool utf8)
{
    struct sonde__look look = {
        .width  = width ? width : find_width(fd),
        .colour = colour == SONDE__COLOUR_ALWAYS ||
                  (colour == SONDE__COLOUR_AUTO && wants_colour(fd)),
        .utf8 = utf8,
    };
    if (look.width < SONDE__WIDTH_MIN)
        look.width = SONDE__WIDTH_MIN;
    if (look.width > SONDE__WIDTH_MAX)
        look.width = SONDE__WIDTH_MAX;
    return look;
}
