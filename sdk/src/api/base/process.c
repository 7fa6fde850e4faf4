/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/process.c - what /proc/<pid>/stat and kill(2) say of a process. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic uint64_t known_self;

/* The state letter and the start time of a process. */
static bool read_stat(uint32_t pid, char *ret_state, uint32_t *ret_started)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", (unsigned)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    /* "pid (name) state ppid ...": the name may hold anything, a parenthesis too; the start time is
     * the 22nd field. */
    char *p = strrchr(text, ')');
    if (!p || p[1] != ' ' || p[2] == '\0')
        return false;
    char state = p[2];
    p += 2;
    for (int field = 3; field < 22; field++) {
        p = strchr(p, ' ');
        if (!p)
            return false;
        p++;
    }
    *ret_state   = state;
    *ret_started = (uint32_t)strtoull(p, NULL, 10);
    return true;
}

uint64_t sonde__process_self(void)
{
    uint32_t pid = (uint32_t)getpid();
    /* Relaxed: the word stands for itself. */
    uint64_t self = atomic_load_explicit(&known_self, memory_order_relaxed);
    if (sonde__process_pid(self) == pid)
        return self;
    char     state;
    uint32_t started = 0;
    if (!read_stat(pid, &state, &started))
        started = 0;
    self = (uint64_t)pid << 32 | started;
    atomic_store_explicit(&known_self, self, memory_order_relaxed);
    return self;
}

bool sonde__process_alive(uint64_t process)
{
    uint32_t pid = sonde__process_pid(process), started = (uint32_t)process, found;
    char     state;
    if (pid == 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
        return false;
    if (!read_stat(pid, &state, &found))
        return true;
    return state != 'Z' && state != 'X' && (started == 0 || found == started);
}

void sonde__process_forked(void)
{
    atomic_store_explicit(&known_self, 0, memory_order_relaxed);
}
