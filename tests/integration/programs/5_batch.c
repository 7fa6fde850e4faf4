/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A batch job: one span linked to the messages it handles, baggage for what it calls. */
#include <sonde/sonde.h>

struct message {
    const char *traceparent, *tenant;
};

static void call_backend(void)
{
}

int main(void)
{
    sonde_sdk *sdk = NULL;
    sonde_sdk_start(&sdk);
    sonde_tracer *tracer = sonde_tracer_get("nightly", "3.0");

    struct message batch[2] = {
        { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "acme" }, { "garbage", "acme" }
    };
    sonde_link links[2];
    size_t     count = 0;
    memset(links, 0, sizeof links);
    for (size_t i = 0; i < 2; i++)
        if (sonde_traceparent_parse(sonde_str_z(batch[i].traceparent),
                                    &links[count].span_context) == SONDE_OK)
            count++;

    sonde_context *context = sonde_context_with_baggage(NULL, "tenant", sonde_str_z("acme"));
    sonde_token    token   = sonde_context_attach(context);
    sonde_in_span (span, tracer, "nightly batch", .kind = SONDE_KIND_CONSUMER, .root = true,
                   .links = { links, count }) {
        int64_t sizes[] = { 3, 5, 8 };
        sonde_span_set_attr(span, sonde_kv_ints("batch.sizes", sizes, 3));
        sonde_span_set(span, "retry", true);
        sonde_span_set(span, "bytes", UINT64_MAX);
        sonde_span_add_event_with(span, "half way", sonde_kv("done", 1), sonde_kv("share", 0.5));
        call_backend(); /* its curl calls carry the trace and tenant=acme */
        char               traceparent[SONDE_TRACEPARENT_LEN + 1];
        sonde_span_context self = sonde_span_context_of(span);
        sonde_traceparent_format(&self, traceparent);
        sonde_in_span (inner, tracer, "write result")
            sonde_span_set(inner, "rows", 2u);
    }
    sonde_context_detach(token);
    sonde_context_unref(context);
    return sonde_sdk_stop(&sdk, 2000) == SONDE_OK ? 0 : 1;
}
