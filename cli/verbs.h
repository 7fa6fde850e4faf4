/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* verbs.h - what each folder gives to main.c: a function that is the verb, and its help. argv[0]
 * is "sonde VERB". */
#ifndef SONDE_CLI_VERBS_H
#define SONDE_CLI_VERBS_H

/* Exit statuses of every verb. */
enum { SONDE__DONE = 0, SONDE__FAILED = 1, SONDE__WRONG_USAGE = 2 };

int sonde__tail_main(int argc, char **argv);

#endif
