/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/sdk/sdk_fixture.h - an SDK to be started by the test, with what it reports, and a memory
 * exporter at hand. */
#ifndef SONDE_TEST_SDK_FIXTURE_H
#define SONDE_TEST_SDK_FIXTURE_H

#include <sonde/plugin/memory.h>
#include <sonde/sonde.h>

#include <pthread.h>

enum { PATIENCE_MS = 10000 }; /* nothing waits for it to pass */

struct reports {
    sonde_diagnostics base;
    pthread_mutex_t   mutex;
    size_t            count;
    char              text[16][256];
};

struct fixture {
    sonde_sdk             *sdk;
    sonde_memory_exporter *memory;
    sonde_exporter        *list[1];
    struct reports         reports;
};

/* For cmocka: a fixture in *state, an environment without OTEL_ variables; and the SDK stopped. */
int set_up(void **state);
int tear_down(void **state);

/* Options with the fixture's exporter and reports. */
sonde_sdk_options to_memory(struct fixture *f);

/* How many reports have this text in them. */
size_t reported(struct fixture *f, const char *text);

void end_spans(sonde_tracer *tracer, int count);

/* A resource attribute of the first request in the memory exporter, as text; "" when there is none. */
const char *resource_text(struct fixture *f, const char *key);

#endif
