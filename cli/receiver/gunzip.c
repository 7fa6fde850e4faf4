/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/gunzip.c - unpacking request bodies with zlib, never into more memory than allowed. */
#include "receiver/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 15 + 16, FIRST_ROOM = 64 * 1024 };

struct output {
    char  *data;
    size_t size, room, max;
};

static enum sonde__gunzip grow(struct output *output)
{
    size_t room = output->room ? output->room * 2 : FIRST_ROOM;
    if (output->room > output->max)
        return SONDE__GUNZIP_TOO_LARGE;
    if (room > output->max)
        room = output->max + 1; /* one more than allowed tells that there is more */
    char *data = realloc(output->data, room);
    if (!data)
        return SONDE__GUNZIP_NOMEM;
    output->data = data;
    output->room = room;
    return SONDE__GUNZIP_OK;
}

/* Inflates until the input ends with a whole member. */
static enum sonde__gunzip inflate_all(z_stream *stream, struct output *output)
{
    for (;;) {
        if (output->size == output->room) {
            enum sonde__gunzip grown = grow(output);
            if (grown)
                return grown;
        }
        size_t room       = output->room - output->size;
        stream->next_out  = (Bytef *)output->data + output->size;
        stream->avail_out = (uInt)(room < UINT32_MAX ? room : UINT32_MAX);
        uInt before       = stream->avail_out;
        int  status       = inflate(stream, Z_NO_FLUSH);
        output->size += before - stream->avail_out;
        if (output->size > output->max)
            return SONDE__GUNZIP_TOO_LARGE;
        if (status == Z_STREAM_END && stream->avail_in == 0)
            return SONDE__GUNZIP_OK;
        if (status == Z_STREAM_END)
            status = inflateReset(stream);
        if (status != Z_OK)
            return status == Z_MEM_ERROR ? SONDE__GUNZIP_NOMEM : SONDE__GUNZIP_BROKEN;
    }
}

enum sonde__gunzip sonde__gunzip(sonde_str packed, size_t max, char **ret_data, size_t *ret_size)
{
    struct output output = { .max = max };
    z_stream      stream;
    memset(&stream, 0, sizeof stream);
    if (packed.len > UINT32_MAX)
        return SONDE__GUNZIP_TOO_LARGE;
    if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
        return SONDE__GUNZIP_NOMEM;
    stream.next_in            = (Bytef *)(uintptr_t)packed.ptr; /* zlib reads only */
    stream.avail_in           = (uInt)packed.len;
    enum sonde__gunzip status = inflate_all(&stream, &output);
    inflateEnd(&stream);
    if (status != SONDE__GUNZIP_OK) {
        free(output.data);
        return status;
    }
    *ret_data = output.data;
    *ret_size = output.size;
    return SONDE__GUNZIP_OK;
}
