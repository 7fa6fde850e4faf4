/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "printed.h"
#include "store/points.h"
#include "tail/metrics_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SECOND = 1000000000 };

/* clang-format off */
static const double   bounds[] = { 0.005, 0.01, 0.025, 0.05 };
static const uint64_t ok[] = { 10, 20, 10, 0, 0 }, bad[] = { 0, 0, 0, 0, 4 };

#define SHARED " url.scheme=http"

static const struct histogram durations[] = {
    { "http.route=/cart http.request.method=GET http.response.status_code=#200" SHARED, ok, bounds, 4, 0.4, 0.001, 0.02 },
    { "http.route=/cart http.request.method=GET http.response.status_code=#500 error.type=500" SHARED, bad, bounds, 4,
      1.2, 0.2, 0.4 },
};

static const char table_80[] =
    "━━ metrics of shop · pid 4711\n"
    "  http.server.active_requests {request}\n"
    "          2  GET\n"
    "  http.server.request.duration\n"
    "      count     mean      p50      p90      p99  GET /cart url.scheme=http\n"
    "         40  10.0 ms  7.50 ms  16.0 ms  19.6 ms  200\n"
    "          4   300 ms   300 ms   380 ms   398 ms  500 error.type=500\n"
    "\n";

static const char table_all_ascii[] =
    "== metrics of shop - pid 4711\n"
    "  http.server.active_requests {request}\n"
    "          2  http.request.method=GET\n"
    "  http.server.request.duration\n"
    "      count     mean      p50      p90      p99      max\n"
    "         40  10.0 ms  7.50 ms  16.0 ms  19.6 ms  20.0 ms  http.request.method=GET http.route=/cart\n"
    "                                                          http.response.status_code=200\n"
    "                                                          url.scheme=http\n"
    "          4   300 ms   300 ms   380 ms   398 ms   400 ms  http.request.method=GET http.route=/cart\n"
    "                                                          http.response.status_code=500\n"
    "                                                          error.type=500 url.scheme=http\n"
    "\n";

static const char numbers_100[] =
    "━━ metrics of no service.name · instance 7f · 12.0 s ago\n"
    "  gone\n"
    "   no value\n"
    "\n"
    "━━ metrics of a · 12.0 s ago\n"
    "  cpu.load\n"
    "       0.75\n"
    "  memory\n"
    "      3 MiB\n"
    "  orders {order}, since the report before\n"
    "9007199254740993  paid=true\n"
    "         -2  paid=false\n"
    "\n";
/* clang-format on */

struct fixture {
    struct printed                printed; /* first: its text and look are used */
    struct sonde__metrics        *metrics;
    struct sonde__metrics_options options;
    struct body                   request;
};

static int setup(void **state)
{
    static const struct sonde__metrics_limits limits  = { 100, 1 << 20 };
    void                                     *printed = NULL;
    if (printed_setup(&printed) != 0)
        return -1;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->printed        = *(struct printed *)printed;
    free(printed);
    fixture->metrics = sonde__metrics_new(&limits);
    *state           = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sonde__metrics_free(fixture->metrics);
    body_free(&fixture->request);
    return printed_teardown(state);
}

static void add(struct fixture *fixture, const char *resource, const char *name, const char *unit,
                uint32_t kind, struct body *data)
{
    body_metric(&fixture->request, resource, name, unit, kind, data);
    assert_true(sonde__metrics_add(fixture->metrics, body_view(&fixture->request), SECOND));
    body_free(&fixture->request);
}

static void add_durations(struct fixture *fixture)
{
    struct body data = { 0 };
    for (size_t i = 0; i < 2; i++)
        body_histogram_point(&data, &durations[i]);
    add(fixture, "service.name=shop process.pid=#4711", "http.server.request.duration", "s",
        SONDE__METRIC_HISTOGRAM, &data);
    body_integer_point(&data, "http.request.method=GET", 2);
    add(fixture, "service.name=shop process.pid=#4711", "http.server.active_requests", "{request}",
        SONDE__METRIC_SUM, &data);
}

static const char *print(struct fixture *fixture)
{
    size_t                        size = 0, count = 0;
    const struct sonde__reading **list = sonde__metrics_list(fixture->metrics, false, &count);
    free(fixture->printed.text);
    FILE             *out = open_memstream(&fixture->printed.text, &size);
    struct sonde__pen pen = sonde__pen_of(out, fixture->printed.look);
    sonde__metrics_print(&pen, list, count, &fixture->options);
    fclose(out);
    free(list);
    return fixture->printed.text;
}

static void test_metrics_table__tells_series_apart_by_what_differs(void **state)
{
    struct fixture *fixture = *state;
    add_durations(fixture);

    printed_expect(print(fixture), table_80);
}

static void test_metrics_table__names_everything_when_asked(void **state)
{
    struct fixture *fixture         = *state;
    fixture->options.all_attributes = true;
    fixture->printed.look.utf8      = false;
    fixture->printed.look.width     = 100;
    add_durations(fixture);

    printed_expect(print(fixture), table_all_ascii);
}

static void test_metrics_table__shows_numbers_of_every_kind(void **state)
{
    struct fixture *fixture     = *state;
    struct body     data        = { 0 };
    fixture->options.now_ns     = (uint64_t)13 * SECOND;
    fixture->printed.look.width = 100;
    body_number_point(&data, "", 0.75);
    add(fixture, "service.name=a", "cpu.load", "1", SONDE__METRIC_GAUGE, &data);
    body_integer_point(&data, "paid=!true", 9007199254740993);
    body_integer_point(&data, "paid=!false", -2);
    body_varint(&data, 2, 1);
    add(fixture, "service.name=a", "orders", "{order}", SONDE__METRIC_SUM, &data);
    body_integer_point(&data, "", 3 << 20);
    add(fixture, "service.name=a", "memory", "By", SONDE__METRIC_GAUGE, &data);
    body_bytes(&data, 1, "\x40\x01", 2); /* flags: no recorded value */
    add(fixture, "service.instance.id=7f", "gone", "", SONDE__METRIC_GAUGE, &data);

    printed_expect(print(fixture), numbers_100);
}

static void test_metrics_table__nothing_commands_the_terminal(void **state)
{
    struct fixture *fixture = *state;
    struct body     data    = { 0 };
    body_integer_point(&data, "k\033[1m=v\033[2J", 1);
    body_integer_point(&data, "", 1);
    add(fixture, "service.name=a\033]0;x\a", "n\033c\n", "u\033", SONDE__METRIC_GAUGE, &data);

    for (const char *c = print(fixture); *c; c++)
        assert_true((unsigned char)*c >= 0x20 || *c == '\n');
    assert_non_null(strstr(fixture->printed.text, "␛"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_metrics_table__tells_series_apart_by_what_differs),
        TEST(test_metrics_table__names_everything_when_asked),
        TEST(test_metrics_table__shows_numbers_of_every_kind),
        TEST(test_metrics_table__nothing_commands_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
