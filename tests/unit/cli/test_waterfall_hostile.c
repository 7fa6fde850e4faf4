/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "printed.h"
#include "term/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* clang-format off */
static const struct span circle[] = {
    { .service = "a", .id = 1, .parent = 2, .name = "hen", .kind = 1, .start_ms = 1, .took_ms = 8 },
    { .service = "a", .id = 2, .parent = 1, .name = "egg", .kind = 1, .start_ms = 0, .took_ms = 4 },
    { .service = "a", .id = 3, .parent = 3, .name = "ouroboros", .kind = 1, .start_ms = 5, .took_ms = 1 },
};

static const char circle_80[] =
    "━━ 01010101010101010101010101010101 · 3 spans · a · 9.00 ms · 14:03:07.123\n"
    "    span           start     took  0                              9.00 ms\n"
    "  a · ouroboros  5.00 ms  1.00 ms                       ████▍\n"
    "      its parents lead back to itself\n"
    "  a · egg              0  4.00 ms  ████████████████▉\n"
    "    │ its parents lead back to itself\n"
    "  a └─· hen      1.00 ms  8.00 ms      ██████████████████████████████████\n"
    "\n";

static const struct span skewed[] = {
    { .service = "a", .id = 1, .name = "call", .kind = 3, .start_ms = 10, .took_ms = 10 },
    { .service = "b", .id = 2, .parent = 1, .name = "answer", .kind = 2, .start_ms = 2, .took_ms = 6 },
    { .service = "b", .id = 3, .parent = 2, .name = "near", .kind = 1, .start_ms = 1.9995, .took_ms = 1 },
};

static const char skewed_80[] =
    "━━ 01010101010101010101010101010101 · 3 spans · a, b · 18.0 ms · 14:03:07.124\n"
    "    span          start     took  0                               18.0 ms\n"
    "  a → call      8.00 ms  10.0 ms                   ▐█████████████████████\n"
    "  b └─◆ answer   500 ns  6.00 ms  █████████████\n"
    "      │ it starts 8.00 ms before its parent: their clocks differ\n"
    "  b   └─· near        0  1.00 ms  ██▏\n"
    "\n";

static const struct span timeless[] = {
    { .service = "a", .id = 1, .name = "instant", .kind = 1 },
    { .service = "a", .id = 2, .parent = 1, .name = "unstarted", .kind = 1, .no_start = true, .took_ms = 5 },
    { .service = "a", .id = 3, .parent = 1, .name = "unended", .kind = 1, .start_ms = 1, .no_end = true },
    { .service = "a", .id = 4, .parent = 1, .name = "backwards", .kind = 1, .start_ms = 2, .took_ms = -1 },
};

static const char timeless_80[] =
    "━━ 01010101010101010101010101010101 · 4 spans · a · 0 · 14:03:07.123\n"
    "    span             start     took  0                                  0\n"
    "  a · instant            0        0  ▏\n"
    "  a ├─· unstarted        ?        ?\n"
    "    │   it has no start\n"
    "  a ├─· unended          ?        ?\n"
    "    │   it has no end\n"
    "  a └─· backwards        ?        ?\n"
    "        it ends before it starts\n"
    "\n";

static const struct span wide[] = {
    { .service = "注文サービス", .id = 1, .name = "注文を確定する", .kind = 2, .took_ms = 8, .attributes = "客=金" },
    { .service = "shop", .id = 2, .parent = 1, .name = "Grüße", .kind = 1, .start_ms = 4, .took_ms = 4 },
    { .service = "🚀", .id = 3, .parent = 1, .name = "e\u0301clair", .kind = 1, .start_ms = 4, .took_ms = 2 },
};

static const char wide_80[] =
    "━━ 01010101010101010101010101010101 · 3 spans · 注文サービス, shop, 🚀 · 8.00 ms\n"
    "   14:03:07.123\n"
    "  service    span                start     took  0                8.00 ms\n"
    "  注文サー…  ◆ 注文を確定する        0  8.00 ms  ████████████████████████ 客=金\n"
    "  shop       ├─· Grüße         4.00 ms  4.00 ms              ████████████\n"
    "  🚀         └─· éclair        4.00 ms  2.00 ms              ██████\n"
    "\n";

static const struct span armed[] = {
    { .service = "a\033[2J", .id = 1, .name = "na\033]0;owned\ame\r\n", .kind = 2, .took_ms = 8,
      .attributes = "url.full=http://x/\033[31m k\033y=v\x9B" "1m", .error = "err\033[8mor\b\b\b",
      .event = "ev\033c", .event_attributes = "a=\033[5m", .link_attributes = "", .tracestate = "x\033=1" },
};
/* clang-format on */

static void test_waterfall_hostile__circles_are_cut_and_named(void **state)
{
    printed_expect(PRINT(*state, circle), circle_80);
}

static void test_waterfall_hostile__clocks_that_differ_are_named(void **state)
{
    printed_expect(PRINT(*state, skewed), skewed_80);
}

static void test_waterfall_hostile__times_without_sense_are_named(void **state)
{
    printed_expect(PRINT(*state, timeless), timeless_80);
}

static void test_waterfall_hostile__wide_characters_keep_the_columns(void **state)
{
    printed_expect(PRINT(*state, wide), wide_80);
}

static void test_waterfall_hostile__nothing_commands_the_terminal(void **state)
{
    struct printed *printed = *state;
    for (int i = 0; i < 4; i++) {
        printed->options.all_attributes = i & 1;
        printed->look.utf8              = i & 2;
        for (const char *c = PRINT(printed, armed); *c; c++)
            if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7F ||
                (!printed->look.utf8 && (unsigned char)*c > 0x7F) ||
                (*c == '\xC2' && (unsigned char)c[1] < 0xA0))
                fail_msg("byte %02x", (unsigned char)*c);
        struct span more = armed[0];
        more.id          = (uint8_t)(i + 2);
        printed_add(printed, &more, 1);
    }
}

/* The widest line. */
static unsigned widest(const char *text)
{
    unsigned max = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        unsigned width = sonde__text_width(sonde_str_n(line, strcspn(line, "\n")), true, 5000);
        max            = width > max ? width : max;
    }
    return max;
}

static void add_messy(struct printed *printed)
{
    static char long_name[3000], long_attribute[3100];
    memset(long_name, 'n', sizeof long_name - 1);
    snprintf(long_attribute, sizeof long_attribute, "own=%s url.path=/%s", long_name, "p");
    for (uint8_t id = 1; id < 60; id++) {
        struct span span = { .service    = id % 3 ? "shop" : long_name,
                             .id         = id,
                             .parent     = (uint8_t)(id - 1),
                             .name       = id % 2 ? long_name : "日本語",
                             .kind       = id % 6,
                             .start_ms   = id,
                             .took_ms    = 200 - id,
                             .attributes = long_attribute,
                             .error      = id % 5 ? NULL : long_name,
                             .event      = id % 7 ? NULL : long_name };
        printed_add(printed, &span, 1);
    }
}

static void test_waterfall_hostile__lines_stay_within_the_terminal(void **state)
{
    struct printed *printed = *state;
    for (unsigned width = SONDE__WIDTH_MIN; width <= 240; width += 7) {
        add_messy(printed);
        printed_add(printed, &(struct span){ .id = (uint8_t)width, .name = "new" }, 1);
        printed->look.width = width;
        const char *text    = printed_trace(printed);
        if (widest(text) > width)
            fail_msg("%u columns of %u:\n%s", widest(text), width, text);
    }
}

static void test_waterfall_hostile__ten_thousand_spans_are_printed(void **state)
{
    struct printed *printed = *state;
    struct body     request = { 0 };
    uint64_t        rejected;
    size_t          lines = 0;
    for (unsigned i = 0; i < 10000; i++) {
        /* Ids of their own, put where body_span() has put the same byte eight times. */
        struct span span = { .id = 1, .parent = 1, .name = "deep", .start_ms = i, .took_ms = 1 };
        size_t      at   = request.len;
        body_span(&request, &span);
        char *id = memmem(request.data + at, request.len - at, "\x12\x08\x01\x01", 4);
        memcpy(id + 2, &(uint64_t){ i + 1 }, 8);
        char *parent = memmem(request.data + at, request.len - at, "\x22\x08\x01\x01", 4);
        memcpy(parent + 2, &(uint64_t){ i }, 8);
    }
    assert_true(sonde__traces_add(printed->traces, body_view(&request), 0, &rejected));
    body_free(&request);
    for (const char *c = printed_trace(printed); *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 10000 + 3); /* header, heads, empty line */
    assert_in_range(widest(printed->text), 70, 80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, printed_setup, printed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_waterfall_hostile__circles_are_cut_and_named),
        TEST(test_waterfall_hostile__clocks_that_differ_are_named),
        TEST(test_waterfall_hostile__times_without_sense_are_named),
        TEST(test_waterfall_hostile__wide_characters_keep_the_columns),
        TEST(test_waterfall_hostile__nothing_commands_the_terminal),
        TEST(test_waterfall_hostile__lines_stay_within_the_terminal),
        TEST(test_waterfall_hostile__ten_thousand_spans_are_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
