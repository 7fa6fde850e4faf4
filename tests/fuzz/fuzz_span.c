/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The calls of sonde/trace.h in an order, and with values, that the input says. What is sent
 * decodes cleanly, and counts agree. */
#include "fuzz.h"

#include "base/utf8.h"
#include "core_fixture.h"

enum { OPEN = 4 };

struct input {
    const uint8_t *at, *end;
};

static uint8_t take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* Some of the input itself; every 16th one long. */
static sonde_str text(struct input *in)
{
    static char long_one[20000];
    uint8_t     n = take(in);
    if (n % 16 == 15) {
        memset(long_one, n, sizeof long_one);
        return sonde_str_n(long_one, (size_t)n * 70);
    }
    size_t    left = (size_t)(in->end - in->at), len = n < left ? n : left;
    sonde_str s = sonde_str_n(len ? (const char *)in->at : "", len);
    in->at += len;
    return s;
}

static sonde_attr attr(struct input *in, sonde_attr *inner, int depth)
{
    sonde_str key = text(in);
    switch (take(in) % 6) {
    case 0:
        return sonde_attr_int(key, (int64_t)((uint64_t)take(in) << (take(in) & 63)));
    case 1:
        return sonde_attr_bool(key, take(in) & 1);
    case 2:
        return sonde_attr_double(key, take(in) / 3.0);
    case 3:
        return sonde_attr_bytes(key, text(in));
    case 4:
        if (depth > 0)
            *inner = attr(in, inner + 1, depth - 1);
        return depth > 0 ? sonde_attr_map(key, (sonde_attrs){ inner, 1 })
                         : sonde_attr_string(key, text(in));
    default:
        return sonde_attr_string(key, text(in));
    }
}

static void use(struct core_fixture *f, struct input *in, sonde_span **span, uint32_t *started)
{
    sonde_attr items[12];
    uint8_t    what = take(in);
    switch (what % 12) {
    case 0:
        sonde_span_end(*span);
        *span = NULL;
        return;
    case 1:
        sonde_span_discard(*span);
        return;
    case 2:
        sonde_span_set_name(*span, text(in));
        return;
    case 3:
        sonde_span_set_status(*span, (sonde_status)(what >> 6 & 1) + 1, "why");
        return;
    case 4:
        items[0] = attr(in, items + 2, 8);
        items[1] = items[0];
        sonde_span_add_event_at(*span, text(in), take(in), (sonde_attrs){ items, 2 });
        return;
    case 5:
        sonde_span_add_link(*span, (sonde_link){ .span_context = sonde_span_context_of(*span),
                                                 .tracestate   = text(in) });
        return;
    case 6:
    case 7:
        if (*span)
            sonde_span_end(*span);
        *span = sonde_span_start(f->tracer, "s", .shared = what & 16, .current = what & 32,
                                 .root = what & 64);
        (*started)++;
        return;
    default:
        sonde_span_set_attr(*span, attr(in, items, 8));
        return;
    }
}

static void check_text(sonde_str s)
{
    REQUIRE(sonde__utf8_valid(s.ptr, s.len));
}

static void check_attributes(const sonde_span_view *span)
{
    sonde_str   rest = span->bytes, key, other, behind;
    sonde_value value;
    uint32_t    count = 0;
    while (sonde_attribute_next(SONDE_PART_ATTRIBUTE, &rest, &key, &value)) {
        count++;
        check_text(key);
        if (value.type == SONDE_TYPE_STRING)
            check_text(value.value.s);
        for (behind = rest; sonde_attribute_next(SONDE_PART_ATTRIBUTE, &behind, &other, &value);)
            REQUIRE(!fuzz_same(key, other)); /* each key once */
    }
    REQUIRE(count == span->attribute_count);
}

static void check_sent(struct core_fixture *f, uint32_t started)
{
    sonde_span_view span;
    uint64_t        sent = 0;
    for (uint32_t i = 0; i < f->fake.body_count; i++) {
        sonde_request_iter iter;
        sonde_str          bytes;
        memset(&iter, 0, sizeof iter);
        iter.body = sonde_str_n(f->fake.bodies[i], f->fake.lengths[i]);
        for (; sonde_request_next(&iter, &bytes); sent++) {
            REQUIRE(sonde_span_read(bytes, &span));
            check_text(span.name);
            check_attributes(&span);
            REQUIRE(span.end_ns >= span.start_ns);
        }
        REQUIRE(!iter.malformed);
    }
    sonde_stats s = core_fixture_stats(f);
    REQUIRE(sent == s.spans_delivered && s.spans_started == started);
    REQUIRE(s.spans_accepted == sent && s.spans_waiting == 0 && sent <= started);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct core_fixture fixture;
    struct input               in          = { data, data + size };
    sonde_span                *spans[OPEN] = { NULL };
    uint32_t                   started     = 0;
    core_fixture_init(&fixture);
    fixture.options.loop = true;
    REQUIRE(core_fixture_start(&fixture) == SONDE_OK);
    while (in.at < in.end)
        use(&fixture, &in, &spans[take(&in) % OPEN], &started);
    for (int i = OPEN; i-- > 0;)
        sonde_span_end(spans[i]);
    REQUIRE(core_fixture_flush(&fixture) == SONDE_OK);
    check_sent(&fixture, started);
    core_fixture_done(&fixture);
    return 0;
}
