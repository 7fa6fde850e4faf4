/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/curl_auto.h - traces libcurl's easy interface in a whole source file: one line, after
 * libcurl's own header. Include it in every file that makes, sets up or frees the handles.
 *
 * The names below stand for traced twins from here on. What a handle is told is remembered until it
 * is freed, so that the trace headers can be sent without touching what the application has set.
 * libcurl's own check of argument types does not see these calls. */
#ifndef SONDE_CURL_AUTO_H
#define SONDE_CURL_AUTO_H

#include <sonde/curl.h>

SONDE_BEGIN

/* As curl_easy_init(), and the handle is known from its beginning.
 * Returns: what curl_easy_init() returns.
 * Threads: any. Blocks: as curl_easy_init(). Since: 0.1 */
SONDE_API CURL *sonde_curl_auto_init(void);

/* As curl_easy_setopt(), and what it set is remembered when it matters.
 * Returns: what curl_easy_setopt() returns.
 * Threads: one (per handle). Blocks: never. Since: 0.1 */
SONDE_API CURLcode sonde_curl_auto_setopt(CURL *easy, CURLoption option, ...);

/* As curl_easy_reset(), and the handle is known again. easy NULL: nothing.
 * Threads: one (per handle). Blocks: never. Since: 0.1 */
SONDE_API void sonde_curl_auto_reset(CURL *easy);

/* As curl_easy_duphandle(); what is known of the one is known of the other.
 * Returns: what curl_easy_duphandle() returns; NULL for NULL.
 * Threads: one (per handle). Blocks: never. Since: 0.1 */
SONDE_API CURL *sonde_curl_auto_duphandle(CURL *easy);

/* As curl_easy_perform(), by way of sonde_curl_easy_perform_opts() with all defaults.
 * Returns: what curl_easy_perform() returns.
 * Threads: one (per handle). Blocks: as curl_easy_perform(). Since: 0.1 */
SONDE_API CURLcode sonde_curl_auto_perform(CURL *easy);

/* As curl_easy_cleanup(), and the handle is forgotten.
 * Threads: one (per handle). Blocks: as curl_easy_cleanup(). Since: 0.1 */
SONDE_API void sonde_curl_auto_cleanup(CURL *easy);

SONDE_END

#undef curl_easy_init
#undef curl_easy_setopt
#undef curl_easy_reset
#undef curl_easy_duphandle
#undef curl_easy_perform
#undef curl_easy_cleanup
#define curl_easy_init      sonde_curl_auto_init
#define curl_easy_setopt    sonde_curl_auto_setopt
#define curl_easy_reset     sonde_curl_auto_reset
#define curl_easy_duphandle sonde_curl_auto_duphandle
#define curl_easy_perform   sonde_curl_auto_perform
#define curl_easy_cleanup   sonde_curl_auto_cleanup
#endif
