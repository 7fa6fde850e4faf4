/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/pool.c - per-thread free lists of four sizes. Any thread; no locks. */
#include "core/pool.h"
#include "core/thread.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP = 64, CLASSES = 4 };

static const size_t class_size[CLASSES] = { 96, 256, 1024, 4608 };

static int class_of(size_t size)
{
    int class = 0;
    while (class < CLASSES && size > class_size[class])
        class ++;
    return class;
}

void *sonde__pool_take(size_t size)
{
    int class = class_of(size);
    if (class == CLASSES)
        return malloc(size);
    struct sonde__thread *self = sonde__thread_self;
    if (!self || !self->pool[class])
        return malloc(class_size[class]);
    void *block = self->pool[class];
    memcpy(&self->pool[class], block, sizeof(void *));
    self->pool_count[class]--;
    return block;
}

void sonde__pool_give(void *block, size_t size)
{
    int class                  = class_of(size);
    struct sonde__thread *self = sonde__thread_self;
    if (!block)
        return;
    if (class == CLASSES || !self || self->pool_count[class] >= KEEP) {
        free(block);
        return;
    }
    memcpy(block, &self->pool[class], sizeof(void *));
    self->pool[class] = block;
    self->pool_count[class]++;
}

void sonde__pool_clear(struct sonde__thread *self)
{
    for (int class = 0; class < CLASSES; class ++) {
        while (self->pool[class]) {
            void *block = self->pool[class];
            memcpy(&self->pool[class], block, sizeof(void *));
            free(block);
        }
        self->pool_count[class] = 0;
    }
}
