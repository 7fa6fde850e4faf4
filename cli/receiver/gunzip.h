/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* receiver/gunzip.h - unpacking request bodies. */
#ifndef SONDE_CLI_RECEIVER_GUNZIP_H
#define SONDE_CLI_RECEIVER_GUNZIP_H

#include <sonde/base.h>

enum sonde__gunzip {
    SONDE__GUNZIP_OK,
    SONDE__GUNZIP_BROKEN,
    SONDE__GUNZIP_TOO_LARGE,
    SONDE__GUNZIP_NOMEM
};

/* Unpacks gzip data of any number of members into memory that the caller frees. max: bytes that
 * the result may have. ret_data, ret_size: written only when all is well; an empty result is not
 * NULL. */
enum sonde__gunzip sonde__gunzip(sonde_str packed, size_t max, char **ret_data, size_t *ret_size);

#endif
