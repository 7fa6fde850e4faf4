/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* table.h - things by handle: libcurl gives an adapter no place in a handle that is not the
 * application's. */
#ifndef SONDE_CURL_TABLE_H
#define SONDE_CURL_TABLE_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdint.h>

enum { SONDE__CURL_STRIPES = 16 };

/* The first member of what stands in a table. */
struct sonde__curl_entry {
    CURL                     *easy;
    struct sonde__curl_entry *next; /* guarded by its stripe's lock */
};

/* Handles are spread over stripes, each with a lock of its own. */
struct sonde__curl_table {
    struct sonde__curl_stripe {
        pthread_mutex_t mutex;
        struct {
            struct sonde__curl_entry *first;
        } locked;
    } stripes[SONDE__CURL_STRIPES];
};

/* Puts an entry in; its handle has none in this table. Any thread, as the next two. */
void sonde__curl_table_put(struct sonde__curl_table *table, struct sonde__curl_entry *entry);

/* The entry of a handle; NULL: none. */
struct sonde__curl_entry *sonde__curl_table_find(struct sonde__curl_table *table, const CURL *easy);

/* The same, and it leaves the table. */
struct sonde__curl_entry *sonde__curl_table_take(struct sonde__curl_table *table, const CURL *easy);

/* What curl_auto.h has seen, and the transfers of multi handles. */
extern struct sonde__curl_table sonde__curl_shadows;
extern struct sonde__curl_table sonde__curl_transfers;

#endif
