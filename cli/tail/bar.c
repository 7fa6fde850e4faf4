/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/bar.c - bars of block characters. Unicode fills a cell from the left by eighths, but from
 * the right only by an eighth and by half, so ends are finer than beginnings. */
#include "tail/bar.h"

static const char *from_left(unsigned eighths)
{
    static const char *const blocks[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
    return blocks[eighths];
}

static const char *from_right(unsigned eighths)
{
    return eighths >= 6 ? "█" : eighths >= 3 ? "▐" : "▕";
}

/* A bar that begins and ends in the same cell. */
static void put_one_cell(struct sonde__pen *pen, unsigned begin, unsigned end)
{
    bool left = begin + end <= 8 || begin == 0;
    if (pen->look.utf8)
        sonde__pen_put(pen, left ? from_left(end - begin) : from_right(end - begin));
    else
        sonde__pen_put(pen, end - begin >= 4 ? "#" : "|");
}

static void put_cells(struct sonde__pen *pen, unsigned begin, unsigned end)
{
    unsigned first = begin / 8, last = (end - 1) / 8;
    unsigned head = 8 - begin % 8, tail = end - last * 8;
    if (pen->look.utf8)
        sonde__pen_put(pen, from_right(head));
    else
        sonde__pen_put(pen, head >= 4 || last == first + 1 ? "#" : " ");
    for (unsigned cell = first + 1; cell < last; cell++)
        sonde__pen_put2(pen, "█", "#");
    if (pen->look.utf8)
        sonde__pen_put(pen, from_left(tail));
    else if (tail >= 4)
        sonde__pen_put(pen, "#");
}

static unsigned to_eighths(double share, unsigned width)
{
    double eighths = share * width * 8;
    return eighths <= 0 ? 0 : eighths >= width * 8 ? width * 8 : (unsigned)(eighths + 0.5);
}

void sonde__bar_put(struct sonde__pen *pen, double from, double to, unsigned width)
{
    unsigned begin = to_eighths(from, width), end = to_eighths(to, width);
    if (begin >= width * 8)
        begin = width * 8 - 1;
    if (end <= begin)
        end = begin + 1;
    sonde__pen_to(pen, pen->column + begin / 8);
    if (begin / 8 == (end - 1) / 8)
        put_one_cell(pen, begin % 8, (end - 1) % 8 + 1);
    else
        put_cells(pen, begin, end);
}
