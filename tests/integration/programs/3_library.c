/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A library with optional telemetry: no link dependency, no start, no thread, no output. */
#define SONDE_OPTIONAL
#include <sonde/api.h>

int zip_pack(const char *path, int level);

int zip_pack(const char *path, int level)
{
    static sonde_tracer *tracer; /* racing first callers get the same handle */
    if (!SONDE_HAVE(sonde_tracer_get))
        return level;
    if (!tracer)
        tracer = sonde_tracer_get("libzip", "2.1");
    SONDE_AUTOEND sonde_span *span = sonde_span_start(tracer, "zip pack", .current = true);
    if (sonde_span_is_recording(span))
        sonde_span_set(span, "zip.path", path);
    sonde_span_set(span, "zip.level", level);
    if (level > 9) {
        sonde_span_fail(span, "bad_level", NULL);
        return -1;
    }
    return level;
}
