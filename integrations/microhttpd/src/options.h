/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* options.h - the arguments of MHD_start_daemon, read one by one. */
#ifndef SONDE_MHD_OPTIONS_H
#define SONDE_MHD_OPTIONS_H

#include <microhttpd.h>

#include <stdarg.h>
#include <stdbool.h>

/* The callback of MHD_OPTION_URI_LOG_CALLBACK, for which libmicrohttpd has no name. */
typedef void *sonde__mhd_uri_log(void *cls, const char *uri, struct MHD_Connection *connection);

/* What the application asked for: two callbacks that the adapter stands in front of, and everything
 * else as one flat list, in the order given, ended by MHD_OPTION_END. */
struct sonde__mhd_options {
    struct MHD_OptionItem       *items;
    size_t                       count;
    size_t                       room;
    sonde__mhd_uri_log          *uri_log;
    void                        *uri_log_cls;
    MHD_RequestCompletedCallback completed;
    void                        *completed_cls;
};

enum sonde__mhd_verdict {
    SONDE__MHD_UNDERSTOOD,
    SONDE__MHD_UNKNOWN_OPTION, /* its arguments cannot be walked past */
    SONDE__MHD_NO_MEMORY
};

/* Reads the variable arguments up to MHD_OPTION_END. Zero *ret_options before; give it to
 * sonde__mhd_options_done() whatever the verdict. */
enum sonde__mhd_verdict sonde__mhd_options_read(va_list                   *args,
                                                struct sonde__mhd_options *ret_options);

/* Puts one more option at the end; false when out of memory. */
bool sonde__mhd_options_add(struct sonde__mhd_options *options, enum MHD_OPTION option,
                            intptr_t value, void *pointer);

void sonde__mhd_options_done(struct sonde__mhd_options *options);

#endif
