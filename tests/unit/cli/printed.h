/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* printed.h - a trace given as spans in words, printed as sonde tail does. */
#ifndef SONDE_TESTS_PRINTED_H
#define SONDE_TESTS_PRINTED_H

#include "otlp_body.h"
#include "tail/waterfall.h"

struct printed {
    struct sonde__traces           *traces;
    struct sonde__look              look;
    struct sonde__waterfall_options options;
    char                           *text;
};

/* UTF-8 and UTC for the process; a fixture with 80 columns, no colours, UTF-8. */
int printed_setup(void **state);
int printed_teardown(void **state);

/* Takes the spans in. */
void printed_add(struct printed *printed, const struct span *spans, size_t count);

/* The next trace as text, which stays in printed, and marks it as shown. NULL: there is none. */
const char *printed_trace(struct printed *printed);

/* Both at once. */
const char *printed_spans(struct printed *printed, const struct span *spans, size_t count);

#define PRINT(printed, spans) printed_spans((printed), (spans), sizeof(spans) / sizeof(spans)[0])

/* Compares text that goes over several lines and says where the first difference is. */
void printed_expect(const char *text, const char *wanted);

#endif
