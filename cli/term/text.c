/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* term/text.c - characters made harmless and measured, with libc's own decoder and width table. */
#include "term/text.h"

#include <wchar.h>

enum { MARKS_MAX = 2 };

/* Changes the order of what stands beside it, breaks lines, or carries text that nobody sees. */
static bool is_treacherous(wchar_t c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x206F) || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE0FFF);
}

/* Joiners and variation selectors: terminals disagree about their widths, and a name reads well
 * without them. */
static bool is_left_out(wchar_t c)
{
    return (c >= 0x200B && c <= 0x200D) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF ||
           c == 0x00AD || (c >= 0xFE00 && c <= 0xFE0F);
}

static void show(struct sonde__glyph *glyph, const char *bytes, size_t len, int width)
{
    glyph->bytes = bytes;
    glyph->len   = (uint8_t)len;
    glyph->width = (uint8_t)width;
    glyph->marks = MARKS_MAX;
}

static void show_control(struct sonde__glyph *glyph, unsigned char c, bool utf8)
{
    /* U+2400 and what follows it are pictures of the control characters. */
    static const char pictures[][4] = {
        "␀", "␁", "␂", "␃", "␄", "␅", "␆", "␇", "␈", "␉", "␊", "␋", "␌", "␍", "␎", "␏", "␐",
        "␑", "␒", "␓", "␔", "␕", "␖", "␗", "␘", "␙", "␚", "␛", "␜", "␝", "␞", "␟", "␡",
    };
    if (!utf8)
        show(glyph, "?", 1, 1);
    else
        show(glyph, pictures[c < 0x20 ? c : 0x20], 3, 1);
}

static void show_replacement(struct sonde__glyph *glyph)
{
    show(glyph, "\uFFFD", 3, 1);
}

static void show_wide(struct sonde__glyph *glyph, wchar_t c, const char *bytes, size_t len)
{
    int width = wcwidth(c);
    if (is_left_out(c)) {
        glyph->len = glyph->width = 0;
    } else if (width < 0 || is_treacherous(c)) {
        show_replacement(glyph);
    } else if (width > 0) {
        show(glyph, bytes, len, width);
    } else if (glyph->marks > 0) {
        uint8_t left = (uint8_t)(glyph->marks - 1);
        show(glyph, bytes, len, 0);
        glyph->marks = left;
    } else { /* marks piled up, or on nothing: over the lines above */
        glyph->len = glyph->width = 0;
    }
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

bool sonde__text_next(sonde_str *rest, bool utf8, struct sonde__glyph *ret_glyph)
{
    if (rest->len == 0 || !rest->ptr)
        return false;
    const char   *at    = rest->ptr;
    unsigned char first = (unsigned char)*at;
    size_t        taken = 1;
    if (first >= 0x20 && first < 0x7F) {
        show(ret_glyph, at, 1, 1);
    } else if (first == '\t') {
        show(ret_glyph, " ", 1, 1);
    } else if (first < 0x80) {
        show_control(ret_glyph, first, utf8);
    } else if (!utf8) {
        while (taken < rest->len && is_continuation(at[taken]))
            taken++;
        show(ret_glyph, "?", 1, 1);
    } else {
        mbstate_t state;
        wchar_t   c;
        memset(&state, 0, sizeof state);
        taken = mbrtowc(&c, at, rest->len, &state);
        if (taken > 0 && taken <= rest->len) {
            show_wide(ret_glyph, c, at, taken);
        } else { /* not UTF-8, or cut off */
            show_replacement(ret_glyph);
            taken = 1;
        }
    }
    rest->ptr += taken;
    rest->len -= taken;
    return true;
}

unsigned sonde__text_width(sonde_str text, bool utf8, unsigned max)
{
    struct sonde__glyph glyph = { 0 };
    unsigned            width = 0;
    while (width <= max && sonde__text_next(&text, utf8, &glyph))
        width += glyph.width;
    return width > max ? max + 1 : width;
}
