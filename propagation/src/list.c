/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The list of members behind tracestate and baggage; see list.h. */
#include "list.h"

size_t sonde__list_find(const sonde__list *list, sonde_str key)
{
    size_t i = 0;
    while (i < list->count && !sonde__str_equal(list->items[i].key, key))
        i++;
    return i;
}

bool sonde__list_add(sonde__list *list, const sonde__list_item *item)
{
    if (list->count == SONDE__LIST_ITEMS)
        return false;
    list->bytes += sonde__list_item_bytes(item) + (list->count > 0);
    list->items[list->count++] = *item;
    return true;
}

void sonde__list_replace(sonde__list *list, size_t at, const sonde__list_item *item)
{
    list->bytes -= sonde__list_item_bytes(&list->items[at]);
    list->bytes += sonde__list_item_bytes(item);
    list->items[at] = *item;
}

void sonde__list_remove(sonde__list *list, size_t at)
{
    list->bytes -= sonde__list_item_bytes(&list->items[at]) + (list->count > 1);
    list->count--;
    memmove(&list->items[at], &list->items[at + 1], (list->count - at) * sizeof(list->items[0]));
}

/* One character lies between two parts that follow each other: the grammar leaves no choice which
 * one it is, because white space only ever comes in addition to it. */
static bool follows(const char *end, sonde_str part)
{
    return end + 1 == part.ptr;
}

static const char *end_of(sonde_str part)
{
    return part.ptr + part.len;
}

bool sonde__list_is_view(const sonde__list *list)
{
    if (list->is_split)
        return false;
    const char *end = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const sonde__list_item *item = &list->items[i];
        if ((end && !follows(end, item->key)) || !follows(end_of(item->key), item->value))
            return false;
        end = end_of(item->value);
        if (item->tail.len == 0)
            continue;
        if (!follows(end, item->tail))
            return false;
        end = end_of(item->tail);
    }
    return true;
}

static char *put(char *p, sonde_str part)
{
    if (part.len)
        memcpy(p, part.ptr, part.len);
    return p + part.len;
}

char *sonde__list_write(const sonde__list *list, char *p)
{
    for (size_t i = 0; i < list->count; i++) {
        const sonde__list_item *item = &list->items[i];
        if (i)
            *p++ = ',';
        p    = put(p, item->key);
        *p++ = '=';
        p    = put(p, item->value);
        if (item->tail.len) {
            *p++ = ';';
            p    = put(p, item->tail);
        }
    }
    return p;
}

sonde_str sonde__list_text(const sonde__list *list, sonde_scratch *scratch)
{
    if (list->count == 0)
        return sonde_str_n(NULL, 0);
    if (sonde__list_is_view(list))
        return sonde_str_n(list->items[0].key.ptr, list->bytes);

    char *text = scratch->ptr + scratch->used;
    sonde__list_write(list, text);
    scratch->used += list->bytes;
    return sonde_str_n(text, list->bytes);
}
