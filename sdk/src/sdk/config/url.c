/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/url.c - runs in the thread that starts the SDK. */
#include "config/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static sonde_str after(sonde_str text, size_t count)
{
    return sonde_str_n(text.ptr + count, text.len - count);
}

/* Where the first of these characters is, or the length. */
static size_t find_any(sonde_str text, const char *characters)
{
    size_t i = 0;
    while (i < text.len && !strchr(characters, text.ptr[i]))
        i++;
    return i;
}

static bool take_scheme(sonde_str *text, sonde_str *ret_scheme)
{
    size_t len = 0;
    if (text->len > 7 && strncasecmp(text->ptr, "http://", 7) == 0)
        len = 4;
    if (text->len > 8 && strncasecmp(text->ptr, "https://", 8) == 0)
        len = 5;
    *ret_scheme = sonde_str_n(text->ptr, len);
    *text       = after(*text, len ? len + 3 : 0);
    return len > 0;
}

static bool is_port(sonde_str port)
{
    unsigned long number = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (port.ptr[i] < '0' || port.ptr[i] > '9' || number > 65535)
            return false;
        number = number * 10 + (unsigned long)(port.ptr[i] - '0');
    }
    return port.len > 0 && number > 0 && number <= 65535;
}

/* user:secret@host:port, or user:secret@[::1]:port */
static bool split_authority(sonde_str authority, struct sonde__url *url)
{
    const char *at = authority.len ? memrchr(authority.ptr, '@', authority.len) : NULL;
    if (at) {
        url->userinfo = sonde_str_n(authority.ptr, (size_t)(at - authority.ptr));
        authority     = after(authority, url->userinfo.len + 1);
    }
    bool   bracket = authority.len > 0 && authority.ptr[0] == '[';
    size_t end     = find_any(authority, bracket ? "]" : ":");
    url->host      = sonde_str_n(authority.ptr + bracket, end - bracket);
    if (bracket && end == authority.len)
        return false;
    sonde_str rest = after(authority, end + bracket);
    if (rest.len > 0) {
        url->port = after(rest, 1);
        if (rest.ptr[0] != ':' || !is_port(url->port))
            return false;
    }
    return url->host.len > 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool has_only_url_characters(sonde_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= 0x20 || text.ptr[i] == 0x7F || text.ptr[i] == '\\')
            return false;
    return true;
}

bool sonde__url_parse(sonde_str text, struct sonde__url *ret_url)
{
    struct sonde__url url = { 0 };
    while (text.len > 0 && is_space(text.ptr[0]))
        text = after(text, 1);
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    text.len = find_any(text, "#");
    if (!has_only_url_characters(text) || !take_scheme(&text, &url.scheme))
        return false;
    size_t authority = find_any(text, "/?");
    if (!split_authority(sonde_str_n(text.ptr, authority), &url))
        return false;
    sonde_str rest = after(text, authority);
    size_t    path = find_any(rest, "?");
    url.path       = sonde_str_n(rest.ptr, path);
    url.query      = after(rest, path);
    *ret_url       = url;
    return true;
}

char *sonde__url_join(const struct sonde__url *url, const char *append)
{
    /* From scheme to path the views lie side by side. */
    const char *begin = url->scheme.ptr;
    int         base  = (int)(url->path.ptr + url->path.len - begin);
    bool        slash = url->path.len > 0 && url->path.ptr[url->path.len - 1] == '/';
    char       *text  = NULL;
    if (!append && url->path.len > 0)
        slash = true;
    if (asprintf(&text, "%.*s%s%s%.*s", base, begin, slash ? "" : "/", append ? append : "",
                 (int)url->query.len, url->query.ptr) < 0)
        return NULL;
    return text;
}

static bool ends_with(sonde_str text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && strncasecmp(text.ptr + text.len - len, end, len) == 0;
}

bool sonde__url_is_loopback(const struct sonde__url *url)
{
    sonde_str host = url->host;
    if (ends_with(host, "localhost"))
        return host.len == 9 || host.ptr[host.len - 10] == '.';
    if (host.len == 3)
        return memcmp(host.ptr, "::1", 3) == 0;
    return host.len > 4 && memcmp(host.ptr, "127.", 4) == 0 &&
           find_any(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == host.len;
}

void sonde__url_redact(sonde_str text, char *ret_text, size_t size)
{
    /* What was meant is not known yet: everything between the slashes and the last @ goes. */
    const char *begin = text.ptr;
    const char *slash = memmem(text.ptr, text.len, "//", 2);
    const char *at    = text.len ? memrchr(text.ptr, '@', text.len) : NULL;
    if (slash && at && slash < at)
        begin = slash + 2;
    if (!at) {
        snprintf(ret_text, size, "%.*s", (int)text.len, text.ptr);
        return;
    }
    snprintf(ret_text, size, "%.*sREDACTED%.*s", (int)(begin - text.ptr), text.ptr,
             (int)(text.ptr + text.len - at), at);
}
