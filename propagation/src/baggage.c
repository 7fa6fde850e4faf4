/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The baggage list.  Pure functions over the caller's memory: any thread. */
#include <sonde/baggage.h>

#include "list.h"
#include "percent.h"

enum { READ_MEMBERS = 180 /* as many as the grammar allows; what comes after is not looked at */ };

/* Reads a token with white space around it, and moves behind both; false when there is none. */
static bool read_key(const char **io_p, const char *end, sonde_str *ret_key)
{
    const char *begin = sonde__ascii_run(*io_p, end, SONDE__OWS);
    const char *stop  = sonde__ascii_run(begin, end, SONDE__TOKEN);
    *ret_key          = sonde__str_between(begin, stop);
    *io_p             = sonde__ascii_run(stop, end, SONDE__OWS);
    return stop > begin;
}

/* Reads a value, which may be empty, with white space around it, and moves behind both. */
static sonde_str read_value(const char **io_p, const char *end)
{
    const char *begin = sonde__ascii_run(*io_p, end, SONDE__OWS);
    const char *stop  = sonde__ascii_run(begin, end, SONDE__BAGGAGE_OCTET);
    *io_p             = sonde__ascii_run(stop, end, SONDE__OWS);
    return sonde__str_between(begin, stop);
}

/* Reads properties `key` or `key=value` with a semicolon between two, as far as they go; false when
 * one has no key. */
static bool read_properties(const char **io_p, const char *end)
{
    sonde_str key;
    for (;; ++*io_p) {
        if (!read_key(io_p, end, &key))
            return false;
        if (*io_p < end && **io_p == '=') {
            ++*io_p;
            read_value(io_p, end);
        }
        if (*io_p == end || **io_p != ';')
            return true;
    }
}

/* Reads the member at *io_p and moves to the comma behind it or to the end; false when it breaks
 * the grammar.  The value stays encoded. */
static bool read_member(const char **io_p, const char *end, sonde__list_item *ret_item)
{
    const char *p = *io_p;
    if (!read_key(&p, end, &ret_item->key) || p == end || *p != '=')
        return false;
    p++;
    ret_item->value = read_value(&p, end);
    ret_item->tail  = sonde_str_n(NULL, 0);
    if (p < end && *p == ';') {
        const char *tail = ++p;
        if (!read_properties(&p, end))
            return false;
        ret_item->tail = sonde__str_trim(sonde__str_between(tail, p));
    }
    *io_p = p;
    return p == end || *p == ',';
}

/* Past white space, commas and thereby empty members, which joining headers may leave behind. */
static const char *skip_to_member(const char *p, const char *end)
{
    while (p < end && (*p == ',' || sonde__ascii_is(*p, SONDE__OWS)))
        p++;
    return p;
}

/* Decodes into the scratch what has something to decode; false when that does not fit. */
static bool decode(sonde_str encoded, sonde_scratch *scratch, sonde_str *ret_text)
{
    if (encoded.len == 0 || !memchr(encoded.ptr, '%', encoded.len)) {
        *ret_text = encoded;
        return true;
    }
    if (encoded.len > sonde__scratch_free(scratch))
        return false;
    char *text = scratch->ptr + scratch->used;
    *ret_text  = sonde_str_n(text, sonde__percent_decode(encoded, text));
    scratch->used += ret_text->len;
    return true;
}

/* Steps to the next member, its value still encoded. */
static bool next_item(sonde_str *io_rest, sonde__list_item *ret_item)
{
    if (!io_rest || !io_rest->ptr)
        return false;
    const char *end = io_rest->ptr + io_rest->len;
    const char *p   = skip_to_member(io_rest->ptr, end);
    if (p == end || !read_member(&p, end, ret_item))
        return false;
    *io_rest = sonde__str_between(p, end);
    return true;
}

bool sonde_baggage_next(sonde_str *io_rest, sonde_scratch *scratch,
                        sonde_baggage_member *ret_member)
{
    sonde__list_item item;
    sonde_str        value;
    do {
        if (!next_item(io_rest, &item))
            return false;
    } while (!decode(item.value, scratch, &value));

    if (ret_member) {
        ret_member->key      = item.key;
        ret_member->value    = value;
        ret_member->metadata = item.tail;
    }
    return true;
}

sonde_str sonde_baggage_get(sonde_str baggage, sonde_str key, sonde_scratch *scratch)
{
    sonde__list_item item;
    sonde_str        found = { NULL, 0 }, value;
    while (next_item(&baggage, &item)) {
        if (sonde__str_equal(item.key, key))
            found = item.value;
    }
    return decode(found, scratch, &value) ? value : sonde_str_n(NULL, 0);
}

/* Adds the members of one header value, at most *io_left; false when one breaks the grammar. */
static bool add_members(sonde__list *list, sonde_str text, size_t *io_left)
{
    const char *end        = text.ptr + text.len;
    const char *p          = skip_to_member(text.ptr, end);
    bool        has_others = list->count > 0;
    for (; *io_left > 0 && p < end; p = skip_to_member(p, end), --*io_left) {
        sonde__list_item item;
        if (!read_member(&p, end, &item))
            return false;
        size_t at = sonde__list_find(list, item.key);
        if (at < list->count)
            sonde__list_replace(list, at, &item);
        else if (!sonde__list_add(list, &item))
            continue;
        list->is_split = has_others;
    }
    return true;
}

static bool read_list(const sonde_str *values, size_t count, sonde__list *ret_list)
{
    size_t left = READ_MEMBERS;
    sonde__list_init(ret_list);
    for (size_t i = 0; i < count; i++) {
        if (values[i].ptr && !add_members(ret_list, values[i], &left))
            return false;
    }
    return true;
}

/* Takes out, from the left, each member that does not fit into what the ones before it leave. */
static void cut(sonde__list *list, size_t limit)
{
    size_t bytes = 0, at = 0;
    while (list->bytes > limit && at < list->count) {
        size_t more = sonde__list_item_bytes(&list->items[at]) + (at > 0);
        if (bytes + more > limit) {
            sonde__list_remove(list, at);
            continue;
        }
        bytes += more;
        at++;
    }
}

/* What may be written into the scratch. */
static size_t room_in(const sonde_scratch *scratch)
{
    size_t room = sonde__scratch_free(scratch);
    return room < SONDE_BAGGAGE_MAX ? room : SONDE_BAGGAGE_MAX;
}

static sonde_str text_within_limits(sonde__list *list, sonde_scratch *scratch)
{
    cut(list, SONDE_BAGGAGE_MAX);
    if (!sonde__list_is_view(list))
        cut(list, room_in(scratch));
    return sonde__list_text(list, scratch);
}

sonde_err sonde_baggage_parse(const sonde_str *values, size_t count, sonde_scratch *scratch,
                              sonde_str *ret_baggage)
{
    sonde__list list;
    if (!ret_baggage || !read_list(values, values ? count : 0, &list))
        return SONDE_ERR_INVALID;
    *ret_baggage = text_within_limits(&list, scratch);
    return SONDE_OK;
}

/* The list as it was, without the key; empty when it breaks the grammar. */
static void read_list_without(sonde_str baggage, sonde_str key, sonde__list *ret_list)
{
    if (!read_list(&baggage, 1, ret_list))
        sonde__list_init(ret_list);
    size_t at = sonde__list_find(ret_list, key);
    if (at < ret_list->count)
        sonde__list_remove(ret_list, at);
}

/* Whether the member can stand in a list.  A part that is longer than any list is refused before
 * its bytes are looked at. */
static bool is_member(const sonde_baggage_member *member)
{
    if (member->key.len > SONDE_BAGGAGE_MAX || member->value.len > SONDE_BAGGAGE_MAX ||
        member->metadata.len > SONDE_BAGGAGE_MAX)
        return false;

    sonde_str   key = { NULL, 0 };
    const char *p = member->key.ptr, *end = p ? p + member->key.len : p;
    if (!p || !read_key(&p, end, &key) || key.len != member->key.len)
        return false;
    if (!member->metadata.ptr || member->metadata.len == 0)
        return true;
    p   = member->metadata.ptr;
    end = p + member->metadata.len;
    return read_properties(&p, end) && p == end;
}

sonde_err sonde_baggage_set(sonde_str baggage, sonde_baggage_member member, sonde_scratch *scratch,
                            sonde_str *ret_baggage)
{
    if (!ret_baggage || !is_member(&member))
        return SONDE_ERR_INVALID;
    sonde_str tail      = sonde__str_trim(member.metadata);
    size_t    value_len = member.value.ptr ? sonde__percent_encoded_len(member.value) : 0;
    size_t    own       = member.key.len + 1 + value_len + (tail.len ? 1 + tail.len : 0);

    sonde__list list;
    read_list_without(baggage, member.key, &list);
    size_t bytes = list.bytes + (list.count > 0) + own;
    if (list.count == SONDE_BAGGAGE_MEMBERS || bytes > room_in(scratch))
        return SONDE_ERR_INVALID;

    char *text = scratch->ptr + scratch->used, *p = sonde__list_write(&list, text);
    if (list.count)
        *p++ = ',';
    memcpy(p, member.key.ptr, member.key.len);
    p += member.key.len;
    *p++ = '=';
    if (value_len)
        p = sonde__percent_encode(member.value, p);
    if (tail.len) {
        *p++ = ';';
        memcpy(p, tail.ptr, tail.len);
    }
    *ret_baggage = sonde_str_n(text, bytes);
    scratch->used += bytes;
    return SONDE_OK;
}

sonde_err sonde_baggage_delete(sonde_str baggage, sonde_str key, sonde_scratch *scratch,
                               sonde_str *ret_baggage)
{
    sonde__list list;
    if (!ret_baggage)
        return SONDE_ERR_INVALID;
    read_list_without(baggage, key, &list);
    *ret_baggage = text_within_limits(&list, scratch);
    return SONDE_OK;
}
