/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/pen.c - writing lines of columns. */
#include "term/pen.h"
#include "term/text.h"

/* SGR parameters. Only the sixteen colours of the reader's own theme are used; red is kept for
 * errors. */
static const char *const codes[SONDE__HUE + SONDE__HUES] = {
    "0", "1", "2", "31", "33", "32", "36", "35", "33", "94", "32", "95",
};

void sonde__pen_style(struct sonde__pen *pen, int style)
{
    pen->style = style;
}

static void catch_up(struct sonde__pen *pen)
{
    if (pen->look.colour && pen->shown_style != pen->style && pen->shown_style != SONDE__PLAIN)
        fputs("\033[0m", pen->out);
    fprintf(pen->out, "%*s", (int)pen->spaces, "");
    pen->spaces = 0;
    if (pen->look.colour && pen->shown_style != pen->style && pen->style != SONDE__PLAIN)
        fprintf(pen->out, "\033[%sm", codes[pen->style]);
    pen->shown_style = pen->style;
}

unsigned sonde__pen_measure(const char *words)
{
    unsigned width = 0;
    for (; *words; words++)
        width += ((unsigned char)*words & 0xC0) != 0x80;
    return width;
}

void sonde__pen_put(struct sonde__pen *pen, const char *words)
{
    if (*words == '\0')
        return;
    catch_up(pen);
    fputs(words, pen->out);
    pen->column += sonde__pen_measure(words);
}

void sonde__pen_put2(struct sonde__pen *pen, const char *utf8, const char *ascii)
{
    sonde__pen_put(pen, pen->look.utf8 ? utf8 : ascii);
}

/* How many bytes of text fit into max columns; ret_words: how many of them up to a blank, 0
 * where there is none. */
static size_t fit(const struct sonde__pen *pen, sonde_str text, unsigned max, size_t *ret_words)
{
    struct sonde__glyph glyph = { 0 };
    sonde_str           rest  = text;
    unsigned            used  = 0;
    size_t              bytes = 0;
    *ret_words                = 0;
    while (sonde__text_next(&rest, pen->look.utf8, &glyph) && used + glyph.width <= max) {
        if (used > 0 && glyph.len == 1 && *glyph.bytes == ' ')
            *ret_words = bytes;
        used += glyph.width;
        bytes = text.len - rest.len;
    }
    return bytes;
}

static void put_all(struct sonde__pen *pen, sonde_str text)
{
    struct sonde__glyph glyph = { 0 };
    catch_up(pen);
    while (sonde__text_next(&text, pen->look.utf8, &glyph)) {
        pen->column += glyph.width;
        if (glyph.len > 0)
            fwrite(glyph.bytes, 1, glyph.len, pen->out);
    }
}

void sonde__pen_text(struct sonde__pen *pen, sonde_str text, unsigned max)
{
    const char *ellipsis = pen->look.utf8 ? "…" : max > 2 ? ".." : ".";
    size_t      words;
    if (max == 0 || text.len == 0)
        return;
    if (sonde__text_width(text, pen->look.utf8, max) <= max) {
        put_all(pen, text);
        return;
    }
    put_all(pen, sonde_str_n(text.ptr, fit(pen, text, max - sonde__pen_measure(ellipsis), &words)));
    sonde__pen_put(pen, ellipsis);
}

sonde_str sonde__pen_chunk(struct sonde__pen *pen, sonde_str text, unsigned max)
{
    size_t words, taken = fit(pen, text, max, &words);
    bool   is_all = taken == text.len;
    if (taken == 0 && text.len > 0) /* not even one: two columns where there is one */
        taken = fit(pen, text, 2, &words);
    if (!is_all && text.ptr[taken] != ' ' && words > 0)
        taken = words;
    put_all(pen, sonde_str_n(text.ptr, taken));
    if (!is_all && taken < text.len && text.ptr[taken] == ' ')
        taken++;
    return sonde_str_n(text.ptr + taken, text.len - taken);
}

void sonde__pen_word(struct sonde__pen *pen, const char *between, int style, sonde_str word)
{
    unsigned max   = pen->look.width - SONDE__WORD_INDENT;
    unsigned width = sonde__text_width(word, pen->look.utf8, max) + sonde__pen_measure(between);
    sonde__pen_style(pen, SONDE__DIM);
    if (pen->column > SONDE__WORD_INDENT && pen->column + width > pen->look.width) {
        sonde__pen_newline(pen);
        sonde__pen_to(pen, SONDE__WORD_INDENT);
    } else if (pen->column > SONDE__WORD_INDENT) {
        sonde__pen_put(pen, between);
    }
    sonde__pen_style(pen, style);
    sonde__pen_text(pen, word, max);
}

void sonde__pen_to(struct sonde__pen *pen, unsigned column)
{
    if (column <= pen->column)
        return;
    pen->spaces += column - pen->column;
    pen->column = column;
}

void sonde__pen_put_right(struct sonde__pen *pen, const char *words, unsigned column)
{
    unsigned width = sonde__pen_measure(words);
    sonde__pen_to(pen, column > width ? column - width : 0);
    sonde__pen_put(pen, words);
}

void sonde__pen_newline(struct sonde__pen *pen)
{
    if (pen->look.colour && pen->shown_style != SONDE__PLAIN)
        fputs("\033[0m", pen->out);
    fputc('\n', pen->out);
    pen->column = pen->spaces = 0;
    pen->style = pen->shown_style = SONDE__PLAIN;
}
