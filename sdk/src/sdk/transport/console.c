/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* transport/console.c - writing. Runs in the pump's driver. */
#include "transport/console.h"
#include "base/clock.h"
#include "transport/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct console {
    sonde_exporter     base;
    int                fd;
    const sonde_batch *batch; /* under way; NULL: none */
    struct sonde__buf  text;
    uint32_t           written;
    bool               is_full; /* the reader does not keep up */
};

enum { LOOK_AGAIN_NS = 20000000 };

static void begin(sonde_exporter *self, const sonde_batch *batch, uint64_t deadline_ns)
{
    struct console *console = (struct console *)self;
    (void)deadline_ns; /* the pump's: it cancels */
    console->batch   = batch;
    console->written = 0;
    console->is_full = false;
    sonde__buf_clear(&console->text);
    if (sonde_batch_signal(batch) == SONDE_SIGNAL_TRACES)
        sonde__console_spans(&console->text, sonde_batch_body(batch));
    else
        sonde__console_metrics(&console->text, sonde_batch_body(batch));
}

/* How much may be written at once: all of it to a file; to anything else what fits whenever there is
 * room at all, in whole lines where they are short enough. */
static size_t next_part(const struct console *console)
{
    struct stat    file;
    size_t         left = console->text.len - console->written;
    const uint8_t *from = console->text.data + console->written;
    if (left <= PIPE_BUF || (fstat(console->fd, &file) == 0 && S_ISREG(file.st_mode)))
        return left;
    const uint8_t *end = memrchr(from, '\n', PIPE_BUF);
    return end ? (size_t)(end - from) + 1 : PIPE_BUF;
}

/* Returns 0 when all is written, EAGAIN when that takes longer, or why it cannot be. */
static int write_some(struct console *console)
{
    while (console->written < console->text.len) {
        struct pollfd out = { .fd = console->fd, .events = POLLOUT };
        if (poll(&out, 1, 0) == 0)
            return EAGAIN;
        ssize_t n = write(console->fd, console->text.data + console->written, next_part(console));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EWOULDBLOCK ? EAGAIN : errno;
        console->written += (uint32_t)n;
    }
    return 0;
}

static bool progress(sonde_exporter *self, sonde_result *ret_result)
{
    struct console *console = (struct console *)self;
    sigset_t        before;
    if (!console->batch)
        return false;
    sonde__signals_block(&before);
    int error = console->text.failed ? ENOMEM : write_some(console);
    sonde__signals_unblock(&before);
    console->is_full = error == EAGAIN;
    if (error == EAGAIN)
        return false;
    *ret_result = (sonde_result){ .batch = console->batch, .outcome = SONDE_DELIVERED };
    if (error) {
        ret_result->outcome = SONDE_REFUSED;
        snprintf(ret_result->message, sizeof ret_result->message, "cannot write: error %d", error);
    }
    console->batch = NULL;
    return true;
}

static void cancel(sonde_exporter *self)
{
    struct console *console = (struct console *)self;
    console->batch          = NULL;
    console->is_full        = false;
}

static uint64_t wake_at(sonde_exporter *self)
{
    const struct console *console = (const struct console *)self;
    if (!console->batch)
        return UINT64_MAX;
    return console->is_full ? sonde__clock_mono() + LOOK_AGAIN_NS : 0;
}

static void done(sonde_exporter *self)
{
    struct console *console = (struct console *)self;
    sonde__buf_done(&console->text);
    free(console);
}

sonde_exporter *sonde__console_new(unsigned signals, int fd)
{
    struct console *console = calloc(1, sizeof *console);
    if (!console)
        return NULL;
    console->base = (sonde_exporter){
        .size          = sizeof(sonde_exporter),
        .name          = "console",
        .signals       = signals,
        .max_in_flight = 1,
        .begin         = begin,
        .progress      = progress,
        .cancel        = cancel,
        .wake_at       = wake_at,
        .forked        = cancel, /* what the parent has not written yet, the parent writes */
        .done          = done,
    };
    console->fd = fd;
    return &console->base;
}
