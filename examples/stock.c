/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* stock PORT: how many of an item are left. A libmicrohttpd service with one route, /stock/{id}, and its
 * metrics at /metrics. */
#include "service.h"

#include <sonde/sonde.h>

static sonde_tracer  *tracer;
static sonde_counter *lookups;

/* Stands for a look-up in some store. */
static int left_of(long id)
{
    sonde_in_span (span, tracer, "look up", .attrs = sonde_attrs_of(sonde_kv("item.id", id))) {
        int left = id > 0 ? (int)(id * 7 % 5) : -1;
        if (left < 0)
            sonde_span_fail(span, "no_such_item", NULL);
        else
            sonde_span_set(span, "stock.left", left);
        return left;
    }
    return -1;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    char json[64];
    (void)cls, (void)method, (void)version, (void)upload, (void)upload_size, (void)con_cls;
    if (strcmp(url, "/metrics") == 0)
        return sonde_mhd_queue_metrics(connection);
    if (strncmp(url, "/stock/", 7) != 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "{}");

    sonde_mhd_set_route(connection, "/stock/{id}");
    int left = left_of(strtol(url + 7, NULL, 10));
    sonde_counter_add_with(lookups, 1, sonde_kv("found", left >= 0));
    if (left < 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "{\"error\":\"no such item\"}");
    snprintf(json, sizeof json, "{\"left\":%d}", left);
    return answer(connection, MHD_HTTP_OK, json);
}

int main(int argc, char **argv)
{
    sonde_sdk *sdk = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: stock PORT\n");
        return 2;
    }
    sonde_sdk_start(&sdk, .service_name = "stock");
    tracer     = sonde_tracer_get("stock", "1.0.0");
    lookups    = sonde_counter_get(sonde_meter_get("stock", "1.0.0"), "stock.lookups",
                                   .unit = "{lookup}", .description = "Look-ups in the stock");
    int status = serve(argv[1], handle);
    sonde_sdk_stop(&sdk, 2000);
    return status;
}
