/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The URL redactor: nothing is written beyond its memory, what is redacted stays so, and a secret that is put behind a
 * secret key or into the user's place is never shown. The first byte says how much memory it is lent. */
#include "fuzz.h"

#include <sonde/http.h>

enum { ROOM_MAX = 3 * 8192 + 64 };

static const char secret[] = "S3CR3T";

static bool shows(sonde_str text, const char *what)
{
    size_t len = strlen(what);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.ptr + i, what, len) == 0)
            return true;
    return false;
}

static void check_bounds(sonde_str input, size_t room)
{
    char         *memory  = fuzz_memory(room);
    sonde_scratch scratch = sonde_scratch_of(memory, room);
    sonde_str     got     = sonde_http_redact_url(input, &scratch);
    REQUIRE(scratch.used <= room);
    REQUIRE(got.len <= SONDE_HTTP_URL_MAX);
    REQUIRE(got.ptr == input.ptr || got.len <= scratch.used);
    free(memory);
}

static void check_again(sonde_str input)
{
    char         *memory = fuzz_memory(ROOM_MAX), *other = fuzz_memory(ROOM_MAX);
    sonde_scratch scratch = sonde_scratch_of(memory, ROOM_MAX),
                  more    = sonde_scratch_of(other, ROOM_MAX);
    sonde_str once        = sonde_http_redact_url(input, &scratch);
    sonde_str twice       = sonde_http_redact_url(once, &more);
    REQUIRE(input.len >= SONDE_HTTP_URL_MAX / 3 || fuzz_same(once, twice));
    free(memory);
    free(other);
}

/* before?token=S3CR3T&after, and http://user:S3CR3T@after, with the input's own bytes around them. */
static void check_secret(sonde_str input, const char *prefix, const char *suffix)
{
    size_t        before = input.len / 2, prefix_len = strlen(prefix), suffix_len = strlen(suffix);
    size_t        size = input.len + prefix_len + sizeof secret - 1 + suffix_len;
    char         *text = fuzz_memory(size), *memory = fuzz_memory(ROOM_MAX), *at = text;
    sonde_scratch scratch  = sonde_scratch_of(memory, ROOM_MAX);
    bool          userinfo = prefix[0] == 'h';
    if (userinfo)
        before = 0;
    memcpy(at, input.ptr, before);
    memcpy(at += before, prefix, prefix_len);
    memcpy(at += prefix_len, secret, sizeof secret - 1);
    memcpy(at += sizeof secret - 1, suffix, suffix_len);
    memcpy(at + suffix_len, input.ptr + before, input.len - before);
    REQUIRE(!shows(sonde_http_redact_url(sonde_str_n(text, size), &scratch), secret));
    free(text);
    free(memory);
}

static void check_parts(sonde_str input)
{
    sonde_str scheme, address;
    uint16_t  port;
    bool      found = sonde_http_url_split(input, &scheme, &address, &port);
    REQUIRE(found == (address.len > 0));
    REQUIRE(address.len <= SONDE_HTTP_ADDRESS_MAX);
    REQUIRE(!found ||
            (address.ptr >= input.ptr && address.ptr + address.len <= input.ptr + input.len));
    REQUIRE(!scheme.ptr || (scheme.ptr == input.ptr && scheme.len < input.len));
    found = sonde_http_host_split(input, &address, &port);
    REQUIRE(found == (address.len > 0));
    REQUIRE(!found ||
            (address.ptr >= input.ptr && address.ptr + address.len <= input.ptr + input.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char  *exact = fuzz_memory(size);
    size_t room  = size ? (size_t)data[0] * 2 : 0;
    if (size)
        memcpy(exact, data, size);
    sonde_str input = sonde_str_n(exact, size);
    check_bounds(input, room);
    check_again(input);
    check_parts(input);
    if (!shows(input, secret)) {
        check_secret(input, "?token=", "&");
        check_secret(input, "?X-Amz-Signature=", "#");
        check_secret(input, "http://user:", "@");
    }
    free(exact);
    return 0;
}
