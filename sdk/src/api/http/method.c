/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* http/method.c - which request methods have a name of their own. The list is made once, by the
 * first thread that asks, and never changes afterwards. */
#include "http/http.h"

#include "core/diag.h"

#include <pthread.h>
#include <stdlib.h>

#define KNOWN_BY_DEFAULT "GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH,CONNECT,TRACE,QUERY"
#define VARIABLE         "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"

enum { METHODS = 32, METHOD_BYTES = METHODS * 16 };

static struct {
    char      bytes[METHOD_BYTES];
    sonde_str items[METHODS];
    size_t    count;
} known;

static pthread_once_t known_once = PTHREAD_ONCE_INIT;

static sonde_str trim(sonde_str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static size_t add_methods(const char *list)
{
    size_t used = 0;
    while (*list) {
        size_t    len  = strcspn(list, ",");
        sonde_str item = trim(sonde_str_n(list, len));
        list += len;
        list += *list == ',';
        if (!item.len)
            continue;
        if (item.len > SONDE__HTTP_METHOD_MAX || known.count == METHODS ||
            item.len > METHOD_BYTES - used) {
            sonde__diag(SONDE_LEVEL_WARN, VARIABLE ": \"%.*s\" is left out, the list is too long",
                        (int)item.len, item.ptr);
            continue;
        }
        memcpy(known.bytes + used, item.ptr, item.len);
        known.items[known.count++] = sonde_str_n(known.bytes + used, item.len);
        used += item.len;
    }
    return known.count;
}

static void read_known(void)
{
    const char *list = secure_getenv(VARIABLE);
    if (!list || !add_methods(list))
        add_methods(KNOWN_BY_DEFAULT);
}

sonde_str sonde_http_method(sonde_str method, sonde_str *ret_original)
{
    sonde_str found    = SONDE__STR(SONDE_VALUE_OTHER);
    sonde_str original = method;
    pthread_once(&known_once, read_known);
    for (size_t i = 0; i < known.count; i++) {
        if (known.items[i].len == method.len &&
            memcmp(known.items[i].ptr, method.ptr, method.len) == 0) {
            found    = known.items[i];
            original = sonde_str_n(NULL, 0);
            break;
        }
    }
    if (ret_original)
        *ret_original = original;
    return found;
}
