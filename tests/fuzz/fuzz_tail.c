/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde tail, from the body of a request to the text on the terminal: whatever is sent, nothing is
 * read or kept beyond its bounds, no line leaves the terminal's width, and no byte commands the
 * terminal. The first byte of the input chooses what it is taken for. */
#include "fuzz.h"

#include "receiver/gunzip.h"
#include "store/metrics.h"
#include "store/traces.h"
#include "tail/metrics_table.h"
#include "tail/waterfall.h"
#include "term/text.h"

#include <locale.h>

enum { IS_METRICS = 1, ALL_ATTRIBUTES = 2, UTF8 = 4, PACKED = 8, NARROW = 16, COLOUR = 32 };

enum { SPANS_MAX = 300, BYTES_MAX = 1 << 20 };

static void check_text(const char *text, size_t size, struct sonde__look look)
{
    size_t begin = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        REQUIRE(c >= 0x20 || c == '\n' || (look.colour && c == '\033' && text[i + 1] == '['));
        REQUIRE(c != 0x7F && (look.utf8 || c < 0x7F));
        REQUIRE(c != 0xC2 || (unsigned char)text[i + 1] >= 0xA0);
        if (c != '\n')
            continue;
        sonde_str line = sonde_str_n(text + begin, i - begin);
        REQUIRE(look.colour || sonde__text_width(line, true, 1000) <= look.width);
        begin = i + 1;
    }
}

static void print_trace(const struct sonde__trace *trace, const struct sonde__tree *tree,
                        struct sonde__look look, bool all_attributes)
{
    struct sonde__waterfall_options options = { all_attributes, 50, 1 };
    char                           *text    = NULL;
    size_t                          size    = 0;
    FILE                           *out     = open_memstream(&text, &size);
    struct sonde__pen               pen     = sonde__pen_of(out, look);
    sonde__waterfall_print(&pen, trace, tree, &options);
    fclose(out);
    check_text(text, size, look);
    free(text);
}

static void show_traces(struct sonde__traces *traces, struct sonde__look look, bool all_attributes)
{
    uint64_t             next;
    struct sonde__trace *trace;
    while ((trace = sonde__traces_due(traces, UINT64_MAX, &next))) {
        struct sonde__tree tree;
        uint32_t           roots = 0;
        REQUIRE(trace->count > 0 && trace->count <= SPANS_MAX);
        REQUIRE(sonde__tree_init(&tree, trace));
        REQUIRE(tree.count > 0 && tree.count <= trace->count);
        for (uint32_t i = 0; i < tree.count; i++)
            roots += tree.rows[i].depth == 0;
        REQUIRE(roots > 0 && tree.rows[0].depth == 0);
        print_trace(trace, &tree, look, all_attributes);
        sonde__tree_done(&tree);
        sonde__traces_shown(traces, trace);
    }
}

static void check_traces(sonde_str body, struct sonde__look look, bool all_attributes)
{
    static const struct sonde__traces_limits limits   = { 10, 5, 20, SPANS_MAX, BYTES_MAX };
    struct sonde__traces                    *traces   = sonde__traces_new(&limits);
    uint64_t                                 rejected = 0, next = 0;
    bool                                     ok = sonde__traces_add(traces, body, 0, &rejected);
    REQUIRE(ok || !sonde__traces_due(traces, UINT64_MAX, &next));
    sonde__traces_due(traces, 20, &next);
    show_traces(traces, look, all_attributes);
    REQUIRE(sonde__traces_add(traces, body, 30, &rejected) == ok);
    show_traces(traces, look, all_attributes);
    sonde__traces_free(traces);
}

static void check_metrics(sonde_str body, struct sonde__look look, bool all_attributes)
{
    static const struct sonde__metrics_limits limits  = { 50, BYTES_MAX };
    struct sonde__metrics_options             options = { all_attributes, 5 };
    struct sonde__metrics                    *metrics = sonde__metrics_new(&limits);
    size_t                                    size = 0, count = 0;
    char                                     *text = NULL;
    sonde__metrics_add(metrics, body, 0);
    const struct sonde__reading **list = sonde__metrics_list(metrics, true, &count);
    REQUIRE(count <= 50);
    FILE             *out = open_memstream(&text, &size);
    struct sonde__pen pen = sonde__pen_of(out, look);
    sonde__metrics_print(&pen, list, count, &options);
    fclose(out);
    check_text(text, size, look);
    free(text);
    free(list);
    sonde__metrics_free(metrics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool               utf8  = (data[0] & UTF8) && setlocale(LC_CTYPE, "C.UTF-8");
    bool               all   = data[0] & ALL_ATTRIBUTES;
    struct sonde__look look  = { data[0] & NARROW ? 60 : 100, data[0] & COLOUR, utf8 };
    char              *exact = fuzz_memory(size - 1), *unpacked = NULL;
    sonde_str          body = sonde_str_n(exact, size - 1);
    memcpy(exact, data + 1, size - 1);
    if (data[0] & PACKED &&
        sonde__gunzip(body, BYTES_MAX, &unpacked, &body.len) == SONDE__GUNZIP_OK) {
        REQUIRE(body.len <= BYTES_MAX);
        body.ptr = unpacked;
    }
    if (data[0] & IS_METRICS)
        check_metrics(body, look, all);
    else
        check_traces(body, look, all);
    free(exact);
    free(unpacked);
    return 0;
}
