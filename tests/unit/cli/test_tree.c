/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "printed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* The rows as "name depth flags": l last, o orphan, c in a cycle, + late. Valid until the next. */
static const char *rows_of(struct printed *printed, const struct sonde__trace *trace)
{
    struct sonde__tree tree;
    size_t             size = 0;
    free(printed->text);
    FILE *out = open_memstream(&printed->text, &size);
    assert_true(sonde__tree_init(&tree, trace));
    for (uint32_t i = 0; i < tree.count; i++) {
        const struct sonde__row *row = &tree.rows[i];
        fprintf(out, "%s%.*s%u%s%s%s%s", i ? " " : "", (int)row->span->view.name.len,
                row->span->view.name.ptr, row->depth, row->is_last ? "l" : "",
                row->is_orphan ? "o" : "", row->is_in_cycle ? "c" : "", row->is_late ? "+" : "");
    }
    fclose(out);
    sonde__tree_done(&tree);
    return printed->text;
}

static struct sonde__trace *only_trace(struct printed *printed)
{
    uint64_t next;
    return sonde__traces_due(printed->traces, UINT64_MAX, &next);
}

#define ADD(printed, ...)                                        \
    printed_add((printed), (const struct span[]){ __VA_ARGS__ }, \
                sizeof((const struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

static void test_tree__children_stand_below_parents_by_start(void **state)
{
    struct printed *printed = *state;
    ADD(printed, { .id = 4, .parent = 2, .name = "d", .start_ms = 3 },
        { .id = 3, .parent = 1, .name = "c", .start_ms = 4 },
        { .id = 2, .parent = 1, .name = "b", .start_ms = 2 },
        { .id = 1, .name = "a", .start_ms = 1 }, { .id = 5, .name = "e", .start_ms = 9 });

    assert_string_equal(rows_of(printed, only_trace(printed)), "a0l b1 d2l c1l e0l");
}

static void test_tree__strange_parents_still_give_every_span_once(void **state)
{
    static const struct {
        uint8_t     parents[5]; /* of a (id 1) to e (id 5) */
        const char *rows;
    } rows[] = {
        { { 0, 1, 1, 9, 4 }, "a0l b1 c1l d0lo e1l" },  /* a parent that has not come */
        { { 1, 1, 2, 3, 4 }, "a0lc b1l c2l d3l e4l" }, /* its own parent */
        { { 2, 1, 1, 2, 5 }, "e0lc a0lc b1 d2l c1l" }, /* a circle of two, with twigs, and of one */
        { { 2, 3, 1, 3, 4 }, "a0lc c1l b2 d2l e3l" },  /* a circle of three */
        { { 0, 1, 4, 5, 3 }, "a0l b1l c0lc e1l d2l" }, /* a circle beside a tree */
        { { 5, 1, 3, 1, 1 }, "c0lc a0lc b1 d1 e1l" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct printed *printed = *state;
        for (uint8_t k = 0; k < 5; k++) {
            char        name[2] = { (char)('a' + k), '\0' };
            struct span span    = { .trace    = (uint8_t)(i + 1),
                                    .id       = (uint8_t)(k + 1),
                                    .parent   = rows[i].parents[k],
                                    .name     = name,
                                    .start_ms = k };
            printed_add(printed, &span, 1);
        }
        struct sonde__trace *trace = only_trace(printed);
        if (strcmp(rows_of(printed, trace), rows[i].rows) != 0)
            fail_msg("row %zu: %s", i, printed->text);
        sonde__traces_shown(printed->traces, trace);
    }
}

static void test_tree__what_was_sent_twice_stands_once(void **state)
{
    struct printed   *printed = *state;
    const struct span root    = { .id = 1, .name = "a", .start_ms = 1 };
    ADD(printed, root, { .id = 2, .parent = 1, .name = "b", .start_ms = 2 }, root);

    struct sonde__trace *trace = only_trace(printed);
    assert_string_equal(rows_of(printed, trace), "a0l b1l");
    sonde__traces_shown(printed->traces, trace);
    printed_add(printed, &root, 1);
    assert_string_equal(rows_of(printed, only_trace(printed)), "a0l b1l");
    ADD(printed, { .id = 3, .parent = 1, .name = "c", .start_ms = 3 });
    assert_string_equal(rows_of(printed, only_trace(printed)), "a0l b1 c1l+");
}

static void test_tree__two_spans_of_one_id_both_stand(void **state)
{
    struct printed *printed = *state;
    ADD(printed, { .id = 1, .name = "a", .start_ms = 1 }, { .id = 1, .name = "b", .start_ms = 2 },
        { .id = 2, .parent = 1, .name = "c", .start_ms = 3 });

    assert_string_equal(rows_of(printed, only_trace(printed)), "a0l c1l b0l");
}

static void test_tree__times_without_sense_do_not_stretch_it(void **state)
{
    struct printed    *printed = *state;
    struct sonde__tree tree;
    ADD(printed, { .id = 1, .name = "a", .start_ms = 1, .took_ms = 9 },
        { .id = 2, .parent = 1, .no_start = true }, { .id = 3, .parent = 1, .no_end = true },
        { .id = 4, .parent = 1, .start_ms = 5000, .took_ms = -4000 });

    assert_true(sonde__tree_init(&tree, only_trace(printed)));
    assert_int_equal(tree.count, 4);
    assert_int_equal(tree.start_ns, SPAN_EPOCH_NS + 1000000);
    assert_int_equal(tree.end_ns, SPAN_EPOCH_NS + 10000000);
    sonde__tree_done(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree__children_stand_below_parents_by_start,
                                        printed_setup, printed_teardown),
        cmocka_unit_test_setup_teardown(test_tree__strange_parents_still_give_every_span_once,
                                        printed_setup, printed_teardown),
        cmocka_unit_test_setup_teardown(test_tree__what_was_sent_twice_stands_once, printed_setup,
                                        printed_teardown),
        cmocka_unit_test_setup_teardown(test_tree__two_spans_of_one_id_both_stand, printed_setup,
                                        printed_teardown),
        cmocka_unit_test_setup_teardown(test_tree__times_without_sense_do_not_stretch_it,
                                        printed_setup, printed_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
