/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A traced daemon with a handler that does what the path says, and an SDK that keeps its spans. */
#ifndef MHD_FIXTURE_H
#define MHD_FIXTURE_H

#include <sonde/microhttpd.h>

#include "spans.h"
#include "wire.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct mhd_fixture {
    struct spans       spans;
    struct MHD_Daemon *daemon;
    sonde_tracer      *tracer;
    atomic_int         handler_calls;
    sem_t              called; /* posted by each call of the handler */
    atomic_int         odd;    /* things that were not as they should be, seen in other threads */
    bool               stopped;
};

int mhd_setup(void **state); /* the SDK alone; tests start their daemon */
int mhd_teardown(void **state);

/* The paths: /ok 200, /status/NNN, /route/X sets "/route/{x}", /inner makes a span, /none answers
 * MHD_NO, /never never answers, /endless answers without end, /metrics. The handler's first call
 * sets con_cls to the fixture, and every later one finds it there. */
enum MHD_Result mhd_handler(void *cls, struct MHD_Connection *connection, const char *url,
                            const char *method, const char *version, const char *upload,
                            size_t *upload_size, void **con_cls);

/* A daemon with one thread of its own. */
void     mhd_start(struct mhd_fixture *f);
uint16_t mhd_port(const struct mhd_fixture *f);
void     mhd_stop(struct mhd_fixture *f);

/* One request on a connection of its own, closed behind it; what came back, to be freed. */
char *mhd_get(struct mhd_fixture *f, const char *path, const char *headers);

/* The first span of this name; fails the test without one. */
sonde_span_view mhd_span(struct mhd_fixture *f, const char *name);

enum MHD_Result mhd_answer(struct MHD_Connection *connection, unsigned status, const char *text);

#define TEST(function) cmocka_unit_test_setup_teardown(function, mhd_setup, mhd_teardown)

#endif
