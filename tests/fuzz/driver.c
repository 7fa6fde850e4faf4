/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Runs a fuzzer without libFuzzer: every file of the corpus as it is, then mutations of them from a fixed seed. Knows no
 * coverage; it is the short run of the tests, and a way to replay one input.
 *   fuzz_x [-runs=N] [-seed=N] [-max_len=N] FILE-OR-FOLDER...      (or --runs N --seed N)
 * Options of libFuzzer that it does not know are passed over. */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct input {
    uint8_t *data;
    size_t   size;
} input;

static struct {
    input *items;
    size_t count, room;
} corpus;

static uint64_t random_state;

/* What is being tried, for the handler. */
static uint8_t *current;
static size_t   current_size;

/* Provided by AddressSanitizer and its sisters; absent elsewhere. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t below(size_t limit)
{
    return limit ? (size_t)(next_random() % limit) : 0;
}

/* Async-signal-safe: it runs in a program that has just gone wrong. */
static void keep_input(void)
{
    static const char said[] = "driver: the input is in ./crash-input\n";
    int               fd     = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return;
    bool whole = current && write(fd, current, current_size) == (ssize_t)current_size;
    close(fd);
    if (whole && write(STDERR_FILENO, said, sizeof(said) - 1) < 0)
        _exit(1);
}

static void on_signal(int number)
{
    keep_input();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_crashes(void)
{
    static const int signals[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP };
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(keep_input);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], on_signal);
}

static void add_input(uint8_t *data, size_t size)
{
    if (corpus.count == corpus.room) {
        corpus.room  = corpus.room ? corpus.room * 2 : 64;
        corpus.items = realloc(corpus.items, corpus.room * sizeof(input));
        if (!corpus.items)
            exit(2);
    }
    corpus.items[corpus.count++] = (input){ data, size };
}

static bool read_file(const char *path, size_t size)
{
    FILE    *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1);
    bool     good = file && data && fread(data, 1, size, file) == size;
    if (file)
        fclose(file);
    if (good)
        add_input(data, size);
    else
        free(data);
    return good;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Folders in alphabetical order: the same seed means the same inputs everywhere. */
static bool read_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return false;
    if (!S_ISDIR(info.st_mode))
        return read_file(path, (size_t)info.st_size);
    struct dirent **names;
    int             count = scandir(path, &names, visible, alphasort);
    bool            good  = count >= 0;
    for (int i = 0; i < count; i++) {
        char inner[4096];
        int  length = snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
        good        = good && length > 0 && (size_t)length < sizeof(inner) && read_path(inner);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return good;
}

/* A block of exactly this size, so that a sanitizer sees the first byte read beyond it. */
static void try_input(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(2);
    if (size)
        memcpy(copy, data, size);
    current      = copy;
    current_size = size;
    LLVMFuzzerTestOneInput(copy, size);
    current = NULL;
    free(copy);
}

/* Bytes that mean something to a parser of headers, beside any byte at all. */
static uint8_t some_byte(void)
{
    static const char telling[] = "=,;:-_%\"\\ \t\r\n0fzA~\x7f\x80\xff";
    return below(2) ? (uint8_t)telling[below(sizeof(telling))] : (uint8_t)next_random();
}

/* Moves a run of bytes from anywhere in some input of the corpus to anywhere in ours. */
static size_t graft(uint8_t *data, size_t size, size_t room)
{
    if (corpus.count == 0 || size >= room)
        return size;
    input  donor = corpus.items[below(corpus.count)];
    size_t from  = below(donor.size + 1);
    size_t to    = below(size + 1);
    size_t run   = below(donor.size - from + 1);
    if (run > room - size)
        run = room - size;
    memmove(data + to + run, data + to, size - to);
    memcpy(data + to, donor.data + from, run);
    return size + run;
}

/* One byte many times over: what is just longer or just shorter than a limit. */
static size_t stretch(uint8_t *data, size_t size, size_t room)
{
    if (size >= room)
        return size;
    size_t at  = below(size + 1);
    size_t run = below(600);
    if (run > room - size)
        run = room - size;
    memmove(data + at + run, data + at, size - at);
    memset(data + at, at < size ? data[at + run] : some_byte(), run);
    return size + run;
}

static size_t mutate(uint8_t *data, size_t size, size_t room)
{
    size_t at = below(size);
    switch (below(7)) {
    case 0: /* change a byte */
        if (size)
            data[at] = some_byte();
        return size;
    case 1: /* flip a bit */
        if (size)
            data[at] ^= (uint8_t)(1u << below(8));
        return size;
    case 2: /* insert a byte */
        if (size == room)
            return size;
        memmove(data + at + 1, data + at, size - at);
        data[at] = some_byte();
        return size + 1;
    case 3: /* remove a run */
        if (size) {
            size_t run = 1 + below(below(4) ? 1 : size - at);
            memmove(data + at, data + at + run, size - at - run);
            return size - run;
        }
        return size;
    case 4:
        return stretch(data, size, room);
    case 5: /* cut short */
        return below(4) ? size : below(size + 1);
    default:
        return graft(data, size, room);
    }
}

static void try_mutations(size_t runs, size_t max_len)
{
    uint8_t *data = malloc(max_len + 1);
    if (!data)
        exit(2);
    for (size_t i = 0; i < runs; i++) {
        size_t size = 0;
        if (corpus.count) {
            input seed = corpus.items[below(corpus.count)];
            size       = seed.size < max_len ? seed.size : max_len;
            memcpy(data, seed.data, size);
        }
        for (size_t change = 1 + below(8); change > 0; change--)
            size = mutate(data, size, max_len);
        try_input(data, size);
    }
    free(data);
}

/* Reads -name=N, --name=N, -name N and --name N at argv[*io_at]. */
static bool option(char **argv, int *io_at, const char *name, size_t *ret_value)
{
    size_t      length = strlen(name);
    const char *text   = argv[*io_at] + (argv[*io_at][1] == '-' ? 2 : 1);
    if (strncmp(text, name, length) != 0 || (text[length] != '=' && text[length] != '\0'))
        return false;
    const char *value = text[length] ? text + length + 1 : argv[++*io_at];
    if (value)
        *ret_value = (size_t)strtoull(value, NULL, 10);
    return value != NULL;
}

int main(int argc, char **argv)
{
    size_t runs = 0, seed = 1, max_len = 16384;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            if (!option(argv, &i, "runs", &runs) && !option(argv, &i, "seed", &seed))
                option(argv, &i, "max_len", &max_len);
        } else if (!read_path(argv[i])) {
            fprintf(stderr, "driver: cannot read %s\n", argv[i]);
            return 2;
        }
    }
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    catch_crashes();
    try_input(NULL, 0);
    for (size_t i = 0; i < corpus.count; i++)
        try_input(corpus.items[i].data, corpus.items[i].size);
    try_mutations(runs, max_len);
    printf("%zu inputs of the corpus, %zu mutations\n", corpus.count, runs);
    for (size_t i = 0; i < corpus.count; i++)
        free(corpus.items[i].data);
    free(corpus.items);
    return 0;
}
