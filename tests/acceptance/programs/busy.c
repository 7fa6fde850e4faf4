/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* acceptance/programs/busy.c - busy COUNT: records spans of some four hundred bytes, in two threads, as fast as it can. Tells
 * how much waited at most and how much memory became the program's own meanwhile. */
#include "program.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY = 256 };

static sonde_sdk    *sdk;
static sonde_tracer *tracer;
static unsigned long count;

static uint64_t private_bytes(void)
{
    char          line[256];
    unsigned long kib = 0, sum = 0;
    FILE         *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "Private_Dirty:", 14) == 0 && sscanf(line + 14, "%lu", &kib) == 1)
            sum += kib;
    if (file)
        fclose(file);
    return (uint64_t)sum * 1024;
}

static uint64_t bytes_waiting(void)
{
    sonde_stats stats = { .size = sizeof stats };
    sonde_sdk_stats(sdk, &stats);
    return stats.bytes_waiting;
}

/* ret_most: of what was seen waiting. */
static void *work(void *ret_most)
{
    uint64_t most = 0;
    for (unsigned long i = 0; i < count / 2; i++) {
        sonde_span *span = sonde_span_start(tracer, "GET /items/{id}", .kind = SONDE_KIND_SERVER,
                                            .root = true);
        sonde_span_set(span, "http.request.method", "GET");
        sonde_span_set(span, "http.route", "/items/{id}");
        sonde_span_set(span, "http.response.status_code", 200);
        sonde_span_set(span, "url.path", "/items/0123456789");
        sonde_span_set(span, "url.scheme", "http");
        sonde_span_set(span, "server.address", "shop.example.org");
        sonde_span_set(span, "server.port", 8080);
        sonde_span_set(span, "number", (uint64_t)i);
        sonde_span_end(span);
        if (i % LOOK_EVERY == 0) {
            uint64_t now = bytes_waiting();
            most         = now > most ? now : most;
        }
    }
    *(uint64_t *)ret_most = most;
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t  most[2] = { 0, 0 };
    pthread_t thread;
    count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (count == 0 || sonde_sdk_start(&sdk) != SONDE_OK)
        return 2;
    tracer = sonde_tracer_get("acceptance", NULL);
    sonde_span_end(sonde_span_start(tracer, "warm", .root = true));
    uint64_t before = private_bytes();
    if (pthread_create(&thread, NULL, work, &most[0]) != 0)
        return 2;
    work(&most[1]);
    pthread_join(thread, NULL);
    uint64_t after = private_bytes();
    print_figures(sdk, "recorded", "bytes_grown", after > before ? after - before : 0);
    print_figures(sdk, "most", "bytes_most", most[0] > most[1] ? most[0] : most[1]);
    sonde_err rc = sonde_sdk_stop(&sdk, 500);
    return rc == SONDE_OK || rc == SONDE_ERR_TIMEOUT ? 0 : 1;
}
