/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* baggage: each line of the input is a header; the last is also a member to set and delete.
 * Whatever comes out is in normal form, within the limits, and its values are UTF-8. */
#include "fuzz.h"

#include <sonde/baggage.h>

enum { LINES = 70 };

/* How many bytes the UTF-8 sequence at p has, judged by the code point it gives; 0: none. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] < 0xc0 || p[0] > 0xf7 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (len == 0 || len > left)
        return 0;
    uint32_t code = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    bool good = code >= least[len] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return good ? len : 0;
}

static bool is_utf8(sonde_str text)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    for (size_t i = 0, len; i < text.len; i += len) {
        len = utf8_len(p + i, text.len - i);
        if (len == 0)
            return false;
    }
    return true;
}

/* Reading it again changes nothing and copies nothing; members and lookups fit together. */
static void check_list(sonde_str list)
{
    sonde_str            again, rest = list;
    sonde_baggage_member member;
    size_t               count   = 0;
    char                *memory  = fuzz_memory(2 * list.len);
    sonde_scratch        scratch = sonde_scratch_of(memory, list.len);
    REQUIRE(list.len <= SONDE_BAGGAGE_MAX);
    REQUIRE(sonde_baggage_parse(&list, 1, NULL, &again) == SONDE_OK);
    REQUIRE(again.ptr == list.ptr && again.len == list.len);

    while (sonde_baggage_next(&rest, &scratch, &member)) {
        sonde_scratch other = sonde_scratch_of(memory + list.len, list.len);
        REQUIRE(fuzz_same(sonde_baggage_get(list, member.key, &other), member.value));
        REQUIRE(member.key.len > 0 && is_utf8(member.value));
        count++;
    }
    REQUIRE(rest.len == 0 && count <= SONDE_BAGGAGE_MEMBERS);
    free(memory);
}

static void check_changes(sonde_str list, sonde_str text)
{
    sonde_baggage_member member;
    sonde_str            rest;
    fuzz_cut(text, '=', &member.key, &rest);
    fuzz_cut(rest, ';', &member.value, &member.metadata);
    char         *memory  = fuzz_memory(3 * SONDE_BAGGAGE_MAX);
    sonde_scratch scratch = sonde_scratch_of(memory, 3 * SONDE_BAGGAGE_MAX);
    sonde_str     with, without;
    if (sonde_baggage_set(list, member, &scratch, &with) == SONDE_OK) {
        check_list(with);
        sonde_str value = sonde_baggage_get(with, member.key, &scratch);
        REQUIRE(value.ptr && is_utf8(value));
        REQUIRE(!is_utf8(member.value) || fuzz_same(value, member.value));
        REQUIRE(sonde_baggage_delete(with, member.key, &scratch, &without) == SONDE_OK);
        check_list(without);
        REQUIRE(!sonde_baggage_get(without, member.key, &scratch).ptr);
    } else {
        REQUIRE(scratch.used == 0);
    }
    free(memory);
}

/* The same list built anew from its decoded members means the same. */
static void check_rebuilt(sonde_str list)
{
    static char          memory[(SONDE_BAGGAGE_MEMBERS + 2) * SONDE_BAGGAGE_MAX];
    sonde_scratch        scratch = sonde_scratch_of(memory, sizeof(memory));
    sonde_str            rebuilt = { NULL, 0 }, rest = list;
    sonde_baggage_member member, same;
    bool                 all = true;
    while (sonde_baggage_next(&rest, &scratch, &member))
        all = sonde_baggage_set(rebuilt, member, &scratch, &rebuilt) == SONDE_OK && all;
    /* Encoding may need more bytes than the list had: a lone percent sign takes three. */
    rest = all ? list : sonde_str_n(NULL, 0);
    while (sonde_baggage_next(&rest, &scratch, &member)) {
        REQUIRE(sonde_baggage_next(&rebuilt, &scratch, &same));
        REQUIRE(fuzz_same(same.key, member.key) && fuzz_same(same.value, member.value));
        REQUIRE(fuzz_same(same.metadata, member.metadata));
    }
}

static void check_with_room(const sonde_str *lines, size_t count, size_t room)
{
    char         *memory  = fuzz_memory(room);
    sonde_scratch scratch = sonde_scratch_of(memory, room);
    sonde_str     list    = sonde_str_z("unset");
    if (sonde_baggage_parse(lines, count, &scratch, &list) == SONDE_OK) {
        check_list(list);
        REQUIRE(scratch.used == 0 || (list.ptr == memory && list.len == scratch.used));
        REQUIRE(scratch.used <= room);
        if (room >= SONDE_BAGGAGE_MAX) {
            check_rebuilt(list);
            check_changes(list, lines[count - 1]);
        }
    } else {
        REQUIRE(fuzz_same(list, sonde_str_z("unset")) && scratch.used == 0);
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sonde_str lines[LINES];
    size_t    count = fuzz_lines(data, size, lines, LINES);
    if (count == 0)
        return 0;
    check_with_room(lines, count, SONDE_BAGGAGE_MAX);
    check_with_room(lines, count, size / 2);
    check_with_room(lines, count, 0);
    check_changes(lines[0], lines[count - 1]);
    return 0;
}
