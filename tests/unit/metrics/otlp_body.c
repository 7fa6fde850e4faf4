/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes one ExportMetricsServiceRequest, which is always the same but for the times, to standard
 * output. */
#include "core/wire.h"
#include "metrics/metrics.h"

#include <sonde/metrics.h>

#include <stdio.h>

static void write_resource(struct sonde__buf *into)
{
    sonde_attr service = sonde_kv("service.name", "shop");
    sonde__wire_attr(into, 1, &service);
}

static void measure(void)
{
    const double        bounds[] = { 0.5, 1 };
    const int64_t       ints[]   = { 1, 2 };
    sonde_meter_options other    = { .size       = sizeof other,
                                     .name       = "other",
                                     .version    = "2.1",
                                     .schema_url = "https://example.com/1",
                                     .attrs      = sonde_attrs_of(sonde_kv("team", "blue")) };
    sonde_meter        *shop     = sonde_meter_get("shop", NULL);
    sonde_meter        *second   = sonde_meter_get_opts(&other);
    /* Fetched by turns, reported by scope. */
    sonde_counter        *orders = sonde_counter_get(shop, "shop.orders", .unit = "{order}",
                                                     .description = "Orders");
    sonde_updown_counter *active = sonde_updown_counter_get(second, "active");
    sonde_histogram *took = sonde_histogram_get(shop, "took", .unit = "s", .boundaries = bounds,
                                                .boundary_count = 2);
    (void)sonde_counter_get(second, "never.used");

    sonde_counter_add(orders, 1);
    sonde_counter_add_with(orders, 300, sonde_kv("paid", true), sonde_kv("tier", "g\xFFld"),
                           sonde_kv("n", -3));
    sonde_updown_counter_add_with(active, -7, sonde_kv_ints("list", ints, 2),
                                  sonde_kv("share", 0.25));
    sonde_histogram_record(took, 0.25);
    sonde_histogram_record(took, 1);
    sonde_histogram_record(took, 2.5);
    (void)sonde_histogram_bind(took, sonde_attrs_of(sonde_kv("empty", true)));
}

int main(void)
{
    struct sonde__buf      resource = { 0 }, body = { 0 };
    struct sonde__metrics *metrics = NULL;
    if (sonde__metrics_start(true, NULL, &metrics) != SONDE_OK)
        return 1;
    measure();
    write_resource(&resource);
    uint32_t points = sonde__metrics_write_otlp(metrics, sonde_str_n(resource.data, resource.len),
                                                &body);
    bool failed = points != 5 || body.failed || fwrite(body.data, 1, body.len, stdout) != body.len;
    sonde__metrics_stop(metrics);
    sonde__buf_done(&resource);
    sonde__buf_done(&body);
    return failed;
}
