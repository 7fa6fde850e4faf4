/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The tracestate list.  Pure functions over the caller's memory: any thread. */
#include <sonde/tracestate.h>

#include "list.h"

static bool is_key(sonde_str key)
{
    if (!key.ptr || key.len == 0 || key.len > SONDE_TRACESTATE_KEY_MAX)
        return false;
    const char *end = key.ptr + key.len;
    return sonde__ascii_is(key.ptr[0], SONDE__TRACESTATE_KEY_FIRST) &&
           sonde__ascii_run(key.ptr, end, SONDE__TRACESTATE_KEY) == end;
}

static bool is_value(sonde_str value)
{
    if (!value.ptr || value.len == 0 || value.len > SONDE_TRACESTATE_VALUE_MAX)
        return false;
    const char *end = value.ptr + value.len;
    return end[-1] != ' ' && sonde__ascii_run(value.ptr, end, SONDE__TRACESTATE_VALUE) == end;
}

/* Reads the member at *io_p and moves to the comma behind it or to the end; false when it breaks
 * the grammar.  A value keeps the spaces it begins with; those it ends with belong to the list. */
static bool read_member(const char **io_p, const char *end, sonde_str *ret_key,
                        sonde_str *ret_value)
{
    const char *p       = *io_p;
    const char *key_end = sonde__ascii_run(p, end, SONDE__TRACESTATE_KEY);
    size_t      key_len = (size_t)(key_end - p);
    if (key_end == end || *key_end != '=' || key_len == 0 || key_len > SONDE_TRACESTATE_KEY_MAX ||
        !sonde__ascii_is(*p, SONDE__TRACESTATE_KEY_FIRST))
        return false;

    const char *value      = key_end + 1;
    const char *value_stop = sonde__ascii_run(value, end, SONDE__TRACESTATE_VALUE);
    const char *value_end  = value_stop;
    while (value_end > value && value_end[-1] == ' ')
        value_end--;
    size_t      value_len = (size_t)(value_end - value);
    const char *next      = sonde__ascii_run(value_stop, end, SONDE__OWS);
    if (value_len == 0 || value_len > SONDE_TRACESTATE_VALUE_MAX || (next != end && *next != ','))
        return false;

    *ret_key   = sonde_str_n(p, key_len);
    *ret_value = sonde_str_n(value, value_len);
    *io_p      = next;
    return true;
}

/* Past white space, commas and thereby empty members. */
static const char *skip_to_member(const char *p, const char *end)
{
    while (p < end && (*p == ',' || sonde__ascii_is(*p, SONDE__OWS)))
        p++;
    return p;
}

bool sonde_tracestate_next(sonde_str *io_rest, sonde_tracestate_member *ret_member)
{
    if (!io_rest || !io_rest->ptr)
        return false;
    sonde_str   key, value;
    const char *end = io_rest->ptr + io_rest->len;
    const char *p   = skip_to_member(io_rest->ptr, end);
    if (p == end || !read_member(&p, end, &key, &value))
        return false;

    *io_rest = sonde__str_between(p, end);
    if (ret_member) {
        ret_member->key   = key;
        ret_member->value = value;
    }
    return true;
}

/* Adds the members of one header value; false when one breaks the grammar or there are too many.
 * *io_seen counts them with the ones whose key was there already, which are left out. */
static bool add_members(sonde__list *list, sonde_str text, size_t *io_seen)
{
    const char *end        = text.ptr + text.len;
    const char *p          = skip_to_member(text.ptr, end);
    bool        has_others = list->count > 0;
    for (; p < end; p = skip_to_member(p, end)) {
        sonde__list_item item = { .tail = { NULL, 0 } };
        if (!read_member(&p, end, &item.key, &item.value) || ++*io_seen > SONDE_TRACESTATE_MEMBERS)
            return false;
        if (sonde__list_find(list, item.key) < list->count)
            continue;
        list->is_split = has_others;
        sonde__list_add(list, &item);
    }
    return true;
}

static bool read_list(const sonde_str *values, size_t count, sonde__list *ret_list)
{
    size_t seen = 0;
    sonde__list_init(ret_list);
    for (size_t i = 0; i < count; i++) {
        if (values[i].ptr && !add_members(ret_list, values[i], &seen))
            return false;
    }
    return true;
}

/* Takes members out from the right, the long ones first, until the list fits into limit bytes. */
static void cut(sonde__list *list, size_t limit)
{
    for (size_t i = list->count; i-- > 0 && list->bytes > limit;) {
        if (sonde__list_item_bytes(&list->items[i]) > SONDE_TRACESTATE_LONG)
            sonde__list_remove(list, i);
    }
    while (list->bytes > limit)
        sonde__list_remove(list, list->count - 1);
}

/* What may be written into the scratch. */
static size_t room_in(const sonde_scratch *scratch)
{
    size_t room = sonde__scratch_free(scratch);
    return room < SONDE_TRACESTATE_MAX ? room : SONDE_TRACESTATE_MAX;
}

static sonde_str text_within_limits(sonde__list *list, sonde_scratch *scratch)
{
    cut(list, SONDE_TRACESTATE_MAX);
    if (!sonde__list_is_view(list))
        cut(list, room_in(scratch));
    return sonde__list_text(list, scratch);
}

sonde_err sonde_tracestate_parse(const sonde_str *values, size_t count, sonde_scratch *scratch,
                                 sonde_str *ret_tracestate)
{
    sonde__list list;
    if (!ret_tracestate || !read_list(values, values ? count : 0, &list))
        return SONDE_ERR_INVALID;
    *ret_tracestate = text_within_limits(&list, scratch);
    return SONDE_OK;
}

sonde_str sonde_tracestate_get(sonde_str tracestate, sonde_str key)
{
    sonde_tracestate_member member;
    while (sonde_tracestate_next(&tracestate, &member)) {
        if (sonde__str_equal(member.key, key))
            return member.value;
    }
    return sonde_str_n(NULL, 0);
}

/* The list as it was, without the key; empty when it breaks the grammar.  Returns whether the key
 * was in it. */
static bool read_list_without(sonde_str tracestate, sonde_str key, sonde__list *ret_list)
{
    if (!read_list(&tracestate, 1, ret_list))
        sonde__list_init(ret_list);
    size_t at = sonde__list_find(ret_list, key);
    if (at == ret_list->count)
        return false;
    sonde__list_remove(ret_list, at);
    return true;
}

sonde_err sonde_tracestate_set(sonde_str tracestate, sonde_tracestate_member member,
                               sonde_scratch *scratch, sonde_str *ret_tracestate)
{
    size_t own  = member.key.len + 1 + member.value.len;
    size_t room = room_in(scratch);
    if (!ret_tracestate || !is_key(member.key) || !is_value(member.value) || own > room)
        return SONDE_ERR_INVALID;

    sonde__list list;
    read_list_without(tracestate, member.key, &list);
    while (list.count >= SONDE_TRACESTATE_MEMBERS)
        sonde__list_remove(&list, list.count - 1);
    cut(&list, room > own ? room - own - 1 : 0);

    char *text = scratch->ptr + scratch->used, *p = text;
    memcpy(p, member.key.ptr, member.key.len);
    p += member.key.len;
    *p++ = '=';
    memcpy(p, member.value.ptr, member.value.len);
    p += member.value.len;
    if (list.count) {
        *p++ = ',';
        p    = sonde__list_write(&list, p);
    }
    *ret_tracestate = sonde__str_between(text, p);
    scratch->used += ret_tracestate->len;
    return SONDE_OK;
}

sonde_err sonde_tracestate_delete(sonde_str tracestate, sonde_str key, sonde_scratch *scratch,
                                  sonde_str *ret_tracestate)
{
    sonde__list list;
    if (!ret_tracestate)
        return SONDE_ERR_INVALID;
    read_list_without(tracestate, key, &list);
    *ret_tracestate = text_within_limits(&list, scratch);
    return SONDE_OK;
}
