/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store/points.c - reading metrics. The field numbers are those of
 * opentelemetry.proto.metrics.v1. */
#include "store/points.h"

#include <math.h>
#include <stdlib.h>

/* The next length-delimited field with that number. */
static bool next_message(uint32_t number, sonde_str *rest, sonde_str *ret_bytes)
{
    sonde_field field;
    while (sonde_field_next(rest, &field)) {
        if (field.number == number && field.wire == 2) {
            *ret_bytes = field.bytes;
            return true;
        }
    }
    return false;
}

static bool is_well_formed(sonde_str message)
{
    sonde_field field;
    while (sonde_field_next(&message, &field))
        ;
    return message.len == 0;
}

static sonde_str find_message(sonde_str message)
{
    sonde_str found = sonde_str_n("", 0);
    next_message(1, &message, &found);
    return found;
}

bool sonde__metric_next(struct sonde__metric_iter *iter, sonde_str *ret_metric)
{
    while (!iter->malformed) {
        if (next_message(2, &iter->scope_metrics, ret_metric))
            return true;
        if (next_message(2, &iter->resource_metrics, &iter->scope_metrics)) {
            iter->malformed = !is_well_formed(iter->scope_metrics);
            iter->scope     = find_message(iter->scope_metrics);
        } else if (next_message(1, &iter->body, &iter->resource_metrics)) {
            iter->malformed = !is_well_formed(iter->resource_metrics);
            iter->resource  = find_message(iter->resource_metrics);
        } else {
            iter->malformed = iter->body.len != 0;
            return false;
        }
    }
    return false;
}

static bool is_kind(const sonde_field *field)
{
    return field->wire == 2 &&
           (field->number == SONDE__METRIC_GAUGE || field->number == SONDE__METRIC_SUM ||
            field->number == SONDE__METRIC_HISTOGRAM ||
            field->number == SONDE__METRIC_EXPONENTIAL || field->number == SONDE__METRIC_SUMMARY);
}

bool sonde__metric_read(sonde_str message, struct sonde__metric *ret_metric)
{
    struct sonde__metric metric = { .kind = SONDE__METRIC_NONE };
    sonde_field          field;
    while (sonde_field_next(&message, &field)) {
        if (field.number == 1 && field.wire == 2)
            metric.name = field.bytes;
        if (field.number == 3 && field.wire == 2)
            metric.unit = field.bytes;
        if (is_kind(&field)) {
            metric.kind = (enum sonde__metric_kind)field.number;
            metric.data = field.bytes;
        }
    }
    if (message.len != 0 || !is_well_formed(metric.data))
        return false;
    sonde_str data = metric.data;
    while (sonde_field_next(&data, &field))
        if (field.number == 2 && field.wire == 0)
            metric.is_delta = field.value == 1;
    *ret_metric = metric;
    return true;
}

/* Figures as they stand in the message, before they are buckets. */
struct raw {
    double   bounds[SONDE__BUCKETS_MAX];
    uint64_t counts[SONDE__BUCKETS_MAX];
    uint32_t bound_count, count_count;
    bool     overflow;
};

static double as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static void put_count(struct raw *raw, uint64_t count)
{
    if (raw->count_count < SONDE__BUCKETS_MAX)
        raw->counts[raw->count_count++] = count;
    else
        raw->overflow = true;
}

static void put_bound(struct raw *raw, uint64_t bits)
{
    if (raw->bound_count < SONDE__BUCKETS_MAX)
        raw->bounds[raw->bound_count++] = as_double(bits);
    else
        raw->overflow = true;
}

/* A repeated fixed64: packed into one or several fields, or each in a field of its own. */
static void read_repeated(const sonde_field *field, struct raw *raw,
                          void (*put)(struct raw *, uint64_t))
{
    if (field->wire == 1)
        put(raw, field->value);
    for (size_t at = 0; field->wire == 2 && at + 8 <= field->bytes.len; at += 8) {
        uint64_t bits;
        memcpy(&bits, field->bytes.ptr + at, 8);
        put(raw, bits);
    }
}

static void put_bucket(struct sonde__point *point, double lower, double upper, uint64_t count)
{
    if (point->bucket_count < SONDE__BUCKETS_MAX)
        point->buckets[point->bucket_count++] = (struct sonde__bucket){ lower, upper, count };
}

/* The outermost buckets are open: min and max close them, or else the nearest bound does. */
static void make_explicit_buckets(const struct raw *raw, struct sonde__point *point)
{
    uint32_t last = raw->bound_count;
    if (raw->overflow || raw->count_count != last + 1 || last == 0)
        return;
    for (uint32_t i = 0; i <= last; i++) {
        double below = point->has_min ? point->min : raw->bounds[0] > 0 ? 0 : raw->bounds[0];
        double above = point->has_max ? point->max : raw->bounds[last - 1];
        put_bucket(point, i == 0 ? below : raw->bounds[i - 1], i == last ? above : raw->bounds[i],
                   raw->counts[i]);
    }
}

static int32_t unzigzag(uint64_t value)
{
    uint32_t bits = (uint32_t)value;
    return (int32_t)(bits >> 1 ^ (0u - (bits & 1)));
}

/* Buckets of an exponential histogram: { sint32 offset = 1; repeated uint64 bucket_counts = 2;
 * }. */
struct run {
    int32_t    offset;
    struct raw raw;
};

static bool read_run(sonde_str message, struct run *ret_run)
{
    sonde_field field;
    ret_run->offset          = 0;
    ret_run->raw.count_count = 0;
    ret_run->raw.overflow    = false;
    while (sonde_field_next(&message, &field)) {
        if (field.number == 1 && field.wire == 0)
            ret_run->offset = unzigzag(field.value);
        if (field.number != 2)
            continue;
        if (field.wire == 0)
            put_count(&ret_run->raw, field.value);
        /* Packed varints look like the fields of a message without their tags. */
        for (size_t at = 0; field.wire == 2 && at < field.bytes.len;) {
            uint64_t value = 0;
            for (unsigned shift = 0; at < field.bytes.len; shift += 7) {
                uint8_t byte = (uint8_t)field.bytes.ptr[at++];
                value |= shift < 64 ? (uint64_t)(byte & 0x7F) << shift : 0;
                if (byte < 0x80)
                    break;
            }
            put_count(&ret_run->raw, value);
        }
    }
    return message.len == 0;
}

struct exponential {
    int32_t   scale;
    uint64_t  zero_count;
    double    zero_threshold;
    sonde_str positive, negative;
};

static bool make_exponential_buckets(const struct exponential *histogram,
                                     struct sonde__point      *point)
{
    double     base = exp2(exp2(-(double)histogram->scale));
    struct run run;
    if (!read_run(histogram->negative, &run))
        return false;
    bool overflow = run.raw.overflow;
    for (uint32_t i = run.raw.count_count; i-- > 0;)
        put_bucket(point, -pow(base, (double)run.offset + i + 1),
                   -pow(base, (double)run.offset + i), run.raw.counts[i]);
    if (histogram->zero_count > 0)
        put_bucket(point, 0, histogram->zero_threshold, histogram->zero_count);
    if (!read_run(histogram->positive, &run))
        return false;
    overflow |= run.raw.overflow || point->bucket_count + run.raw.count_count > SONDE__BUCKETS_MAX;
    for (uint32_t i = 0; i < run.raw.count_count; i++)
        put_bucket(point, pow(base, (double)run.offset + i), pow(base, (double)run.offset + i + 1),
                   run.raw.counts[i]);
    if (overflow)
        point->bucket_count = 0;
    return true;
}

static void read_number_point(const sonde_field *field, struct sonde__point *point)
{
    if (field->number == 4 && field->wire == 1) {
        point->number = as_double(field->value);
        point->is_int = false;
    }
    if (field->number == 6 && field->wire == 1) {
        point->integer = (int64_t)field->value;
        point->is_int  = true;
    }
}

static void read_histogram_point(const sonde_field *field, struct sonde__point *point,
                                 struct raw *raw)
{
    if (field->number == 6)
        read_repeated(field, raw, put_count);
    if (field->number == 7)
        read_repeated(field, raw, put_bound);
    if (field->number == 11 && field->wire == 1) {
        point->has_min = true;
        point->min     = as_double(field->value);
    }
    if (field->number == 12 && field->wire == 1) {
        point->has_max = true;
        point->max     = as_double(field->value);
    }
}

static void read_exponential_point(const sonde_field *field, struct sonde__point *point,
                                   struct exponential *histogram)
{
    static const uint8_t wires[15] = { [7] = 1, [8] = 2, [9] = 2, [12] = 1, [13] = 1, [14] = 1 };
    if (field->number >= 15 || field->wire != wires[field->number])
        return;
    if (field->number == 6)
        histogram->scale = unzigzag(field->value);
    if (field->number == 7)
        histogram->zero_count = field->value;
    if (field->number == 8)
        histogram->positive = field->bytes;
    if (field->number == 9)
        histogram->negative = field->bytes;
    if (field->number == 14)
        histogram->zero_threshold = as_double(field->value);
    if (field->number == 12 || field->number == 13) {
        bool is_min                                   = field->number == 12;
        *(is_min ? &point->has_min : &point->has_max) = true;
        *(is_min ? &point->min : &point->max)         = as_double(field->value);
    }
}

/* A ValueAtQuantile { double quantile = 1; double value = 2; }, kept as a bucket from the
 * quantile to the value. */
static void read_summary_point(const sonde_field *field, struct sonde__point *point)
{
    sonde_str   rest = field->bytes;
    sonde_field part;
    double      quantile = 0, value = 0;
    if (field->number != 6 || field->wire != 2)
        return;
    while (sonde_field_next(&rest, &part)) {
        if (part.number == 1 && part.wire == 1)
            quantile = as_double(part.value);
        if (part.number == 2 && part.wire == 1)
            value = as_double(part.value);
    }
    put_bucket(point, quantile, value, 0);
}

static uint32_t attribute_field(enum sonde__metric_kind kind)
{
    return kind == SONDE__METRIC_EXPONENTIAL ? 1 : kind == SONDE__METRIC_HISTOGRAM ? 9 : 7;
}

static uint32_t flags_field(enum sonde__metric_kind kind)
{
    return kind == SONDE__METRIC_HISTOGRAM || kind == SONDE__METRIC_EXPONENTIAL ? 10 : 8;
}

static void read_common(enum sonde__metric_kind kind, const sonde_field *field,
                        struct sonde__point *point)
{
    bool distribution = kind != SONDE__METRIC_GAUGE && kind != SONDE__METRIC_SUM;
    if (field->number == flags_field(kind) && field->wire == 0)
        point->is_empty = field->value & 1;
    if (distribution && field->number == 4 && field->wire == 1)
        point->count = field->value;
    if (distribution && field->number == 5 && field->wire == 1) {
        point->has_sum = true;
        point->sum     = as_double(field->value);
    }
}

static void read_field(enum sonde__metric_kind kind, const sonde_field *field,
                       struct sonde__point *point, struct raw *raw, struct exponential *exponential)
{
    read_common(kind, field, point);
    if (kind == SONDE__METRIC_HISTOGRAM)
        read_histogram_point(field, point, raw);
    else if (kind == SONDE__METRIC_EXPONENTIAL)
        read_exponential_point(field, point, exponential);
    else if (kind == SONDE__METRIC_SUMMARY)
        read_summary_point(field, point);
    else
        read_number_point(field, point);
}

bool sonde__point_next(const struct sonde__metric *metric, sonde_str *rest,
                       struct sonde__point *ret_point)
{
    struct exponential exponential = { .positive = { "", 0 }, .negative = { "", 0 } };
    struct raw         raw; /* large: only what is read is set */
    sonde_str          after = *rest, message;
    sonde_field        field;
    raw.bound_count = raw.count_count = 0;
    raw.overflow                      = false;
    if (!next_message(1, &after, &message)) {
        *rest = after;
        return false;
    }
    memset(ret_point, 0, offsetof(struct sonde__point, buckets));
    ret_point->kind            = metric->kind;
    ret_point->attributes      = message;
    ret_point->attribute_field = attribute_field(metric->kind);
    while (sonde_field_next(&message, &field))
        read_field(metric->kind, &field, ret_point, &raw, &exponential);
    if (message.len != 0)
        return false;
    if (metric->kind == SONDE__METRIC_HISTOGRAM)
        make_explicit_buckets(&raw, ret_point);
    if (metric->kind == SONDE__METRIC_EXPONENTIAL &&
        !make_exponential_buckets(&exponential, ret_point))
        return false;
    *rest = after;
    return true;
}

static double find_quantile(const struct sonde__point *summary, double share)
{
    for (uint32_t i = 0; i < summary->bucket_count; i++)
        if (fabs(summary->buckets[i].lower - share) < 1e-9)
            return summary->buckets[i].upper;
    return NAN;
}

double sonde__point_quantile(const struct sonde__point *point, double share)
{
    double total = 0, before = 0;
    if (point->kind == SONDE__METRIC_SUMMARY)
        return find_quantile(point, share);
    for (uint32_t i = 0; i < point->bucket_count; i++)
        total += (double)point->buckets[i].count;
    if (total <= 0)
        return NAN;
    const struct sonde__bucket *bucket = NULL;
    for (uint32_t i = 0; i < point->bucket_count; i++) {
        if (point->buckets[i].count == 0)
            continue;
        before += bucket ? (double)bucket->count : 0;
        bucket = &point->buckets[i];
        if (before + (double)bucket->count >= share * total)
            break;
    }
    /* What lies in the bucket lies between minimum and maximum, too. */
    bool   is_low  = point->has_min && bucket->lower < point->min && point->min <= bucket->upper;
    bool   is_high = point->has_max && bucket->upper > point->max && point->max >= bucket->lower;
    double lower   = is_low ? point->min : bucket->lower;
    double upper   = is_high ? point->max : bucket->upper;
    double inside  = (share * total - before) / (double)bucket->count;
    return lower + (upper - lower) * (inside < 0 ? 0 : inside > 1 ? 1 : inside);
}
