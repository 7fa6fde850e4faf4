/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/thread.c - the life of a thread's state, and what happens to it over a fork. */
#include "core/thread.h"
#include "core/context.h"
#include "core/fork.h"
#include "core/lane.h"
#include "core/pool.h"

#include <pthread.h>
#include <stdlib.h>

_Thread_local struct sonde__thread *sonde__thread_self SONDE__TLS_MODEL;
/* The state is gone: what the thread does after its key's destructor is not recorded. */
static _Thread_local bool ended SONDE__TLS_MODEL;

sonde__thread_hook sonde__thread_end_hooks[SONDE__HOOK_COUNT];
void (*sonde__fork_before[SONDE__HOOK_COUNT])(void);
void (*sonde__fork_parent[SONDE__HOOK_COUNT])(void);
void (*sonde__fork_hooks[SONDE__HOOK_COUNT])(void);
_Atomic uint32_t sonde__fork_generation;

static pthread_key_t key;
static bool          key_made;

static void thread_end(void *arg)
{
    struct sonde__thread *self = arg;
    for (int i = 0; i < SONDE__HOOK_COUNT; i++)
        if (sonde__thread_end_hooks[i])
            sonde__thread_end_hooks[i](self);
    for (uint32_t i = 0; i < self->depth; i++)
        sonde_context_unref(self->stack[i].context);
    free(self->stack);
    sonde__lane_leave(self->lane);
    sonde__pool_clear(self);
    sonde__thread_self = NULL;
    ended              = true;
    free(self);
}

struct sonde__thread *sonde__thread_new(void)
{
    if (ended || !key_made)
        return NULL;
    struct sonde__thread *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    if (pthread_setspecific(key, self) != 0) {
        free(self);
        return NULL;
    }
    sonde__rand_seed(&self->rand);
    self->serial       = (uint32_t)sonde__rand_next(&self->rand);
    sonde__thread_self = self;
    return self;
}

static void call(void (*const *hooks)(void))
{
    for (int i = 0; i < SONDE__HOOK_COUNT; i++)
        if (hooks[i])
            hooks[i]();
}

static void before_fork(void)
{
    call(sonde__fork_before);
    sonde__core_lock_all();
    sonde__scope_lock();
    sonde__diag_lock();
}

static void after_fork_parent(void)
{
    sonde__diag_unlock();
    sonde__scope_unlock();
    sonde__core_unlock_all();
    call(sonde__fork_parent);
}

static void after_fork_child(void)
{
    /* Relaxed: there is one thread now. */
    atomic_fetch_add_explicit(&sonde__fork_generation, 1, memory_order_relaxed);
    sonde__diag_unlock();
    sonde__scope_unlock();
    if (sonde__thread_self)
        sonde__rand_seed(&sonde__thread_self->rand);
    sonde__core_forked();
    sonde__core_unlock_all();
    call(sonde__fork_hooks);
}

__attribute__((constructor)) static void load(void)
{
    key_made = pthread_key_create(&key, thread_end) == 0;
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}
