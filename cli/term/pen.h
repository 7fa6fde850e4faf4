/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/pen.h - writing lines of columns, with colours when the reader has them. Spaces and
 * changes of style are held back until something visible follows, so no line ends in either. */
#ifndef SONDE_CLI_TERM_PEN_H
#define SONDE_CLI_TERM_PEN_H

#include "term/look.h"

#include <sonde/base.h>

#include <stdio.h>

enum sonde__style {
    SONDE__PLAIN,
    SONDE__BOLD,
    SONDE__DIM,
    SONDE__BAD,  /* red */
    SONDE__ODD,  /* yellow */
    SONDE__GOOD, /* green */
    SONDE__HUE,  /* the first of SONDE__HUES colours that tell things apart */
    SONDE__HUES = 6
};

struct sonde__pen {
    FILE              *out;
    struct sonde__look look;
    unsigned           column; /* where the next character goes, held back spaces included */
    unsigned           spaces; /* held back */
    int                style, shown_style;
};

static inline struct sonde__pen sonde__pen_of(FILE *out, struct sonde__look look)
{
    return (struct sonde__pen){ .out = out, .look = look };
}

/* The style of what is written next, on this line. */
void sonde__pen_style(struct sonde__pen *pen, int style);

/* Our own words: UTF-8 or ASCII as the caller chose, every character one column wide. */
void sonde__pen_put(struct sonde__pen *pen, const char *words);

/* Our own words in either alphabet. */
void sonde__pen_put2(struct sonde__pen *pen, const char *utf8, const char *ascii);

/* Text of strangers, made harmless; what does not fit into max columns ends in an ellipsis. */
void sonde__pen_text(struct sonde__pen *pen, sonde_str text, unsigned max);

/* The beginning of text that fits into max columns, in whole words where it has any; at least
 * one character.
 * Returns what is left of it, without the blank in between. */
sonde_str sonde__pen_chunk(struct sonde__pen *pen, sonde_str text, unsigned max);

/* One more word of a line of words: behind `between` (in dim), or where it does not fit on a new line
 * that is indented. */
enum { SONDE__WORD_INDENT = 3 };
void sonde__pen_word(struct sonde__pen *pen, const char *between, int style, sonde_str word);

/* Moves right to that column; does nothing when it is passed. */
void sonde__pen_to(struct sonde__pen *pen, unsigned column);

/* Words that end before that column. */
void sonde__pen_put_right(struct sonde__pen *pen, const char *words, unsigned column);

void sonde__pen_newline(struct sonde__pen *pen);

/* The columns of our own words. */
unsigned sonde__pen_measure(const char *words);

#endif
