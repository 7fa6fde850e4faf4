/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export/prometheus_labels.h - attributes as labels. */
#ifndef SONDE_EXPORT_PROMETHEUS_LABELS_H
#define SONDE_EXPORT_PROMETHEUS_LABELS_H

#include "core/table.h"

enum { SONDE__KNOWN_MAX = 32 };

/* A key and what it is called as a label. */
struct sonde__known {
    uint32_t key, key_len, name, name_len; /* in known_text */
};

/* The labels of one sample after the other: those of the scope, which stay, and those of the point.
 * Zero at first. */
struct sonde__labels {
    struct sonde__buf text;      /* name="value",name="value", */
    uint32_t          scope_len; /* what of text is the scope's */
    /* while they are read */
    const char *prefix; /* of every name */
    uint32_t    field;  /* the number of a KeyValue */
    /* what the sample before had: no name twice */
    struct sonde__buf   known_text;
    struct sonde__known known[SONDE__KNOWN_MAX];
    uint32_t            known_count;
};

/* Begins a metric: its scope's labels. */
void sonde__labels_scope(struct sonde__labels *labels, const struct sonde__metric_view *metric);

/* The labels of a point, or of a resource; field: the number of the KeyValue in bytes. Labels that
 * are called the same once their characters are allowed are joined with ';', in the order of their
 * keys. */
void sonde__labels_set(struct sonde__labels *labels, uint32_t field, sonde_str bytes);

void sonde__labels_done(struct sonde__labels *labels);

/* text with what would end a label's value escaped. */
void sonde__label_value(struct sonde__buf *into, sonde_str text);

#endif
