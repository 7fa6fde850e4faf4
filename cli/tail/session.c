/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/session.c - what came, printed. accept() and refused() run in the receiver's thread,
 * everything else in the main one. Text is made under the lock, into memory; it is written to
 * the terminal, which may stand still, without it. */
#include "tail/session.h"
#include "tail/metrics_table.h"
#include "tail/waterfall.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, MINUTE = 60, PATIENCE = 5 };

static const struct sonde__traces_limits traces_limits = {
    .patience   = PATIENCE,
    .traces_max = 2000,
    .spans_max  = 200000,
    .bytes_max  = 64 * 1024 * 1024,
};
static const struct sonde__metrics_limits metrics_limits = { .metrics_max = 5000,
                                                             .bytes_max   = 32 * 1024 * 1024 };

uint64_t sonde__session_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t unix_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void wake(struct sonde__session *session)
{
    uint64_t one = 1;
    ssize_t  put = write(session->wake_fd, &one, sizeof one);
    (void)put; /* a full counter wakes as well */
}

static bool accept_request(struct sonde__sink *self, enum sonde__signal signal, sonde_str body,
                           uint64_t *ret_rejected)
{
    struct sonde__session *session = (struct sonde__session *)self;
    uint64_t               now_ns  = sonde__session_now();
    bool                   ok      = true;
    pthread_mutex_lock(&session->locked.mutex);
    if (signal == SONDE__TRACES)
        ok = sonde__traces_add(session->locked.traces, body, now_ns, ret_rejected);
    else if (signal == SONDE__METRICS)
        ok = sonde__metrics_add(session->locked.metrics, body, now_ns);
    pthread_mutex_unlock(&session->locked.mutex);
    wake(session);
    return ok;
}

static void refused(struct sonde__sink *self, enum sonde__refusal why, const char *sender)
{
    struct sonde__session *session = (struct sonde__session *)self;
    pthread_mutex_lock(&session->locked.mutex);
    session->locked.refusals[why].count++;
    snprintf(session->locked.refusals[why].sender, SONDE__SENDER_SIZE, "%s", sender);
    pthread_mutex_unlock(&session->locked.mutex);
    wake(session);
}

bool sonde__session_init(struct sonde__session *session, const struct sonde__tail_options *options,
                         bool utf8)
{
    struct sonde__traces_limits limits = traces_limits;
    memset(session, 0, sizeof *session);
    session->sink.accept    = accept_request;
    session->sink.refused   = refused;
    session->options        = *options;
    session->utf8           = utf8;
    session->wake_fd        = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    limits.quiet_ns         = options->settle_ns;
    session->locked.traces  = sonde__traces_new(&limits);
    session->locked.metrics = sonde__metrics_new(&metrics_limits);
    pthread_mutex_init(&session->locked.mutex, NULL);
    return session->wake_fd >= 0 && session->locked.traces && session->locked.metrics;
}

void sonde__session_done(struct sonde__session *session)
{
    if (session->wake_fd >= 0)
        close(session->wake_fd);
    sonde__traces_free(session->locked.traces);
    sonde__metrics_free(session->locked.metrics);
    pthread_mutex_destroy(&session->locked.mutex);
}

bool sonde__session_is_full(const struct sonde__session *session)
{
    return session->options.once > 0 && session->traces_printed >= session->options.once;
}

static struct sonde__look look(const struct sonde__session *session, int fd)
{
    return sonde__look_at(fd, session->options.colour, session->options.width, session->utf8);
}

/* Writes what was rendered, and frees it. */
static void emit(struct sonde__session *session, char *text, size_t size)
{
    if (text && !session->is_output_gone &&
        (fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0)) {
        session->is_output_gone = true;
        if (errno != EPIPE)
            perror("sonde tail: standard output");
    }
    free(text);
}

/* A trace as text, or NULL when all that came for it came before, or memory is out. */
static char *render_trace(struct sonde__session *session, const struct sonde__trace *trace,
                          size_t *ret_size)
{
    struct sonde__waterfall_options options = {
        .all_attributes = session->options.all_attributes,
        .rows_max       = session->options.rows_max,
        .now_ns         = unix_now(),
    };
    struct sonde__tree tree;
    char              *text = NULL;
    if (!sonde__tree_init(&tree, trace))
        return NULL;
    FILE *out = trace->shown == 0 || tree.late > 0 ? open_memstream(&text, ret_size) : NULL;
    if (out) {
        struct sonde__pen pen = sonde__pen_of(out, look(session, STDOUT_FILENO));
        sonde__waterfall_print(&pen, trace, &tree, &options);
        fclose(out);
    }
    sonde__tree_done(&tree);
    return text;
}

uint64_t sonde__session_print_traces(struct sonde__session *session, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;
    while (!sonde__session_is_full(session) && !session->is_output_gone) {
        char  *text = NULL;
        size_t size = 0;
        pthread_mutex_lock(&session->locked.mutex);
        struct sonde__trace *trace = sonde__traces_due(session->locked.traces, now_ns, &next_ns);
        if (trace) {
            text = render_trace(session, trace, &size);
            session->traces_printed += text && trace->shown == 0;
            sonde__traces_shown(session->locked.traces, trace);
        }
        pthread_mutex_unlock(&session->locked.mutex);
        if (!trace)
            break;
        emit(session, text, size);
    }
    return next_ns;
}

void sonde__session_print_metrics(struct sonde__session *session, bool only_new, uint64_t now_ns)
{
    struct sonde__metrics_options options = { session->options.all_attributes, now_ns };
    char                         *text    = NULL;
    size_t                        size = 0, count = 0;
    pthread_mutex_lock(&session->locked.mutex);
    const struct sonde__reading **list = sonde__metrics_list(session->locked.metrics, only_new,
                                                             &count);
    FILE                         *out  = list ? open_memstream(&text, &size) : NULL;
    if (out) {
        struct sonde__pen pen = sonde__pen_of(out, look(session, STDOUT_FILENO));
        sonde__metrics_print(&pen, list, count, &options);
        fclose(out);
        session->metrics_printed += count;
    }
    sonde__metrics_shown(session->locked.metrics);
    pthread_mutex_unlock(&session->locked.mutex);
    free(list);
    if (!out && !only_new)
        fprintf(stderr, "sonde tail: no metrics have come yet\n");
    emit(session, text, size);
}

static void tell_refusal(struct sonde__session *session, enum sonde__refusal why, uint64_t now_ns)
{
    char sender[SONDE__SENDER_SIZE];
    pthread_mutex_lock(&session->locked.mutex);
    uint64_t count = session->locked.refusals[why].count;
    memcpy(sender, session->locked.refusals[why].sender, sizeof sender);
    pthread_mutex_unlock(&session->locked.mutex);
    uint64_t more = count - session->told_refusals[why].count;
    if (more == 0 || (session->told_refusals[why].count > 0 &&
                      now_ns < session->told_refusals[why].at_ns + UINT64_C(1) * MINUTE * SECOND))
        return;
    session->told_refusals[why].count = count;
    session->told_refusals[why].at_ns = now_ns;
    struct sonde__pen pen             = sonde__pen_of(stderr, look(session, STDERR_FILENO));
    char              text[60];
    snprintf(text, sizeof text, "sonde tail: refused %" PRIu64 " request%s", more,
             more == 1 ? "" : "s");
    sonde__pen_style(&pen, SONDE__ODD);
    sonde__pen_put(&pen, text);
    sonde__pen_put(&pen, *sender ? " of " : "");
    sonde__pen_text(&pen, sonde_str_z(sender), SONDE__SENDER_SIZE);
    sonde__pen_put(&pen, ": ");
    sonde__pen_put(&pen, sonde__refusal_sentence(why));
    sonde__pen_newline(&pen);
}

static void tell_dropped(struct sonde__session *session, uint64_t now_ns)
{
    pthread_mutex_lock(&session->locked.mutex);
    struct sonde__traces_counts counts  = sonde__traces_counts(session->locked.traces);
    uint64_t                    metrics = sonde__metrics_dropped(session->locked.metrics);
    pthread_mutex_unlock(&session->locked.mutex);
    if (counts.dropped_spans == session->told_counts.dropped_spans &&
        metrics == session->told_metrics)
        return;
    if (session->told_at_ns && now_ns < session->told_at_ns + SECOND)
        return;
    fprintf(stderr,
            "sonde tail: more came than is kept: %" PRIu64 " spans (%" PRIu64
            " whole traces) and %" PRIu64 " metrics were dropped so far\n",
            counts.dropped_spans, counts.dropped_traces, metrics);
    session->told_counts  = counts;
    session->told_metrics = metrics;
    session->told_at_ns   = now_ns;
}

void sonde__session_tell(struct sonde__session *session, uint64_t now_ns)
{
    for (int why = 0; why < SONDE__REFUSALS; why++)
        tell_refusal(session, (enum sonde__refusal)why, now_ns);
    tell_dropped(session, now_ns);
}
