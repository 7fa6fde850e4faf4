/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/url.c - takes URLs and host headers apart, as far as the conventions need it. Input is
 * hostile: whatever it is, views stay inside of it. Any thread. */
#include "http/http.h"

#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of "scheme:" where at least one slash follows: "localhost:80" has no scheme. */
static size_t scheme_length(sonde_str url)
{
    size_t i = 0;
    if (!url.len || !is_alpha(url.ptr[0]))
        return 0;
    while (i < url.len && (is_alpha(url.ptr[i]) || is_digit(url.ptr[i]) || url.ptr[i] == '+' ||
                           url.ptr[i] == '-' || url.ptr[i] == '.'))
        i++;
    return i + 1 < url.len && url.ptr[i] == ':' && url.ptr[i + 1] == '/' ? i + 1 : 0;
}

/* Where the path's end is: at the query or the fragment. */
static size_t find_query(sonde_str text, size_t from)
{
    while (from < text.len && text.ptr[from] != '?' && text.ptr[from] != '#')
        from++;
    return from;
}

static size_t find_authority_end(sonde_str text, size_t from)
{
    while (from < text.len && text.ptr[from] != '/' && text.ptr[from] != '?' &&
           text.ptr[from] != '#')
        from++;
    return from;
}

/* One past the last '@' between two places; `from` when there is none. */
static size_t behind_last_at(sonde_str text, size_t from, size_t to)
{
    while (to > from && text.ptr[to - 1] != '@')
        to--;
    return to;
}

/* Whether what stands for a port is none: "user:pa" of "http://user:pa/ss@host", which no client
 * can use, but which shows half of a password all the same. */
static bool has_odd_port(sonde_str text, size_t from, size_t to)
{
    size_t colon = to;
    for (size_t i = from; i < to; i++) {
        if (text.ptr[i] == ']')
            colon = to;
        if (text.ptr[i] == ':' && colon == to)
            colon = i;
    }
    for (size_t i = colon + 1; i < to; i++)
        if (!is_digit(text.ptr[i]))
            return true;
    return false;
}

/* How many slashes lead to the authority. Clients take one or three for two; but file:///path and
 * /path have no authority at all. */
static size_t slashes(sonde_str url, size_t scheme_end)
{
    size_t count = 0, max = 3;
    if (!scheme_end || (scheme_end == 5 && strncasecmp(url.ptr, "file", 4) == 0))
        max = 2;
    while (count < max && scheme_end + count < url.len && url.ptr[scheme_end + count] == '/')
        count++;
    return !scheme_end && count == 1 ? 0 : count;
}

void sonde__http_url_parts(sonde_str url, struct sonde__http_url_parts *ret_parts)
{
    struct sonde__http_url_parts parts;
    parts.scheme_end = scheme_length(url);
    parts.authority  = parts.scheme_end;
    parts.authority += slashes(url, parts.scheme_end);
    parts.authority_end = find_authority_end(url, parts.authority);
    parts.host          = behind_last_at(url, parts.authority, parts.authority_end);
    if (has_odd_port(url, parts.host, parts.authority_end)) {
        parts.host = behind_last_at(url, parts.host, url.len);
        if (parts.host > parts.authority_end)
            parts.authority_end = find_authority_end(url, parts.host);
    }
    parts.query = find_query(url, parts.authority_end);
    parts.query += parts.query < url.len;
    *ret_parts = parts;
}

/* What RFC 3986 lets stand in a name or an address, and what clients send besides: UTF-8. By bits of
 * the 128 ASCII characters. */
static bool is_host_char(char c)
{
    static const uint64_t allowed[2] = {
        /* !$%&'()*+,-. 0123456789 : ; = */
        UINT64_C(0x2FFF7FF200000000),
        /* A-Z _ a-z ~ */
        UINT64_C(0x47FFFFFE87FFFFFE),
    };
    unsigned char byte = (unsigned char)c;
    return byte >= 0x80 || (allowed[byte >> 6] >> (byte & 63) & 1);
}

static uint16_t parse_port(sonde_str text)
{
    uint32_t port = 0;
    if (!text.len || text.len > 5)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return 0;
        port = port * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* Splits behind the address: at the bracket, at the only colon, or not at all. */
static bool split_address(sonde_str host, sonde_str *ret_address, sonde_str *ret_rest)
{
    size_t end = host.len;
    if (host.len && host.ptr[0] == '[') {
        const char *bracket = memchr(host.ptr, ']', host.len);
        if (!bracket)
            return false;
        end          = (size_t)(bracket - host.ptr);
        *ret_address = sonde_str_n(host.ptr + 1, end - 1);
        *ret_rest    = sonde_str_n(host.ptr + end + 1, host.len - end - 1);
        return true;
    }
    size_t colons = 0;
    for (size_t i = 0; i < host.len && colons < 2; i++) {
        if (host.ptr[i] == ':') {
            end = i;
            colons++;
        }
    }
    if (colons == 2) /* a bare IPv6 address */
        end = host.len;
    *ret_address = sonde_str_n(host.ptr, end);
    *ret_rest    = sonde_str_n(host.ptr + end, host.len - end);
    return true;
}

bool sonde_http_host_split(sonde_str host, sonde_str *ret_address, uint16_t *ret_port)
{
    sonde_str address = { NULL, 0 }, rest = { NULL, 0 };
    uint16_t  port = 0;
    bool      ok   = host.ptr && split_address(host, &address, &rest) && address.len &&
              address.len <= SONDE_HTTP_ADDRESS_MAX && (!rest.len || rest.ptr[0] == ':');
    for (size_t i = 0; ok && i < address.len; i++)
        ok = is_host_char(address.ptr[i]);
    if (!ok)
        address = sonde_str_n(NULL, 0);
    if (ok && rest.len)
        port = parse_port(sonde_str_n(rest.ptr + 1, rest.len - 1));
    if (ret_address)
        *ret_address = address;
    if (ret_port)
        *ret_port = port;
    return ok;
}

bool sonde_http_url_split(sonde_str url, sonde_str *ret_scheme, sonde_str *ret_address,
                          uint16_t *ret_port)
{
    struct sonde__http_url_parts parts;
    sonde_str                    scheme = { NULL, 0 }, address = { NULL, 0 };
    uint16_t                     port = 0;
    sonde__http_url_parts(url, &parts);
    if (parts.scheme_end)
        scheme = sonde_str_n(url.ptr, parts.scheme_end - 1);
    if (parts.authority_end > parts.host)
        sonde_http_host_split(sonde_str_n(url.ptr + parts.host, parts.authority_end - parts.host),
                              &address, &port);
    if (address.len && !port)
        port = sonde__http_scheme_port(scheme);
    if (ret_scheme)
        *ret_scheme = scheme;
    if (ret_address)
        *ret_address = address;
    if (ret_port)
        *ret_port = port;
    return address.len != 0;
}
