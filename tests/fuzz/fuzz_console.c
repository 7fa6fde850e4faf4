/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* console: the input is a request of traces, and one of metrics. The text has nothing in it that a terminal
 * obeys, and its length is bounded by the request's. */
#include "fuzz.h"
#include "transport/console.h"

static void check(const struct sonde__buf *text, size_t size)
{
    REQUIRE(!text->failed);
    REQUIRE(text->len <= 4096 + 64 * size);
    for (uint32_t i = 0; i < text->len; i++) {
        uint8_t byte = text->data[i];
        REQUIRE((byte >= 0x20 || byte == '\n') && byte != 0x7F);
        REQUIRE(byte != 0xC2 || i + 1 == text->len || text->data[i + 1] < 0x80 ||
                text->data[i + 1] > 0x9F);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sonde__buf spans = { 0 }, metrics = { 0 };
    char             *body = fuzz_memory(size);
    if (size)
        memcpy(body, data, size);
    sonde__console_spans(&spans, sonde_str_n(body, size));
    sonde__console_metrics(&metrics, sonde_str_n(body, size));
    check(&spans, size);
    check(&metrics, size);
    sonde__buf_done(&spans);
    sonde__buf_done(&metrics);
    free(body);
    return 0;
}
