/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* main.c - the sonde command: finds the verb. A verb is a folder with its main function in
 * verbs.h and a row here. */
#include "tail/options.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

struct verb {
    const char *name, *alias; /* alias: otel-cli's word, where it has another one */
    const char *summary, *help;
    int (*main)(int argc, char **argv);
};

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct verb verbs[] = {
    { "tail", NULL, "receive telemetry and print each trace as a waterfall", sonde__tail_help,
      sonde__tail_main },
    { "version", NULL, "print the version", "Usage: sonde version\n", version_main },
    { "help", NULL, "print this, or the help of a verb", "Usage: sonde help [VERB]\n", help_main },
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(name, verbs[i].name) == 0 ||
            (verbs[i].alias && strcmp(name, verbs[i].alias) == 0))
            return &verbs[i];
    return NULL;
}

static void print_help(FILE *out)
{
    fputs("Usage: sonde VERB [options]\n\nOpenTelemetry on the command line.\n\n", out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\n\"sonde help VERB\" tells more.\n", out);
}

static int say_unknown(const char *name)
{
    fprintf(stderr, "sonde: there is no verb \"%s\"\n", name);
    print_help(stderr);
    return SONDE__WRONG_USAGE;
}

static int help_main(int argc, char **argv)
{
    const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
    if (argc > 1 && !verb)
        return say_unknown(argv[1]);
    if (verb)
        fputs(verb->help, stdout);
    else
        print_help(stdout);
    return SONDE__DONE;
}

static int version_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("sonde " SONDE_CLI_VERSION);
    return SONDE__DONE;
}

/* Options in the place of a verb. */
static const char *verb_of_option(const char *word)
{
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return "help";
    return strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0 ? "version" : word;
}

int main(int argc, char **argv)
{
    static char name[64]; /* what getopt puts before its messages */
    if (argc < 2) {
        print_help(stderr);
        return SONDE__WRONG_USAGE;
    }
    const struct verb *verb = find_verb(verb_of_option(argv[1]));
    if (!verb)
        return say_unknown(argv[1]);
    snprintf(name, sizeof name, "sonde %s", verb->name);
    argv[1] = name;
    return verb->main(argc - 1, argv + 1);
}
