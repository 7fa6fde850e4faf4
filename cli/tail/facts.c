/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/facts.c - what a person wants to know of a span first. The names are those of
 * OpenTelemetry's semantic conventions, and of their earlier versions, which many senders still
 * use. */
#include "tail/facts.h"

#include <stdio.h>
#include <stdlib.h>

/* In this order the first one that a span has is its target. */
static const char *const targets[] = {
    "url.full",
    "http.url",
    "url.path",
    "http.target",
    "db.query.text",
    "db.statement",
    "messaging.destination.name",
    "server.address",
    "net.peer.name",
};

/* Name spaces of the conventions. */
static const char *const conventions[] = {
    "http.",    "url.",       "server.", "client.",      "network.", "net.",  "user_agent.",
    "error.",   "exception.", "otel.",   "thread.",      "code.",    "db.",   "messaging.",
    "rpc.",     "peer.",      "tls.",    "dns.",         "process.", "host.", "os.",
    "service.", "telemetry.", "source.", "destination.",
};

/* What is gathered while the attributes pass by. */
struct gathering {
    struct sonde__facts *facts;
    size_t               target_rank; /* index in targets */
    bool                 is_outgoing;
    char                 query[200], port[24];
};

static bool is_key(sonde_str key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

static bool is_conventional(sonde_str key)
{
    for (size_t i = 0; i < sizeof conventions / sizeof conventions[0]; i++) {
        size_t len = strlen(conventions[i]);
        if (key.len > len && memcmp(key.ptr, conventions[i], len) == 0)
            return true;
    }
    return is_key(key, "http") || is_key(key, "url");
}

void sonde__facts_append(char *text, size_t size, sonde_str key, const sonde_value *value)
{
    size_t used = strlen(text);
    if (used + key.len + 4 >= size)
        return;
    int len = snprintf(text + used, size - used, "%s%.*s=", used ? " " : "", (int)key.len, key.ptr);
    if (len > 0 && used + (size_t)len < size)
        sonde_value_text(value, text + used + len, size - used - (size_t)len);
}

static void find_target(struct gathering *gathering, sonde_str key, const sonde_value *value)
{
    enum { FIRST_ADDRESS = 7 };
    for (size_t rank = 0; rank < gathering->target_rank; rank++) {
        if (!is_key(key, targets[rank]))
            continue;
        if (rank >= FIRST_ADDRESS && !gathering->is_outgoing)
            return; /* its own address tells a server nothing */
        gathering->target_rank = rank;
        sonde_value_text(value, gathering->facts->target, sizeof gathering->facts->target);
        return;
    }
}

static void gather(struct gathering *gathering, sonde_str key, const sonde_value *value)
{
    struct sonde__facts *facts = gathering->facts;
    find_target(gathering, key, value);
    if ((is_key(key, "http.response.status_code") || is_key(key, "http.status_code")) &&
        value->type == SONDE_TYPE_INT)
        facts->status_code = value->value.i;
    else if (is_key(key, "error.type"))
        sonde_value_text(value, facts->error_type, sizeof facts->error_type);
    else if (is_key(key, "url.query"))
        sonde_value_text(value, gathering->query, sizeof gathering->query);
    else if (is_key(key, "server.port") || is_key(key, "net.peer.port"))
        sonde_value_text(value, gathering->port, sizeof gathering->port);
    else if (key.len > 0 && !is_conventional(key))
        sonde__facts_append(facts->own, sizeof facts->own, key, value);
}

static bool is_target(const struct gathering *gathering, const char *name)
{
    return gathering->target_rank < sizeof targets / sizeof targets[0] &&
           strcmp(targets[gathering->target_rank], name) == 0;
}

static void append(char *text, size_t size, const char *between, const char *more)
{
    size_t used = strlen(text);
    if (*more)
        snprintf(text + used, size - used, "%s%s", between, more);
}

static void finish_target(struct gathering *gathering)
{
    char *target = gathering->facts->target;
    if (is_target(gathering, "url.path"))
        append(target, sizeof gathering->facts->target, "?", gathering->query);
    if (is_target(gathering, "server.address") || is_target(gathering, "net.peer.name"))
        append(target, sizeof gathering->facts->target, ":", gathering->port);
    const char *scheme = strstr(target, "://");
    if (scheme && (is_target(gathering, "url.full") || is_target(gathering, "http.url")))
        memmove(target, scheme + 3, strlen(scheme + 3) + 1);
}

void sonde__facts_read(const sonde_span_view *span, struct sonde__facts *ret_facts)
{
    struct gathering gathering = {
        .facts       = ret_facts,
        .target_rank = sizeof targets / sizeof targets[0],
        .is_outgoing = span->kind == SONDE_KIND_CLIENT || span->kind == SONDE_KIND_PRODUCER,
    };
    sonde_str   rest = span->bytes, message, key;
    sonde_value value;
    memset(ret_facts, 0, sizeof *ret_facts);
    while (sonde_span_next(SONDE_PART_ATTRIBUTE, &rest, &message))
        if (sonde_key_value_read(message, &key, &value))
            gather(&gathering, key, &value);
    finish_target(&gathering);
    /* "GET /cart" needs no "/cart" behind it. */
    if (span->name.len > 0 &&
        memmem(span->name.ptr, span->name.len, ret_facts->target, strlen(ret_facts->target)))
        ret_facts->target[0] = '\0';
}
