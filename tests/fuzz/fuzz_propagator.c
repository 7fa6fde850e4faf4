/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Propagators: each line of the input is a header `name: value`.  What is read, written and read
 * again is the same, whatever the message held. */
#include "fuzz.h"

#include <strings.h>

#include <sonde/propagator.h>

enum { LINES = 100 };

typedef struct message {
    sonde_carrier base;
    sonde_str     names[LINES];
    sonde_str     values[LINES];
    size_t        count;
    char          traceparent[64]; /* its value lasts for the call of set only */
} message;

static size_t get(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max)
{
    message *m     = (message *)self;
    size_t   found = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->names[i].len != name.len || strncasecmp(m->names[i].ptr, name.ptr, name.len) != 0)
            continue;
        if (found < max)
            ret_values[found] = m->values[i];
        found++;
    }
    return found;
}

static void set(sonde_carrier *self, sonde_str name, sonde_str value)
{
    message *m = (message *)self;
    REQUIRE(m->count < 3 && value.len > 0);
    REQUIRE(!memchr(value.ptr, '\r', value.len) && !memchr(value.ptr, '\n', value.len));
    if (fuzz_same(name, sonde_str_z("traceparent"))) {
        REQUIRE(value.len < sizeof(m->traceparent));
        memcpy(m->traceparent, value.ptr, value.len);
        value.ptr = m->traceparent;
    }
    m->names[m->count]    = name;
    m->values[m->count++] = value;
}

static void read_message(const uint8_t *data, size_t size, message *ret)
{
    sonde_str lines[LINES];
    ret->count = fuzz_lines(data, size, lines, LINES);
    for (size_t i = 0; i < ret->count; i++)
        fuzz_cut(lines[i], ':', &ret->names[i], &ret->values[i]);
}

static void check_with_room(const sonde_propagator *propagator, message *in, size_t room)
{
    char             *memory  = fuzz_memory(room);
    sonde_scratch     scratch = sonde_scratch_of(memory, room);
    message           out     = { .base = { get, set } };
    sonde_propagation first, second;

    sonde_propagator_read(propagator, &in->base, &scratch, &first);
    sonde_propagator_write(propagator, &first, &out.base);
    sonde_propagator_read(propagator, &out.base, NULL, &second);

    REQUIRE(scratch.used <= room);
    REQUIRE(memcmp(&first.span_context, &second.span_context, sizeof(first.span_context)) == 0);
    REQUIRE(fuzz_same(first.tracestate, second.tracestate));
    REQUIRE(fuzz_same(first.baggage, second.baggage));
    REQUIRE(sonde_span_context_is_valid(&first.span_context) || first.tracestate.len == 0);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sonde_propagator    *items[] = { sonde_propagator_tracecontext(),
                                           sonde_propagator_baggage() };
    sonde_propagator_composite all;
    message                    in = { .base = { get, set } };
    REQUIRE(sonde_propagator_composite_init(items, 2, &all) == SONDE_OK);
    read_message(data, size, &in);
    check_with_room(&all.base, &in, SONDE_PROPAGATION_SCRATCH);
    check_with_room(&all.base, &in, size / 3);
    return 0;
}
