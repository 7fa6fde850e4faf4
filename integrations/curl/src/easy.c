/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* easy.c - a transfer of the easy interface: all of it on this thread's stack. */
#include "transfer.h"

CURLcode sonde_curl_easy_perform_opts(CURL *easy, const sonde_curl_options *options)
{
    struct sonde__curl_transfer transfer;
    if (!easy || !sonde__curl_begin(&transfer, easy, options, SONDE__CURL_CURRENT))
        return curl_easy_perform(easy);
    CURLcode code = curl_easy_perform(easy);
    sonde__curl_end(&transfer, code, false);
    return code;
}
