/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/waterfall.c - the header of a trace and the lines of its spans. */
#include "tail/bar.h"
#include "tail/canvas.h"
#include "term/text.h"
#include "term/units.h"

#include <inttypes.h>
#include <time.h>

enum { SERVICES_MAX = 16 };

static void put_fact(struct sonde__pen *pen, int style, sonde_str fact)
{
    sonde__pen_word(pen, pen->look.utf8 ? " · " : " - ", style, fact);
}

static void put_count(struct sonde__pen *pen, int style, const char *before, uint64_t count,
                      const char *what)
{
    char text[80];
    snprintf(text, sizeof text, "%s%" PRIu64 " %s%s", before, count, what, count == 1 ? "" : "s");
    put_fact(pen, style, sonde_str_z(text));
}

static size_t find_services(const struct sonde__tree *tree, sonde_str *ret_services)
{
    size_t count = 0;
    for (uint32_t i = 0; i < tree->count && count < SERVICES_MAX; i++) {
        sonde_str name  = tree->rows[i].span->resource->name;
        size_t    known = 0;
        while (known < count && (ret_services[known].len != name.len ||
                                 memcmp(ret_services[known].ptr, name.ptr, name.len) != 0))
            known++;
        if (known == count)
            ret_services[count++] = name;
    }
    return count;
}

/* Their names when they are few, else their number. */
static void put_services(struct sonde__canvas *canvas)
{
    sonde_str services[SERVICES_MAX];
    size_t    count = find_services(canvas->tree, services);
    if (count > 4) {
        put_count(canvas->pen, SONDE__PLAIN, count == SERVICES_MAX ? "over " : "",
                  count == SERVICES_MAX ? count - 1 : count, "service");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (services[i].len == 0)
            services[i] = sonde_str_z("no service.name");
        const char *between = i > 0 ? ", " : canvas->pen->look.utf8 ? " · " : " - ";
        sonde__pen_word(canvas->pen, between, sonde__canvas_style(canvas, services[i]),
                        services[i]);
    }
}

static void put_when(struct sonde__pen *pen, uint64_t start_ns, uint64_t now_ns)
{
    time_t    seconds = (time_t)(start_ns / 1000000000), now = (time_t)(now_ns / 1000000000);
    struct tm at, today;
    char      text[80], whole[64];
    if (start_ns == 0 || !localtime_r(&seconds, &at) || !localtime_r(&now, &today))
        return;
    bool is_today = at.tm_year == today.tm_year && at.tm_yday == today.tm_yday;
    strftime(whole, sizeof whole, is_today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &at);
    snprintf(text, sizeof text, "%s.%03u", whole, (unsigned)(start_ns / 1000000 % 1000));
    put_fact(pen, SONDE__PLAIN, sonde_str_z(text));
}

static void put_header(struct sonde__canvas *canvas, const struct sonde__trace *trace)
{
    struct sonde__pen        *pen  = canvas->pen;
    const struct sonde__tree *tree = canvas->tree;
    char                      id[33], took[SONDE__UNITS_SIZE];
    for (size_t i = 0; i < 16; i++)
        snprintf(id + 2 * i, 3, "%02x", trace->id[i]);
    sonde__units_duration(tree->end_ns - tree->start_ns, pen->look.utf8, took);
    sonde__pen_style(pen, SONDE__DIM);
    sonde__pen_put2(pen, "━━ ", "== ");
    sonde__pen_style(pen, SONDE__BOLD);
    sonde__pen_put(pen, id);
    put_count(pen, SONDE__PLAIN, "", tree->count, "span");
    put_services(canvas);
    put_fact(pen, SONDE__BOLD, sonde_str_z(took));
    put_when(pen, tree->start_ns, canvas->options->now_ns);
    if (tree->errors > 0)
        put_count(pen, SONDE__BAD, "", tree->errors, "error");
    if (tree->late > 0)
        put_count(pen, SONDE__ODD, "again, with ", tree->late, "late span");
    if (trace->dropped > 0)
        put_count(pen, SONDE__ODD, "no room for ", trace->dropped, "more span");
    sonde__pen_newline(pen);
}

static void put_resource(struct sonde__canvas *canvas, const struct sonde__shared *resource)
{
    struct sonde__pen *pen        = canvas->pen;
    char               text[2000] = "";
    sonde_str          rest       = resource->bytes, key;
    sonde_value        value;
    while (sonde_attribute_next(1, &rest, &key, &value))
        sonde__facts_append(text, sizeof text, key, &value);
    for (rest = sonde_str_z(text); rest.len > 0;) {
        sonde__pen_to(pen, SONDE__WORD_INDENT);
        sonde__pen_style(pen, SONDE__DIM);
        rest = sonde__pen_chunk(pen, rest, pen->look.width - SONDE__WORD_INDENT);
        sonde__pen_newline(pen);
    }
}

/* What the resources say, once for each. */
static void put_resources(struct sonde__canvas *canvas)
{
    const struct sonde__shared *known[SERVICES_MAX];
    size_t                      count = 0;
    for (uint32_t i = 0; i < canvas->tree->count && count < SERVICES_MAX; i++) {
        const struct sonde__shared *resource = canvas->tree->rows[i].span->resource;
        size_t                      k        = 0;
        while (k < count && sonde__shared_compare(known[k], resource) != 0)
            k++;
        if (k < count)
            continue;
        known[count++] = resource;
        put_resource(canvas, resource);
    }
}

/* The names of the columns, and the time that the bars stand for. */
static void put_heads(struct sonde__canvas *canvas)
{
    struct sonde__pen           *pen     = canvas->pen;
    const struct sonde__columns *columns = &canvas->columns;
    char                         took[SONDE__UNITS_SIZE];
    sonde__units_duration(canvas->tree->end_ns - canvas->tree->start_ns, pen->look.utf8, took);
    sonde__pen_style(pen, SONDE__DIM);
    sonde__pen_to(pen, columns->name_at - columns->service - 1);
    sonde__pen_put(pen, columns->service >= 7 ? "service" : "");
    sonde__pen_to(pen, columns->name_at);
    sonde__pen_put(pen, "span");
    sonde__pen_put_right(pen, "start", columns->start_end);
    sonde__pen_put_right(pen, "took", columns->took_end);
    sonde__pen_to(pen, columns->bar_at);
    sonde__pen_put(pen, "0");
    sonde__pen_put_right(pen, took, columns->bar_at + columns->bar);
    sonde__pen_newline(pen);
}

static void put_kind(struct sonde__pen *pen, sonde_span_kind kind)
{
    static const struct {
        const char *utf8, *ascii;
    } marks[] = {
        [SONDE_KIND_INTERNAL] = { "·", "." }, [SONDE_KIND_SERVER] = { "◆", "*" },
        [SONDE_KIND_CLIENT] = { "→", ">" },   [SONDE_KIND_PRODUCER] = { "↗", "^" },
        [SONDE_KIND_CONSUMER] = { "↘", "v" },
    };
    sonde__pen_put2(pen, marks[kind].utf8, marks[kind].ascii);
}

static void put_name(struct sonde__canvas *canvas, const struct sonde__row *row,
                     const struct sonde__facts *facts)
{
    struct sonde__pen     *pen   = canvas->pen;
    const sonde_span_view *span  = &row->span->view;
    unsigned               end   = canvas->columns.name_at + canvas->columns.name;
    bool                   error = span->status == SONDE_STATUS_ERROR;
    sonde__canvas_branch(canvas, row);
    sonde__pen_style(pen, sonde__canvas_style(canvas, row->span->resource->name));
    put_kind(pen, span->kind);
    sonde__pen_style(pen, error ? SONDE__BAD : row->depth == 0 ? SONDE__BOLD : SONDE__PLAIN);
    sonde__pen_to(pen, pen->column + 1);
    if (pen->column < end)
        sonde__pen_text(pen, span->name.len > 0 ? span->name : sonde_str_z("(no name)"),
                        end - pen->column);
    if (facts->target[0] && pen->column + 4 < end) {
        sonde__pen_to(pen, pen->column + 1);
        sonde__pen_style(pen, SONDE__DIM);
        sonde__pen_text(pen, sonde_str_z(facts->target), end - pen->column);
    }
}

static void put_times(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    struct sonde__pen           *pen     = canvas->pen;
    const struct sonde__tree    *tree    = canvas->tree;
    const struct sonde__columns *columns = &canvas->columns;
    const sonde_span_view       *span    = &row->span->view;
    char                         text[SONDE__UNITS_SIZE];
    if (!sonde__tree_has_times(span)) {
        sonde__pen_style(pen, SONDE__ODD);
        sonde__pen_put_right(pen, "?", columns->start_end);
        sonde__pen_put_right(pen, "?", columns->took_end);
        return;
    }
    sonde__pen_style(pen, SONDE__DIM);
    sonde__pen_put_right(
        pen, sonde__units_duration(span->start_ns - tree->start_ns, pen->look.utf8, text),
        columns->start_end);
    sonde__pen_style(pen, SONDE__PLAIN);
    sonde__pen_put_right(pen,
                         sonde__units_duration(span->end_ns - span->start_ns, pen->look.utf8, text),
                         columns->took_end);
    double total = tree->end_ns > tree->start_ns ? (double)(tree->end_ns - tree->start_ns) : 1;
    double from  = (double)(span->start_ns - tree->start_ns) / total;
    double to    = (double)(span->end_ns - tree->start_ns) / total;
    sonde__pen_style(pen, sonde__canvas_style(canvas, row->span->resource->name));
    sonde__pen_to(pen, columns->bar_at);
    sonde__bar_put(pen, from, to, columns->bar);
}

static void put_row(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    struct sonde__pen  *pen = canvas->pen;
    struct sonde__facts facts;
    sonde__facts_read(&row->span->view, &facts);
    if (row->is_late) {
        sonde__pen_style(pen, SONDE__ODD);
        sonde__pen_put(pen, "+");
    }
    sonde__pen_style(pen, sonde__canvas_style(canvas, row->span->resource->name));
    sonde__pen_to(pen, canvas->columns.name_at - canvas->columns.service - 1);
    sonde__pen_text(pen, row->span->resource->name, canvas->columns.service);
    put_name(canvas, row, &facts);
    put_times(canvas, row);
    unsigned told = sonde__canvas_detail(canvas, row, &facts);
    sonde__pen_newline(pen);
    sonde__canvas_details(canvas, row, &facts, told);
}

void sonde__waterfall_print(struct sonde__pen *pen, const struct sonde__trace *trace,
                            const struct sonde__tree              *tree,
                            const struct sonde__waterfall_options *options)
{
    struct sonde__canvas canvas = { .pen = pen, .tree = tree, .options = options };
    uint32_t rows = options->rows_max && options->rows_max < tree->count ? options->rows_max
                                                                         : tree->count;
    sonde__canvas_arrange(&canvas, rows);
    put_header(&canvas, trace);
    if (options->all_attributes)
        put_resources(&canvas);
    put_heads(&canvas);
    for (uint32_t i = 0; i < rows; i++)
        put_row(&canvas, &tree->rows[i]);
    if (rows < tree->count) {
        char text[80];
        snprintf(text, sizeof text, "%" PRIu32 " more spans are not shown (--rows)",
                 tree->count - rows);
        sonde__pen_style(pen, SONDE__DIM);
        sonde__pen_to(pen, canvas.columns.name_at);
        sonde__pen_put(pen, text);
        sonde__pen_newline(pen);
    }
    sonde__pen_newline(pen);
}
