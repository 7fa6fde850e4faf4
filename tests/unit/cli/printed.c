/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* printed.c - a trace given as spans in words, printed as sonde tail does. */
#include "printed.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

int printed_setup(void **state)
{
    static const struct sonde__traces_limits limits  = { 1, 1, 1000, 200000, 1 << 28 };
    struct printed                          *printed = calloc(1, sizeof *printed);
    setenv("TZ", "UTC", 1);
    tzset();
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return -1;
    printed->look           = (struct sonde__look){ 80, false, true };
    printed->options.now_ns = SPAN_EPOCH_NS;
    printed->traces         = sonde__traces_new(&limits);
    *state                  = printed;
    return printed->traces ? 0 : -1;
}

int printed_teardown(void **state)
{
    struct printed *printed = *state;
    sonde__traces_free(printed->traces);
    free(printed->text);
    free(printed);
    return 0;
}

void printed_add(struct printed *printed, const struct span *spans, size_t count)
{
    struct body request  = { 0 };
    uint64_t    rejected = 0;
    for (size_t i = 0; i < count; i++)
        body_span(&request, &spans[i]);
    assert_true(sonde__traces_add(printed->traces, body_view(&request), 0, &rejected));
    assert_int_equal(rejected, 0);
    body_free(&request);
}

const char *printed_trace(struct printed *printed)
{
    uint64_t             next  = 0;
    size_t               size  = 0;
    struct sonde__trace *trace = sonde__traces_due(printed->traces, UINT64_MAX, &next);
    struct sonde__tree   tree;
    free(printed->text);
    printed->text = NULL;
    if (!trace)
        return NULL;
    assert_true(sonde__tree_init(&tree, trace));
    FILE             *out = open_memstream(&printed->text, &size);
    struct sonde__pen pen = sonde__pen_of(out, printed->look);
    sonde__waterfall_print(&pen, trace, &tree, &printed->options);
    fclose(out);
    sonde__tree_done(&tree);
    sonde__traces_shown(printed->traces, trace);
    return printed->text;
}

const char *printed_spans(struct printed *printed, const struct span *spans, size_t count)
{
    printed_add(printed, spans, count);
    return printed_trace(printed);
}

void printed_expect(const char *text, const char *wanted)
{
    size_t line = 1, same = 0, begin = 0;
    for (; text[same] && text[same] == wanted[same]; same++) {
        if (text[same] == '\n') {
            line++;
            begin = same + 1;
        }
    }
    if (text[same] == wanted[same])
        return;
    fprintf(stderr, "%s(end)\n", text); /* cmocka cuts long messages */
    fail_msg("line %zu differs: wanted \"%.*s\"", line, (int)strcspn(wanted + begin, "\n"),
             wanted + begin);
}
