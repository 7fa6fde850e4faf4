/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/transport/test_console.c */
#include "core/wire.h"
#include "drive.h"
#include "transport/console.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct sonde__buf body, text;
    int               pipe[2];
    sonde_exporter   *exporter;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    *state = &fixture;
    if (pipe(fixture.pipe) != 0)
        return -1;
    fixture.exporter = sonde__console_new(SONDE_SIGNAL_TRACES | SONDE_SIGNAL_METRICS,
                                          fixture.pipe[1]);
    return fixture.exporter ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sonde__buf_done(&f->body);
    sonde__buf_done(&f->text);
    f->exporter->done(f->exporter);
    close(f->pipe[0]);
    close(f->pipe[1]);
    return 0;
}

static const uint8_t trace_id[16] = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                      0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 };
static const uint8_t span_id[8]   = { 0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7 };
enum { START_S = 1700000000 };

static void add_attr(struct sonde__buf *body, uint32_t field, sonde_attr attr)
{
    sonde__wire_attr(body, field, &attr);
}

/* Resource and scope, and what is to come inside of the scope. */
static void begin_request(struct sonde__buf *body, uint32_t ret_begun[2])
{
    ret_begun[0]   = sonde__wire_begin(body, 1);
    uint32_t begun = sonde__wire_begin(body, 1);
    add_attr(body, 1, sonde_kv("service.name", "shop"));
    sonde__wire_end(body, begun);
    ret_begun[1] = sonde__wire_begin(body, 2);
    begun        = sonde__wire_begin(body, 1);
    sonde__wire_text(body, 1, sonde_str_z("shop.checkout"));
    sonde__wire_text(body, 2, sonde_str_z("1.4.0"));
    sonde__wire_end(body, begun);
}

static void end_request(struct sonde__buf *body, const uint32_t begun[2])
{
    sonde__wire_end(body, begun[1]);
    sonde__wire_end(body, begun[0]);
}

static void add_event_and_link(struct sonde__buf *body)
{
    uint32_t begun = sonde__wire_begin(body, 11);
    sonde__wire_fixed64(body, 1, START_S * UINT64_C(1000000000) + 1500000);
    sonde__wire_text(body, 2, sonde_str_z("exception"));
    add_attr(body, 3, sonde_kv("exception.message", "boom"));
    sonde__wire_end(body, begun);
    begun = sonde__wire_begin(body, 13);
    sonde__wire_bytes(body, 1, trace_id, sizeof trace_id);
    sonde__wire_bytes(body, 2, span_id, sizeof span_id);
    add_attr(body, 4, sonde_kv("why", "retry"));
    sonde__wire_end(body, begun);
}

static void add_full_span(struct sonde__buf *body)
{
    uint32_t span = sonde__wire_begin(body, 2);
    sonde__wire_bytes(body, 1, trace_id, sizeof trace_id);
    sonde__wire_bytes(body, 2, span_id, sizeof span_id);
    sonde__wire_bytes(body, 4, "\1\2\3\4\5\6\7\x8", 8);
    sonde__wire_text(body, 5, sonde_str_z("GET /orders"));
    sonde__wire_uint(body, 6, 2);
    sonde__wire_fixed64(body, 7, START_S * UINT64_C(1000000000));
    sonde__wire_fixed64(body, 8, START_S * UINT64_C(1000000000) + 12345678);
    add_attr(body, 9, sonde_kv("http.request.method", "GET"));
    add_attr(body, 9, sonde_kv("retry", true));
    add_attr(body, 9, sonde_kv("size", 42));
    sonde__wire_uint(body, 10, 3);
    add_event_and_link(body);
    uint32_t status = sonde__wire_begin(body, 15);
    sonde__wire_text(body, 2, sonde_str_z("issuer said no"));
    sonde__wire_uint(body, 3, 2);
    sonde__wire_end(body, status);
    sonde__wire_fixed32(body, 16, 0x301);
    sonde__wire_end(body, span);
}

static const char *text_of(struct fixture *f)
{
    sonde__buf_byte(&f->text, '\0');
    return (const char *)f->text.data;
}

static void test_console__shows_a_span_with_all_its_parts(void **state)
{
    struct fixture *f = *state;
    uint32_t        begun[2];
    begin_request(&f->body, begun);
    add_full_span(&f->body);
    end_request(&f->body, begun);

    sonde__console_spans(&f->text, sonde_str_n(f->body.data, f->body.len));

    assert_string_equal(text_of(f),
                        "GET /orders  server  12.346 ms  error: issuer said no\n"
                        "  trace 4bf92f3577b34da6a3ce929d0e0e4736  span 00f067aa0ba902b7"
                        "  parent 0102030405060708 (remote)\n"
                        "  2023-11-14T22:13:20.000000Z  service shop  scope shop.checkout 1.4.0\n"
                        "  http.request.method = GET\n"
                        "  retry = true\n"
                        "  size = 42\n"
                        "  event +1.500 ms exception\n"
                        "    exception.message = boom\n"
                        "  link trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7\n"
                        "    why = retry\n"
                        "  dropped: 3 attributes, 0 events, 0 links\n"
                        "\n");
}

static void add_number_point(struct sonde__buf *body, const char *word, int64_t value)
{
    uint32_t point = sonde__wire_begin(body, 1);
    sonde__wire_fixed64(body, 3, START_S * UINT64_C(1000000000));
    sonde__wire_fixed64(body, 6, (uint64_t)value);
    add_attr(body, 7, sonde_kv("paid", word));
    sonde__wire_end(body, point);
}

static void add_histogram_point(struct sonde__buf *body)
{
    static const uint64_t counts[] = { 1, 0, 2 };
    static const double   bounds[] = { 0.5, 2 };
    uint32_t              point    = sonde__wire_begin(body, 1);
    sonde__wire_fixed64(body, 3, START_S * UINT64_C(1000000000));
    sonde__wire_fixed64(body, 4, 3);
    sonde__wire_double(body, 5, 7.25);
    sonde__wire_bytes(body, 6, counts, sizeof counts);
    sonde__wire_bytes(body, 7, bounds, sizeof bounds);
    sonde__wire_double(body, 11, 0.25);
    sonde__wire_double(body, 12, 4);
    sonde__wire_end(body, point);
}

static void begin_metric(struct sonde__buf *body, const char *name, uint32_t kind,
                         uint32_t ret_begun[2])
{
    ret_begun[0] = sonde__wire_begin(body, 2);
    sonde__wire_text(body, 1, sonde_str_z(name));
    sonde__wire_text(body, 2, sonde_str_z("What it is"));
    sonde__wire_text(body, 3, sonde_str_z("{order}"));
    ret_begun[1] = sonde__wire_begin(body, kind);
}

static void test_console__shows_metrics_with_their_points(void **state)
{
    struct fixture *f = *state;
    uint32_t        begun[2], metric[2];
    begin_request(&f->body, begun);
    begin_metric(&f->body, "shop.orders", 7, metric);
    add_number_point(&f->body, "yes", 12);
    add_number_point(&f->body, "no", -3);
    end_request(&f->body, metric);
    begin_metric(&f->body, "shop.basket", 9, metric);
    add_histogram_point(&f->body);
    end_request(&f->body, metric);
    end_request(&f->body, begun);

    sonde__console_metrics(&f->text, sonde_str_n(f->body.data, f->body.len));

    assert_string_equal(text_of(f), "shop.orders  {order}  sum  What it is\n"
                                    "  2023-11-14T22:13:20.000Z  service shop"
                                    "  scope shop.checkout 1.4.0\n"
                                    "  12\n"
                                    "    paid = yes\n"
                                    "  -3\n"
                                    "    paid = no\n"
                                    "\n"
                                    "shop.basket  {order}  histogram  What it is\n"
                                    "  2023-11-14T22:13:20.000Z  service shop"
                                    "  scope shop.checkout 1.4.0\n"
                                    "  count 3 sum 7.25 min 0.25 max 4\n"
                                    "    (-inf, 0.5] 1\n"
                                    "    (2, +inf) 2\n"
                                    "\n");
}

static void test_console__writes_nothing_that_a_terminal_obeys(void **state)
{
    struct fixture *f = *state;
    sonde__console_put(&f->text, sonde_str_z("a\x1b[2J\r\nb\x7F\xC2\x9B"
                                             "c\xC3\xA9"));
    assert_string_equal(text_of(f), "a [2J  b  c\xC3\xA9");
}

static void test_console__takes_what_is_not_otlp(void **state)
{
    struct fixture *f = *state;
    sonde__console_spans(&f->text, sonde_str_z("\x0A\x7Fnonsense"));
    sonde__console_metrics(&f->text, sonde_str_z("\x0A\x09\x12\x07\x12\x05nonse"));
    assert_non_null(text_of(f));
}

static void test_console__writes_a_batch_and_says_so(void **state)
{
    struct fixture *f     = *state;
    sonde_batch    *batch = batch_of(SONDE_SIGNAL_TRACES, 2);
    char            text[1024];

    sonde_result result = deliver(f->exporter, batch);

    assert_int_equal(result.outcome, SONDE_DELIVERED);
    assert_ptr_equal(result.batch, batch);
    ssize_t n = read(f->pipe[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_memory_equal(text, "span  ", 6);
    assert_non_null(strstr(text + 1, "\n\nspan  "));
    batch_free(batch);
}

static void test_console__waits_for_a_slow_reader_without_blocking(void **state)
{
    struct fixture *f     = *state;
    sonde_batch    *batch = batch_of(SONDE_SIGNAL_TRACES, 2000);
    char            text[4096], last = '\0';
    size_t          blocks = 0;
    bool            over   = false;
    sonde_result    result;
    assert_true(fcntl(f->pipe[1], F_SETPIPE_SZ, 4096) >= 0);
    f->exporter->begin(f->exporter, batch, in_ms(DRIVE_MS));
    assert_false(f->exporter->progress(f->exporter, &result));
    assert_true(f->exporter->wake_at(f->exporter) > in_ms(0));

    assert_int_equal(fcntl(f->pipe[0], F_SETFL, O_NONBLOCK), 0);
    for (ssize_t n = 1; n > 0 || !over;) {
        over = over || f->exporter->progress(f->exporter, &result);
        n    = read(f->pipe[0], text, sizeof text);
        for (ssize_t i = 0; i < n; last = text[i++])
            blocks += text[i] == '\n' && last == '\n'; /* the empty line at its end */
    }

    assert_int_equal(result.outcome, SONDE_DELIVERED);
    assert_int_equal(blocks, 2000);
    batch_free(batch);
}

static void test_console__a_reader_that_is_gone_is_no_end_of_the_program(void **state)
{
    struct fixture *f     = *state;
    sonde_batch    *batch = batch_of(SONDE_SIGNAL_TRACES, 1);
    close(f->pipe[0]);

    sonde_result result = deliver(f->exporter, batch);

    f->pipe[0] = -1;
    assert_int_equal(result.outcome, SONDE_REFUSED);
    batch_free(batch);
}

static void test_console__cancelling_leaves_no_result(void **state)
{
    struct fixture *f     = *state;
    sonde_batch    *batch = batch_of(SONDE_SIGNAL_TRACES, 1);
    sonde_result    result;
    f->exporter->begin(f->exporter, batch, in_ms(DRIVE_MS));
    f->exporter->cancel(f->exporter);
    assert_false(f->exporter->progress(f->exporter, &result));
    assert_true(f->exporter->wake_at(f->exporter) == UINT64_MAX);
    batch_free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_console__##name, set_up, tear_down)
        TEST(shows_a_span_with_all_its_parts),
        TEST(shows_metrics_with_their_points),
        TEST(writes_nothing_that_a_terminal_obeys),
        TEST(takes_what_is_not_otlp),
        TEST(writes_a_batch_and_says_so),
        TEST(waits_for_a_slow_reader_without_blocking),
        TEST(a_reader_that_is_gone_is_no_end_of_the_program),
        TEST(cancelling_leaves_no_result),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
