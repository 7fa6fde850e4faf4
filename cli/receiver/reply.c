/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/reply.c - the messages that OTLP answers with; every length in them is below 128, one
 * byte. */
#include "receiver/reply.h"

enum {
    SENTENCE_MAX  = 100,
    TAG_1_VARINT  = 1 << 3,
    TAG_1_MESSAGE = 1 << 3 | 2,
    TAG_2_MESSAGE = 2 << 3 | 2
};

static size_t put_varint(char *at, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        at[len++] = (char)(value | 0x80);
    at[len++] = (char)value;
    return len;
}

/* { varint = 1; string = 2; }, which both messages have in them. */
static size_t put_pair(char *at, uint64_t number, const char *sentence)
{
    size_t text = strlen(sentence);
    size_t len  = 0;
    text        = text > SENTENCE_MAX ? SENTENCE_MAX : text;
    at[len++]   = TAG_1_VARINT;
    len += put_varint(at + len, number);
    at[len++] = TAG_2_MESSAGE;
    at[len++] = (char)text;
    memcpy(at + len, sentence, text);
    return len + text;
}

static unsigned grpc_code(unsigned http_status)
{
    enum { INVALID_ARGUMENT = 3, RESOURCE_EXHAUSTED = 8, UNAVAILABLE = 14 };
    return http_status == 503   ? UNAVAILABLE
           : http_status == 413 ? RESOURCE_EXHAUSTED
                                : INVALID_ARGUMENT;
}

size_t sonde__reply_status(unsigned http_status, const char *sentence, char *ret_message)
{
    return put_pair(ret_message, grpc_code(http_status), sentence);
}

size_t sonde__reply_partial(uint64_t rejected, const char *sentence, char *ret_message)
{
    size_t len     = put_pair(ret_message + 2, rejected, sentence);
    ret_message[0] = TAG_1_MESSAGE;
    ret_message[1] = (char)len;
    return len + 2;
}
