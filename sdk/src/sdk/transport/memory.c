/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/memory.c - the exporter for tests. begin() and progress() run in the pump's driver, the rest in
 * the threads of the test. */
#include <sonde/plugin/memory.h>

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct kept {
    struct kept *next;
    sonde_signal signal;
    size_t       length;
    char         bytes[];
};

struct sonde_memory_exporter {
    sonde_exporter base;   /* the first member */
    sonde_result   result; /* the driver's: of the batch that was begun; batch NULL: none */
    pthread_cond_t changed;
    struct {
        pthread_mutex_t mutex;
        struct kept    *first, **end;
        uint64_t        spans, points;
        sonde_result    answer;
    } locked;
};

static uint64_t *counter(sonde_memory_exporter *memory, sonde_signal signal)
{
    return signal == SONDE_SIGNAL_TRACES ? &memory->locked.spans : &memory->locked.points;
}

static struct kept *copy_of(const sonde_batch *batch)
{
    sonde_str    body = sonde_batch_body(batch);
    struct kept *kept = malloc(sizeof *kept + body.len);
    if (!kept)
        return NULL;
    kept->next   = NULL;
    kept->signal = sonde_batch_signal(batch);
    kept->length = body.len;
    if (body.len)
        memcpy(kept->bytes, body.ptr, body.len);
    return kept;
}

static void begin(sonde_exporter *self, const sonde_batch *batch, uint64_t deadline_ns)
{
    sonde_memory_exporter *memory = (sonde_memory_exporter *)self;
    struct kept           *kept   = copy_of(batch);
    (void)deadline_ns;
    pthread_mutex_lock(&memory->locked.mutex);
    memory->result       = memory->locked.answer;
    memory->result.batch = batch;
    if (memory->result.outcome == SONDE_DELIVERED && !kept) {
        memory->result.outcome = SONDE_RETRY;
    } else if (memory->result.outcome == SONDE_DELIVERED) {
        *memory->locked.end = kept;
        memory->locked.end  = &kept->next;
        *counter(memory, kept->signal) += sonde_batch_count(batch);
        kept = NULL;
        pthread_cond_broadcast(&memory->changed);
    }
    pthread_mutex_unlock(&memory->locked.mutex);
    free(kept);
}

static bool progress(sonde_exporter *self, sonde_result *ret_result)
{
    sonde_memory_exporter *memory = (sonde_memory_exporter *)self;
    if (!memory->result.batch)
        return false;
    *ret_result          = memory->result;
    memory->result.batch = NULL;
    return true;
}

static void cancel(sonde_exporter *self)
{
    ((sonde_memory_exporter *)self)->result.batch = NULL;
}

static uint64_t wake_at(sonde_exporter *self)
{
    return ((sonde_memory_exporter *)self)->result.batch ? 0 : UINT64_MAX;
}

static void init_locks(sonde_memory_exporter *memory)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&memory->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&memory->locked.mutex, NULL);
}

/* A thread of the parent's may have held the lock. */
static void forked(sonde_exporter *self)
{
    init_locks((sonde_memory_exporter *)self);
    cancel(self);
}

sonde_memory_exporter *sonde_memory_exporter_new(void)
{
    sonde_memory_exporter *memory = calloc(1, sizeof *memory);
    if (!memory)
        return NULL;
    memory->base = (sonde_exporter){
        .size          = sizeof(sonde_exporter),
        .name          = "memory",
        .signals       = SONDE_SIGNAL_TRACES | SONDE_SIGNAL_METRICS,
        .max_in_flight = 1,
        .begin         = begin,
        .progress      = progress,
        .cancel        = cancel,
        .wake_at       = wake_at,
        .forked        = forked,
    };
    init_locks(memory);
    memory->locked.end = &memory->locked.first;
    return memory;
}

void sonde_memory_exporter_free(sonde_memory_exporter *memory)
{
    if (!memory)
        return;
    sonde_memory_exporter_clear(memory);
    pthread_cond_destroy(&memory->changed);
    pthread_mutex_destroy(&memory->locked.mutex);
    free(memory);
}

sonde_exporter *sonde_memory_exporter_base(sonde_memory_exporter *memory)
{
    return memory ? &memory->base : NULL;
}

void sonde_memory_exporter_answer(sonde_memory_exporter *memory, const sonde_result *answer)
{
    static const sonde_result delivered = { .outcome = SONDE_DELIVERED };
    if (!memory)
        return;
    pthread_mutex_lock(&memory->locked.mutex);
    memory->locked.answer = answer ? *answer : delivered;
    pthread_mutex_unlock(&memory->locked.mutex);
}

uint64_t sonde_memory_exporter_count(sonde_memory_exporter *memory, sonde_signal signal)
{
    if (!memory)
        return 0;
    pthread_mutex_lock(&memory->locked.mutex);
    uint64_t count = *counter(memory, signal);
    pthread_mutex_unlock(&memory->locked.mutex);
    return count;
}

sonde_err sonde_memory_exporter_wait(sonde_memory_exporter *memory, sonde_signal signal,
                                     uint64_t count, uint32_t timeout_ms)
{
    struct timespec until;
    int             error = 0;
    if (!memory)
        return SONDE_ERR_INVALID;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&memory->locked.mutex);
    while (*counter(memory, signal) < count && error == 0)
        error = pthread_cond_timedwait(&memory->changed, &memory->locked.mutex, &until);
    bool enough = *counter(memory, signal) >= count;
    pthread_mutex_unlock(&memory->locked.mutex);
    return enough ? SONDE_OK : SONDE_ERR_TIMEOUT;
}

sonde_str sonde_memory_exporter_body(sonde_memory_exporter *memory, sonde_signal signal,
                                     size_t index)
{
    sonde_str body = { NULL, 0 };
    if (!memory)
        return body;
    pthread_mutex_lock(&memory->locked.mutex);
    for (const struct kept *kept = memory->locked.first; kept; kept = kept->next) {
        if (kept->signal != signal || index-- > 0)
            continue;
        body = sonde_str_n(kept->bytes, kept->length);
        break;
    }
    pthread_mutex_unlock(&memory->locked.mutex);
    return body;
}

void sonde_memory_exporter_clear(sonde_memory_exporter *memory)
{
    if (!memory)
        return;
    pthread_mutex_lock(&memory->locked.mutex);
    struct kept *kept    = memory->locked.first;
    memory->locked.first = NULL;
    memory->locked.end   = &memory->locked.first;
    pthread_mutex_unlock(&memory->locked.mutex);
    while (kept) {
        struct kept *next = kept->next;
        free(kept);
        kept = next;
    }
}
