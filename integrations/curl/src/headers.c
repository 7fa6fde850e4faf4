/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* headers.c - puts the trace headers in front of the application's list, which stays as it is: our
 * last node points to its first. The thread that uses the handle. */
#include "headers.h"

#include <stdlib.h>
#include <strings.h>

/* A line of no name and no value, which libcurl passes over. */
static char nothing[] = "";

struct writer {
    sonde_carrier               base;
    struct sonde__curl_headers *headers;
};

sonde_str sonde__curl_list_find(const struct curl_slist *list, sonde_str name)
{
    for (; list; list = list->next) {
        const char *line = list->data;
        if (!line || strncasecmp(line, name.ptr, name.len) != 0)
            continue;
        line += name.len;
        if (*line != ':' && *line != ';')
            continue;
        line++;
        line += strspn(line, " \t");
        size_t len = strlen(line);
        while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
            len--;
        return sonde_str_n(line, len);
    }
    return sonde_str_n(NULL, 0);
}

/* Whether the application sends this header itself. A tracestate belongs to its traceparent. */
static bool is_own(const struct sonde__curl_headers *headers, sonde_str name)
{
    if (sonde__curl_list_find(headers->own, name).ptr)
        return true;
    return name.len == 10 && strncasecmp(name.ptr, "tracestate", 10) == 0 &&
           sonde__curl_list_find(headers->own, sonde_str_z("traceparent")).ptr;
}

/* No propagator writes these; if one did, they would be somebody's header in the request. */
static bool has_control(sonde_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7F)
            return true;
    return false;
}

static char *room_for(struct sonde__curl_headers *headers, size_t size)
{
    if (size > sizeof headers->text - headers->used)
        return malloc(size);
    headers->used += size;
    return headers->text + headers->used - size;
}

static void set(sonde_carrier *self, sonde_str name, sonde_str value)
{
    struct sonde__curl_headers *headers = ((struct writer *)self)->headers;
    if (headers->count == SONDE_PROPAGATOR_FIELDS || !value.len || has_control(value) ||
        is_own(headers, name))
        return;
    char *line = room_for(headers, name.len + value.len + 3);
    if (!line)
        return; /* baggage may stay behind; a traceparent always has room */
    memcpy(line, name.ptr, name.len);
    memcpy(line + name.len, ": ", 2);
    memcpy(line + name.len + 2, value.ptr, value.len);
    line[name.len + 2 + value.len]      = '\0';
    headers->lines[headers->count]      = line;
    headers->nodes[headers->count].data = line;
    headers->count++;
}

void sonde__curl_headers_init(struct sonde__curl_headers *headers, struct curl_slist *own,
                              const sonde_context *context)
{
    struct writer writer = { { NULL, set }, headers };
    headers->count       = 0;
    headers->used        = 0;
    headers->own         = own;
    sonde_propagator_inject(NULL, context, &writer.base);
    for (size_t i = 0; i < headers->count; i++)
        headers->nodes[i].next = i + 1 < headers->count ? &headers->nodes[i + 1] : own;
}

struct curl_slist *sonde__curl_headers_list(struct sonde__curl_headers *headers)
{
    return headers->count ? headers->nodes : headers->own;
}

void sonde__curl_headers_show(struct sonde__curl_headers *headers, bool shown)
{
    for (size_t i = 0; i < headers->count; i++)
        headers->nodes[i].data = shown ? headers->lines[i] : nothing;
}

void sonde__curl_headers_done(struct sonde__curl_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        if (headers->lines[i] < headers->text ||
            headers->lines[i] >= headers->text + sizeof headers->text)
            free(headers->lines[i]);
    headers->count = 0;
}
