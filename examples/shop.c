/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* shop PORT STOCK_URL: a libmicrohttpd service that asks another one with libcurl.
 *   GET /items/{id}   what the stock says of an item
 *   GET /metrics      Prometheus text
 * OTEL_EXPORTER_OTLP_ENDPOINT says where its telemetry goes. Ends with SIGTERM or SIGINT. */
#include "service.h"

#include <curl/curl.h>
#include <sonde/curl_auto.h>

#include <stdio.h>
#include <string.h>

static const char   *stock_url;
static sonde_tracer *tracer;

/* The beginning of what the stock says. */
struct text {
    char   bytes[256];
    size_t length;
};

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
    struct text *text = data;
    size_t       room = sizeof text->bytes - 1 - text->length, length = size * count;
    if (length < room)
        room = length;
    memcpy(text->bytes + text->length, bytes, room);
    text->length += room;
    text->bytes[text->length] = '\0';
    return length;
}

/* Nothing here knows of tracing: the span of the request is current, and this becomes its child. */
static long ask_stock(const char *id, struct text *ret_text)
{
    char  url[256];
    long  status = 0;
    CURL *curl   = curl_easy_init();
    snprintf(url, sizeof url, "%s/stock/%.64s", stock_url, id);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 2000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_text);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

static enum MHD_Result sell(struct MHD_Connection *connection, const char *id)
{
    struct text text   = { "", 0 };
    long        status = ask_stock(id, &text);
    if (status == 0)
        return answer(connection, MHD_HTTP_BAD_GATEWAY, "the stock does not answer\n");
    if (status != MHD_HTTP_OK)
        return answer(connection, MHD_HTTP_NOT_FOUND, "no such item\n");

    char offer[320];
    sonde_in_span (span, tracer, "price") {
        int cents = 100 * (int)(strlen(id) + 1) - 1;
        sonde_span_set(span, "item.id", id);
        sonde_span_set(span, "price.cents", cents);
        snprintf(offer, sizeof offer, "%sprice: %d.%02d\n", text.bytes, cents / 100, cents % 100);
    }
    return answer(connection, MHD_HTTP_OK, offer);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    (void)cls, (void)version, (void)upload, (void)con_cls;
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/metrics") == 0)
        return sonde_mhd_queue_metrics(connection);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
    if (strncmp(url, "/items/", 7) == 0 && url[7]) {
        sonde_mhd_set_route(connection, "/items/{id}");
        return sell(connection, url + 7);
    }
    return answer(connection, MHD_HTTP_NOT_FOUND, "try /items/7\n");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: shop PORT STOCK_URL\n");
        return 2;
    }
    stock_url = argv[2];
    tracer    = sonde_tracer_get("shop", "1.0.0");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return serve("shop", argv[1], handle);
}
