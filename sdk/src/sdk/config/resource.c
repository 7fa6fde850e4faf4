/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/resource.c - runs in the thread that starts the SDK, and in a forked child's. */
#include "config/resource.h"
#include "base/iso8601.h"
#include "base/host.h"
#include "base/rand.h"
#include "config/pairs.h"
#include "core/wire.h"

#include <sonde/plugin/record.h>

#include <stdio.h>
#include <unistd.h>

enum {
    ATTRIBUTES       = 1, /* the field of a Resource message */
    LIST_MAX_BYTES   = 65536,
    LIST_MAX_MEMBERS = 512, /* which bounds the time that looking for doubles takes */
    RENEWED_BYTES    = 512  /* more than the attributes that a fork changes need */
};

static bool has(const struct sonde__resource *resource, sonde_str key)
{
    sonde_str   rest = sonde_str_n(resource->message.data, resource->message.len), name;
    sonde_value value;
    while (sonde_attribute_next(ATTRIBUTES, &rest, &name, &value))
        if (name.len == key.len && memcmp(name.ptr, key.ptr, key.len) == 0)
            return true;
    return false;
}

/* Adds an attribute that nobody of more weight has given. */
static void add(struct sonde__resource *resource, sonde_attr attr)
{
    if (!has(resource, attr.key))
        sonde__wire_attr(&resource->message, ATTRIBUTES, &attr);
}

static void add_text(struct sonde__resource *resource, const char *key, const char *text)
{
    if (text && text[0])
        add(resource, sonde_attr_string(sonde_str_z(key), sonde_str_z(text)));
}

struct list {
    sonde_attr *items;
    size_t      count;
    char       *text;
    const char *bad; /* why it is not to be used */
};

static bool decode(sonde_str encoded, char **to, sonde_str *ret_text)
{
    size_t length;
    if (!sonde__pairs_decode(encoded, *to, &length))
        return false;
    *ret_text = sonde_str_n(*to, length);
    *to += length;
    return true;
}

static void decode_list(sonde_str rest, struct list *list)
{
    sonde_str   name, value;
    sonde__pair pair;
    char       *to = list->text;
    while ((pair = sonde__pairs_next(&rest, &name, &value)) != SONDE__PAIR_END) {
        list->bad = "has a member that is not name=value";
        if (pair == SONDE__PAIR_BAD)
            return;
        list->bad = "is longer than 512 members";
        if (list->count == LIST_MAX_MEMBERS)
            return;
        list->bad = "has bad percent-encoding or is not UTF-8";
        if (!decode(name, &to, &name) || !decode(value, &to, &value))
            return;
        list->items[list->count++] = sonde_attr_string(name, value);
    }
    list->bad = NULL;
}

/* OTEL_RESOURCE_ATTRIBUTES, which counts as a whole or not at all. False: out of memory. */
static bool add_list(struct sonde__resource *resource, const char *text, sonde__diag_fn *diag)
{
    struct list list = { 0 };
    size_t      size = text ? strlen(text) : 0;
    if (size == 0)
        return true;
    if (size > LIST_MAX_BYTES) {
        list.bad = "is longer than 65536 bytes";
    } else {
        list.text  = malloc(size);
        list.items = malloc(LIST_MAX_MEMBERS * sizeof *list.items);
        if (list.text && list.items)
            decode_list(sonde_str_n(text, size), &list);
    }
    bool ok = list.bad || (list.text && list.items);
    if (list.bad)
        sonde__settings_report(SONDE__KEY_RESOURCE_ATTRIBUTES, text, list.bad, "nothing of it",
                               diag);
    /* From the end: of a name given twice the last one counts. */
    while (ok && !list.bad && list.count-- > 0)
        add(resource, list.items[list.count]);
    free(list.items);
    free(list.text);
    return ok;
}

static void add_service_name(struct sonde__resource *resource, const char *program)
{
    char name[300];
    snprintf(name, sizeof name, "unknown_service%s%.255s", program[0] ? ":" : "", program);
    add_text(resource, "service.name", name);
}

static void add_sdk(struct sonde__resource *resource)
{
    char     version[16];
    unsigned number = SONDE_VERSION_NUMBER;
    snprintf(version, sizeof version, "%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
    add_text(resource, "telemetry.sdk.name", "sonde");
    add_text(resource, "telemetry.sdk.language", "c");
    add_text(resource, "telemetry.sdk.version", version);
}

static void add_process(struct sonde__resource *resource)
{
    char text[4096];
    bool found = sonde__host_program_path(text, sizeof text);
    /* The base name of what runs. */
    const char *slash   = found ? strrchr(text, '/') : NULL;
    const char *program = slash ? slash + 1 : text;
    add_service_name(resource, program);
    add_text(resource, "process.executable.name", program);
    add_text(resource, "process.executable.path", text);
    sonde__host_user(text, sizeof text);
    add_text(resource, "process.owner", text);
    sonde__host_name(text, sizeof text);
    add_text(resource, "host.name", text);
    sonde__host_arch(text, sizeof text);
    add_text(resource, "host.arch", text);
    sonde__host_os(text, sizeof text);
    add_text(resource, "os.type", text);
}

/* A random UUID: version 4, variant 1. */
static void make_id(char ret_text[37])
{
    static const char  digits[] = "0123456789abcdef";
    struct sonde__rand rand;
    uint8_t            bytes[16];
    char              *to = ret_text;
    sonde__rand_seed(&rand);
    memcpy(bytes, rand.s, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}

static void add_instance(struct sonde__resource *resource)
{
    char       text[SONDE__ISO8601_SIZE + 8];
    sonde_attr attr;
    uint64_t   start = sonde__host_process_start_ns();
    if (resource->find_id) {
        make_id(text);
        attr = sonde_attr_string(sonde_str_z("service.instance.id"), sonde_str_z(text));
        sonde__wire_attr(&resource->message, ATTRIBUTES, &attr);
    }
    if (resource->find_pid) {
        attr = sonde_attr_int(sonde_str_z("process.pid"), getpid());
        sonde__wire_attr(&resource->message, ATTRIBUTES, &attr);
    }
    if (resource->find_start && start) {
        sonde__iso8601(start, 3, text);
        attr = sonde_attr_string(sonde_str_z("process.creation.time"), sonde_str_z(text));
        sonde__wire_attr(&resource->message, ATTRIBUTES, &attr);
    }
}

bool sonde__resource_init(struct sonde__resource *resource, const sonde_sdk_options *options,
                          const struct sonde__config *config, sonde__diag_fn *diag)
{
    *resource = (struct sonde__resource){ 0 };
    sonde__wire_attrs(&resource->message, ATTRIBUTES, options->resource);
    add_text(resource, "service.name", options->service_name);
    add_text(resource, "service.version", options->service_version);
    add_text(resource, "service.name", config->service_name);
    if (!add_list(resource, config->resource_attributes, diag))
        return false;
    add_process(resource);
    add_sdk(resource);
    resource->find_id    = !has(resource, sonde_str_z("service.instance.id"));
    resource->find_pid   = !has(resource, sonde_str_z("process.pid"));
    resource->find_start = !has(resource, sonde_str_z("process.creation.time"));
    resource->stable     = resource->message.len;
    sonde__buf_reserve(&resource->message, RENEWED_BYTES);
    add_instance(resource);
    return !resource->message.failed;
}

void sonde__resource_done(struct sonde__resource *resource)
{
    sonde__buf_done(&resource->message);
}

void sonde__resource_forked(struct sonde__resource *resource)
{
    resource->message.len = resource->stable;
    add_instance(resource);
}
