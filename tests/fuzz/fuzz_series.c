/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sets of attributes that the input says, in memory of the size it says. The order of a set does
 * not matter, nothing that is added is lost, and the page has Prometheus's grammar. */
#include "fuzz.h"

#include "export/prometheus.h"

#include <sonde/metrics.h>

enum { ATTRS = 6, LINE = 64, SMALLEST = 64 * 1024 };

struct input {
    const uint8_t *at, *end;
};

static uint8_t take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static sonde_str text(struct input *in)
{
    size_t    wanted = take(in) % 40, left = (size_t)(in->end - in->at);
    sonde_str s = sonde_str_n(in->at, wanted < left ? wanted : left);
    in->at += s.len;
    return s;
}

static sonde_attr attr(struct input *in, sonde_str *strings, sonde_attr *inner)
{
    sonde_str key = text(in);
    switch (take(in) % 8) {
    case 0:
        return sonde_attr_int(key, (int64_t)((uint64_t)take(in) << (take(in) & 63)));
    case 1:
        return sonde_attr_bool(key, take(in) & 1);
    case 2:
        return sonde_attr_double(key, take(in) / 3.0);
    case 3:
        return sonde_attr_bytes(key, text(in));
    case 4:
        strings[0] = text(in);
        return sonde_attr_array(key, SONDE_TYPE_STRING_ARRAY, strings, 1);
    case 5:
        *inner = sonde_attr_string(text(in), text(in));
        return sonde_attr_map(key, (sonde_attrs){ inner, 1 });
    default:
        return sonde_attr_string(key, text(in));
    }
}

/* One key: turning the list round changes which of equal keys is the last. */
static bool has_key_twice(const sonde_attr *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (fuzz_same(items[i].key, items[k].key))
                return true;
    return false;
}

static bool is_ascii(const sonde_attr *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < items[i].key.len; k++)
            if ((uint8_t)items[i].key.ptr[k] >= 0x80)
                return false;
    return true;
}

static int64_t add_sets(struct input *in, sonde_counter *counter)
{
    int64_t added = 0;
    while (in->at < in->end && added < 200) {
        sonde_attr items[ATTRS], turned[ATTRS], inner[ATTRS];
        sonde_str  strings[ATTRS];
        size_t     count = take(in) % (ATTRS + 1);
        for (size_t i = 0; i < count; i++)
            turned[count - 1 - i] = items[i] = attr(in, &strings[i], &inner[i]);
        sonde_counter_bound *one = sonde_counter_bind(counter, (sonde_attrs){ items, count });
        sonde_counter_bound *two = sonde_counter_bind(counter, (sonde_attrs){ turned, count });
        REQUIRE(one && two);
        REQUIRE(one == two || has_key_twice(items, count) || !is_ascii(items, count));
        sonde_counter_bound_add(one, 1);
        sonde_counter_add_attrs(counter, 1, (sonde_attrs){ turned, count });
        added += 2;
    }
    return added;
}

struct summer {
    struct sonde__metric_visitor visitor;
    int64_t                      sum;
};

static bool on_metric(struct sonde__metric_visitor *self, const struct sonde__metric_view *metric)
{
    (void)self;
    return metric->kind == SONDE__COUNTER;
}

static void on_point(struct sonde__metric_visitor *self, const struct sonde__point_view *point)
{
    ((struct summer *)self)->sum += point->sum;
}

static bool is_name(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

/* Behind a name at p; NULL: there is none. */
static const char *past_name(const char *p)
{
    if (!is_name(*p, true))
        return NULL;
    while (is_name(*p, false))
        p++;
    return p;
}

/* Behind the labels at p, which is behind their brace. */
static const char *past_labels(const char *p)
{
    while (*p != '}') {
        p = past_name(p);
        if (!p || p[0] != '=' || p[1] != '"')
            return NULL;
        for (p += 2; *p != '"'; p++) {
            if (*p == '\n' || *p == '\0')
                return NULL;
            if (*p == '\\' && !strchr("\\\"n", *++p))
                return NULL;
        }
        p++;
        if (*p == ',')
            p++;
        else if (*p != '}')
            return NULL;
    }
    return p + 1;
}

static void check_page(const char *page)
{
    for (const char *p = page; *p; p++) {
        if (*p == '#') {
            p = strchr(p, '\n');
            REQUIRE(p);
            continue;
        }
        p = past_name(p);
        REQUIRE(p);
        if (*p == '{')
            p = past_labels(p + 1);
        REQUIRE(p && *p++ == ' ');
        p += strspn(p, "+-.0123456789eInf");
        REQUIRE(*p == '\n');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sonde__table *table  = sonde__table_get(SONDE__TABLE_VERSION);
    struct input               in     = { data, data + size };
    size_t                     room   = SMALLEST + (size_t)take(&in) * 1024 / LINE * LINE;
    void                      *memory = aligned_alloc(LINE, room);
    struct sonde__sdk_head     head   = { NULL, NULL };
    struct summer              summer = { { on_metric, on_point }, 0 };
    struct sonde__buf          page   = { 0 };
    REQUIRE(memory);
    memset(memory, 0, room);
    REQUIRE(table->metrics_memory_init(memory, room) == SONDE_OK);
    REQUIRE(table->metrics_start(false, memory, &head.metrics) == SONDE_OK);
    sonde_meter_options options = { .name = "fuzz", .sdk = (struct sonde_sdk *)(void *)&head };
    int64_t added = add_sets(&in, sonde_counter_get(sonde_meter_get_opts(&options), "c"));
    REQUIRE(table->metrics_visit(head.metrics, &summer.visitor));
    REQUIRE(summer.sum == added);
    REQUIRE(sonde__prometheus_write(table, head.metrics, sonde_str_z(""), &page) == SONDE_OK);
    sonde__buf_byte(&page, 0);
    check_page((const char *)page.data);
    sonde__buf_done(&page);
    table->metrics_stop(head.metrics);
    free(memory);
    return 0;
}
