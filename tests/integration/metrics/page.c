/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints a Prometheus page with all kinds of instruments, and attributes as bad as they come. */
#include <sonde/sonde.h>

#include <stdio.h>
#include <stdlib.h>

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Any bytes, quotes and line ends among them more often than by chance. */
static sonde_str any_text(uint32_t *state, char *into, size_t size)
{
    static const char worst[] = "\"\\\n\r\t{},=# \xFF\xC3\xED\xA0\x80";
    size_t            len     = next_random(state) % size;
    for (size_t i = 0; i < len; i++) {
        into[i] = next_random(state) % 2 ? worst[next_random(state) % sizeof worst]
                                         : (char)next_random(state);
        if (into[i] >= 'A' && into[i] <= 'Z')
            into[i] = '.'; /* promtool advises against capital letters in keys */
    }
    return sonde_str_n(into, len);
}

static void hostile(sonde_meter *meter)
{
    uint32_t         state = 1;
    sonde_counter   *c     = sonde_counter_get(meter, "hostile",
                                               .description = "line\nend \\ \"quoted\"");
    sonde_histogram *h     = sonde_histogram_get(meter, "hostile.duration", .unit = "s",
                                                 .description = "Any");
    for (int i = 0; i < 500; i++) {
        char       keys[3][24], values[3][48];
        sonde_attr attrs[3];
        for (int k = 0; k < 3; k++)
            attrs[k] = sonde_attr_string(any_text(&state, keys[k], sizeof keys[k]),
                                         any_text(&state, values[k], sizeof values[k]));
        sonde_counter_add_attrs(c, i, (sonde_attrs){ attrs, 3 });
        sonde_histogram_record_attrs(h, i / 7.0, (sonde_attrs){ attrs, 3 });
    }
}

static void ordinary(sonde_meter *meter)
{
    const double          seconds[] = { 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                        0.5,   0.75, 1,     2.5,  5,     7.5, 10 };
    sonde_counter        *orders    = sonde_counter_get(meter, "shop.orders", .unit = "{order}",
                                                        .description = "Orders");
    sonde_counter        *bytes     = sonde_counter_get(meter, "shop.sent", .unit = "By");
    sonde_updown_counter *active    = sonde_updown_counter_get(
           meter, "shop.active_carts", .unit = "{cart}", .description = "Carts");
    sonde_histogram *took = sonde_histogram_get(meter, "shop.checkout.duration", .unit = "s",
                                                .description = "Took", .boundaries = seconds,
                                                .boundary_count = 14);
    for (int i = 0; i < 100; i++) {
        sonde_counter_add_with(orders, 1, sonde_kv("paid", i % 3 == 0),
                               sonde_kv("http.response.status_code", 200 + i % 4));
        sonde_counter_add(bytes, i * 100);
        sonde_updown_counter_add_with(active, i % 2 ? -1 : 2, sonde_kv("le", "x"),
                                      sonde_kv("otel.scope.name", "y"));
        sonde_histogram_record_with(took, i / 9.0, sonde_kv("le", "x"), sonde_kv("__name__", "z"));
    }
}

int main(void)
{
    sonde_sdk *sdk  = NULL;
    char      *text = NULL;
    size_t     len  = 0;
    setenv("OTEL_TRACES_EXPORTER", "none", 1);
    setenv("OTEL_METRICS_EXPORTER", "none", 1);
    if (sonde_sdk_start(&sdk, .service_name = "page \"one\"\n") != SONDE_OK)
        return 1;
    ordinary(sonde_meter_get("one", "1.0"));
    ordinary(sonde_meter_get("two", NULL));
    hostile(sonde_meter_get("three\n\"", "\xFF"));
    sonde_err err = sonde_sdk_prometheus(sdk, &text, &len);
    bool      ok  = err == SONDE_OK && fwrite(text, 1, len, stdout) == len;
    free(text);
    sonde_sdk_stop(&sdk, 1000);
    return ok ? 0 : 1;
}
