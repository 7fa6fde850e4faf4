/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "printed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* What comes in, and what is to be printed of it. */
/* clang-format off */
#define CART "http.request.method=GET http.route=/cart url.path=/cart http.response.status_code=#200"

static const struct span nested[] = {
    { .service = "edge", .id = 1, .name = "GET /cart", .kind = 2, .took_ms = 40, .attributes = CART },
    { .service = "shop", .id = 2, .parent = 1, .name = "GET /cart", .kind = 2, .start_ms = 5, .took_ms = 30,
      .attributes = CART },
    { .service = "shop", .id = 3, .parent = 2, .name = "load", .kind = 1, .start_ms = 10, .took_ms = 2.5 },
    { .service = "shop", .id = 4, .parent = 2, .name = "GET", .kind = 3, .start_ms = 15, .took_ms = 15,
      .attributes = "url.full=http://10.0.0.7:81/price http.response.status_code=#200" },
    { .service = "price", .id = 5, .parent = 4, .name = "GET /price", .kind = 2, .start_ms = 20, .took_ms = 5,
      .attributes = "url.path=/price url.query=sku=7 http.response.status_code=#404" },
};

static const char nested_80[] =
    "━━ 01010101010101010101010101010101 · 5 spans · edge, shop, price · 40.0 ms\n"
    "   14:03:07.123\n"
    "        span                              start     took  0       40.0 ms\n"
    "  edge  ◆ GET /cart                           0  40.0 ms  ███████████████ 200\n"
    "  shop  └─◆ GET /cart                   5.00 ms  30.0 ms   ▕███████████▏  200\n"
    "  shop    ├─· load                      10.0 ms  2.50 ms     ▕▊\n"
    "  shop    └─→ GET 10.0.0.7:81/price     15.0 ms  15.0 ms       ▐█████▎    200\n"
    "  price     └─◆ GET /price /price?sku…  20.0 ms  5.00 ms         ▐█▍      404\n"
    "\n";

static const char nested_ascii[] =
    "== 01010101010101010101010101010101 - 5 spans - edge, shop, price - 40.0 ms\n"
    "   14:03:07.123\n"
    "        span                              start     took  0       40.0 ms\n"
    "  edge  * GET /cart                           0  40.0 ms  ############### 200\n"
    "  shop  `-* GET /cart                   5.00 ms  30.0 ms    ###########   200\n"
    "  shop    |-. load                      10.0 ms  2.50 ms     ##\n"
    "  shop    `-> GET 10.0.0.7:81/price     15.0 ms  15.0 ms        #####     200\n"
    "  price     `-* GET /price /price?sk..  20.0 ms  5.00 ms         ##       404\n"
    "\n";

static const char nested_120[] =
    "━━ 01010101010101010101010101010101 · 5 spans · edge, shop, price · 40.0 ms · 14:03:07.123\n"
    "        span                               start     took  0                                              40.0 ms\n"
    "  edge  ◆ GET /cart                            0  40.0 ms  ██████████████████████████████████████████████████████ 200\n"
    "  shop  └─◆ GET /cart                    5.00 ms  30.0 ms        ▕████████████████████████████████████████▎       200\n"
    "  shop    ├─· load                       10.0 ms  2.50 ms               ▐██▉\n"
    "  shop    └─→ GET 10.0.0.7:81/price      15.0 ms  15.0 ms                      ████████████████████▌              200\n"
    "  price     └─◆ GET /price /price?sku=7  20.0 ms  5.00 ms                             ██████▊                     404\n"
    "\n";

static const char nested_late[] =
    "━━ 01010101010101010101010101010101 · 5 spans · edge, shop, price · 40.0 ms\n"
    "   14:03:07.123 · again, with 2 late spans\n"
    "        span                              start     took  0       40.0 ms\n"
    "  edge  ◆ GET /cart                           0  40.0 ms  ███████████████ 200\n"
    "  shop  └─◆ GET /cart                   5.00 ms  30.0 ms   ▕███████████▏  200\n"
    "  shop    ├─· load                      10.0 ms  2.50 ms     ▕▊\n"
    "+ shop    └─→ GET 10.0.0.7:81/price     15.0 ms  15.0 ms       ▐█████▎    200\n"
    "+ price     └─◆ GET /price /price?sku…  20.0 ms  5.00 ms         ▐█▍      404\n"
    "\n";

static const struct span failing[] = {
    { .service = "shop", .id = 1, .name = "POST /pay", .kind = 2, .took_ms = 100,
      .attributes = "http.response.status_code=#502 error.type=502 customer.tier=gold", .error = "" },
    { .service = "shop", .id = 2, .parent = 1, .name = "charge", .kind = 3, .start_ms = 10, .took_ms = 80,
      .attributes = "error.type=java.net.ConnectException card.issuer=ACME attempts=#3",
      .error = "the issuer did not answer: it was asked three times, and each time it let the line go dead\nor so",
      .event = "exception", .event_ms = 90,
      .event_attributes = "exception.type=ConnectException exception.message=refused", .link_attributes = "" },
    { .service = "shop", .id = 3, .parent = 1, .name = "retry", .kind = 1, .start_ms = 90, .took_ms = 5,
      .event = "again", .event_ms = 91, .events = 7, .event_attributes = "n=#1", .dropped_attributes = 3 },
};

static const char failing_80[] =
    "━━ 01010101010101010101010101010101 · 3 spans · shop · 100 ms · 14:03:07.123\n"
    "   2 errors\n"
    "       span           start     took  0                            100 ms\n"
    "  shop ◆ POST /pay        0   100 ms  ███████████████████████████████████ ✗ 502\n"
    "       │ customer.tier=gold\n"
    "  shop ├─→ charge   10.0 ms  80.0 ms     ▐███████████████████████████▌    ✗\n"
    "       │   java.net.ConnectException: the issuer did not answer: it was asked\n"
    "       │       three times, and each time it let the line go dead\n"
    "       │       or so\n"
    "       │   card.issuer=ACME attempts=3\n"
    "       │   • 90.0 ms exception ConnectException: refused\n"
    "       │   ↪ trace eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee span dddddddddddddddd\n"
    "  shop └─· retry    90.0 ms  5.00 ms                                 ▐█▎\n"
    "           3 more attributes were left out by its sender\n"
    "           • 91.0 ms again n=1\n"
    "           • 91.0 ms again n=1\n"
    "           • 91.0 ms again n=1\n"
    "           • 91.0 ms again n=1\n"
    "           3 more events (--all-attributes)\n"
    "\n";

static const struct span orphans[] = {
    { .service = "shop", .id = 2, .parent = 1, .name = "load", .kind = 1, .start_ms = 10, .took_ms = 20 },
    { .service = "bank", .id = 4, .parent = 3, .name = "check", .kind = 5, .start_ms = 20, .took_ms = 20 },
    { .service = "bank", .id = 5, .parent = 4, .name = "tell", .kind = 4, .start_ms = 25, .took_ms = 1,
      .attributes = "messaging.destination.name=ledger" },
};

static const char orphans_80[] =
    "━━ 01010101010101010101010101010101 · 3 spans · shop, bank · 30.0 ms\n"
    "   14:03:07.133\n"
    "       span               start     took  0                       30.0 ms\n"
    "  shop · load                 0  20.0 ms  ████████████████████▋\n"
    "         its parent 0101010101010101 has not come\n"
    "  bank ↘ check          10.0 ms  20.0 ms            ▐████████████████████\n"
    "       │ its parent 0303030303030303 has not come\n"
    "  bank └─↗ tell ledger  15.0 ms  1.00 ms                 ▐▌\n"
    "\n";

static const struct span talkative[] = {
    { .service = "shop", .id = 1, .name = "work", .kind = 1, .took_ms = 10, .tracestate = "a=1,b=2",
      .attributes = "http.request.method=GET ratio=~0.5 ok=!true n=#-3", .event = "note", .event_ms = 2,
      .event_attributes = "why=because", .link_attributes = "kind=batch" },
    { .service = "shop", .id = 2, .parent = 1, .name = "part", .kind = 1, .start_ms = 4, .took_ms = 4 },
};

static const char talkative_all[] =
    "━━ 01010101010101010101010101010101 · 2 spans · shop · 10.0 ms · 14:03:07.123\n"
    "   service.name=shop\n"
    "       span        start     took  0                              10.0 ms\n"
    "  shop · work          0  10.0 ms  ██████████████████████████████████████\n"
    "       │ span 0101010101010101, parent none, scope by.hand\n"
    "       │ tracestate a=1,b=2\n"
    "       │ http.request.method = GET\n"
    "       │ ratio = 0.5\n"
    "       │ ok = true\n"
    "       │ n = -3\n"
    "       │ • 2.00 ms note\n"
    "       │   why = because\n"
    "       │ ↪ trace eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee span dddddddddddddddd\n"
    "       │   kind = batch\n"
    "  shop └─· part  4.00 ms  4.00 ms                 ███████████████▍\n"
    "           span 0202020202020202, parent 0101010101010101, scope by.hand\n"
    "\n";

static const struct span coloured[] = {
    { .service = "shop", .id = 1, .name = "work", .kind = 1, .took_ms = 10, .error = "broken" },
};

static const char coloured_80[] =
    "\033[2m━━ \033[0m\033[1m01010101010101010101010101010101\033[0m\033[2m · \033[0m1 span\033[2m · \033[0m\033[32mshop\033[0m\033[2m · \033[0m\033[1m10.0 ms\033[0m\033[2m · \033[0m14:03:07.123\n"
    "   \033[31m1 error\033[0m\n"
    "       \033[2mspan      start     took  0                                10.0 ms\033[0m\n"
    "  \033[32mshop ·\033[0m \033[31mwork\033[0m        \033[2m0\033[0m  10.0 ms  \033[32m████████████████████████████████████████\033[0m \033[31m✗\033[0m\n"
    "         \033[31mbroken\033[0m\n"
    "\n";
/* clang-format on */

static void test_waterfall__shows_who_called_whom_and_when(void **state)
{
    printed_expect(PRINT(*state, nested), nested_80);
}

static void test_waterfall__is_drawn_in_ascii_where_there_is_no_utf8(void **state)
{
    struct printed *printed = *state;
    printed->look.utf8      = false;
    printed_expect(PRINT(printed, nested), nested_ascii);
}

static void test_waterfall__uses_the_width_that_there_is(void **state)
{
    struct printed *printed = *state;
    printed->look.width     = 120;
    printed_expect(PRINT(printed, nested), nested_120);
}

static void test_waterfall__marks_what_came_late(void **state)
{
    assert_non_null(printed_spans(*state, nested, 3));
    printed_expect(printed_spans(*state, nested + 3, 2), nested_late);
}

static void test_waterfall__says_what_went_wrong(void **state)
{
    printed_expect(PRINT(*state, failing), failing_80);
}

static void test_waterfall__says_that_a_parent_is_missing(void **state)
{
    printed_expect(PRINT(*state, orphans), orphans_80);
}

static void test_waterfall__shows_everything_when_asked(void **state)
{
    struct printed *printed         = *state;
    printed->options.all_attributes = true;
    printed_expect(PRINT(printed, talkative), talkative_all);
}

static void test_waterfall__colours_services_and_errors(void **state)
{
    struct printed *printed = *state;
    printed->look.colour    = true;
    printed_expect(PRINT(printed, coloured), coloured_80);
}

static void test_waterfall__tells_the_day_when_it_is_not_today(void **state)
{
    struct printed *printed = *state;
    printed->options.now_ns = SPAN_EPOCH_NS + UINT64_C(86400000000000);

    assert_non_null(strstr(PRINT(printed, nested), "2024-05-01 14:03:07.123"));
}

static void test_waterfall__shows_as_many_rows_as_wanted(void **state)
{
    struct printed *printed   = *state;
    printed->options.rows_max = 2;
    const char *text          = PRINT(printed, nested);

    assert_non_null(strstr(text, "5 spans"));
    assert_non_null(strstr(text, "3 more spans are not shown (--rows)"));
    assert_null(strstr(text, "load"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, printed_setup, printed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_waterfall__shows_who_called_whom_and_when),
        TEST(test_waterfall__is_drawn_in_ascii_where_there_is_no_utf8),
        TEST(test_waterfall__uses_the_width_that_there_is),
        TEST(test_waterfall__marks_what_came_late),
        TEST(test_waterfall__says_what_went_wrong),
        TEST(test_waterfall__says_that_a_parent_is_missing),
        TEST(test_waterfall__shows_everything_when_asked),
        TEST(test_waterfall__colours_services_and_errors),
        TEST(test_waterfall__tells_the_day_when_it_is_not_today),
        TEST(test_waterfall__shows_as_many_rows_as_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
