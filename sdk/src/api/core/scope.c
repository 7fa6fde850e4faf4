/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/scope.c - the registry of scopes: grows, never shrinks; looked up when a tracer or a meter
 * is fetched, not on the request path. */
#include "core/scope.h"
#include "base/utf8.h"
#include "core/diag.h"
#include "core/fork.h"
#include "core/wire.h"

#include <pthread.h>

static struct {
    pthread_mutex_t mutex;
    uint32_t        count;
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Written under the lock, before a number is given out; read by whoever has the number. */
static _Atomic(struct sonde__scope *) scopes[SONDE__SCOPE_MAX];

static const struct sonde__scope nameless = { 0, (char *)"", (char *)"", (char *)"", { 0 } };

void sonde__scope_lock(void)
{
    pthread_mutex_lock(&locked.mutex);
}

void sonde__scope_unlock(void)
{
    pthread_mutex_unlock(&locked.mutex);
}

const struct sonde__scope *sonde__scope_at(uint16_t id)
{
    /* Acquire: pairs with the release in add(). */
    struct sonde__scope *scope = id < SONDE__SCOPE_MAX
                                     ? atomic_load_explicit(&scopes[id], memory_order_acquire)
                                     : NULL;
    return scope ? scope : &nameless;
}

static char *copy_text(const char *text)
{
    size_t len      = text ? strlen(text) : 0;
    size_t repaired = sonde__utf8_repaired_len(text, len);
    char  *copy     = malloc(repaired + 1);
    if (!copy)
        return NULL;
    sonde__utf8_repair((uint8_t *)copy, text, len);
    copy[repaired] = '\0';
    return copy;
}

static void scope_free(struct sonde__scope *scope)
{
    if (!scope)
        return;
    free(scope->name);
    free(scope->version);
    free(scope->schema_url);
    sonde__buf_done(&scope->message);
    free(scope);
}

static struct sonde__scope *scope_new(const struct sonde__scope_key *key)
{
    struct sonde__scope *scope = calloc(1, sizeof *scope);
    if (!scope)
        return NULL;
    scope->name       = copy_text(key->name);
    scope->version    = copy_text(key->version);
    scope->schema_url = copy_text(key->schema_url);
    if (!scope->name || !scope->version || !scope->schema_url)
        goto fail;
    sonde__wire_text(&scope->message, 1, sonde_str_z(scope->name));
    if (scope->version[0])
        sonde__wire_text(&scope->message, 2, sonde_str_z(scope->version));
    sonde__wire_attrs(&scope->message, 3, key->attrs);
    if (scope->message.failed)
        goto fail;
    return scope;
fail:
    scope_free(scope);
    return NULL;
}

static bool same(const struct sonde__scope *a, const struct sonde__scope *b)
{
    return a->message.len == b->message.len &&
           memcmp(a->message.data, b->message.data, a->message.len) == 0 &&
           strcmp(a->schema_url, b->schema_url) == 0;
}

const struct sonde__scope *sonde__scope_get(const struct sonde__scope_key *key)
{
    struct sonde__scope       *scope  = scope_new(key);
    const struct sonde__scope *result = NULL;
    bool                       full   = false;
    if (!scope)
        return NULL;
    pthread_mutex_lock(&locked.mutex);
    for (uint32_t i = 1; i <= locked.count && !result; i++)
        if (same(sonde__scope_at((uint16_t)i), scope))
            result = sonde__scope_at((uint16_t)i);
    if (!result && locked.count + 1 < SONDE__SCOPE_MAX) {
        scope->id = (uint16_t)++locked.count;
        atomic_store_explicit(&scopes[scope->id], scope, memory_order_release);
        result = scope;
        scope  = NULL;
    }
    full = !result;
    pthread_mutex_unlock(&locked.mutex);
    scope_free(scope);
    if (full)
        sonde__diag(SONDE_LEVEL_WARN,
                    "more than %d instrumentation scopes: \"%s\" is recorded without its name",
                    SONDE__SCOPE_MAX - 1, key->name ? key->name : "");
    return full ? &nameless : result;
}
