/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* otlp_response: the first byte is the status class and whether the body is text, the rest is the body of a
 * collector's answer. A verdict comes out, with a message that ends. */
#include "fuzz.h"
#include "transport/otlp_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = { 200, 202, 301, 400, 429, 500, 503, 599 };
    sonde_result      result;
    if (size == 0)
        return 0;
    long      status = statuses[data[0] & 7];
    char     *body   = fuzz_memory(size - 1);
    sonde_str text   = sonde_str_n(body, size - 1);
    memcpy(body, data + 1, size - 1);
    memset(&result, 0xA5, sizeof result);
    sonde__otlp_http_judge(status, text, data[0] & 8, &result);
    REQUIRE(memchr(result.message, '\0', sizeof result.message));
    REQUIRE((result.outcome == SONDE_DELIVERED) == (status < 300));
    REQUIRE((result.outcome == SONDE_RETRY) == (status == 429 || status == 503));
    REQUIRE(result.rejected == 0 || result.outcome == SONDE_DELIVERED);
    free(body);
    return 0;
}
