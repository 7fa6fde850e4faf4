/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/host.h - what the kernel says of the program that runs and of the machine it runs on.
 * Nothing here asks a service or the network, or reads more than a few pages. Any thread. */
#ifndef SONDE_BASE_HOST_H
#define SONDE_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each writes a NUL-terminated text at ret_text; false, and an empty one, when there is none. */
bool sonde__host_program_path(char *ret_text, size_t size);
bool sonde__host_user(char *ret_text, size_t size); /* the effective one, by /etc/passwd */
bool sonde__host_name(char *ret_text, size_t size);
bool sonde__host_arch(char *ret_text, size_t size); /* "amd64", "arm64", ... */
bool sonde__host_os(char *ret_text, size_t size);   /* "linux" */

/* When this process began, in Unix time, to a hundredth of a second; 0: not known. Takes no lock,
 * so that a forked child may ask. */
uint64_t sonde__host_process_start_ns(void);

/* Whether the program runs with more rights than who started it (setuid): the environment is then
 * not to be trusted. */
bool sonde__host_is_privileged(void);

#endif
