/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* multi.c - transfers of a multi handle: each stands in a table from its addition until its end was
 * read or it was removed. The thread that uses the multi handle. */
#include "transfer.h"

#include <stdlib.h>

static void end(CURL *easy, CURLcode code, bool removed)
{
    struct sonde__curl_transfer *transfer = (struct sonde__curl_transfer *)sonde__curl_table_take(
        &sonde__curl_transfers, easy);
    if (!transfer)
        return;
    sonde__curl_end(transfer, code, removed);
    free(transfer);
}

void sonde__curl_abandon(CURL *easy)
{
    end(easy, CURLE_OK, true);
}

/* A handle that has a transfer is in a multi handle, or was taken out behind our back. */
static CURLMcode add_again(CURLM *multi, CURL *easy)
{
    CURLMcode code = curl_multi_add_handle(multi, easy);
    if (code == CURLM_OK)
        sonde__curl_abandon(easy);
    return code;
}

CURLMcode sonde_curl_multi_add_handle_opts(CURLM *multi, CURL *easy,
                                           const sonde_curl_options *options)
{
    struct sonde__curl_transfer *transfer = NULL;
    if (!multi || !easy)
        return curl_multi_add_handle(multi, easy);
    if (sonde__curl_table_find(&sonde__curl_transfers, easy))
        return add_again(multi, easy);
    transfer = malloc(sizeof *transfer);
    if (!transfer && options && options->headers)
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, options->headers);
    if (transfer && !sonde__curl_begin(transfer, easy, options, SONDE__CURL_DETACHED)) {
        free(transfer);
        transfer = NULL;
    }
    CURLMcode code = curl_multi_add_handle(multi, easy);
    if (!transfer)
        return code;
    if (code != CURLM_OK) {
        sonde__curl_cancel(transfer);
        free(transfer);
        return code;
    }
    transfer->entry.easy = easy;
    sonde__curl_table_put(&sonde__curl_transfers, &transfer->entry);
    return code;
}

CURLMcode sonde_curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    /* libcurl first: it may still use our list on the way out. */
    CURLMcode code = curl_multi_remove_handle(multi, easy);
    if (code == CURLM_OK)
        sonde__curl_abandon(easy);
    return code;
}

CURLMsg *sonde_curl_multi_info_read(CURLM *multi, int *ret_left)
{
    int      left    = 0;
    CURLMsg *message = curl_multi_info_read(multi, &left);
    if (ret_left)
        *ret_left = left;
    if (message && message->msg == CURLMSG_DONE)
        end(message->easy_handle, message->data.result, false);
    return message;
}
