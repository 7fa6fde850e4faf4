/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* shop PORT STOCK-URL: a libmicrohttpd service that asks another service with libcurl. The line that
 * traces libcurl is the third include; the word that traces libmicrohttpd is in service.h. */
#include "service.h"

#include <curl/curl.h>
#include <sonde/curl_auto.h>
#include <sonde/sonde.h>

static sonde_tracer *tracer;
static const char   *stock_url;

struct body {
    char   text[256];
    size_t length;
};

static size_t keep(char *bytes, size_t size, size_t count, void *cls)
{
    struct body *body = cls;
    size_t       room = sizeof body->text - 1 - body->length;
    size_t       used = size * count < room ? size * count : room;
    memcpy(body->text + body->length, bytes, used);
    body->length += used;
    body->text[body->length] = '\0';
    return size * count;
}

/* The stock's status, or 0 when it cannot be asked. */
static long ask_stock(const char *id, struct body *body)
{
    char  url[256];
    long  status = 0;
    CURL *curl   = curl_easy_init();
    if (!curl)
        return 0;
    snprintf(url, sizeof url, "%s/stock/%.32s", stock_url, id);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 2000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    char        json[512];
    struct body stock  = { "", 0 };
    long        status = 0;
    (void)cls, (void)method, (void)version, (void)upload, (void)upload_size, (void)con_cls;
    if (strcmp(url, "/metrics") == 0)
        return sonde_mhd_queue_metrics(connection);
    if (strncmp(url, "/items/", 7) != 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "{}");

    sonde_mhd_set_route(connection, "/items/{id}");
    sonde_in_span (span, tracer, "load item",
                   .attrs = sonde_attrs_of(sonde_kv("item.id", url + 7))) {
        status = ask_stock(url + 7, &stock);
        if (status == 0)
            sonde_span_fail(span, "stock_unreachable", NULL);
    }
    if (status == 0)
        return answer(connection, MHD_HTTP_BAD_GATEWAY, "{\"error\":\"stock does not answer\"}");
    if (status != 200)
        return answer(connection, MHD_HTTP_NOT_FOUND, "{\"error\":\"no such item\"}");
    snprintf(json, sizeof json, "{\"item\":%ld,\"stock\":%s}", strtol(url + 7, NULL, 10),
             stock.text);
    return answer(connection, MHD_HTTP_OK, json);
}

int main(int argc, char **argv)
{
    sonde_sdk *sdk = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: shop PORT STOCK-URL\n");
        return 2;
    }
    stock_url = argv[2];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    sonde_sdk_start(&sdk, .service_name = "shop");
    tracer     = sonde_tracer_get("shop", "1.0.0");
    int status = serve(argv[1], handle);
    sonde_sdk_stop(&sdk, 2000);
    return status;
}
