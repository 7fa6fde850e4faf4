/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tracestate: each line of the input is a header; the last is also a member to set and delete.
 * Whatever comes out is in normal form and within the limits. */
#include "fuzz.h"

#include <sonde/tracestate.h>

enum { LINES = 40 };

/* Reading it again changes nothing and copies nothing; members, keys and lookups fit together. */
static void check_list(sonde_str list)
{
    sonde_str               again, rest = list;
    sonde_tracestate_member member;
    size_t                  count = 0, bytes = 0;
    REQUIRE(list.len <= SONDE_TRACESTATE_MAX);
    REQUIRE(sonde_tracestate_parse(&list, 1, NULL, &again) == SONDE_OK);
    REQUIRE(again.ptr == list.ptr && again.len == list.len);

    while (sonde_tracestate_next(&rest, &member)) {
        sonde_str value = sonde_tracestate_get(list, member.key);
        REQUIRE(value.ptr == member.value.ptr && value.len == member.value.len);
        REQUIRE(member.key.len > 0 && member.key.len <= SONDE_TRACESTATE_KEY_MAX);
        REQUIRE(value.len > 0 && value.len <= SONDE_TRACESTATE_VALUE_MAX);
        bytes += member.key.len + 1 + value.len + (count++ > 0);
    }
    REQUIRE(bytes == list.len && count <= SONDE_TRACESTATE_MEMBERS);
}

/* Every member of the result was in a header, and nothing is lost when there is room. */
static void check_members(sonde_str list, const sonde_str *lines, size_t count)
{
    sonde_tracestate_member member;
    while (sonde_tracestate_next(&list, &member)) {
        sonde_str first = { NULL, 0 };
        for (size_t i = 0; i < count && !first.ptr; i++)
            first = sonde_tracestate_get(lines[i], member.key);
        REQUIRE(first.ptr && fuzz_same(first, member.value));
    }
}

static void check_changes(sonde_str list, sonde_str text)
{
    sonde_tracestate_member member, first;
    fuzz_cut(text, '=', &member.key, &member.value);
    char         *memory  = fuzz_memory(2 * SONDE_TRACESTATE_MAX);
    sonde_scratch scratch = sonde_scratch_of(memory, 2 * SONDE_TRACESTATE_MAX);
    sonde_str     with, without;
    if (sonde_tracestate_set(list, member, &scratch, &with) == SONDE_OK) {
        check_list(with);
        sonde_str rest = with;
        REQUIRE(sonde_tracestate_next(&rest, &first));
        REQUIRE(fuzz_same(first.key, member.key) && fuzz_same(first.value, member.value));
        REQUIRE(sonde_tracestate_delete(with, member.key, &scratch, &without) == SONDE_OK);
        check_list(without);
        REQUIRE(!sonde_tracestate_get(without, member.key).ptr);
        REQUIRE(with.len ==
                without.len + member.key.len + 1 + member.value.len + (without.len > 0));
    } else {
        REQUIRE(scratch.used == 0);
    }
    free(memory);
}

static void check_with_room(const sonde_str *lines, size_t count, size_t room)
{
    char         *memory  = fuzz_memory(room);
    sonde_scratch scratch = sonde_scratch_of(memory, room);
    sonde_str     list    = sonde_str_z("unset");
    if (sonde_tracestate_parse(lines, count, &scratch, &list) == SONDE_OK) {
        check_list(list);
        check_members(list, lines, count);
        REQUIRE(scratch.used == 0 || (list.ptr == memory && list.len == scratch.used));
        REQUIRE(scratch.used <= room);
        check_changes(list, lines[count - 1]);
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
    check_with_room(lines, count, SONDE_TRACESTATE_MAX);
    check_with_room(lines, count, size / 2);
    check_with_room(lines, count, 0);
    check_changes(lines[0], lines[count - 1]);
    return 0;
}
