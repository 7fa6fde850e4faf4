/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/redact.c - takes secrets out of URLs. Input is hostile; a text without secrets is returned
 * as it is, without a copy. Any thread. */
#include "http/http.h"

#define REDACTED "REDACTED"

enum { SECRET_MAX = 15 }; /* bytes of the longest name in `secrets` */

/* The conventions' own keys, compared as spelled. */
static const char *const signature_keys[] = {
    "sig",
    "Signature",
    "AWSAccessKeyId",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Goog-Signature",
    "X-Amz-Security-Token",
};

/* Usual names of secrets, in lower case with '_': at [n] all names of n bytes, one behind the
 * other. */
static const char *const secrets[SECRET_MAX + 1] = {
    [3]  = "jwtkeypwdsid",
    [4]  = "authcodepass",
    [5]  = "token",
    [6]  = "apikeypasswdsecret",
    [7]  = "api_keysession",
    [8]  = "id_tokenpassword",
    [9]  = "sessionidphpsessidx_api_key",
    [10] = "access_keyauth_tokencredentialjsessionidpassphrasesecret_keysession_id",
    [11] = "credentialsprivate_key",
    [12] = "access_token",
    [13] = "authorizationclient_secretrefresh_tokensession_token",
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads one character of a key, percent-encoded or not; returns how many bytes it took. */
static size_t read_char(const char *at, size_t left, char *ret_char)
{
    if (*at == '%' && left >= 3 && hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0) {
        *ret_char = (char)(hex_value(at[1]) * 16 + hex_value(at[2]));
        return 3;
    }
    *ret_char = *at;
    return 1;
}

/* The last part of a[b] or a.b, in lower case and with '_' for '-'. Returns its length, or
 * SECRET_MAX + 1 for one that is longer than any secret's name. */
static size_t normal_key(sonde_str key, char ret_name[SECRET_MAX + 1])
{
    size_t len       = 0;
    bool   next_part = false;
    char   c;
    for (size_t i = 0; i < key.len;) {
        i += read_char(key.ptr + i, key.len - i, &c);
        if (c == ']')
            continue;
        if (c == '[' || c == '.') { /* a[] has no further part: nothing begins before a character */
            next_part = true;
            continue;
        }
        if (next_part)
            len = 0;
        next_part = false;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (len <= SECRET_MAX)
            ret_name[len++] = c == '-' ? '_' : c;
    }
    return len;
}

static bool is_secret(sonde_str key)
{
    char   name[SECRET_MAX + 1];
    size_t len = normal_key(key, name);
    for (size_t i = 0; i < sizeof signature_keys / sizeof *signature_keys; i++)
        if (strlen(signature_keys[i]) == key.len &&
            memcmp(signature_keys[i], key.ptr, key.len) == 0)
            return true;
    if (len > SECRET_MAX || !secrets[len])
        return false;
    for (const char *at = secrets[len]; *at; at += len)
        if (memcmp(at, name, len) == 0)
            return true;
    return false;
}

/* The input with some of its runs replaced; nothing is written before the first replacement. */
struct edit {
    sonde_str      in;
    size_t         copied; /* bytes of the input that are dealt with */
    sonde_scratch *scratch;
    size_t         start; /* where the output begins in the scratch */
    bool           changed;
    bool           full;
};

static void put(struct edit *edit, const char *bytes, size_t len, bool whole)
{
    sonde_scratch *scratch = edit->scratch;
    size_t         room    = scratch ? scratch->len - scratch->used : 0;
    if (scratch && room > SONDE_HTTP_URL_MAX - (scratch->used - edit->start))
        room = SONDE_HTTP_URL_MAX - (scratch->used - edit->start);
    if (edit->full || (len > room && whole)) {
        edit->full = true;
        return;
    }
    if (len > room) {
        edit->full = true;
        len        = room;
    }
    if (len)
        memcpy(scratch->ptr + scratch->used, bytes, len);
    if (scratch)
        scratch->used += len;
}

static void replace(struct edit *edit, size_t from, size_t to, sonde_str with)
{
    edit->changed = true;
    put(edit, edit->in.ptr + edit->copied, from - edit->copied, false);
    put(edit, with.ptr, with.len, true);
    edit->copied = to;
}

static sonde_str finish(struct edit *edit)
{
    if (!edit->changed) {
        if (edit->in.len > SONDE_HTTP_URL_MAX)
            edit->in.len = SONDE_HTTP_URL_MAX;
        return edit->in;
    }
    put(edit, edit->in.ptr + edit->copied, edit->in.len - edit->copied, false);
    if (!edit->scratch || !edit->scratch->ptr)
        return sonde_str_n(NULL, 0);
    return sonde_str_n(edit->scratch->ptr + edit->start, edit->scratch->used - edit->start);
}

static struct edit begin(sonde_str in, sonde_scratch *scratch)
{
    struct edit edit = { in, 0, scratch, scratch ? scratch->used : 0, false, false };
    return edit;
}

/* Separators are those of a query, of a fragment, and of a URL inside of a value. */
static bool is_separator(char c)
{
    return c == '&' || c == ';' || c == '?' || c == '#';
}

static void redact_pairs(struct edit *edit, size_t from)
{
    const char *in  = edit->in.ptr;
    size_t      end = edit->in.len;
    while (from < end) {
        size_t key = from, value;
        while (from < end && in[from] != '=' && !is_separator(in[from]))
            from++;
        value          = from + 1;
        bool has_value = from < end && in[from] == '=';
        bool secret    = has_value && is_secret(sonde_str_n(in + key, from - key));
        while (from < end && !is_separator(in[from]))
            from++;
        if (secret && from > value)
            replace(edit, value, from, SONDE__STR(REDACTED));
        from++;
    }
}

sonde_str sonde_http_redact_query(sonde_str query, sonde_scratch *scratch)
{
    struct edit edit = begin(query, scratch);
    if (!query.ptr)
        return query;
    redact_pairs(&edit, 0);
    return finish(&edit);
}

sonde_str sonde_http_redact_url(sonde_str url, sonde_scratch *scratch)
{
    struct sonde__http_url_parts parts;
    struct edit                  edit = begin(url, scratch);
    if (!url.ptr)
        return url;
    sonde__http_url_parts(url, &parts);
    if (parts.host > parts.authority) {
        bool password = memchr(url.ptr + parts.authority, ':', parts.host - parts.authority);
        replace(&edit, parts.authority, parts.host,
                password ? SONDE__STR(REDACTED ":" REDACTED "@") : SONDE__STR(REDACTED "@"));
    }
    redact_pairs(&edit, parts.query);
    return finish(&edit);
}
