/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/details.c - what stands behind the bar of a span and on the lines below it. */
#include "tail/canvas.h"
#include "term/text.h"
#include "term/units.h"

#include <inttypes.h>

enum {
    ERROR_LINES = 3,
    HANG        = 4,
    VALUE_LINES = 20,
    EVENTS_MAX  = 4,
    LINKS_MAX   = 3,
    SKEW_MIN_NS = 1000,
    TEXT_SIZE   = 4096
};

static bool is_error(const struct sonde__row *row)
{
    return row->span->view.status == SONDE_STATUS_ERROR;
}

/* Text below a row, over as many lines as it needs and may have; its own line breaks are kept. */
static void put_lines(struct sonde__canvas *canvas, const struct sonde__row *row, int style,
                      const char *words, unsigned lines_max)
{
    sonde_str          text = sonde_str_z(words);
    struct sonde__pen *pen  = canvas->pen;
    for (unsigned line = 1; line <= lines_max && text.len > 0; line++) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        sonde_str   part = sonde_str_n(text.ptr, newline ? (size_t)(newline - text.ptr) : text.len);
        sonde__canvas_below(canvas, row);
        sonde__pen_style(pen, style);
        sonde__pen_to(pen, pen->column + (line > 1 ? HANG : 0));
        unsigned room = pen->look.width > pen->column + 20 ? pen->look.width - pen->column : 20;
        if (line == lines_max) {
            sonde__pen_text(pen, text, room);
            text.len = 0;
        } else {
            size_t left  = sonde__pen_chunk(pen, part, room).len;
            size_t taken = part.len - left + (left == 0 && newline ? 1 : 0);
            text         = sonde_str_n(text.ptr + taken, text.len - taken);
        }
        sonde__pen_newline(pen);
    }
}

static void put_text(struct sonde__canvas *canvas, const struct sonde__row *row, int style,
                     const char *text)
{
    put_lines(canvas, row, style, text, 1);
}

static bool fits(const struct sonde__canvas *canvas, const char *text)
{
    const struct sonde__pen *pen = canvas->pen;
    return pen->column + 1 < pen->look.width &&
           sonde__text_width(sonde_str_z(text), pen->look.utf8, pen->look.width) <
               pen->look.width - pen->column;
}

static void put_behind(struct sonde__canvas *canvas, int style, const char *text)
{
    if (canvas->pen->column > canvas->columns.detail_at)
        sonde__pen_to(canvas->pen, canvas->pen->column + 1);
    sonde__pen_style(canvas->pen, style);
    sonde__pen_text(canvas->pen, sonde_str_z(text), canvas->pen->look.width);
}

unsigned sonde__canvas_detail(struct sonde__canvas *canvas, const struct sonde__row *row,
                              const struct sonde__facts *facts)
{
    char     code[24];
    unsigned told = 0;
    bool     bad  = is_error(row);
    snprintf(code, sizeof code, "%" PRId64, facts->status_code);
    sonde__pen_to(canvas->pen, canvas->columns.detail_at);
    if (bad)
        put_behind(canvas, SONDE__BAD, canvas->pen->look.utf8 ? "✗" : "x");
    if (facts->status_code)
        put_behind(canvas,
                   bad                         ? SONDE__BAD
                   : facts->status_code >= 400 ? SONDE__ODD
                                               : SONDE__GOOD,
                   code);
    if (!facts->error_type[0] || strcmp(facts->error_type, code) == 0)
        told |= SONDE__TOLD_TYPE; /* HTTP errors have their status as error.type */
    if (!(told & SONDE__TOLD_TYPE) && fits(canvas, facts->error_type)) {
        put_behind(canvas, bad ? SONDE__BAD : SONDE__ODD, facts->error_type);
        told |= SONDE__TOLD_TYPE;
    }
    if (!facts->own[0] || canvas->options->all_attributes)
        told |= SONDE__TOLD_OWN;
    if (!(told & SONDE__TOLD_OWN) && fits(canvas, facts->own)) {
        put_behind(canvas, SONDE__DIM, facts->own);
        told |= SONDE__TOLD_OWN;
    }
    return told;
}

static void put_error(struct sonde__canvas *canvas, const struct sonde__row *row,
                      const struct sonde__facts *facts, unsigned told)
{
    char        text[TEXT_SIZE];
    sonde_str   message = row->span->view.status_message;
    const char *type    = told & SONDE__TOLD_TYPE ? "" : facts->error_type;
    const char *between = *type && message.len > 0 ? ": " : "";
    int         length  = message.len < TEXT_SIZE ? (int)message.len : TEXT_SIZE;
    if (!*type && message.len == 0)
        return;
    snprintf(text, sizeof text, "%s%s%.*s", type, between, length, message.ptr ? message.ptr : "");
    put_lines(canvas, row, is_error(row) ? SONDE__BAD : SONDE__DIM, text,
              canvas->options->all_attributes ? VALUE_LINES : ERROR_LINES);
}

static void put_id(const uint8_t *id, size_t size, char *ret_text)
{
    for (size_t i = 0; i < size; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", id[i]);
}

/* Limits of the sender; what nobody shows, people miss. */
static void put_dropped(struct sonde__canvas *canvas, const struct sonde__row *row, uint32_t count,
                        const char *what)
{
    char text[80];
    snprintf(text, sizeof text, "%" PRIu32 " more %s%s left out by its sender", count, what,
             count == 1 ? " was" : "s were");
    if (count > 0)
        put_text(canvas, row, SONDE__ODD, text);
}

/* What the sender's own words do not add up to. */
static void put_doubts(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    const sonde_span_view *span = &row->span->view;
    char                   text[160], figure[SONDE__UNITS_SIZE], id[17];
    put_id(span->parent_id, 8, id);
    if (row->is_orphan) {
        snprintf(text, sizeof text, "its parent %s has not come", id);
        put_text(canvas, row, SONDE__DIM, text);
    }
    if (row->is_in_cycle)
        put_text(canvas, row, SONDE__ODD, "its parents lead back to itself");
    if (span->start_ns > 0 && span->end_ns < span->start_ns)
        put_text(canvas, row, SONDE__ODD,
                 span->end_ns ? "it ends before it starts" : "it has no end");
    if (span->start_ns == 0)
        put_text(canvas, row, SONDE__ODD, "it has no start");
    if (row->parent && sonde__tree_has_times(span) && sonde__tree_has_times(&row->parent->view) &&
        row->parent->view.start_ns >= span->start_ns + SKEW_MIN_NS) {
        sonde__units_duration(row->parent->view.start_ns - span->start_ns, canvas->pen->look.utf8,
                              figure);
        snprintf(text, sizeof text, "it starts %s before its parent: their clocks differ", figure);
        put_text(canvas, row, SONDE__ODD, text);
    }
    put_dropped(canvas, row, span->dropped_attributes, "attribute");
    put_dropped(canvas, row, span->dropped_events, "event");
    put_dropped(canvas, row, span->dropped_links, "link");
}

/* "prefix" and all attributes of a message, one below the other. */
static void put_all(struct sonde__canvas *canvas, const struct sonde__row *row, uint32_t field,
                    sonde_str message, const char *prefix)
{
    char        text[TEXT_SIZE];
    sonde_str   key;
    sonde_value value;
    while (sonde_attribute_next(field, &message, &key, &value)) {
        int length = key.len < 200 ? (int)key.len : 200;
        int used = snprintf(text, sizeof text, "%s%.*s = ", prefix, length, key.ptr ? key.ptr : "");
        if (used > 0 && (size_t)used < sizeof text)
            sonde_value_text(&value, text + used, sizeof text - (size_t)used);
        put_lines(canvas, row, SONDE__DIM, text, VALUE_LINES);
    }
}

static bool is_zero(const uint8_t *id)
{
    static const uint8_t none[8];
    return memcmp(id, none, sizeof none) == 0;
}

static void put_identity(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    const sonde_span_view *span  = &row->span->view;
    sonde_str              scope = row->span->scope->name;
    char                   text[400], id[17], parent[17];
    int                    length = scope.len < 200 ? (int)scope.len : 200;
    put_id(span->span_context.span_id, 8, id);
    put_id(span->parent_id, 8, parent);
    snprintf(text, sizeof text, "span %s, parent %s%s, scope %.*s", id,
             is_zero(span->parent_id) ? "none" : parent, span->parent_is_remote ? " (remote)" : "",
             length, scope.ptr);
    put_lines(canvas, row, SONDE__DIM, text, ERROR_LINES);
    if (span->tracestate.len > 0) {
        length = span->tracestate.len < 300 ? (int)span->tracestate.len : 300;
        snprintf(text, sizeof text, "tracestate %.*s", length, span->tracestate.ptr);
        put_lines(canvas, row, SONDE__DIM, text, ERROR_LINES);
    }
}

/* What an event says: the exception in it, or its name and, if wanted, attributes. */
static void describe_event(const sonde_event_view *event, bool attributes, char *text, size_t size)
{
    char        type[200] = "", message[400] = "", others[800] = "";
    sonde_str   rest = event->bytes, key;
    sonde_value value;
    while (sonde_attribute_next(3, &rest, &key, &value)) {
        if (key.len == 14 && memcmp(key.ptr, "exception.type", 14) == 0)
            sonde_value_text(&value, type, sizeof type);
        else if (key.len == 17 && memcmp(key.ptr, "exception.message", 17) == 0)
            sonde_value_text(&value, message, sizeof message);
        else if (attributes && (key.len < 10 || memcmp(key.ptr, "exception.", 10) != 0))
            sonde__facts_append(others, sizeof others, key, &value);
    }
    int length = event->name.len < 200 ? (int)event->name.len : 200;
    snprintf(text, size, "%.*s%s%s%s%s%s%s", length, event->name.ptr ? event->name.ptr : "",
             *type ? " " : "", type, *message ? ": " : "", message, *others ? " " : "", others);
}

static void put_event(struct sonde__canvas *canvas, const struct sonde__row *row,
                      const sonde_event_view *event)
{
    bool     all      = canvas->options->all_attributes;
    uint64_t start_ns = canvas->tree->start_ns;
    char     text[TEXT_SIZE], figure[SONDE__UNITS_SIZE];
    sonde__units_duration(event->time_ns > start_ns ? event->time_ns - start_ns : 0,
                          canvas->pen->look.utf8, figure);
    int used = snprintf(text, sizeof text, "%s %s ", canvas->pen->look.utf8 ? "•" : "o", figure);
    describe_event(event, !all, text + used, sizeof text - (size_t)used);
    bool bad = is_error(row) && event->name.len == 9 &&
               memcmp(event->name.ptr, "exception", 9) == 0;
    put_text(canvas, row, bad ? SONDE__BAD : SONDE__DIM, text);
    if (all)
        put_all(canvas, row, 3, event->bytes, "  ");
}

static void put_more(struct sonde__canvas *canvas, const struct sonde__row *row, unsigned count,
                     const char *what)
{
    char text[80];
    snprintf(text, sizeof text, "%u more %s%s (--all-attributes)", count, what,
             count == 1 ? "" : "s");
    put_text(canvas, row, SONDE__DIM, text);
}

static void put_events(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    unsigned         max = canvas->options->all_attributes ? UINT32_MAX : EVENTS_MAX, shown = 0;
    sonde_str        rest = row->span->view.bytes, message;
    sonde_event_view event;
    while (shown < max && sonde_span_next(SONDE_PART_EVENT, &rest, &message)) {
        if (sonde_event_read(message, &event))
            put_event(canvas, row, &event);
        shown++;
    }
    if (shown < row->span->view.event_count)
        put_more(canvas, row, row->span->view.event_count - shown, "event");
}

static void put_link(struct sonde__canvas *canvas, const struct sonde__row *row, sonde_str link)
{
    char        text[80], trace_id[33] = "?", span_id[17] = "?";
    sonde_str   rest = link;
    sonde_field field;
    while (sonde_field_next(&rest, &field)) {
        if (field.number == 1 && field.bytes.len == 16)
            put_id((const uint8_t *)field.bytes.ptr, 16, trace_id);
        if (field.number == 2 && field.bytes.len == 8)
            put_id((const uint8_t *)field.bytes.ptr, 8, span_id);
    }
    snprintf(text, sizeof text, "%s trace %s span %s", canvas->pen->look.utf8 ? "↪" : "&", trace_id,
             span_id);
    put_text(canvas, row, SONDE__DIM, text);
    if (canvas->options->all_attributes)
        put_all(canvas, row, 4, link, "  ");
}

static void put_links(struct sonde__canvas *canvas, const struct sonde__row *row)
{
    unsigned  max = canvas->options->all_attributes ? UINT32_MAX : LINKS_MAX, shown = 0;
    sonde_str rest = row->span->view.bytes, message;
    while (shown < max && sonde_span_next(SONDE_PART_LINK, &rest, &message)) {
        put_link(canvas, row, message);
        shown++;
    }
    if (shown < row->span->view.link_count)
        put_more(canvas, row, row->span->view.link_count - shown, "link");
}

void sonde__canvas_details(struct sonde__canvas *canvas, const struct sonde__row *row,
                           const struct sonde__facts *facts, unsigned told)
{
    put_error(canvas, row, facts, told);
    put_doubts(canvas, row);
    if (canvas->options->all_attributes) {
        put_identity(canvas, row);
        put_all(canvas, row, SONDE_PART_ATTRIBUTE, row->span->view.bytes, "");
    } else if (!(told & SONDE__TOLD_OWN)) {
        put_text(canvas, row, SONDE__DIM, facts->own);
    }
    put_events(canvas, row);
    put_links(canvas, row);
}
