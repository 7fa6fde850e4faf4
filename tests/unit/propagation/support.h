/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the tests of propagation share: cmocka with its prerequisites, checks that name the failing
 * row of a table, and long texts. */
#ifndef TEST_PROPAGATION_SUPPORT_H
#define TEST_PROPAGATION_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <sonde/base.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fails the test with the name of the row. */
#define check_row(condition, row)                                  \
    do {                                                           \
        if (!(condition))                                          \
            fail_msg("row \"%s\": not so: %s", (row), #condition); \
    } while (0)

/* The view holds these bytes; text NULL: there is no value. */
static inline void check_row_text(sonde_str view, const char *text, const char *row)
{
    bool same = text ? view.ptr && view.len == strlen(text) && !memcmp(view.ptr, text, view.len)
                     : !view.ptr && view.len == 0;
    if (!same)
        fail_msg("row \"%s\": expected \"%s\", is \"%.*s\"", row, text ? text : "(no value)",
                 (int)view.len, view.ptr ? view.ptr : "");
}

/* Whether the view lies inside the text, which means that nothing was copied. */
static inline bool is_inside(sonde_str view, const char *text)
{
    return view.ptr >= text && view.ptr + view.len <= text + strlen(text);
}

/* Appends count times c to the NUL-terminated text; the caller knows that it fits. */
static inline void append_run(char *text, char c, size_t count)
{
    size_t len = strlen(text);
    memset(text + len, c, count);
    text[len + count] = '\0';
}

/* Appends members `<prefix><number>=<number>`, from..to with two digits, commas between all. */
static inline void append_members(char *text, const char *prefix, int from, int to)
{
    for (int i = from; i <= to; i++)
        sprintf(text + strlen(text), "%s%s%02d=%02d", text[0] ? "," : "", prefix, i, i);
}

#endif
