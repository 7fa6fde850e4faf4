/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* unit/config/fake_env.c - one thread. */
#include "fake_env.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fake_env fake_env;

void fake_env_clear(void)
{
    memset(&fake_env, 0, sizeof fake_env);
}

void fake_env_set(const char *name, const char *value)
{
    fake_env.name[fake_env.count]    = name;
    fake_env.value[fake_env.count++] = value;
}

const char *fake_getenv(const char *name)
{
    for (size_t i = 0; i < fake_env.count; i++)
        if (strcmp(fake_env.name[i], name) == 0)
            return fake_env.value[i];
    return NULL;
}

void fake_diag(sonde_level level, const char *format, ...)
{
    va_list args;
    (void)level;
    if (fake_env.report_count == sizeof fake_env.reports / sizeof *fake_env.reports)
        return;
    va_start(args, format);
    vsnprintf(fake_env.reports[fake_env.report_count++], sizeof *fake_env.reports, format, args);
    va_end(args);
}
