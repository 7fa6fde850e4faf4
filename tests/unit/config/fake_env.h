/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/fake_env.h - an environment of the test's own, and the reports that were made. */
#ifndef SONDE_TEST_FAKE_ENV_H
#define SONDE_TEST_FAKE_ENV_H

#include "config/settings.h"

struct fake_env {
    const char *name[8], *value[8];
    size_t      count;
    char        reports[8][512];
    size_t      report_count;
};

/* The one that fake_getenv() and fake_diag() use. */
extern struct fake_env fake_env;

void        fake_env_clear(void);
void        fake_env_set(const char *name, const char *value);
const char *fake_getenv(const char *name);
void fake_diag(sonde_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
