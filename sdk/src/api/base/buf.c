/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/buf.c - growing. */
#include "base/buf.h"

bool sonde__buf_grow(struct sonde__buf *buf, size_t more)
{
    size_t max  = buf->max ? buf->max : INT32_MAX;
    size_t need = (size_t)buf->len + more;
    if (buf->failed || more > max || need > max)
        goto fail;
    /* Twice as much, so that growing is seldom; exactly as much for who knows beforehand. */
    size_t cap = buf->cap ? (size_t)buf->cap * 2 : 256;
    if (cap < need)
        cap = need;
    if (cap > max)
        cap = max;
    uint8_t *data = realloc(buf->data, cap);
    if (!data)
        goto fail;
    buf->data = data;
    buf->cap  = (uint32_t)cap;
    return true;
fail:
    buf->failed = true;
    return false;
}
