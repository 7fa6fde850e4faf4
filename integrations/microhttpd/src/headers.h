/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* headers.h - the headers of one request, fetched once and asked for several times. */
#ifndef SONDE_MHD_HEADERS_H
#define SONDE_MHD_HEADERS_H

#include <microhttpd.h>
#include <sonde/context.h>

enum { SONDE__MHD_HEADERS = 64 };

struct sonde__mhd_header {
    sonde_str name;
    sonde_str value;
};

/* A carrier to extract from. The views are libmicrohttpd's and last as long as the request. */
struct sonde__mhd_headers {
    sonde_carrier            base;
    struct MHD_Connection   *connection;
    size_t                   count; /* of all there are; beyond the array, libmicrohttpd is asked */
    struct sonde__mhd_header items[SONDE__MHD_HEADERS];
};

void sonde__mhd_headers_init(struct sonde__mhd_headers *headers, struct MHD_Connection *connection);

/* The first value of a header; {NULL, 0}: it is not there. name: in any case. */
sonde_str sonde__mhd_headers_find(struct sonde__mhd_headers *headers, sonde_str name);

#endif
