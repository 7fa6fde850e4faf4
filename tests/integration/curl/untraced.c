/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

CURL *untraced_init(void)
{
    return curl_easy_init();
}

CURLcode untraced_set_headers(CURL *easy, struct curl_slist *list)
{
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

CURLcode untraced_set_url(CURL *easy, const char *url)
{
    return curl_easy_setopt(easy, CURLOPT_URL, url);
}

CURLcode untraced_perform(CURL *easy)
{
    return curl_easy_perform(easy);
}

CURL *untraced_duphandle(CURL *easy)
{
    return curl_easy_duphandle(easy);
}
