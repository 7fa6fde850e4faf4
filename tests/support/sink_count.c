/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* support/sink_count.c - counts the spans and data points of an OTLP request, with a protobuf reader
 * that shares nothing with the SDK's. */
#include "sink.h"

struct bytes {
    const unsigned char *p, *end;
};

static bool varint(struct bytes *in, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        unsigned char byte = *in->p++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* One field: its number, and its bytes where it is length-delimited (else an empty run). */
static bool field(struct bytes *in, uint64_t *ret_number, struct bytes *ret_inner)
{
    uint64_t tag, length = 0;
    if (!varint(in, &tag))
        return false;
    switch (tag & 7) {
    case 0:
        if (!varint(in, &length))
            return false;
        length = 0;
        break;
    case 1:
        length = 8;
        break;
    case 2:
        if (!varint(in, &length))
            return false;
        break;
    case 5:
        length = 4;
        break;
    default:
        return false;
    }
    if (length > (uint64_t)(in->end - in->p))
        return false;
    *ret_number = tag >> 3;
    *ret_inner  = (struct bytes){ in->p, in->p + length };
    in->p += length;
    return true;
}

/* path: per level the numbers of the fields to go into, as bits; the last level is counted. */
static bool count_level(struct bytes in, const unsigned *path, size_t depth, size_t *count)
{
    while (in.p < in.end) {
        uint64_t     number;
        struct bytes inner;
        if (!field(&in, &number, &inner))
            return false;
        if (number >= 32 || !(path[0] >> number & 1))
            continue;
        if (depth == 1)
            ++*count;
        else if (!count_level(inner, path + 1, depth - 1, count))
            return false;
    }
    return true;
}

static size_t count(const void *body, size_t length, const unsigned *path, size_t depth)
{
    size_t       found = 0;
    struct bytes in    = { body, (const unsigned char *)body + length };
    return length == 0 || count_level(in, path, depth, &found) ? found : SIZE_MAX;
}

size_t sink_count_spans(const void *body, size_t length)
{
    static const unsigned path[] = { 1 << 1, 1 << 2, 1 << 2 };
    return count(body, length, path, 3);
}

size_t sink_count_points(const void *body, size_t length)
{
    /* resource_metrics, scope_metrics, metrics, gauge sum histogram exponential summary, points */
    static const unsigned path[] = { 1 << 1, 1 << 2, 1 << 2, 1 << 5 | 1 << 7 | 7 << 9, 1 << 1 };
    return count(body, length, path, 5);
}
