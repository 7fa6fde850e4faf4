/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/fork.h - the order of locks over a fork. Every lock that a child could find held is taken
 * before the fork and given back on both sides; the order is that of the functions here, outermost
 * first. */
#ifndef SONDE_CORE_FORK_H
#define SONDE_CORE_FORK_H

/* core/core.c: the list of cores, and each core's own. forked: in the child, with everything
 * locked. */
void sonde__core_lock_all(void);
void sonde__core_unlock_all(void);
void sonde__core_forked(void);

/* core/scope.c */
void sonde__scope_lock(void);
void sonde__scope_unlock(void);

/* core/diag.c */
void sonde__diag_lock(void);
void sonde__diag_unlock(void);

#endif
