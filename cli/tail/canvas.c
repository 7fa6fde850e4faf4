/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/canvas.c - columns, colours and tree lines of a waterfall. */
#include "tail/canvas.h"
#include "term/text.h"

enum {
    GUTTER     = 2,
    FIGURE     = 8,
    NAME_MIN   = 30,
    NAME_LEFT  = 6, /* of the narrowest name, for what is not indentation */
    BAR_MIN    = 12,
    BAR_GOOD   = 24,
    BAR_MAX    = 60,
    DETAIL_MIN = 6,
    DETAIL_MAX = 40
};

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static unsigned shown_depth(const struct sonde__canvas *canvas, uint32_t depth)
{
    return depth < canvas->columns.depth_max ? (unsigned)depth : canvas->columns.depth_max;
}

static unsigned width_of(const struct sonde__canvas *canvas, sonde_str text)
{
    return sonde__text_width(text, canvas->pen->look.utf8, SONDE__WIDTH_MAX);
}

/* The widest of everything that the columns could hold. */
struct wishes {
    unsigned service, name;
};

static unsigned detail_width(const struct sonde__canvas *canvas, const struct sonde__row *row,
                             const struct sonde__facts *facts)
{
    unsigned width = facts->status_code ? 5 : 0;
    if (row->span->view.status == SONDE_STATUS_ERROR)
        width += 2;
    if (facts->error_type[0])
        width += 1 + width_of(canvas, sonde_str_z(facts->error_type));
    if (facts->own[0] && !canvas->options->all_attributes)
        width += 1 + width_of(canvas, sonde_str_z(facts->own));
    return width;
}

static struct wishes ask_rows(const struct sonde__canvas *canvas, uint32_t rows)
{
    struct wishes       wishes = { 1, 4 };
    struct sonde__facts facts;
    for (uint32_t i = 0; i < rows; i++) {
        const struct sonde__row *row = &canvas->tree->rows[i];
        sonde__facts_read(&row->span->view, &facts);
        unsigned name = 2 * shown_depth(canvas, row->depth) + 2 +
                        width_of(canvas, row->span->view.name);
        if (facts.target[0])
            name += 1 + width_of(canvas, sonde_str_z(facts.target));
        wishes.name    = larger(wishes.name, name);
        wishes.service = larger(wishes.service, width_of(canvas, row->span->resource->name));
    }
    return wishes;
}

/* The widest of the details that fit into limit; the others get lines of their own. */
static unsigned ask_details(const struct sonde__canvas *canvas, uint32_t rows, unsigned limit)
{
    unsigned            widest = DETAIL_MIN;
    struct sonde__facts facts;
    for (uint32_t i = 0; i < rows; i++) {
        const struct sonde__row *row = &canvas->tree->rows[i];
        sonde__facts_read(&row->span->view, &facts);
        unsigned width = detail_width(canvas, row, &facts);
        if (width <= limit)
            widest = larger(widest, width);
    }
    return widest;
}

void sonde__canvas_arrange(struct sonde__canvas *canvas, uint32_t rows)
{
    struct sonde__columns *columns = &canvas->columns;
    unsigned               width   = canvas->pen->look.width;
    columns->depth_max             = smaller(SONDE__DEPTH_SHOWN, width / 10);
    struct wishes wishes           = ask_rows(canvas, rows);
    columns->service               = smaller(wishes.service, larger(7, width / 8));
    unsigned rest = width - (GUTTER + columns->service + 1 + 1 + FIGURE + 1 + FIGURE + 2 + 1);
    columns->name = smaller(wishes.name, larger(NAME_MIN, rest * 9 / 20));
    columns->name = smaller(columns->name, rest - BAR_MIN - DETAIL_MIN);
    /* Names that are cut get what bars can spare. */
    unsigned left = rest - columns->name;
    unsigned detail =
        ask_details(canvas, rows, smaller(DETAIL_MAX, left - larger(BAR_MIN, left / 2)));
    unsigned spare = left - detail > BAR_GOOD ? left - detail - BAR_GOOD : 0;
    spare          = smaller(spare, wishes.name - columns->name);
    columns->name += spare;
    columns->bar = smaller(BAR_MAX, left - detail - spare);
    if (columns->name < wishes.name)
        columns->depth_max = smaller(columns->depth_max, (columns->name - NAME_LEFT) / 2);
    columns->name_at = GUTTER + columns->service + 1;
    columns->start_end = columns->name_at + columns->name + 1 + FIGURE;
    columns->took_end  = columns->start_end + 1 + FIGURE;
    columns->bar_at    = columns->took_end + 2;
    columns->detail_at = columns->bar_at + columns->bar + 1;
}

static bool is_same(sonde_str a, sonde_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static int free_style(const struct sonde__canvas *canvas, unsigned wish)
{
    for (unsigned tries = 0; tries < SONDE__HUES; tries++) {
        int  style = SONDE__HUE + (int)((wish + tries) % SONDE__HUES);
        bool taken = false;
        for (unsigned i = 0; i < canvas->service_count; i++)
            taken |= canvas->services[i].style == style;
        if (!taken)
            return style;
    }
    return SONDE__HUE + (int)(wish % SONDE__HUES);
}

int sonde__canvas_style(struct sonde__canvas *canvas, sonde_str service)
{
    unsigned wish = 0;
    for (unsigned i = 0; i < canvas->service_count; i++)
        if (is_same(canvas->services[i].name, service))
            return canvas->services[i].style;
    for (size_t i = 0; i < service.len; i++)
        wish = wish * 31 + (unsigned char)service.ptr[i];
    int style = free_style(canvas, wish);
    if (canvas->service_count < SONDE__HUES) {
        canvas->services[canvas->service_count].name  = service;
        canvas->services[canvas->service_count].style = style;
        canvas->service_count++;
    }
    return style;
}

/* The lines of the ancestors: those that have more children below. */
static void put_ancestors(struct sonde__canvas *canvas, unsigned from, unsigned to)
{
    for (unsigned depth = from; depth <= to; depth++) {
        if (canvas->open[depth])
            sonde__pen_put2(canvas->pen, "│", "|");
        sonde__pen_to(canvas->pen, canvas->columns.name_at + 2 * depth);
    }
}

unsigned sonde__canvas_branch(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    unsigned depth = shown_depth(canvas, row->depth);
    sonde__pen_to(canvas->pen, canvas->columns.name_at);
    sonde__pen_style(canvas->pen, SONDE__DIM);
    canvas->open[depth] = !row->is_last;
    if (depth == 0)
        return 0;
    put_ancestors(canvas, 1, depth - 1);
    if (row->depth > depth)
        sonde__pen_put2(canvas->pen, "┄┄", "..");
    else if (row->is_last)
        sonde__pen_put2(canvas->pen, "└─", "`-");
    else
        sonde__pen_put2(canvas->pen, "├─", "|-");
    return 2 * depth;
}

void sonde__canvas_below(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    unsigned depth = shown_depth(canvas, row->depth);
    sonde__pen_to(canvas->pen, canvas->columns.name_at);
    sonde__pen_style(canvas->pen, SONDE__DIM);
    put_ancestors(canvas, 1, depth);
    if (row->has_children && row->depth < canvas->columns.depth_max)
        sonde__pen_put2(canvas->pen, "│", "|");
    sonde__pen_to(canvas->pen, canvas->columns.name_at + 2 * depth + 2);
}
