/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export/prometheus_labels.c - attributes as labels, in whoever asks for the page. */
#include "export/prometheus_labels.h"
#include "base/number.h"
#include "export/prometheus.h"

#include <stdlib.h>

enum { QUICK = 32, VALUE_MAX = 4096 };

static const char scope_prefix[] = "otel_scope_";

struct source {
    const char *prefix; /* of every name */
    uint32_t    field;
    sonde_str   rest;
};

struct label {
    sonde_str   name, key;
    sonde_value value;
};

void sonde__label_value(struct sonde__buf *into, sonde_str text)
{
    if (!sonde__buf_reserve(into, text.len * 2))
        return;
    uint8_t *to = into->data + into->len;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' || c == '"' || c == '\n')
            *to++ = '\\';
        *to++ = (uint8_t)(c == '\n' ? 'n' : c);
    }
    into->len = (uint32_t)(to - into->data);
}

static void put_value(struct sonde__buf *into, const sonde_value *value)
{
    char text[VALUE_MAX];
    if (value->type == SONDE_TYPE_STRING) {
        sonde__label_value(into, value->value.s);
        return;
    }
    size_t len = value->type == SONDE_TYPE_INT ? sonde__number_int(text, value->value.i)
                                               : sonde_value_text(value, text, sizeof text);
    sonde__label_value(into, sonde_str_n(text, len));
}

/* An attribute's key must not pass for a label that the page itself writes. */
static bool is_taken(const struct sonde__labels *labels, const uint8_t *name, size_t len)
{
    size_t prefix = sizeof scope_prefix - 1;
    return (len > prefix && memcmp(name, scope_prefix, prefix) == 0) ||
           (labels->histogram && len == 2 && memcmp(name, "le", 2) == 0);
}

static void put_label_name(const struct sonde__labels *labels, const char *prefix, sonde_str key,
                           struct sonde__buf *into)
{
    uint32_t from = into->len;
    sonde__prometheus_label(into, prefix, key);
    if (!prefix[0] && !into->failed && is_taken(labels, into->data + from, into->len - from)) {
        into->len = from;
        sonde__prometheus_label(into, "exported_", key);
    }
}

static bool key_is(sonde_str key, const char *text)
{
    return key.len == strlen(text) && memcmp(key.ptr, text, key.len) == 0;
}

/* The next attribute; a scope's attributes that would pass for its own name are left out. */
static bool next(struct source *source, sonde_str *ret_key, sonde_value *ret_value)
{
    while (sonde_attribute_next(source->field, &source->rest, ret_key, ret_value)) {
        bool own = source->prefix[0] && (key_is(*ret_key, "name") || key_is(*ret_key, "version") ||
                                         key_is(*ret_key, "schema_url"));
        if (!own)
            return true;
    }
    return false;
}

/* Writes the labels one after the other; false when two have the same name, or there are many. */
static bool set_quickly(struct sonde__labels *labels, struct source source)
{
    struct sonde__buf *into = &labels->text;
    uint32_t           names[QUICK][2], count = 0;
    sonde_str          key;
    sonde_value        value;
    while (next(&source, &key, &value)) {
        if (count == QUICK)
            return false;
        uint32_t from = into->len;
        put_label_name(labels, source.prefix, key, into);
        uint32_t len = into->len - from;
        for (uint32_t i = 0; i < count; i++)
            if (names[i][1] == len && !into->failed &&
                memcmp(into->data + names[i][0], into->data + from, len) == 0)
                return false;
        names[count][0]   = from;
        names[count++][1] = len;
        sonde__buf_add(into, "=\"", 2);
        put_value(into, &value);
        sonde__buf_add(into, "\",", 2);
    }
    return true;
}

static int compare(sonde_str a, sonde_str b)
{
    size_t len   = a.len < b.len ? a.len : b.len;
    int    order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct label *left = a, *right = b;
    int                 order = compare(left->name, right->name);
    return order ? order : compare(left->key, right->key);
}

/* All of them, with their names in a buffer; NULL: out of memory. */
static struct label *read_all(const struct sonde__labels *labels, struct source source,
                              struct sonde__buf *names, size_t *ret_count)
{
    struct source again = source;
    struct label  each, *all;
    size_t        count = 0;
    while (next(&again, &each.key, &each.value)) {
        put_label_name(labels, source.prefix, each.key, names);
        sonde__buf_byte(names, '\0');
        count++;
    }
    all = names->failed ? NULL : calloc(count + 1, sizeof *all);
    if (!all)
        return NULL;
    const char *name = (const char *)names->data;
    for (size_t i = 0; i < count && next(&source, &all[i].key, &all[i].value); i++) {
        all[i].name = sonde_str_z(name);
        name += all[i].name.len + 1;
    }
    *ret_count = count;
    return all;
}

static void set_slowly(struct sonde__labels *labels, struct source source)
{
    struct sonde__buf *into  = &labels->text;
    struct sonde__buf  names = { 0 };
    size_t             count = 0;
    struct label      *all   = read_all(labels, source, &names, &count);
    if (all)
        qsort(all, count, sizeof *all, by_name);
    for (size_t i = 0; i < count && !into->failed; i++) {
        bool joins = i > 0 && compare(all[i - 1].name, all[i].name) == 0;
        if (joins) {
            into->len -= 2; /* the closing quote and comma */
            sonde__buf_byte(into, ';');
        } else {
            sonde__buf_add(into, all[i].name.ptr, all[i].name.len);
            sonde__buf_add(into, "=\"", 2);
        }
        put_value(into, &all[i].value);
        sonde__buf_add(into, "\",", 2);
    }
    into->failed |= all == NULL;
    free(all);
    sonde__buf_done(&names);
}

static void set(struct sonde__labels *labels, struct source source)
{
    uint32_t from = labels->text.len;
    if (set_quickly(labels, source))
        return;
    labels->text.len = from;
    set_slowly(labels, source);
}

static void put_scope_label(struct sonde__labels *labels, const char *name, sonde_str value)
{
    if (value.len == 0)
        return;
    sonde__buf_text(&labels->text, name);
    sonde__buf_add(&labels->text, "=\"", 2);
    sonde__label_value(&labels->text, value);
    sonde__buf_add(&labels->text, "\",", 2);
}

void sonde__labels_scope(struct sonde__labels *labels, const struct sonde__metric_view *metric)
{
    labels->text.len  = 0;
    labels->histogram = metric->kind == SONDE__HISTOGRAM;
    put_scope_label(labels, "otel_scope_name", sonde_str_z(metric->scope_name));
    put_scope_label(labels, "otel_scope_version", sonde_str_z(metric->scope_version));
    put_scope_label(labels, "otel_scope_schema_url", sonde_str_z(metric->scope_schema_url));
    set(labels, (struct source){ scope_prefix, 3, metric->scope_message });
    labels->scope_len = labels->text.len;
}

void sonde__labels_set(struct sonde__labels *labels, uint32_t field, sonde_str bytes)
{
    labels->text.len = labels->scope_len;
    set(labels, (struct source){ "", field, bytes });
}

void sonde__labels_done(struct sonde__labels *labels)
{
    sonde__buf_done(&labels->text);
}
