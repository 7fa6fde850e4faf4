/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/facts.h - what a person wants to know of a span first, found among its attributes. */
#ifndef SONDE_CLI_TAIL_FACTS_H
#define SONDE_CLI_TAIL_FACTS_H

#include <sonde/plugin/record.h>

/* Text as it came from the sender: not yet harmless. Empty where there is nothing to say.
 * target: where to (URL without its scheme, path, query of a database, destination), unless the
 * span's name says it. own: "key=value key=value" of what OpenTelemetry's conventions do not name,
 * which is the program's own. */
struct sonde__facts {
    int64_t status_code; /* of HTTP; 0: none */
    char    error_type[128];
    char    target[400];
    char    own[400];
};

void sonde__facts_read(const sonde_span_view *span, struct sonde__facts *ret_facts);

/* Appends " key=value" to text, which is size bytes with its NUL; the first one without the
 * blank. */
void sonde__facts_append(char *text, size_t size, sonde_str key, const sonde_value *value);

#endif
