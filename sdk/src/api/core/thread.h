/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/thread.h - what one thread has: one pointer in thread-local storage leads to all of it. */
#ifndef SONDE_CORE_THREAD_H
#define SONDE_CORE_THREAD_H

#include "base/rand.h"

#include <sonde/context.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sonde__lane;
struct sonde__slot;

struct sonde__attached {
    sonde_context *context; /* a reference of the stack's own */
    uint32_t       serial;  /* tells it from what was here before, and from other threads' */
    bool           dead;    /* its span ended out of order: popped with the one above */
};

struct sonde__thread {
    /* recording */
    struct sonde__lane *lane;  /* into the core this thread used last */
    struct sonde__slot *slots; /* free span slots of this thread */
    uint32_t            slot_count;
    struct sonde__rand  rand;
    /* current context: a stack, the bottom of which is the empty context */
    sonde_context          *current;
    struct sonde__attached *stack;
    uint32_t                depth, stack_cap, serial;
    /* memory that was given back and will be wanted again: core/pool.h */
    void    *pool[4];
    uint32_t pool_count[4];
    /* metrics: the lease this thread used last (metrics/lease.h). One of the two tokens is 0. */
    uint64_t token;        /* of the region in which it counts alone */
    uint64_t shared_token; /* of the region in which others count into the same cells */
    uint8_t *cells;
    uint32_t shared_adds; /* since it last looked for cells of its own */
};

/* Initial-exec where the C library has room for it at dlopen (glibc): one load, no call. See
 * docs/adr. */
#if defined(__GLIBC__)
#define SONDE__TLS_MODEL __attribute__((tls_model("initial-exec")))
#else
#define SONDE__TLS_MODEL
#endif
extern _Thread_local struct sonde__thread *sonde__thread_self SONDE__TLS_MODEL;

/* Makes this thread's state, to be freed when the thread ends. NULL when out of memory, or when the
 * thread is so near its end that nothing would free it. */
struct sonde__thread *sonde__thread_new(void);

static inline struct sonde__thread *sonde__thread_get(void)
{
    struct sonde__thread *self = sonde__thread_self;
    return __builtin_expect(self != NULL, 1) ? self : sonde__thread_new();
}

/* Called when a thread ends, for what trace and metrics keep in it: set once at load, before
 * threads exist. */
typedef void (*sonde__thread_hook)(struct sonde__thread *self);
enum { SONDE__HOOK_TRACE, SONDE__HOOK_METRICS, SONDE__HOOK_COUNT };
extern sonde__thread_hook sonde__thread_end_hooks[SONDE__HOOK_COUNT];

/* Goes up by one in every forked child, in the child's only thread, before fork() returns there. */
extern _Atomic uint32_t sonde__fork_generation;

/* Around a fork, set once at load: before takes the locks that trace or metrics have, parent gives
 * them back, and the one without a second name is called in the child, gives them back there and
 * puts things right. Any of them may be NULL. */
extern void (*sonde__fork_before[SONDE__HOOK_COUNT])(void);
extern void (*sonde__fork_parent[SONDE__HOOK_COUNT])(void);
extern void (*sonde__fork_hooks[SONDE__HOOK_COUNT])(void);

#endif
