/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/options.c - the command line of sonde tail. */
#include "tail/options.h"
#include "verbs.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char sonde__tail_help[] =
    "Usage: sonde tail [options]\n"
    "\n"
    "Receives OpenTelemetry data (OTLP over HTTP, protobuf) and prints every finished trace\n"
    "as a waterfall. Programs find it without being told: it listens where they send by default.\n"
    "\n"
    "  -l, --listen ADDRESS   where to listen: HOST:PORT, [IPV6]:PORT, HOST or PORT; port 0 takes "
    "a\n"
    "                         free one (127.0.0.1:4318)\n"
    "  -n, --once N           end after N traces, with status 0\n"
    "  -t, --timeout SECONDS  end after SECONDS, with status 1 when fewer than N traces came (1 "
    "without -n)\n"
    "  -s, --settle SECONDS   a trace is finished when nothing came for it for so long (1);\n"
    "                         five times as long when a parent is missing\n"
    "  -m, --metrics          print metrics too, as they come\n"
    "  -a, --all-attributes   print everything that is known of a span\n"
    "  -r, --rows N           print at most N spans of a trace (500); 0: all\n"
    "  -w, --width N          columns (as wide as the terminal, or 100)\n"
    "      --color WHEN       auto, always or never; auto obeys NO_COLOR and TERM=dumb\n"
    "  -h, --help             this text\n"
    "\n"
    "While it runs: m and Enter, or the signal USR1, print the latest metrics; q and Enter, or\n"
    "Ctrl-C, print what is pending and end.\n"
    "\n"
    "Marks: \u25c6 * server   \u2192 > client   \u2197 ^ producer   \u2198 v consumer   \u00b7 . "
    "internal   \u2717 x error\n"
    "       + came after the trace was shown   (ASCII where the locale is not UTF-8)\n";

enum { NANO = 1000000000 };

static bool read_number(const char *text, double min, double max, double *ret_number)
{
    char *end     = NULL;
    errno         = 0;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(number >= min && number <= max))
        return false;
    *ret_number = number;
    return true;
}

static bool read_count(const char *text, double min, double max, uint64_t *ret_count)
{
    double number;
    if (strspn(text, "0123456789") != strlen(text) || !read_number(text, min, max, &number))
        return false;
    *ret_count = (uint64_t)number;
    return true;
}

static bool read_seconds(const char *text, double min, uint64_t *ret_ns)
{
    double seconds;
    if (!read_number(text, min, 1e6, &seconds))
        return false;
    *ret_ns = (uint64_t)(seconds * NANO);
    return true;
}

static bool read_colour(const char *text, enum sonde__colour *ret_colour)
{
    static const char *const words[] = { "auto", "always", "never" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_colour = (enum sonde__colour)i;
            return true;
        }
    }
    return false;
}

/* Returns what the value should have been, or NULL when it is fine. */
static const char *take(struct sonde__tail_options *options, int option, const char *value)
{
    uint64_t count = 0;
    switch (option) {
    case 'l':
        options->listen = value;
        return *value ? NULL : "an address such as 127.0.0.1:4318";
    case 'n':
        return read_count(value, 1, 1e9, &options->once) ? NULL : "a number of traces, 1 or more";
    case 't':
        return read_seconds(value, 0.001, &options->timeout_ns) ? NULL
                                                                : "a number of seconds above 0";
    case 's':
        return read_seconds(value, 0, &options->settle_ns) ? NULL : "a number of seconds";
    case 'r':
        if (!read_count(value, 0, 1e9, &count))
            return "a number of spans";
        options->rows_max = (uint32_t)count;
        return NULL;
    case 'w':
        if (!read_count(value, SONDE__WIDTH_MIN, SONDE__WIDTH_MAX, &count))
            return "a number of columns from 60 to 1000";
        options->width = (unsigned)count;
        return NULL;
    case 'c':
        return read_colour(value, &options->colour) ? NULL : "auto, always or never";
    case 'm':
        options->metrics = true;
        return NULL;
    default:
        options->all_attributes = true;
        return NULL;
    }
}

int sonde__tail_options_read(int argc, char **argv, struct sonde__tail_options *ret_options)
{
    static const struct option table[] = {
        { "listen", required_argument, NULL, 'l' },  { "once", required_argument, NULL, 'n' },
        { "timeout", required_argument, NULL, 't' }, { "settle", required_argument, NULL, 's' },
        { "rows", required_argument, NULL, 'r' },    { "width", required_argument, NULL, 'w' },
        { "color", required_argument, NULL, 'c' },   { "colour", required_argument, NULL, 'c' },
        { "metrics", no_argument, NULL, 'm' },       { "all-attributes", no_argument, NULL, 'a' },
        { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
    };
    struct sonde__tail_options options = { .listen    = "127.0.0.1:4318",
                                           .settle_ns = NANO,
                                           .rows_max  = 500 };
    optind                             = 1;
    for (;;) {
        int         index  = -1;
        int         option = getopt_long(argc, argv, "l:n:t:s:r:w:mah", table, &index);
        const char *wanted;
        if (option == -1)
            break;
        if (option == 'h') {
            fputs(sonde__tail_help, stdout);
            return 0;
        }
        if (option == '?') { /* getopt has said what is wrong */
            fputs("Try \"sonde tail --help\".\n", stderr);
            return SONDE__WRONG_USAGE;
        }
        wanted = take(&options, option, optarg);
        if (wanted) {
            fprintf(stderr, "sonde tail: \"%s\" is not %s\n", optarg, wanted);
            return SONDE__WRONG_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sonde tail: \"%s\" is not an option\nTry \"sonde tail --help\".\n",
                argv[optind]);
        return SONDE__WRONG_USAGE;
    }
    *ret_options = options;
    return -1;
}
