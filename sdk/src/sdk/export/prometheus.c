/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export/prometheus.c - the page. All samples of one name stand together: what a later scope has
 * under a name that was written before is moved there when the page is complete. In whoever asks
 * for the page. */
#include "export/prometheus.h"
#include "base/number.h"
#include "export/prometheus_labels.h"

#include <stdatomic.h>

/* A name of the page. */
struct family {
    uint32_t           name, name_len; /* in page.names */
    sonde__metric_kind kind;
};

/* What one metric wrote. */
struct part {
    uint32_t family;
    uint32_t from, to; /* in page.into */
};

struct page {
    struct sonde__metric_visitor visitor;
    const struct sonde__table   *table;
    struct sonde__buf           *into;
    struct sonde__buf            names;    /* of families, behind each other */
    struct sonde__buf            families; /* struct family */
    struct sonde__buf            parts;    /* struct part; the last one is being written */
    bool                         mixed;    /* a family has more than one part */
    struct sonde__metric_view    metric;   /* the one that is being written */
    sonde_str                    name;     /* and its name */
    struct sonde__labels         labels;
    struct sonde__buf            bounds; /* the metric's, as text, each with its length in front */
};

static void put_uint(struct sonde__buf *into, uint64_t value)
{
    if (sonde__buf_reserve(into, SONDE__NUMBER_ROOM))
        into->len += (uint32_t)sonde__number_uint((char *)into->data + into->len, value);
}

static void put_int(struct sonde__buf *into, int64_t value)
{
    if (sonde__buf_reserve(into, SONDE__NUMBER_ROOM))
        into->len += (uint32_t)sonde__number_int((char *)into->data + into->len, value);
}

static void put_double(struct sonde__buf *into, double value)
{
    if (sonde__buf_reserve(into, SONDE__NUMBER_ROOM))
        into->len += (uint32_t)sonde__number_double((char *)into->data + into->len, value);
}

static void put_str(struct sonde__buf *into, sonde_str text)
{
    sonde__buf_add(into, text.ptr, text.len);
}

static const char *type_of(sonde__metric_kind kind)
{
    switch (kind) {
    case SONDE__COUNTER:
        return "counter";
    case SONDE__UPDOWN:
        return "gauge";
    case SONDE__HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

static void put_help(struct sonde__buf *into, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '\n')
            sonde__buf_byte(into, '\\');
        sonde__buf_byte(into, (uint8_t)(*text == '\n' ? 'n' : *text));
    }
}

static void put_head(struct sonde__buf *into, sonde_str name, const char *help, const char *type)
{
    sonde__buf_text(into, "# HELP ");
    put_str(into, name);
    sonde__buf_byte(into, ' ');
    put_help(into, help);
    sonde__buf_text(into, "\n# TYPE ");
    put_str(into, name);
    sonde__buf_byte(into, ' ');
    sonde__buf_text(into, type);
    sonde__buf_byte(into, '\n');
}

/* The family of the name at the end of page->names; a new one when there is none. UINT32_MAX: out
 * of memory. */
static uint32_t find_family(struct page *page, uint32_t name, sonde__metric_kind kind,
                            bool *ret_new)
{
    struct sonde__buf *list  = &page->families;
    uint32_t           count = (uint32_t)(list->len / sizeof(struct family));
    struct family      added = { name, page->names.len - name, kind };
    if (page->names.failed)
        return UINT32_MAX;
    *ret_new = false;
    for (uint32_t i = 0; i < count; i++) {
        struct family *each = &((struct family *)(void *)list->data)[i];
        if (each->name_len == added.name_len &&
            memcmp(page->names.data + each->name, page->names.data + name, added.name_len) == 0)
            return i;
    }
    sonde__buf_add(list, &added, sizeof added);
    *ret_new = true;
    return list->failed ? UINT32_MAX : count;
}

static const struct family *family_at(const struct page *page, uint32_t i)
{
    return &((const struct family *)(const void *)page->families.data)[i];
}

static struct part *part_at(const struct page *page, uint32_t i)
{
    return &((struct part *)(void *)page->parts.data)[i];
}

static uint32_t part_count(const struct page *page)
{
    return (uint32_t)(page->parts.len / sizeof(struct part));
}

static void end_part(struct page *page)
{
    uint32_t count = part_count(page);
    if (count > 0 && !page->parts.failed)
        part_at(page, count - 1)->to = page->into->len;
}

static void set_bounds(struct page *page)
{
    page->bounds.len = 0;
    for (uint32_t i = 0; i < page->metric.bound_count; i++) {
        uint32_t at = page->bounds.len;
        sonde__buf_byte(&page->bounds, 0);
        put_double(&page->bounds, page->metric.bounds[i]);
        if (!page->bounds.failed)
            page->bounds.data[at] = (uint8_t)(page->bounds.len - at - 1);
    }
}

static bool on_metric(struct sonde__metric_visitor *self, const struct sonde__metric_view *metric)
{
    struct page *page = (struct page *)self;
    uint32_t     name = page->names.len;
    bool         is_new;
    end_part(page);
    sonde__prometheus_name(&page->names, metric);
    uint32_t family = find_family(page, name, metric->kind, &is_new);
    if (family == UINT32_MAX)
        return false;
    if (!is_new) {
        page->names.len = name;
        page->mixed     = true;
        if (family_at(page, family)->kind != metric->kind) {
            page->table->diag(
                SONDE_LEVEL_WARN,
                "%s is not on the Prometheus page: its name stands there with another type",
                metric->name);
            return false;
        }
    }
    struct part part = { family, page->into->len, page->into->len };
    sonde__buf_add(&page->parts, &part, sizeof part);
    page->metric = *metric;
    page->name   = sonde_str_n(page->names.data + family_at(page, family)->name,
                               family_at(page, family)->name_len);
    if (is_new)
        put_head(page->into, page->name,
                 metric->description[0] ? metric->description : metric->name,
                 type_of(metric->kind)); /* promtool wants some text */
    sonde__labels_scope(&page->labels, metric);
    if (metric->kind == SONDE__HISTOGRAM)
        set_bounds(page);
    return true;
}

/* name_suffix{labels} and a space; the labels' comma at the end is allowed in front of the brace.
 * */
static void put_sample(const struct page *page, const char *suffix)
{
    struct sonde__buf       *into = page->into;
    const struct sonde__buf *text = &page->labels.text;
    put_str(into, page->name);
    if (suffix[0])
        sonde__buf_text(into, suffix);
    if (text->len > 0) {
        sonde__buf_byte(into, '{');
        sonde__buf_add(into, text->data, text->len - 1);
        sonde__buf_byte(into, '}');
    }
    sonde__buf_byte(into, ' ');
}

static void put_bucket(const struct page *page, sonde_str bound, uint64_t count)
{
    struct sonde__buf *into = page->into;
    put_str(into, page->name);
    sonde__buf_text(into, "_bucket{");
    sonde__buf_add(into, page->labels.text.data, page->labels.text.len);
    sonde__buf_text(into, "le=\"");
    put_str(into, bound);
    sonde__buf_text(into, "\"} ");
    put_uint(into, count);
    sonde__buf_byte(into, '\n');
}

static void put_histogram(const struct page *page, const struct sonde__point_view *point)
{
    struct sonde__buf *into  = page->into;
    const uint8_t     *bound = page->bounds.data;
    uint64_t           count = 0;
    if (page->bounds.failed)
        return;
    for (uint32_t i = 0; i < page->metric.bound_count; i++, bound += 1 + bound[0]) {
        count += point->buckets[i];
        put_bucket(page, sonde_str_n(bound + 1, bound[0]), count);
    }
    put_bucket(page, sonde_str_z("+Inf"), point->count);
    put_sample(page, "_sum");
    put_double(into, point->total);
    sonde__buf_byte(into, '\n');
    put_sample(page, "_count");
    put_uint(into, point->count);
    sonde__buf_byte(into, '\n');
}

static void on_point(struct sonde__metric_visitor *self, const struct sonde__point_view *point)
{
    struct page *page = (struct page *)self;
    sonde__labels_set(&page->labels, page->metric.kind == SONDE__HISTOGRAM ? 9 : 7,
                      point->attributes);
    if (page->metric.kind == SONDE__HISTOGRAM) {
        put_histogram(page, point);
        return;
    }
    put_sample(page, "");
    put_int(page->into, point->sum);
    sonde__buf_byte(page->into, '\n');
}

/* Puts the parts of each family behind each other. */
static void sort_parts(struct page *page, uint32_t begun)
{
    struct sonde__buf sorted = { 0 };
    uint32_t          count  = part_count(page),
             families        = (uint32_t)(page->families.len / sizeof(struct family));
    for (uint32_t f = 0; f < families; f++)
        for (uint32_t i = 0; i < count; i++) {
            const struct part *part = part_at(page, i);
            if (part->family == f)
                sonde__buf_add(&sorted, page->into->data + part->from, part->to - part->from);
        }
    if (!sorted.failed && sorted.len == page->into->len - begun)
        memcpy(page->into->data + begun, sorted.data, sorted.len);
    page->into->failed |= sorted.failed;
    sonde__buf_done(&sorted);
}

/* target_info is a family as any other: a metric that is called so stands with it. */
static void put_target(struct page *page, sonde_str resource)
{
    struct part part = { 0, page->into->len, 0 };
    bool        is_new;
    sonde__labels_set(&page->labels, 1, resource);
    if (page->labels.text.len == 0)
        return;
    sonde__buf_text(&page->names, "target_info");
    page->name = sonde_str_n(page->names.data, page->names.len);
    if (find_family(page, 0, SONDE__UPDOWN, &is_new) == UINT32_MAX)
        return;
    sonde__buf_add(&page->parts, &part, sizeof part);
    put_head(page->into, page->name, "Target metadata", "gauge");
    put_sample(page, "");
    sonde__buf_text(page->into, "1\n");
}

static bool is_failed(const struct page *page)
{
    return page->into->failed || page->names.failed || page->families.failed ||
           page->parts.failed || page->bounds.failed || page->labels.text.failed;
}

static void page_done(struct page *page)
{
    sonde__buf_done(&page->names);
    sonde__buf_done(&page->families);
    sonde__buf_done(&page->parts);
    sonde__buf_done(&page->bounds);
    sonde__labels_done(&page->labels);
}

/* How long the last page was: the next one will hardly be shorter. Relaxed: a guess. */
static _Atomic uint32_t usual_len;

sonde_err sonde__prometheus_write(const struct sonde__table *table, struct sonde__metrics *metrics,
                                  sonde_str resource, struct sonde__buf *into)
{
    struct page page;
    sonde_err   err = SONDE_OK;
    if (!table || !into)
        return SONDE_ERR_INVALID;
    memset(&page, 0, sizeof page);
    page.visitor.metric = on_metric;
    page.visitor.point  = on_point;
    page.table          = table;
    page.into           = into;
    uint32_t begun      = into->len;
    (void)sonde__buf_reserve(into, atomic_load_explicit(&usual_len, memory_order_relaxed));
    put_target(&page, resource);
    if (!table->metrics_visit(metrics, &page.visitor))
        err = SONDE_ERR_INVALID;
    end_part(&page);
    if (page.mixed && !is_failed(&page))
        sort_parts(&page, begun);
    if (is_failed(&page))
        err = SONDE_ERR_NOMEM;
    if (err == SONDE_OK)
        atomic_store_explicit(&usual_len, into->len - begun + (into->len - begun) / 16,
                              memory_order_relaxed);
    else
        into->len = begun;
    page_done(&page);
    return err;
}
