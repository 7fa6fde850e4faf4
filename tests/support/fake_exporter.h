/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An exporter for tests of the core: keeps what it is given, answers what it is told, and can hold
 * its answers back. */
#ifndef FAKE_EXPORTER_H
#define FAKE_EXPORTER_H

#include <sonde/plugin/exporter.h>

#include <pthread.h>
#include <stdatomic.h>

enum { FAKE_BODIES = 4096 };

struct fake_exporter {
    sonde_exporter     base;
    pthread_mutex_t    mutex;
    sonde_outcome      outcome;      /* of what is begun from now on */
    uint32_t           answers_left; /* after so many, DELIVERED again; 0: no end */
    uint32_t           retry_after_ms;
    atomic_bool        hold; /* no results */
    const sonde_batch *begun[8];
    sonde_outcome      answer[8];
    uint32_t           begun_count;
    _Atomic uint32_t   begins, cancels, forks, dones;
    char              *bodies[FAKE_BODIES]; /* delivered, in order */
    size_t             lengths[FAKE_BODIES];
    uint32_t           body_count;
    _Atomic uint64_t   spans, points;
};

void fake_exporter_init(struct fake_exporter *fake);
void fake_exporter_done(struct fake_exporter *fake);

/* The nth span that was delivered; false when there are fewer. Ret pointers may be NULL. */
bool fake_exporter_span(struct fake_exporter *fake, uint64_t n, sonde_span_view *ret_span,
                        sonde_request_iter *ret_at);

/* A span's attribute as text; "" when it has none of that key. */
const char *fake_attribute(const sonde_span_view *span, const char *key);

#endif
