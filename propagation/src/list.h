/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What tracestate and baggage have in common: a list of members whose parts are views, which
 * becomes text again, without a copy wherever the members still lie side by side.  Lives on the
 * stack of one call: any thread. */
#ifndef SONDE__LIST_H
#define SONDE__LIST_H

#include <sonde/baggage.h>

#include "ascii.h"

enum { SONDE__LIST_ITEMS = SONDE_BAGGAGE_MEMBERS };

/* key=value, and ;tail when tail.len is not 0. */
typedef struct sonde__list_item {
    sonde_str key;
    sonde_str value;
    sonde_str tail;
} sonde__list_item;

typedef struct sonde__list {
    size_t           count;
    size_t           bytes;    /* of the members as text, commas included */
    bool             is_split; /* the members come from more than one text */
    sonde__list_item items[SONDE__LIST_ITEMS];
} sonde__list;

/* Makes an empty list; the items are left as they are. */
static inline void sonde__list_init(sonde__list *list)
{
    list->count    = 0;
    list->bytes    = 0;
    list->is_split = false;
}

/* The member as text, without a comma. */
static inline size_t sonde__list_item_bytes(const sonde__list_item *item)
{
    return item->key.len + 1 + item->value.len + (item->tail.len ? 1 + item->tail.len : 0);
}

static inline size_t sonde__scratch_free(const sonde_scratch *scratch)
{
    return scratch && scratch->ptr && scratch->used < scratch->len ? scratch->len - scratch->used
                                                                   : 0;
}

/* The place of the key, or list->count. */
size_t sonde__list_find(const sonde__list *list, sonde_str key);

/* Adds at the end; returns false when there is no more room. */
bool sonde__list_add(sonde__list *list, const sonde__list_item *item);

void sonde__list_replace(sonde__list *list, size_t at, const sonde__list_item *item);
void sonde__list_remove(sonde__list *list, size_t at);

/* Whether the text of the list stands as it is in the text it was read from. */
bool sonde__list_is_view(const sonde__list *list);

/* The list as text: a view where it can be, else written into the scratch, which has room for
 * list->bytes.  {NULL, 0} when it is empty. */
sonde_str sonde__list_text(const sonde__list *list, sonde_scratch *scratch);

/* Writes the list at p, which has room for list->bytes; returns the end. */
char *sonde__list_write(const sonde__list *list, char *p);

#endif
