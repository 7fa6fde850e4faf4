/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* resource: the input is OTEL_RESOURCE_ATTRIBUTES. It counts as a whole or not at all, and the message that
 * comes out is well-formed, with no key twice. */
#include "config/resource.h"
#include "fuzz.h"

#include <sonde/plugin/record.h>

enum { KEYS = 700 };

static size_t reports;

static void report(sonde_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    reports++;
}

/* How many attributes the message has. */
static size_t check(const struct sonde__resource *resource)
{
    static sonde_str keys[KEYS];
    sonde_str        rest = sonde_str_n(resource->message.data, resource->message.len);
    sonde_value      value;
    size_t           count = 0, names = 0;
    while (count < KEYS && sonde_attribute_next(1, &rest, &keys[count], &value)) {
        for (size_t i = 0; i < count; i++)
            REQUIRE(!fuzz_same(keys[i], keys[count]));
        REQUIRE(keys[count].len > 0 && value.type != SONDE_TYPE_NONE);
        names += fuzz_same(keys[count], sonde_str_z("service.name"));
        count++;
    }
    REQUIRE(rest.len == 0 && names == 1);
    return count;
}

static size_t count_with(char *list)
{
    const sonde_sdk_options options = { .size = sizeof options };
    struct sonde__config    config  = { .resource_attributes = list };
    struct sonde__resource  resource;
    REQUIRE(sonde__resource_init(&resource, &options, &config, report));
    size_t count = check(&resource);
    sonde__resource_forked(&resource);
    REQUIRE(check(&resource) == count);
    sonde__resource_done(&resource);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_t without; /* what is there anyway */
    char         *text = fuzz_memory(size + 1);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (!without)
        without = count_with(NULL);
    reports      = 0;
    size_t count = count_with(text);
    REQUIRE(reports <= 1 && count >= without);
    REQUIRE(reports == 0 || count == without);
    free(text);
    return 0;
}
