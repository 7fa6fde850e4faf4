/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* auto.c - the traced twins of curl_auto.h. Each calls libcurl's function with what it was given
 * and remembers what it needs when that went well. The thread that uses the handle. */
#include "transfer.h"

#include <sonde/curl_auto.h>

#include <stdarg.h>
#include <stdlib.h>

#undef curl_easy_init
#undef curl_easy_setopt
#undef curl_easy_reset
#undef curl_easy_duphandle
#undef curl_easy_perform
#undef curl_easy_cleanup

/* One argument of curl_easy_setopt(), whose type follows from the option's number. */
union argument {
    long       number;
    void      *pointer;
    curl_off_t offset;
};

struct sonde__curl_shadow *sonde__curl_shadow_find(const CURL *easy)
{
    return (struct sonde__curl_shadow *)sonde__curl_table_find(&sonde__curl_shadows, easy);
}

sonde_str sonde__curl_shadow_method(const struct sonde__curl_shadow *shadow)
{
    if (shadow->set.custom_method[0])
        return sonde_str_z(shadow->set.custom_method);
    return sonde_str_z(shadow->set.method ? shadow->set.method : "GET");
}

/* A shadow in the table; NULL: out of memory, and the handle stays unknown. */
static struct sonde__curl_shadow *shadow_new(CURL *easy)
{
    struct sonde__curl_shadow *shadow = calloc(1, sizeof *shadow);
    if (!shadow)
        return NULL;
    shadow->entry.easy = easy;
    sonde__curl_table_put(&sonde__curl_shadows, &shadow->entry);
    return shadow;
}

static void shadow_free(struct sonde__curl_shadow *shadow)
{
    if (!shadow)
        return;
    free(shadow->url.ptr);
    free(shadow);
}

static void text_set(struct sonde__curl_text *text, const char *value)
{
    size_t size = value ? strlen(value) + 1 : 0;
    text->set   = false;
    if (!value)
        return;
    if (size > text->room) {
        char *ptr = realloc(text->ptr, size);
        if (!ptr)
            return;
        text->ptr  = ptr;
        text->room = size;
    }
    memcpy(text->ptr, value, size);
    text->set = true;
}

static void custom_method_set(struct sonde__curl_shadow *shadow, const char *value)
{
    size_t len = value ? strnlen(value, SONDE__CURL_METHOD_MAX) : 0;
    if (len)
        memcpy(shadow->set.custom_method, value, len);
    shadow->set.custom_method[len] = '\0';
}

/* The method follows the last of these options that was set, as it does in libcurl. */
static void shape_method(struct sonde__curl_shadow *shadow, CURLoption option, long on)
{
    const char *now = shadow->set.method;
    switch ((int)option) {
    case CURLOPT_HTTPGET:
        shadow->set.method = on ? NULL : now;
        break;
    case CURLOPT_POST:
        shadow->set.method = on ? "POST" : NULL;
        break;
    case CURLOPT_UPLOAD:
    case CURLOPT_PUT:
        shadow->set.method = on ? "PUT" : NULL;
        break;
    case CURLOPT_NOBODY:
        if (on)
            shadow->set.method = "HEAD";
        else if (now && strcmp(now, "HEAD") == 0)
            shadow->set.method = NULL;
        break;
    default: /* a body to be sent */
        shadow->set.method = "POST";
        break;
    }
}

static bool remember_number(struct sonde__curl_shadow *shadow, CURLoption option, long number)
{
    switch ((int)option) {
    case CURLOPT_HTTPGET:
    case CURLOPT_POST:
    case CURLOPT_UPLOAD:
    case CURLOPT_PUT:
    case CURLOPT_NOBODY:
        shape_method(shadow, option, number);
        return true;
    case CURLOPT_FOLLOWLOCATION:
        shadow->set.follows = number != 0;
        return true;
    case CURLOPT_PORT:
        shadow->set.port = number;
        return true;
    case CURLOPT_CONNECT_ONLY:
        shadow->set.no_request = number == 1;
        return true;
    case CURLOPT_HEADEROPT:
        shadow->set.unified_headers = (number & CURLHEADER_SEPARATE) == 0;
        return true;
    default:
        return false;
    }
}

static void remember_pointer(struct sonde__curl_shadow *shadow, CURLoption option, void *pointer)
{
    switch ((int)option) {
    case CURLOPT_HTTPHEADER:
        shadow->set.headers   = pointer;
        shadow->headers_known = true;
        break;
    case CURLOPT_URL:
        text_set(&shadow->url, pointer);
        break;
    case CURLOPT_CURLU:
        shadow->set.url_handle = pointer;
        break;
    case CURLOPT_CUSTOMREQUEST:
        custom_method_set(shadow, pointer);
        break;
    case CURLOPT_POSTFIELDS:
    case CURLOPT_COPYPOSTFIELDS:
    case CURLOPT_HTTPPOST:
    case CURLOPT_MIMEPOST:
        shape_method(shadow, option, 1);
        break;
    case CURLOPT_USERAGENT:
        shadow->set.exports = sonde_http_is_export(sonde_str_z(pointer));
        break;
#if LIBCURL_VERSION_NUM >= 0x075000
    case CURLOPT_PREREQFUNCTION:
        memcpy(&shadow->set.prereq, &pointer, sizeof shadow->set.prereq);
        break;
    case CURLOPT_PREREQDATA:
        shadow->set.prereq_data = pointer;
        break;
#endif
    default:
        break;
    }
}

/* While our own callback stands where the application's would, the application's is only noted: it
 * is called through ours, and set when the transfer is over. */
static bool is_hooked(const struct sonde__curl_shadow *shadow, CURLoption option)
{
#if LIBCURL_VERSION_NUM >= 0x075000
    return shadow && shadow->hooked &&
           (option == CURLOPT_PREREQFUNCTION || option == CURLOPT_PREREQDATA);
#else
    (void)shadow, (void)option;
    return false;
#endif
}

static CURLcode set_pointer(CURL *easy, CURLoption option, void *pointer)
{
    struct sonde__curl_shadow *shadow = sonde__curl_shadow_find(easy);
    CURLcode                   code   = CURLE_OK;
    if (!is_hooked(shadow, option))
        code = curl_easy_setopt(easy, option, pointer);
    if (code != CURLE_OK || !easy)
        return code;
    if (!shadow && option == CURLOPT_HTTPHEADER)
        shadow = shadow_new(easy); /* of this handle the list is known from now on, but no more */
    if (shadow)
        remember_pointer(shadow, option, pointer);
    return code;
}

CURL *sonde_curl_auto_init(void)
{
    CURL                      *easy   = curl_easy_init();
    struct sonde__curl_shadow *shadow = easy ? shadow_new(easy) : NULL;
    if (shadow)
        shadow->known = shadow->headers_known = true;
    return easy;
}

CURLcode sonde_curl_auto_setopt(CURL *easy, CURLoption option, ...)
{
    union argument argument;
    CURLcode       code;
    va_list        args;
    va_start(args, option);
    if (option < CURLOPTTYPE_OBJECTPOINT) {
        argument.number                   = va_arg(args, long);
        code                              = curl_easy_setopt(easy, option, argument.number);
        struct sonde__curl_shadow *shadow = code ? NULL : sonde__curl_shadow_find(easy);
        if (shadow)
            remember_number(shadow, option, argument.number);
    } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_OFF_T + 10000) {
        argument.offset = va_arg(args, curl_off_t);
        code            = curl_easy_setopt(easy, option, argument.offset);
    } else {
        argument.pointer = va_arg(args, void *);
        code             = set_pointer(easy, option, argument.pointer);
    }
    va_end(args);
    return code;
}

void sonde_curl_auto_reset(CURL *easy)
{
    if (!easy) /* which libcurl does not take */
        return;
    struct sonde__curl_shadow *shadow = sonde__curl_shadow_find(easy);
    curl_easy_reset(easy);
    if (!shadow)
        return;
    memset(&shadow->set, 0, sizeof shadow->set);
    shadow->url.set = false;
    shadow->known = shadow->headers_known = true;
}

CURL *sonde_curl_auto_duphandle(CURL *easy)
{
    if (!easy) /* which libcurl does not take */
        return NULL;
    struct sonde__curl_shadow *shadow = sonde__curl_shadow_find(easy);
    CURL                      *copy   = curl_easy_duphandle(easy);
    struct sonde__curl_shadow *other  = copy && shadow ? shadow_new(copy) : NULL;
    if (!copy || !shadow)
        return copy;
    /* In the middle of a transfer the copy has our headers and our callback: its own instead. */
    if (shadow->busy)
        curl_easy_setopt(copy, CURLOPT_HTTPHEADER, shadow->set.headers);
#if LIBCURL_VERSION_NUM >= 0x075000
    if (shadow->hooked) {
        curl_easy_setopt(copy, CURLOPT_PREREQFUNCTION, shadow->set.prereq);
        curl_easy_setopt(copy, CURLOPT_PREREQDATA, shadow->set.prereq_data);
    }
#endif
    if (!other)
        return copy;
    other->set           = shadow->set;
    other->known         = shadow->known;
    other->headers_known = shadow->headers_known;
    text_set(&other->url, shadow->url.set ? shadow->url.ptr : NULL);
    return copy;
}

CURLcode sonde_curl_auto_perform(CURL *easy)
{
    return sonde_curl_easy_perform_opts(easy, NULL);
}

void sonde_curl_auto_cleanup(CURL *easy)
{
    sonde__curl_abandon(easy);
    /* Before libcurl: once it is freed, its address may be another thread's handle. */
    shadow_free((struct sonde__curl_shadow *)sonde__curl_table_take(&sonde__curl_shadows, easy));
    curl_easy_cleanup(easy);
}
