/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export/prometheus_labels.c - attributes as labels, in whoever asks for the page. */
#include "export/prometheus_labels.h"
#include "base/number.h"
#include "export/prometheus.h"

#include <stdlib.h>

enum { VALUE_MAX = 4096 };

static const char no_prefix[] = "";

static const char scope_prefix[] = "otel_scope_";

struct label {
    sonde_str   name, key;
    sonde_value value;
};

void sonde__label_value(struct sonde__buf *into, sonde_str text)
{
    if (!sonde__buf_reserve(into, text.len * 3))
        return;
    uint8_t *to = into->data + into->len;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\0') {
            memcpy(to, "\xEF\xBF\xBD", 3); /* the page ends with a NUL */
            to += 3;
            continue;
        }
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
static bool is_taken(const uint8_t *name, size_t len)
{
    size_t prefix = sizeof scope_prefix - 1;
    return (len > prefix && memcmp(name, scope_prefix, prefix) == 0) ||
           (len == 2 && memcmp(name, "le", 2) == 0);
}

static void put_label_name(const struct sonde__labels *labels, sonde_str key,
                           struct sonde__buf *into)
{
    uint32_t from = into->len;
    sonde__prometheus_label(into, labels->prefix, key);
    /* Letters stay as they are: most keys are told by their first one. */
    if (labels->prefix[0] || key.len == 0 || (key.ptr[0] != 'o' && key.ptr[0] != 'l') ||
        into->failed || !is_taken(into->data + from, into->len - from))
        return;
    into->len = from;
    sonde__prometheus_label(into, "exported_", key);
}

static bool key_is(sonde_str key, const char *text)
{
    return key.len == strlen(text) && memcmp(key.ptr, text, key.len) == 0;
}

/* The next attribute; a scope's attributes that would pass for its own name are left out. */
static bool next(const struct sonde__labels *labels, sonde_str *rest, sonde_str *ret_key,
                 sonde_value *ret_value)
{
    while (sonde_attribute_next(labels->field, rest, ret_key, ret_value)) {
        bool own = labels->prefix[0] && (key_is(*ret_key, "name") || key_is(*ret_key, "version") ||
                                         key_is(*ret_key, "schema_url"));
        if (!own)
            return true;
    }
    return false;
}

/* Makes a key the i-th of those whose names are known; false when one before it has its name. */
static bool learn(struct sonde__labels *labels, uint32_t i, sonde_str key)
{
    struct sonde__buf   *text = &labels->known_text;
    struct sonde__known *all = labels->known, *known = &all[i];
    labels->known_count = i;
    text->len           = i > 0 ? known[-1].name + known[-1].name_len : 0;
    known->key          = text->len;
    known->key_len      = (uint32_t)key.len;
    sonde__buf_add(text, key.ptr, key.len);
    known->name = text->len;
    put_label_name(labels, key, text);
    known->name_len = text->len - known->name;
    for (uint32_t k = 0; k < i && !text->failed; k++)
        if (all[k].name_len == known->name_len &&
            memcmp(text->data + all[k].name, text->data + known->name, known->name_len) == 0)
            return false;
    labels->known_count = i + 1;
    return !text->failed;
}

/* Points of one metric mostly have the same keys in the same order. */
static bool put_known_name(struct sonde__labels *labels, uint32_t i, sonde_str key)
{
    const struct sonde__known *known = &labels->known[i];
    if (i >= labels->known_count || known->key_len != key.len ||
        memcmp(labels->known_text.data + known->key, key.ptr, key.len) != 0) {
        if (!learn(labels, i, key))
            return false;
    }
    sonde__buf_add(&labels->text, labels->known_text.data + known->name, known->name_len);
    return true;
}

/* Writes the labels one after the other; false when two have the same name, or there are many. */
static bool set_quickly(struct sonde__labels *labels, sonde_str bytes)
{
    struct sonde__buf *into  = &labels->text;
    uint32_t           count = 0;
    sonde_str          rest  = bytes, key;
    sonde_value        value;
    while (next(labels, &rest, &key, &value)) {
        if (count == SONDE__KNOWN_MAX || !put_known_name(labels, count++, key))
            return false;
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
static struct label *read_all(const struct sonde__labels *labels, sonde_str bytes,
                              struct sonde__buf *names, size_t *ret_count)
{
    sonde_str    rest = bytes;
    struct label each, *all;
    size_t       count = 0;
    while (next(labels, &rest, &each.key, &each.value)) {
        put_label_name(labels, each.key, names);
        sonde__buf_byte(names, '\0');
        count++;
    }
    all = names->failed ? NULL : calloc(count + 1, sizeof *all);
    if (!all)
        return NULL;
    const char *name = (const char *)names->data;
    rest             = bytes;
    for (size_t i = 0; i < count && next(labels, &rest, &all[i].key, &all[i].value); i++) {
        all[i].name = sonde_str_z(name);
        name += all[i].name.len + 1;
    }
    *ret_count = count;
    return all;
}

static void set_slowly(struct sonde__labels *labels, sonde_str bytes)
{
    struct sonde__buf *into  = &labels->text;
    struct sonde__buf  names = { 0 };
    size_t             count = 0;
    struct label      *all   = read_all(labels, bytes, &names, &count);
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

static void set(struct sonde__labels *labels, const char *prefix, uint32_t field, sonde_str bytes)
{
    uint32_t from = labels->text.len;
    if (labels->prefix != prefix)
        labels->known_count = 0;
    labels->prefix = prefix;
    labels->field  = field;
    if (set_quickly(labels, bytes))
        return;
    labels->text.len = from;
    set_slowly(labels, bytes);
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
    labels->text.len    = 0;
    labels->known_count = 0;
    put_scope_label(labels, "otel_scope_name", sonde_str_z(metric->scope_name));
    put_scope_label(labels, "otel_scope_version", sonde_str_z(metric->scope_version));
    put_scope_label(labels, "otel_scope_schema_url", sonde_str_z(metric->scope_schema_url));
    set(labels, scope_prefix, 3, metric->scope_message);
    labels->scope_len = labels->text.len;
}

void sonde__labels_set(struct sonde__labels *labels, uint32_t field, sonde_str bytes)
{
    labels->text.len = labels->scope_len;
    set(labels, no_prefix, field, bytes);
}

void sonde__labels_done(struct sonde__labels *labels)
{
    sonde__buf_done(&labels->text);
    sonde__buf_done(&labels->known_text);
}
