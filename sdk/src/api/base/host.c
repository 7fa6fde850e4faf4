/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/host.c - from /proc, uname(2) and /etc/passwd. */
#include "base/host.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static bool put(const char *text, size_t length, char *ret_text, size_t size)
{
    if (length >= size)
        length = size - 1;
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
    return length > 0;
}

/* As much of a file as fits; NUL-terminated. */
static void read_file(const char *path, char *ret_text, size_t size)
{
    size_t have = 0;
    int    fd   = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd >= 0 && have + 1 < size) {
        ssize_t n = read(fd, ret_text + have, size - 1 - have);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    ret_text[have] = '\0';
}

bool sonde__host_program_path(char *ret_text, size_t size)
{
    static const char deleted[] = " (deleted)"; /* what the kernel adds once the file is gone */
    char              path[4096];
    ssize_t           n    = readlink("/proc/self/exe", path, sizeof path);
    size_t            tail = sizeof deleted - 1, length = n > 0 ? (size_t)n : 0;
    if (length > tail && memcmp(path + length - tail, deleted, tail) == 0)
        length -= tail;
    return put(path, length, ret_text, size);
}

bool sonde__host_user(char *ret_text, size_t size)
{
    /* Not getpwuid(): a directory service might have to be asked, and might not answer. */
    char  text[16384];
    char *line, *rest = text;
    read_file("/etc/passwd", text, sizeof text);
    while ((line = strsep(&rest, "\n"))) {
        char *name     = strsep(&line, ":");
        char *password = strsep(&line, ":");
        char *number   = strsep(&line, ":");
        char *end      = number;
        if (password && number && strtoul(number, &end, 10) == geteuid() && end != number)
            return put(name, strlen(name), ret_text, size);
    }
    return put("", 0, ret_text, size);
}

bool sonde__host_name(char *ret_text, size_t size)
{
    struct utsname host;
    if (uname(&host) != 0)
        return put("", 0, ret_text, size);
    return put(host.nodename, strlen(host.nodename), ret_text, size);
}

bool sonde__host_arch(char *ret_text, size_t size)
{
    /* How uname's word begins, and what the architecture is called elsewhere. */
    static const char *const names[][2] = { { "x86_64", "amd64" }, { "aarch64", "arm64" },
                                            { "arm", "arm32" },    { "i386", "x86" },
                                            { "i486", "x86" },     { "i586", "x86" },
                                            { "i686", "x86" },     { "ppc64", "ppc64" },
                                            { "ppc", "ppc32" } };
    struct utsname           host;
    if (uname(&host) != 0)
        return put("", 0, ret_text, size);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(host.machine, names[i][0], strlen(names[i][0])) == 0)
            return put(names[i][1], strlen(names[i][1]), ret_text, size);
    return put(host.machine, strlen(host.machine), ret_text, size);
}

bool sonde__host_os(char *ret_text, size_t size)
{
    struct utsname host;
    if (uname(&host) != 0)
        return put("", 0, ret_text, size);
    for (char *c = host.sysname; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return put(host.sysname, strlen(host.sysname), ret_text, size);
}

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec at = { 0 };
    clock_gettime(clock, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

uint64_t sonde__host_process_start_ns(void)
{
    char text[1024];
    long ticks_a_second = sysconf(_SC_CLK_TCK);
    read_file("/proc/self/stat", text, sizeof text);
    /* The program's name, in brackets, may hold anything; the start is the 20th field behind it. */
    char *field = strrchr(text, ')');
    for (int i = 0; i < 20 && field; i++)
        field = strchr(field + 1, ' ');
    if (!field || ticks_a_second <= 0)
        return 0;
    int64_t ticks  = (int64_t)strtoll(field, NULL, 10);
    int64_t booted = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
    return (uint64_t)(booted + ticks * (1000000000 / ticks_a_second));
}

bool sonde__host_is_privileged(void)
{
    return getauxval(AT_SECURE) != 0;
}
