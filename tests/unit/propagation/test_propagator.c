/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The propagators over a carrier: which headers count, which win, what is written. */
#include "support.h"

#include <strings.h>

#include <sonde/propagator.h>

#define TP_1 "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define TP_2 "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

enum { HEADERS = 80 };

typedef struct header {
    char name[16];
    char value[600];
} header;

/* A message with headers of HTTP: names compare without regard to case. */
typedef struct fake_carrier {
    sonde_carrier base;
    header        headers[HEADERS];
    size_t        count;
    char          asked[200]; /* the names that were asked for */
} fake_carrier;

static bool is_named(const header *h, sonde_str name)
{
    return strlen(h->name) == name.len && strncasecmp(h->name, name.ptr, name.len) == 0;
}

static size_t fake_get(sonde_carrier *self, sonde_str name, sonde_str *ret_values, size_t max)
{
    fake_carrier *carrier = (fake_carrier *)self;
    size_t        found   = 0;
    strncat(carrier->asked, name.ptr, name.len);
    strcat(carrier->asked, " ");
    for (size_t i = 0; i < carrier->count; i++) {
        if (!is_named(&carrier->headers[i], name))
            continue;
        if (found < max)
            ret_values[found] = sonde_str_z(carrier->headers[i].value);
        found++;
    }
    return found;
}

static void add(fake_carrier *carrier, const char *name, const char *value)
{
    header *h = &carrier->headers[carrier->count++];
    snprintf(h->name, sizeof(h->name), "%s", name);
    snprintf(h->value, sizeof(h->value), "%s", value);
}

static void fake_set(sonde_carrier *self, sonde_str name, sonde_str value)
{
    char text[16] = "", content[600] = "";
    strncat(text, name.ptr, name.len);
    strncat(content, value.ptr, value.len);
    add((fake_carrier *)self, text, content);
}

static fake_carrier               carrier;
static char                       memory[SONDE_PROPAGATION_SCRATCH];
static sonde_scratch              scratch;
static sonde_propagation          found;
static sonde_propagator_composite both;
static const sonde_propagator    *both_items[2];

static int begin(void **state)
{
    (void)state;
    memset(&carrier, 0, sizeof(carrier));
    carrier.base.get = fake_get;
    carrier.base.set = fake_set;
    scratch          = sonde_scratch_of(memory, sizeof(memory));
    both_items[0]    = sonde_propagator_tracecontext();
    both_items[1]    = sonde_propagator_baggage();
    return sonde_propagator_composite_init(both_items, 2, &both);
}

/* The headers as `name: value` lines. */
static const char *sent(void)
{
    static char text[4000];
    text[0] = '\0';
    for (size_t i = 0; i < carrier.count; i++) {
        strcat(text, carrier.headers[i].name);
        strcat(text, ": ");
        strcat(text, carrier.headers[i].value);
        strcat(text, "\n");
    }
    return text;
}

static void test_propagator__reads_trace_context_as_the_rules_say(void **state)
{
    (void)state;
    static const struct {
        const char *name, *headers[8]; /* name, value, … */
        const char *tracestate;        /* NULL: none */
        uint8_t     first;             /* byte of the trace id, 0: no context */
    } rows[] = {
        { "both", { "traceparent", TP_1, "tracestate", "foo=1,bar=2" }, "foo=1,bar=2", 0x0a },
        { "traceparent alone", { "traceparent", TP_1 }, NULL, 0x0a },
        { "none", { NULL }, NULL, 0 },
        { "tracestate alone is discarded", { "tracestate", "foo=1" }, NULL, 0 },
        { "names in any case", { "TraceParent", TP_1, "TRACESTATE", "foo=1" }, "foo=1", 0x0a },
        { "wrong names", { "trace-parent", TP_1, "trace-state", "foo=1" }, NULL, 0 },
        { "two traceparents", { "traceparent", TP_1, "traceparent", TP_2 }, NULL, 0 },
        { "two alike", { "traceparent", TP_1, "traceparent", TP_1 }, NULL, 0 },
        { "two in different case", { "traceparent", TP_1, "Traceparent", TP_2 }, NULL, 0 },
        { "two, with tracestate",
          { "traceparent", TP_1, "traceparent", TP_2, "tracestate", "foo=1" },
          NULL,
          0 },
        { "bad traceparent takes the tracestate along",
          { "traceparent", TP_1 "-", "tracestate", "foo=1" },
          NULL,
          0 },
        { "bad tracestate leaves the traceparent",
          { "traceparent", TP_1, "tracestate", "FOO=1" },
          NULL,
          0x0a },
        { "empty tracestate", { "traceparent", TP_1, "tracestate", "" }, NULL, 0x0a },
        { "several tracestates in order",
          { "tracestate", "foo=1", "traceparent", TP_1, "TraceState", " bar=2 , baz=3" },
          "foo=1,bar=2,baz=3",
          0x0a },
        { "a bad one among several",
          { "tracestate", "foo=1", "traceparent", TP_1, "tracestate", "=" },
          NULL,
          0x0a },
        { "white space around traceparent", { "traceparent", "\t " TP_2 " \t" }, NULL, 0x4b },
        { "white space inside traceparent", { "traceparent", " - " TP_2 }, NULL, 0 },
        { "empty traceparent", { "traceparent", "" }, NULL, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(NULL);
        for (size_t k = 0; k + 1 < 8 && rows[i].headers[k]; k += 2)
            add(&carrier, rows[i].headers[k], rows[i].headers[k + 1]);
        memset(&found, 0xff, sizeof(found));

        sonde_propagator_read(sonde_propagator_tracecontext(), &carrier.base, &scratch, &found);

        check_row(found.span_context.trace_id[0] == rows[i].first, rows[i].name);
        check_row(sonde_span_context_is_valid(&found.span_context) == (rows[i].first != 0),
                  rows[i].name);
        check_row(found.span_context.is_remote == (rows[i].first != 0), rows[i].name);
        check_row_text(found.tracestate, rows[i].tracestate, rows[i].name);
        check_row_text(found.baggage, NULL, rows[i].name);
    }
}

static void test_propagator__does_not_ask_for_tracestate_without_traceparent(void **state)
{
    (void)state;
    add(&carrier, "tracestate", "foo=1");

    sonde_propagator_read(sonde_propagator_tracecontext(), &carrier.base, &scratch, &found);

    assert_string_equal(carrier.asked, "traceparent ");
}

static void test_propagator__reads_members_from_32_tracestate_headers(void **state)
{
    (void)state;
    char value[32], expected[400] = "";
    add(&carrier, "traceparent", TP_1);
    for (int i = 1; i <= 32; i++) {
        snprintf(value, sizeof(value), "k%02d=%02d", i, i);
        add(&carrier, "tracestate", value);
    }
    append_members(expected, "k", 1, 32);

    sonde_propagator_read(&both.base, &carrier.base, &scratch, &found);
    check_row_text(found.tracestate, expected, "32 headers");

    add(&carrier, "tracestate", "k33=33");
    sonde_propagator_read(&both.base, &carrier.base, &scratch, &found);
    check_row_text(found.tracestate, NULL, "33 headers");
    assert_true(sonde_span_context_is_valid(&found.span_context));
}

static void test_propagator__reads_baggage_without_a_trace(void **state)
{
    (void)state;
    add(&carrier, "Baggage", "a=1 ");
    add(&carrier, "baggage", "b=2;p");

    sonde_propagator_read(&both.base, &carrier.base, &scratch, &found);

    check_row_text(found.baggage, "a=1,b=2;p", "baggage");
    assert_false(sonde_span_context_is_valid(&found.span_context));
}

static void test_propagator__baggage_that_breaks_a_rule_is_absent(void **state)
{
    (void)state;
    add(&carrier, "baggage", "a=1,b 2");
    add(&carrier, "traceparent", TP_1);

    sonde_propagator_read(&both.base, &carrier.base, &scratch, &found);

    check_row_text(found.baggage, NULL, "baggage");
    assert_true(sonde_span_context_is_valid(&found.span_context));
}

static void test_propagator__reads_the_first_64_baggage_headers(void **state)
{
    (void)state;
    char value[32], expected[800] = "";
    for (int i = 1; i <= 70; i++) {
        snprintf(value, sizeof(value), "k%02d=%02d", i, i);
        add(&carrier, "baggage", value);
    }
    append_members(expected, "k", 1, 64);

    sonde_propagator_read(&both.base, &carrier.base, &scratch, &found);

    check_row_text(found.baggage, expected, "baggage");
}

static void test_propagator__writes_what_is_there(void **state)
{
    (void)state;
    static const sonde_span_context span = { .trace_id = { 0x12 },
                                             .span_id  = { 0x34 },
                                             .flags    = 7 };
    sonde_propagation               what = { span, sonde_str_z("foo=1"), sonde_str_z("a=1") };

    sonde_propagator_write(&both.base, &what, &carrier.base);

    assert_string_equal(sent(), "traceparent: 00-12000000000000000000000000000000-3400000000000000"
                                "-03\ntracestate: foo=1\nbaggage: a=1\n");
}

static void test_propagator__writes_no_empty_header(void **state)
{
    (void)state;
    sonde_propagation nothing, trace_only;
    memset(&nothing, 0, sizeof(nothing));
    trace_only                          = nothing;
    trace_only.span_context.trace_id[0] = trace_only.span_context.span_id[0] = 1;

    sonde_propagator_write(&both.base, &nothing, &carrier.base);
    assert_int_equal(carrier.count, 0);

    sonde_propagator_write(&both.base, &trace_only, &carrier.base);
    assert_int_equal(carrier.count, 1);
}

static void test_propagator__writes_no_tracestate_without_a_trace(void **state)
{
    (void)state;
    sonde_propagation what;
    memset(&what, 0, sizeof(what));
    what.tracestate = sonde_str_z("foo=1");
    what.baggage    = sonde_str_z("a=1");

    sonde_propagator_write(&both.base, &what, &carrier.base);

    assert_string_equal(sent(), "baggage: a=1\n");
}

static void test_propagator__what_was_written_is_read_back(void **state)
{
    (void)state;
    sonde_propagation what = { { { 1 }, { 2 }, SONDE_TRACE_RANDOM, true },
                               sonde_str_z("foo=1,bar=2"),
                               sonde_str_z("a=%20,b=;p") };

    sonde_propagator_write(&both.base, &what, &carrier.base);
    sonde_propagator_read(&both.base, &carrier.base, NULL, &found);

    assert_memory_equal(&found.span_context, &what.span_context, sizeof(what.span_context));
    check_row_text(found.tracestate, "foo=1,bar=2", "tracestate");
    check_row_text(found.baggage, "a=%20,b=;p", "baggage");
}

/* Finds a span context of its own, or nothing when it is told so. */
typedef struct fixed_propagator {
    sonde_propagator base;
    uint8_t          trace_id; /* first byte; 0: finds nothing */
} fixed_propagator;

static void fixed_read(const sonde_propagator *self, sonde_carrier *from, sonde_scratch *memory_,
                       sonde_propagation *io)
{
    (void)from;
    (void)memory_;
    const fixed_propagator *fixed = (const fixed_propagator *)self;
    if (!fixed->trace_id)
        return;
    io->span_context.trace_id[0] = fixed->trace_id;
    io->span_context.span_id[0]  = 1;
}

static void test_propagator__in_a_composite_the_last_that_finds_something_wins(void **state)
{
    (void)state;
    fixed_propagator one = { { .size = sizeof(one), .read = fixed_read }, 1 }, two = one, no = one;
    two.trace_id                       = 2;
    no.trace_id                        = 0;
    const sonde_propagator    *items[] = { &one.base,
                                           NULL,
                                           &two.base,
                                           &no.base,
                                           sonde_propagator_none(),
                                           sonde_propagator_tracecontext() };
    sonde_propagator_composite all;

    assert_int_equal(sonde_propagator_composite_init(items, COUNT(items), &all), SONDE_OK);
    sonde_propagator_read(&all.base, &carrier.base, &scratch, &found);
    assert_int_equal(found.span_context.trace_id[0], 2);

    add(&carrier, "traceparent", TP_1);
    sonde_propagator_read(&all.base, &carrier.base, &scratch, &found);
    assert_int_equal(found.span_context.trace_id[0], 0x0a);
}

static void test_propagator__names_its_fields(void **state)
{
    (void)state;
    const sonde_propagator *w3c = sonde_propagator_tracecontext();

    assert_int_equal(w3c->field_count, 2);
    check_row_text(w3c->fields[0], "traceparent", "first");
    check_row_text(w3c->fields[1], "tracestate", "second");
    assert_int_equal(sonde_propagator_baggage()->field_count, 1);
    check_row_text(sonde_propagator_baggage()->fields[0], "baggage", "baggage");
    assert_int_equal(sonde_propagator_none()->field_count, 0);
}

static void test_propagator__a_composite_names_each_field_once(void **state)
{
    (void)state;
    const sonde_propagator    *items[] = { sonde_propagator_baggage(), &both.base, &both.base };
    sonde_propagator_composite all;

    assert_int_equal(sonde_propagator_composite_init(items, 3, &all), SONDE_OK);

    assert_int_equal(all.base.field_count, 3);
    check_row_text(all.base.fields[0], "baggage", "first");
    check_row_text(all.base.fields[1], "traceparent", "second");
    check_row_text(all.base.fields[2], "tracestate", "third");
}

static void test_propagator__a_composite_holds_16_fields(void **state)
{
    (void)state;
    static const char letters[] = "abcdefghijklmnopq";
    sonde_str         names[17];
    for (size_t i = 0; i < 17; i++)
        names[i] = sonde_str_n(letters + i, 1);
    sonde_propagator           many = { .size = sizeof(many), .fields = names, .field_count = 16 };
    const sonde_propagator    *item = &many;
    sonde_propagator_composite all;

    assert_int_equal(sonde_propagator_composite_init(&item, 1, &all), SONDE_OK);
    assert_int_equal(all.base.field_count, 16);

    many.field_count = 17;
    assert_int_equal(sonde_propagator_composite_init(&item, 1, &all), SONDE_ERR_INVALID);
}

static void test_propagator__none_reads_and_writes_nothing(void **state)
{
    (void)state;
    sonde_propagation what = { { { 1 }, { 2 }, 1, false }, sonde_str_z("a=1"), sonde_str_z("b=2") };
    add(&carrier, "traceparent", TP_1);

    sonde_propagator_read(sonde_propagator_none(), &carrier.base, &scratch, &found);
    sonde_propagator_write(sonde_propagator_none(), &what, &carrier.base);

    assert_false(sonde_span_context_is_valid(&found.span_context));
    assert_int_equal(carrier.count, 1);
}

static void test_propagator__takes_null(void **state)
{
    (void)state;
    sonde_propagation what = { { { 1 }, { 2 }, 1, false }, sonde_str_z("a=1"), sonde_str_z("b=2") };
    sonde_carrier     deaf = { NULL, NULL };

    memset(&found, 0xff, sizeof(found));
    sonde_propagator_read(NULL, &carrier.base, &scratch, &found);
    assert_false(sonde_span_context_is_valid(&found.span_context));
    memset(&found, 0xff, sizeof(found));
    sonde_propagator_read(&both.base, NULL, &scratch, &found);
    assert_false(sonde_span_context_is_valid(&found.span_context));
    sonde_propagator_read(&both.base, &deaf, &scratch, &found);
    assert_false(sonde_span_context_is_valid(&found.span_context));
    sonde_propagator_read(&both.base, &carrier.base, &scratch, NULL);

    sonde_propagator_write(NULL, &what, &carrier.base);
    sonde_propagator_write(&both.base, NULL, &carrier.base);
    sonde_propagator_write(&both.base, &what, NULL);
    sonde_propagator_write(&both.base, &what, &deaf);
    assert_int_equal(carrier.count, 0);

    assert_int_equal(sonde_propagator_composite_init(NULL, 0, &both), SONDE_OK);
    assert_int_equal(sonde_propagator_composite_init(NULL, 1, &both), SONDE_ERR_INVALID);
    assert_int_equal(sonde_propagator_composite_init(both_items, 2, NULL), SONDE_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_propagator__reads_trace_context_as_the_rules_say, begin),
        cmocka_unit_test_setup(test_propagator__does_not_ask_for_tracestate_without_traceparent,
                               begin),
        cmocka_unit_test_setup(test_propagator__reads_members_from_32_tracestate_headers, begin),
        cmocka_unit_test_setup(test_propagator__reads_baggage_without_a_trace, begin),
        cmocka_unit_test_setup(test_propagator__baggage_that_breaks_a_rule_is_absent, begin),
        cmocka_unit_test_setup(test_propagator__reads_the_first_64_baggage_headers, begin),
        cmocka_unit_test_setup(test_propagator__writes_what_is_there, begin),
        cmocka_unit_test_setup(test_propagator__writes_no_empty_header, begin),
        cmocka_unit_test_setup(test_propagator__writes_no_tracestate_without_a_trace, begin),
        cmocka_unit_test_setup(test_propagator__what_was_written_is_read_back, begin),
        cmocka_unit_test_setup(test_propagator__in_a_composite_the_last_that_finds_something_wins,
                               begin),
        cmocka_unit_test_setup(test_propagator__names_its_fields, begin),
        cmocka_unit_test_setup(test_propagator__a_composite_names_each_field_once, begin),
        cmocka_unit_test_setup(test_propagator__a_composite_holds_16_fields, begin),
        cmocka_unit_test_setup(test_propagator__none_reads_and_writes_nothing, begin),
        cmocka_unit_test_setup(test_propagator__takes_null, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
