/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config/url.h - http and https URLs, as much of them as an endpoint needs. Pure functions. */
#ifndef SONDE_CONFIG_URL_H
#define SONDE_CONFIG_URL_H

#include <sonde/base.h>

/* Views into what was parsed. */
struct sonde__url {
    sonde_str scheme, userinfo, host, port; /* "http", "user:secret", "::1", "4318" */
    sonde_str path, query;                  /* with "/" and "?" in front; empty when not there */
};

/* False for anything but http:// or https:// with a host, and for characters that a URL cannot have. Space
 * around it and a fragment are left out. */
bool sonde__url_parse(sonde_str text, struct sonde__url *ret_url);

/* The URL as text, with append behind its path and one slash between; append NULL: with its own path, "/"
 * when it has none. To be freed; NULL when out of memory. */
char *sonde__url_join(const struct sonde__url *url, const char *append);

/* localhost, its subdomains, 127.0.0.0/8 and ::1. */
bool sonde__url_is_loopback(const struct sonde__url *url);

/* Copies text for people, without user name and password; cut where size ends, NUL-terminated. Takes
 * what is not a URL as well. */
void sonde__url_redact(sonde_str text, char *ret_text, size_t size);

#endif
