/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/diag.c - reporting. Any thread. One line, one write; the same message at most once a minute;
 * standard error only while descriptor 2 is still the file that it was when the sink was set. */
#include "core/diag.h"
#include "base/clock.h"
#include "core/fork.h"

#include <sonde/plugin/report.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REMEMBERED = 32, LINE = 512 };

static struct {
    pthread_mutex_t    mutex;
    bool               on;
    sonde_level        level;
    sonde_diagnostics *sink; /* NULL: standard error */
    dev_t              device;
    ino_t              inode;
    struct {
        const char *format;
        uint64_t    at_ns;
    } said[REMEMBERED];
} locked = { .mutex = PTHREAD_MUTEX_INITIALIZER };

_Atomic uint64_t sonde__misuse_count;

void sonde__diag_lock(void)
{
    pthread_mutex_lock(&locked.mutex);
}

void sonde__diag_unlock(void)
{
    pthread_mutex_unlock(&locked.mutex);
}

void sonde__misuse(const char *sentence)
{
    /* Relaxed: a count, read as such. */
    atomic_fetch_add_explicit(&sonde__misuse_count, 1, memory_order_relaxed);
    sonde__diag(SONDE_LEVEL_DEBUG, "misuse: %s", sentence);
}

void sonde__diag_set(sonde_diagnostics *diagnostics, sonde_level level, bool quiet)
{
    struct stat st;
    pthread_mutex_lock(&locked.mutex);
    locked.on    = !quiet;
    locked.level = level;
    locked.sink  = diagnostics;
    memset(locked.said, 0, sizeof locked.said);
    locked.device = 0;
    locked.inode  = 0;
    if (!diagnostics && fstat(STDERR_FILENO, &st) == 0) {
        locked.device = st.st_dev;
        locked.inode  = st.st_ino;
    } else if (!diagnostics) {
        locked.on = false;
    }
    pthread_mutex_unlock(&locked.mutex);
}

/* Whether this message may be said now; the oldest remembered one makes room. */
static bool due(const char *format)
{
    uint64_t now    = sonde__clock_mono();
    size_t   oldest = 0;
    for (size_t i = 0; i < REMEMBERED; i++) {
        if (locked.said[i].format == format) {
            if (now - locked.said[i].at_ns < UINT64_C(60000000000))
                return false;
            oldest = i;
            break;
        }
        if (locked.said[i].at_ns < locked.said[oldest].at_ns)
            oldest = i;
    }
    locked.said[oldest].format = format;
    locked.said[oldest].at_ns  = now;
    return true;
}

static bool stderr_is_ours(void)
{
    struct stat st;
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == locked.device &&
           st.st_ino == locked.inode;
}

/* One line, and nothing that a terminal obeys: C0, DEL, and C1 as UTF-8 has it. */
static void blank_controls(char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i], next = (unsigned char)line[i + 1];
        if (c < 0x20 || c == 0x7F)
            line[i] = ' ';
        if (c == 0xC2 && next >= 0x80 && next < 0xA0)
            line[i] = line[i + 1] = ' ';
    }
}

/* One write, and no SIGPIPE where standard error is a pipe that nobody reads any more. */
static void write_quietly(const char *line, size_t len)
{
    static const struct timespec none = { 0, 0 };
    sigset_t                     pipe_signal, before, pending;
    int                          saved = errno;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    bool broken = write(STDERR_FILENO, line, len) < 0 && errno == EPIPE;
    if (broken && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe_signal, NULL, &none);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
}

/* key: what tells one message from another. */
static void __attribute__((format(printf, 3, 0)))
report(sonde_level level, const char *key, const char *format, va_list args)
{
    char               line[LINE];
    sonde_diagnostics *sink = NULL;
    pthread_mutex_lock(&locked.mutex);
    bool say = locked.on && level <= locked.level && due(key);
    if (say) {
        sink = locked.sink;
        say  = sink || stderr_is_ours();
    }
    pthread_mutex_unlock(&locked.mutex);
    if (!say)
        return;

    size_t prefix = sink ? 0 : 7;
    memcpy(line, "sonde: ", 7);
    int n = vsnprintf(line + prefix, sizeof line - prefix - 1, format, args);
    if (n < 0)
        return;
    size_t len = strlen(line + prefix) + prefix;
    blank_controls(line + prefix, len - prefix);
    if (sink) {
        sink->report(sink, level, sonde_str_n(line, len));
        return;
    }
    line[len++] = '\n';
    write_quietly(line, len);
}

void sonde__diag(sonde_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(level, format, format, args);
    va_end(args);
}

static void __attribute__((format(printf, 3, 4)))
report_text(sonde_level level, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(level, key, format, args);
    va_end(args);
}

void sonde_report(sonde_level level, const char *message)
{
    if (message)
        report_text(level, message, "%s", message);
}
