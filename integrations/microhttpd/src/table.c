/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* table.c - requests by connection. libmicrohttpd gives an adapter no place in a connection that
 * is not the application's, so they stand in a table of stripes, each with a lock of its own. Any
 * thread. */
#include "request.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum { STRIPES = 16, SPARE_MAX = 64 };

static struct stripe {
    pthread_mutex_t mutex;
    struct {
        struct sonde__mhd_request *requests;
        struct sonde__mhd_request *spare; /* memory for requests to come */
        unsigned                   spare_count;
    } locked;
} stripes[STRIPES];

static pthread_once_t stripes_once = PTHREAD_ONCE_INIT;

/* A child that is forked while another thread holds a lock would wait for it for ever. */
static void lock_all(void)
{
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_lock(&stripes[i].mutex);
}

static void unlock_all(void)
{
    for (size_t i = STRIPES; i-- > 0;)
        pthread_mutex_unlock(&stripes[i].mutex);
}

static void init_stripes(void)
{
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&stripes[i].mutex, NULL);
    pthread_atfork(lock_all, unlock_all, unlock_all);
}

static struct stripe *stripe_of(const struct MHD_Connection *connection)
{
    pthread_once(&stripes_once, init_stripes);
    /* Fibonacci hashing: the upper bits of the product depend on all bits of the address. */
    return &stripes[((uint64_t)(uintptr_t)connection * UINT64_C(0x9E3779B97F4A7C15)) >> 60];
}

/* Where the stripe's list points to the request of a connection, or to its end. */
static struct sonde__mhd_request **place_of(struct stripe               *stripe,
                                            const struct MHD_Connection *connection)
{
    struct sonde__mhd_request **at = &stripe->locked.requests;
    while (*at && (*at)->connection != connection)
        at = &(*at)->next;
    return at;
}

struct sonde__mhd_request *sonde__mhd_request_new(struct MHD_Connection *connection)
{
    struct stripe             *stripe = stripe_of(connection);
    struct sonde__mhd_request *request;
    pthread_mutex_lock(&stripe->mutex);
    request = stripe->locked.spare;
    if (request) {
        stripe->locked.spare = request->next;
        stripe->locked.spare_count--;
    }
    pthread_mutex_unlock(&stripe->mutex);
    if (!request)
        request = malloc(sizeof *request);
    if (!request)
        return NULL;
    memset(request, 0, offsetof(struct sonde__mhd_request, uri));
    request->connection = connection;
    pthread_mutex_lock(&stripe->mutex);
    request->next           = stripe->locked.requests;
    stripe->locked.requests = request;
    pthread_mutex_unlock(&stripe->mutex);
    return request;
}

struct sonde__mhd_request *sonde__mhd_request_find(struct MHD_Connection *connection)
{
    struct stripe             *stripe = stripe_of(connection);
    struct sonde__mhd_request *request;
    pthread_mutex_lock(&stripe->mutex);
    request = *place_of(stripe, connection);
    pthread_mutex_unlock(&stripe->mutex);
    return request;
}

void sonde__mhd_request_free(struct MHD_Connection *connection)
{
    struct stripe             *stripe = stripe_of(connection);
    struct sonde__mhd_request *request;
    pthread_mutex_lock(&stripe->mutex);
    struct sonde__mhd_request **at = place_of(stripe, connection);
    request                        = *at;
    if (request) {
        *at = request->next;
        if (stripe->locked.spare_count < SPARE_MAX) {
            request->next        = stripe->locked.spare;
            stripe->locked.spare = request;
            stripe->locked.spare_count++;
            request = NULL;
        }
    }
    pthread_mutex_unlock(&stripe->mutex);
    free(request);
}

void sonde__mhd_requests_trim(void)
{
    pthread_once(&stripes_once, init_stripes);
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_lock(&stripes[i].mutex);
        struct sonde__mhd_request *spare = stripes[i].locked.spare;
        stripes[i].locked.spare          = NULL;
        stripes[i].locked.spare_count    = 0;
        pthread_mutex_unlock(&stripes[i].mutex);
        while (spare) {
            struct sonde__mhd_request *next = spare->next;
            free(spare);
            spare = next;
        }
    }
}
