/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/metrics_table.c - metrics as text. Of a series only the attributes that tell it from its
 * neighbours are shown; those that all series of the metric share stand once, beside its name. */
#include "tail/metrics_table.h"
#include "term/text.h"
#include "term/units.h"

#include <inttypes.h>
#include <math.h>

enum {
    INDENT      = 2,
    FIGURE      = 9,
    SHARED_MAX  = 32,
    SERIES_MAX  = 200,
    LABELS_SIZE = 800,
    LABEL_LINES = 3,
    ALL_LINES   = 20,
    LABELS_MIN  = 20
};

struct table {
    struct sonde__pen                   *pen;
    const struct sonde__metrics_options *options;
    const struct sonde__metric          *metric;
    struct {
        sonde_str key, bytes; /* bytes: the whole KeyValue */
    } shared[SHARED_MAX];
    size_t shared_count;
};

static bool is_same(sonde_str a, sonde_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The next KeyValue of a data point, whole. */
static bool next_label(const struct sonde__point *point, sonde_str *rest, sonde_str *ret_bytes)
{
    sonde_field field;
    while (sonde_field_next(rest, &field)) {
        if (field.number == point->attribute_field && field.wire == 2) {
            *ret_bytes = field.bytes;
            return true;
        }
    }
    return false;
}

static bool has_label(const struct sonde__point *point, sonde_str bytes)
{
    sonde_str rest = point->attributes, label;
    while (next_label(point, &rest, &label))
        if (is_same(label, bytes))
            return true;
    return false;
}

/* Returns: how many series there are. */
static size_t find_shared(struct table *table)
{
    struct sonde__point point;
    sonde_str           rest   = table->metric->data, labels, label;
    size_t              series = 0, kept;
    table->shared_count        = 0;
    for (; sonde__point_next(table->metric, &rest, &point); series++) {
        labels = point.attributes;
        while (series == 0 && table->shared_count < SHARED_MAX &&
               next_label(&point, &labels, &label)) {
            sonde_key_value_read(label, &table->shared[table->shared_count].key, NULL);
            table->shared[table->shared_count++].bytes = label;
        }
        kept = 0;
        for (size_t i = 0; i < table->shared_count; i++)
            if (has_label(&point, table->shared[i].bytes))
                table->shared[kept++] = table->shared[i];
        table->shared_count = kept;
    }
    return series;
}

static bool is_shared(const struct table *table, sonde_str label)
{
    for (size_t i = 0; i < table->shared_count; i++)
        if (is_same(table->shared[i].bytes, label))
            return true;
    return false;
}

static void append(char *text, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, LABELS_SIZE - used, "%s%s", used ? " " : "", more);
}

/* Keys whose values need no name beside them, in the order in which they are read. */
static const char *const plain_keys[] = { "http.request.method", "http.route",
                                          "http.response.status_code" };
enum { PLAIN_KEYS = sizeof plain_keys / sizeof plain_keys[0] };

static size_t plain_rank(sonde_str key)
{
    size_t rank = 0;
    while (rank < PLAIN_KEYS && !is_same(key, sonde_str_z(plain_keys[rank])))
        rank++;
    return rank;
}

static void append_label(const struct table *table, sonde_str label, size_t rank, char *text)
{
    char        part[160];
    sonde_str   key = { "", 0 };
    sonde_value value;
    if (!sonde_key_value_read(label, &key, &value) || plain_rank(key) != rank)
        return;
    int length = key.len < 80 ? (int)key.len : 80;
    int used   = 0;
    if (table->options->all_attributes || rank == PLAIN_KEYS)
        used = snprintf(part, sizeof part, "%.*s=", length, key.ptr);
    sonde_value_text(&value, part + used, sizeof part - (size_t)used);
    append(text, part);
}

/* The labels that tell this series from the others. */
static void describe_series(const struct table *table, const struct sonde__point *point,
                            char *ret_text)
{
    *ret_text = '\0';
    for (size_t rank = 0; rank <= PLAIN_KEYS; rank++) {
        sonde_str rest = point->attributes, label;
        while (next_label(point, &rest, &label))
            if (!is_shared(table, label))
                append_label(table, label, rank, ret_text);
    }
}

static void describe_shared(const struct table *table, char *ret_text)
{
    *ret_text = '\0';
    for (size_t rank = 0; rank <= PLAIN_KEYS; rank++)
        for (size_t i = 0; i < table->shared_count; i++)
            append_label(table, table->shared[i].bytes, rank, ret_text);
}

/* Text to the right of the figures, on more lines where one is too short. */
static void put_labels(struct table *table, int style, const char *text)
{
    struct sonde__pen *pen   = table->pen;
    sonde_str          rest  = sonde_str_z(text);
    unsigned           begin = pen->column + 2;
    if (rest.len > 0 && begin + LABELS_MIN > pen->look.width) {
        sonde__pen_newline(pen);
        begin = 2 * INDENT;
    }
    unsigned room = pen->look.width - begin;
    for (unsigned line = 1; rest.len > 0; line++) {
        sonde__pen_to(pen, begin);
        sonde__pen_style(pen, style);
        if (line == (table->options->all_attributes ? ALL_LINES : LABEL_LINES)) {
            sonde__pen_text(pen, rest, room);
            return;
        }
        rest = sonde__pen_chunk(pen, rest, room);
        if (rest.len > 0)
            sonde__pen_newline(pen);
    }
}

static void put_figure(struct table *table, unsigned place, double figure, bool has_unit)
{
    char      text[SONDE__UNITS_SIZE];
    sonde_str unit = has_unit ? table->metric->unit : sonde_str_n("", 0);
    if (isnan(figure))
        snprintf(text, sizeof text, "-");
    else
        sonde__units_figure(figure, unit, table->pen->look.utf8, text);
    if (sonde__pen_measure(text) >= FIGURE) /* beyond what anybody reads digit by digit */
        snprintf(text, sizeof text, "%.0e", figure);
    sonde__pen_put_right(table->pen, text, INDENT + (place + 1) * FIGURE);
}

static bool is_distribution(const struct sonde__metric *metric)
{
    return metric->kind != SONDE__METRIC_GAUGE && metric->kind != SONDE__METRIC_SUM;
}

static bool shows_max(const struct table *table)
{
    return table->pen->look.width >= SONDE__WIDTH_DEFAULT;
}

static void put_distribution(struct table *table, const struct sonde__point *point)
{
    double count = (double)point->count;
    sonde__pen_style(table->pen, SONDE__BOLD);
    put_figure(table, 0, count, false);
    sonde__pen_style(table->pen, SONDE__PLAIN);
    put_figure(table, 1, point->has_sum && count > 0 ? point->sum / count : NAN, true);
    put_figure(table, 2, sonde__point_quantile(point, 0.5), true);
    put_figure(table, 3, sonde__point_quantile(point, 0.9), true);
    put_figure(table, 4, sonde__point_quantile(point, 0.99), true);
    if (shows_max(table))
        put_figure(table, 5, point->has_max ? point->max : NAN, true);
}

/* Whether figures come as they are: those of time and of bytes have their unit beside them. */
static bool is_plain(const struct sonde__metric *metric)
{
    char plain[SONDE__UNITS_SIZE], with_unit[SONDE__UNITS_SIZE];
    sonde__units_figure(2, sonde_str_n("", 0), false, plain);
    sonde__units_figure(2, metric->unit, false, with_unit);
    return strcmp(plain, with_unit) == 0;
}

static void put_number(struct table *table, const struct sonde__point *point)
{
    char      text[SONDE__UNITS_SIZE];
    sonde_str unit   = table->metric->unit;
    double    number = point->is_int ? (double)point->integer : point->number;
    if (point->is_int && is_plain(table->metric))
        snprintf(text, sizeof text, "%" PRId64, point->integer);
    else
        sonde__units_figure(number, unit, table->pen->look.utf8, text);
    sonde__pen_style(table->pen, SONDE__BOLD);
    sonde__pen_put_right(table->pen, text, INDENT + FIGURE);
}

static void put_series(struct table *table, const struct sonde__point *point)
{
    char labels[LABELS_SIZE];
    if (point->is_empty) {
        sonde__pen_style(table->pen, SONDE__DIM);
        sonde__pen_put_right(table->pen, "no value", INDENT + FIGURE);
    } else if (is_distribution(table->metric)) {
        put_distribution(table, point);
    } else {
        put_number(table, point);
    }
    describe_series(table, point, labels);
    put_labels(table, SONDE__PLAIN, labels);
    sonde__pen_newline(table->pen);
}

/* The name; beside it, or beside the names of the columns, what all series share. */
static void put_heading(struct table *table)
{
    static const char *const heads[] = { "count", "mean", "p50", "p90", "p99", "max" };
    struct sonde__pen       *pen     = table->pen;
    char                     shared[LABELS_SIZE];
    describe_shared(table, shared);
    sonde__pen_to(pen, INDENT);
    sonde__pen_text(pen, table->metric->name, pen->look.width - INDENT);
    sonde__pen_style(pen, SONDE__DIM);
    sonde_str unit = table->metric->unit;
    if (unit.len > 0 && is_plain(table->metric) && !is_same(unit, sonde_str_z("1")))
        sonde__pen_word(pen, " ", SONDE__DIM, unit);
    if (table->metric->is_delta)
        sonde__pen_word(pen, ", ", SONDE__DIM, sonde_str_z("since the report before"));
    if (is_distribution(table->metric)) {
        sonde__pen_newline(pen);
        sonde__pen_style(pen, SONDE__DIM);
        for (unsigned i = 0; i < (shows_max(table) ? 6 : 5); i++)
            sonde__pen_put_right(pen, heads[i], INDENT + (i + 1) * FIGURE);
    }
    put_labels(table, SONDE__DIM, shared);
    sonde__pen_newline(pen);
}

static void put_metric(struct table *table)
{
    struct sonde__point point;
    sonde_str           rest   = table->metric->data;
    size_t              series = find_shared(table);
    char                text[80];
    if (series <= 1 || table->options->all_attributes)
        table->shared_count = 0; /* one line says it all */
    put_heading(table);
    for (size_t i = 0; i < SERIES_MAX && sonde__point_next(table->metric, &rest, &point); i++)
        put_series(table, &point);
    if (series > SERIES_MAX) {
        snprintf(text, sizeof text, "%zu more series are not shown", series - SERIES_MAX);
        sonde__pen_style(table->pen, SONDE__DIM);
        sonde__pen_to(table->pen, INDENT);
        sonde__pen_put(table->pen, text);
        sonde__pen_newline(table->pen);
    }
}

/* Which of several processes of one name it is. */
static void find_instance(sonde_str resource, char *ret_text, size_t size)
{
    sonde_str   key;
    sonde_value value;
    char        id[64];
    *ret_text = '\0';
    while (sonde_attribute_next(1, &resource, &key, &value)) {
        if (is_same(key, sonde_str_z("process.pid"))) {
            sonde_value_text(&value, id, sizeof id);
            snprintf(ret_text, size, "pid %s", id);
            return;
        }
        if (is_same(key, sonde_str_z("service.instance.id"))) {
            sonde_value_text(&value, id, sizeof id);
            snprintf(ret_text, size, "instance %s", id);
        }
    }
}

static void put_process(struct table *table, const struct sonde__reading *reading)
{
    struct sonde__pen *pen = table->pen;
    char               text[100], ago[SONDE__UNITS_SIZE];
    sonde_str          service = reading->resource->name;
    const char        *between = pen->look.utf8 ? " · " : " - ";
    sonde__pen_style(pen, SONDE__DIM);
    sonde__pen_put2(pen, "━━ metrics of ", "== metrics of ");
    sonde__pen_style(pen, SONDE__BOLD);
    sonde__pen_text(pen, service.len > 0 ? service : sonde_str_z("no service.name"), 40);
    find_instance(reading->resource->bytes, text, sizeof text);
    if (*text)
        sonde__pen_word(pen, between, SONDE__DIM, sonde_str_z(text));
    if (table->options->now_ns > reading->came_ns + UINT64_C(1000000000)) {
        sonde__units_duration(table->options->now_ns - reading->came_ns, pen->look.utf8, ago);
        snprintf(text, sizeof text, "%s ago", ago);
        sonde__pen_word(pen, between, SONDE__DIM, sonde_str_z(text));
    }
    sonde__pen_newline(pen);
}

void sonde__metrics_print(struct sonde__pen *pen, const struct sonde__reading *const *readings,
                          size_t count, const struct sonde__metrics_options *options)
{
    struct table table = { .pen = pen, .options = options };
    for (size_t i = 0; i < count; i++) {
        bool is_first = i == 0 || sonde__shared_compare(readings[i]->resource,
                                                        readings[i - 1]->resource) != 0;
        if (is_first && i > 0)
            sonde__pen_newline(pen);
        if (is_first)
            put_process(&table, readings[i]);
        table.metric = &readings[i]->metric;
        put_metric(&table);
    }
    if (count > 0)
        sonde__pen_newline(pen);
}
