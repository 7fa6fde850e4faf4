/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* String views, error codes and compiler glue: what every other header of Sonde stands on.
 * Depends on libc only. */
#ifndef SONDE_BASE_H
#define SONDE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
#define SONDE_BEGIN                              extern "C" {
#define SONDE_END                                }
#define SONDE__STATIC_ASSERT(condition, message) static_assert(condition, message)
#else
#define SONDE_BEGIN
#define SONDE_END
#define SONDE__STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#endif

/* With SONDE_OPTIONAL defined, every function is a weak reference: a program that never loads the
 * library links and runs, and asks SONDE_HAVE(function) before it calls. */
#if defined(__GNUC__) && defined(SONDE_OPTIONAL)
#define SONDE_API            __attribute__((weak, visibility("default")))
#define SONDE_HAVE(function) (function)
#elif defined(__GNUC__)
#define SONDE_API            __attribute__((visibility("default")))
#define SONDE_HAVE(function) 1
#else
#define SONDE_API
#define SONDE_HAVE(function) 1
#endif

/* The version these headers belong to, one byte each for major, minor and patch: 0.1.0. */
#define SONDE_VERSION_NUMBER 0x000100
#define SONDE_VERSION        "0.1.0"

SONDE_BEGIN

/* Every error there is: name, value, sentence. */
#define SONDE_ERR_MAP(X)                                           \
    X(OK, 0, "no error")                                           \
    X(ERR_NOMEM, -1, "out of memory")                              \
    X(ERR_INVALID, -2, "invalid argument")                         \
    X(ERR_CONFIG, -3, "configuration value not understood")        \
    X(ERR_TIMEOUT, -4, "deadline passed before the work was done") \
    X(ERR_STARTED, -5, "the process-wide SDK is already running")

/* What set-up and parsing functions return: 0 or negative.  Ignoring it is safe, because every
 * handle accepts NULL. */
typedef enum sonde_err {
#define X(name, value, message) SONDE_##name = value,
    SONDE_ERR_MAP(X)
#undef X
        SONDE_ERR_LIMIT_ = INT32_MIN /* never returned; fixes the width of the type */
} sonde_err;

/* Says what an error means, in one English sentence without a full stop.
 * err: any value, also one that is not an error of Sonde's.
 * Returns a string of static storage, never NULL; "unknown error" for a value it does not know.
 * Threads: any.  Blocks: never.
 * Standard: none.  Since: 0.1 */
SONDE_API const char *sonde_err_str(sonde_err err);

/* A borrowed run of bytes, not NUL-terminated.  {NULL, 0} means "no value". */
typedef struct sonde_str {
    const char *ptr;
    size_t      len;
} sonde_str;

/* Makes a view of len bytes.
 * ptr: the first byte, borrowed; NULL only together with len 0.  len: bytes.
 * Returns the view.
 * Threads: any.  Blocks: never.
 * Standard: none.  Since: 0.1 */
static inline sonde_str sonde_str_n(const void *ptr, size_t len)
{
    sonde_str view;
    view.ptr = (const char *)ptr;
    view.len = len;
    return view;
}

/* Makes a view of a NUL-terminated string.
 * text: borrowed; NULL gives {NULL, 0}, which every consumer treats as "no value".
 * Returns the view, without the terminator.
 * Threads: any.  Blocks: never.
 * Standard: none.  Since: 0.1 */
static inline sonde_str sonde_str_z(const char *text)
{
    return sonde_str_n(text, text ? strlen(text) : 0);
}

/* Memory the caller lends, handed out from its start: functions that must build text put it here
 * and advance `used`, so that everything built stays valid as long as the memory does.  It only
 * grows; setting `used` back to 0 gives all of it back. */
typedef struct sonde_scratch {
    char  *ptr;
    size_t len;  /* bytes there are */
    size_t used; /* bytes taken, <= len */
} sonde_scratch;

/* Makes an empty scratch of memory that the caller owns.
 * ptr: the memory, borrowed; NULL makes a scratch that holds nothing.  len: its bytes.
 * Returns the scratch.
 * Threads: any.  Blocks: never.
 * Standard: none.  Since: 0.1 */
static inline sonde_scratch sonde_scratch_of(char *ptr, size_t len)
{
    sonde_scratch scratch;
    scratch.ptr  = ptr;
    scratch.len  = ptr ? len : 0;
    scratch.used = 0;
    return scratch;
}

SONDE_END
#endif
