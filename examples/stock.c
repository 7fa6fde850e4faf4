/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* stock PORT: the service that shop asks.
 *   GET /stock/{id}   how many there are of an item; 0 is one that nobody has
 *   GET /metrics      Prometheus text
 * OTEL_EXPORTER_OTLP_ENDPOINT says where its telemetry goes. Ends with SIGTERM or SIGINT. */
#include "service.h"

#include <stdio.h>
#include <string.h>

static sonde_tracer  *tracer;
static sonde_counter *lookups;

/* How many there are; -1: no such item. */
static int look_up(const char *id)
{
    int count = -1;
    sonde_in_span (span, tracer, "look up", .attrs = sonde_attrs_of(sonde_kv("item.id", id))) {
        bool found = strcmp(id, "0") != 0;
        if (found)
            count = (int)(strlen(id) * 12);
        sonde_span_set(span, "item.found", found);
        sonde_counter_add_with(lookups, 1, sonde_kv("found", found));
    }
    return count;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    (void)cls, (void)method, (void)version, (void)upload, (void)con_cls;
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/metrics") == 0)
        return sonde_mhd_queue_metrics(connection);
    if (strncmp(url, "/stock/", 7) != 0 || !url[7])
        return answer(connection, MHD_HTTP_NOT_FOUND, "try /stock/7\n");

    sonde_mhd_set_route(connection, "/stock/{id}");
    int count = look_up(url + 7);
    if (count < 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "no such item\n");
    char text[128];
    snprintf(text, sizeof text, "item %.64s: %d in stock\n", url + 7, count);
    return answer(connection, MHD_HTTP_OK, text);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: stock PORT\n");
        return 2;
    }
    tracer  = sonde_tracer_get("stock", "1.0.0");
    lookups = sonde_counter_get(sonde_meter_get("stock", "1.0.0"), "stock.lookups",
                                .unit = "{lookup}", .description = "Items looked up");
    return serve("stock", argv[1], handle);
}
