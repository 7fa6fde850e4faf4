/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* integration/sdk/decode_program.c - records one of everything, sends it over HTTP to a sink of its own, and
 * writes the bodies of the requests, as they came in, to FOLDER/traces and FOLDER/metrics. decode.py says
 * what must be in them. */
#include "sink.h"

#include <sonde/sonde.h>

#include <stdio.h>
#include <string.h>

/* A remote parent, sampled. */
static const sonde_span_context remote = {
    .trace_id = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e,
                  0x0e, 0x47, 0x36 },
    .span_id  = { 0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7 },
    .flags    = 0x01
};

static char long_text[20000];

static void set_every_type(sonde_span *span)
{
    static const int64_t ints[]    = { 0, -1, INT64_MAX };
    static const double  doubles[] = { 0.5, -1e300 };
    static const bool    bools[]   = { true, false };
    const sonde_str      strings[] = { sonde_str_z("a"), sonde_str_z("") };
    sonde_span_set(span, "string", "GET /\xC3\xA9");
    sonde_span_set(span, "empty", "");
    sonde_span_set(span, "broken",
                   "a\xFF"
                   "b");
    sonde_span_set(span, "long", long_text);
    sonde_span_set(span, "true", true);
    sonde_span_set(span, "false", false);
    sonde_span_set(span, "zero", 0);
    sonde_span_set(span, "negative", -42);
    sonde_span_set(span, "smallest", INT64_MIN);
    sonde_span_set(span, "double", 0.1);
    sonde_span_set_attr(span, sonde_kv_bytes("bytes", "\0\1\xFF", 3));
    sonde_span_set_attr(span, sonde_kv_ints("ints", ints, 3));
    sonde_span_set_attr(span, sonde_kv_doubles("doubles", doubles, 2));
    sonde_span_set_attr(span, sonde_kv_bools("bools", bools, 2));
    sonde_span_set_attr(span, sonde_kv_strings("strings", strings, 2));
    sonde_span_set_attr(span, sonde_kv_ints("nothing", NULL, 0));
    sonde_span_set_attr(span,
                        sonde_kv_map("map", sonde_attrs_of(sonde_kv("k", 1), sonde_kv("l", "x"))));
    sonde_span_set(span, "replaced", "first");
    sonde_span_set(span, "replaced", "second");
}

static void record_spans(void)
{
    const sonde_tracer_options shop   = { .size       = sizeof shop,
                                          .name       = "shop",
                                          .version    = "1.4.0",
                                          .schema_url = "https://opentelemetry.io/schemas/1.44.0",
                                          .attrs      = sonde_attrs_of(sonde_kv("short_name", "s")) };
    sonde_tracer              *first  = sonde_tracer_get_opts(&shop);
    sonde_tracer              *second = sonde_tracer_get("basket", NULL);
    sonde_context             *parent = sonde_context_with_remote(NULL, &remote,
                                                                  sonde_str_z("vendor=a,other=b"));
    const sonde_link           a_link = { .span_context = remote,
                                          .tracestate   = sonde_str_z("link=1"),
                                          .attrs = sonde_attrs_of(sonde_kv("why", "retry")) };
    sonde_span *server = sonde_span_start(first, "GET /orders/{id}", .kind = SONDE_KIND_SERVER,
                                          .parent_context = parent,
                                          .start_ns       = 1700000000000000000);
    sonde_span *client = sonde_span_start(second, "charge", .kind = SONDE_KIND_CLIENT,
                                          .parent = server, .start_ns = 1700000000000000500);
    set_every_type(server);
    sonde_span_add_event_at(server, sonde_str_z("cache"), 1700000000000000100,
                            sonde_attrs_of(sonde_kv("hit", false)));
    sonde_span_add_link(client, a_link);
    sonde_span_fail(client, "card_declined", "issuer said no");
    sonde_span_end_at(client, 1700000000000000700);
    sonde_span_set_status(server, SONDE_STATUS_OK, NULL);
    sonde_span_end_at(server, 1700000000000001000);
    sonde_context_unref(parent);

    sonde_span *crowded = sonde_span_start(first, "crowded", .root = true);
    for (int i = 0; i < 25; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        sonde_span_set(crowded, key, i);
    }
    sonde_span_end(crowded);
}

static void record_metrics(void)
{
    static const double   bounds[] = { 1, 10 };
    sonde_meter          *meter    = sonde_meter_get("shop", "1.4.0");
    sonde_counter        *orders   = sonde_counter_get(meter, "shop.orders", .unit = "{order}",
                                                       .description = "Orders taken");
    sonde_updown_counter *open     = sonde_updown_counter_get(meter, "shop.open");
    sonde_histogram      *basket   = sonde_histogram_get(meter, "shop.basket", .unit = "EUR",
                                                         .boundaries = bounds, .boundary_count = 2);
    sonde_counter_add_with(orders, 2, sonde_kv("paid", true), sonde_kv("tier", "gold"));
    sonde_counter_add_with(orders, 3, sonde_kv("tier", "gold"), sonde_kv("paid", true));
    sonde_counter_add(orders, 1);
    sonde_updown_counter_add(open, 2);
    sonde_updown_counter_add(open, -7);
    sonde_histogram_record(basket, 0.5);
    sonde_histogram_record(basket, 1);
    sonde_histogram_record(basket, 100.25);
}

static bool write_bodies(struct sink *sink, const char *folder, const char *path, const char *name)
{
    char  file_name[1024];
    FILE *file;
    snprintf(file_name, sizeof file_name, "%s/%s", folder, name);
    file = fopen(file_name, "wb");
    if (!file)
        return false;
    for (size_t i = 0; i < sink_requests(sink); i++) {
        struct sink_request request = sink_request(sink, i);
        /* Requests one after the other are one message with the fields of all. */
        if (strcmp(request.path, path) == 0)
            fwrite(request.body, 1, request.length, file);
    }
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    struct sink *sink = sink_start();
    sonde_sdk   *sdk  = NULL;
    memset(long_text, 'x', sizeof long_text - 1);
    if (argc != 2 || !sink)
        return 2;
    sonde_err err = sonde_sdk_start(&sdk, .endpoint = sink_url(sink), .service_name = "shop",
                                    .resource = sonde_attrs_of(sonde_kv("team.size", 7)));
    if (err)
        return 1;
    record_spans();
    record_metrics();
    err     = sonde_sdk_stop(&sdk, 10000);
    bool ok = write_bodies(sink, argv[1], "/v1/traces", "traces") &&
              write_bodies(sink, argv[1], "/v1/metrics", "metrics");
    sink_stop(sink);
    return err || !ok;
}
