/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* table.c - tables by handle. Any thread; a handle itself is used by one at a time. */
#include "table.h"

struct sonde__curl_table sonde__curl_shadows;
struct sonde__curl_table sonde__curl_transfers;

/* A child that is forked while another thread holds a lock would wait for it for ever. */
static void lock_all(void)
{
    for (size_t i = 0; i < SONDE__CURL_STRIPES; i++) {
        pthread_mutex_lock(&sonde__curl_shadows.stripes[i].mutex);
        pthread_mutex_lock(&sonde__curl_transfers.stripes[i].mutex);
    }
}

static void unlock_all(void)
{
    for (size_t i = SONDE__CURL_STRIPES; i-- > 0;) {
        pthread_mutex_unlock(&sonde__curl_transfers.stripes[i].mutex);
        pthread_mutex_unlock(&sonde__curl_shadows.stripes[i].mutex);
    }
}

static void init_both(void)
{
    for (size_t i = 0; i < SONDE__CURL_STRIPES; i++) {
        pthread_mutex_init(&sonde__curl_shadows.stripes[i].mutex, NULL);
        pthread_mutex_init(&sonde__curl_transfers.stripes[i].mutex, NULL);
    }
    pthread_atfork(lock_all, unlock_all, unlock_all);
}

static struct sonde__curl_stripe *stripe_of(struct sonde__curl_table *table, const CURL *easy)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_both);
    /* Fibonacci hashing: the upper bits of the product depend on all bits of the address. */
    return &table->stripes[((uint64_t)(uintptr_t)easy * UINT64_C(0x9E3779B97F4A7C15)) >> 60];
}

/* Where the stripe's list points to the entry of a handle, or to its end. */
static struct sonde__curl_entry **place_of(struct sonde__curl_stripe *stripe, const CURL *easy)
{
    struct sonde__curl_entry **at = &stripe->locked.first;
    while (*at && (*at)->easy != easy)
        at = &(*at)->next;
    return at;
}

void sonde__curl_table_put(struct sonde__curl_table *table, struct sonde__curl_entry *entry)
{
    struct sonde__curl_stripe *stripe = stripe_of(table, entry->easy);
    pthread_mutex_lock(&stripe->mutex);
    entry->next          = stripe->locked.first;
    stripe->locked.first = entry;
    pthread_mutex_unlock(&stripe->mutex);
}

struct sonde__curl_entry *sonde__curl_table_find(struct sonde__curl_table *table, const CURL *easy)
{
    struct sonde__curl_stripe *stripe = stripe_of(table, easy);
    pthread_mutex_lock(&stripe->mutex);
    struct sonde__curl_entry *entry = *place_of(stripe, easy);
    pthread_mutex_unlock(&stripe->mutex);
    return entry;
}

struct sonde__curl_entry *sonde__curl_table_take(struct sonde__curl_table *table, const CURL *easy)
{
    struct sonde__curl_stripe *stripe = stripe_of(table, easy);
    pthread_mutex_lock(&stripe->mutex);
    struct sonde__curl_entry **at    = place_of(stripe, easy);
    struct sonde__curl_entry  *entry = *at;
    if (entry)
        *at = entry->next;
    pthread_mutex_unlock(&stripe->mutex);
    return entry;
}
