/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/buf.h - a growable run of bytes with one owner. Out of memory is remembered, not reported at
 * each step: writers go on, and whoever uses the result asks `failed` once. */
#ifndef SONDE_BASE_BUF_H
#define SONDE_BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct sonde__buf {
    uint8_t *data;
    uint32_t len, cap;
    uint32_t max; /* bytes that it may come to hold; 0: 2 GiB */
    bool
        failed; /* memory was out or max was passed; what did not fit is missing, whatever follows */
};

/* Makes room for more bytes behind len. The slow path of sonde__buf_reserve(). */
bool sonde__buf_grow(struct sonde__buf *buf, size_t more);

static inline bool sonde__buf_reserve(struct sonde__buf *buf, size_t more)
{
    return (size_t)(buf->cap - buf->len) >= more || sonde__buf_grow(buf, more);
}

static inline void sonde__buf_add(struct sonde__buf *buf, const void *bytes, size_t count)
{
    if (count == 0 || !sonde__buf_reserve(buf, count))
        return;
    memcpy(buf->data + buf->len, bytes, count);
    buf->len += (uint32_t)count;
}

static inline void sonde__buf_byte(struct sonde__buf *buf, uint8_t byte)
{
    if (sonde__buf_reserve(buf, 1))
        buf->data[buf->len++] = byte;
}

/* Text up to its NUL. */
static inline void sonde__buf_text(struct sonde__buf *buf, const char *text)
{
    sonde__buf_add(buf, text, strlen(text));
}

/* Cuts [from, to) out; what is behind moves down. */
static inline void sonde__buf_cut(struct sonde__buf *buf, uint32_t from, uint32_t to)
{
    memmove(buf->data + from, buf->data + to, buf->len - to);
    buf->len -= to - from;
}

static inline void sonde__buf_clear(struct sonde__buf *buf)
{
    buf->len    = 0;
    buf->failed = false;
}

static inline void sonde__buf_done(struct sonde__buf *buf)
{
    free(buf->data);
    memset(buf, 0, sizeof *buf);
}

#endif
