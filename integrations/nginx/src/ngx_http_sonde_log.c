/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the SDK has to say, in the error log: a new message at once, the same
 * one again at most once a minute for all workers together.  The SDK reports
 * from its own thread; the worker's event loop writes.
 */

#include "ngx_http_sonde.h"

#include <pthread.h>


#define NGX_HTTP_SONDE_AGAIN     60   /* seconds */
#define NGX_HTTP_SONDE_LINES     8    /* that wait to be written */
#define NGX_HTTP_SONDE_LINE      240
#define NGX_HTTP_SONDE_LOG_WAIT  5000 /* milliseconds between two looks */


typedef struct {
    ngx_uint_t               level;
    size_t                   len;
    u_char                   text[NGX_HTTP_SONDE_LINE];
} ngx_http_sonde_line_t;


typedef struct {
    sonde_diagnostics        base;

    struct {
        pthread_mutex_t      mutex;
        ngx_uint_t           count;
        ngx_http_sonde_line_t  lines[NGX_HTTP_SONDE_LINES];
    } locked;

    ngx_http_sonde_said_t   *said;
    ngx_event_t              event;
    ngx_connection_t         connection;
    uint64_t                 dropped;
} ngx_http_sonde_log_t;


static void ngx_http_sonde_report(sonde_diagnostics *self, sonde_level level,
    sonde_str message);
static void ngx_http_sonde_log_event(ngx_event_t *ev);
static void ngx_http_sonde_log_write(ngx_log_t *log);


static ngx_http_sonde_log_t  ngx_http_sonde_log;


sonde_diagnostics *
ngx_http_sonde_log_start(ngx_cycle_t *cycle,
    ngx_http_sonde_shared_t *shared)
{
    ngx_http_sonde_log_t  *slog;

    slog = &ngx_http_sonde_log;

    slog->base.report = ngx_http_sonde_report;
    slog->said = shared->said;

    if (pthread_mutex_init(&slog->locked.mutex, NULL) != 0) {
        return NULL;
    }

    slog->connection.fd = (ngx_socket_t) -1;

    slog->event.handler = ngx_http_sonde_log_event;
    slog->event.data = &slog->connection;
    slog->event.log = cycle->log;
    slog->event.cancelable = 1;

    ngx_add_timer(&slog->event, NGX_HTTP_SONDE_LOG_WAIT);

    return &slog->base;
}


void
ngx_http_sonde_log_stop(ngx_cycle_t *cycle)
{
    ngx_http_sonde_log_t  *slog;

    slog = &ngx_http_sonde_log;

    if (slog->event.timer_set) {
        ngx_del_timer(&slog->event);
    }

    ngx_http_sonde_log_write(cycle->log);

    pthread_mutex_destroy(&slog->locked.mutex);
}


/* In any thread. */
static void
ngx_http_sonde_report(sonde_diagnostics *self, sonde_level level,
    sonde_str message)
{
    ngx_http_sonde_log_t   *slog;
    ngx_http_sonde_line_t  *line;

    static ngx_uint_t       levels[] = {
        NGX_LOG_ERR, NGX_LOG_WARN, NGX_LOG_NOTICE, NGX_LOG_INFO
    };

    slog = (ngx_http_sonde_log_t *) self;

    pthread_mutex_lock(&slog->locked.mutex);

    if (slog->locked.count < NGX_HTTP_SONDE_LINES) {
        line = &slog->locked.lines[slog->locked.count++];

        line->level = levels[level <= SONDE_LEVEL_DEBUG ? level : 0];
        line->len = ngx_min(message.len, NGX_HTTP_SONDE_LINE);
        ngx_memcpy(line->text, message.ptr, line->len);
    }

    pthread_mutex_unlock(&slog->locked.mutex);
}


/* Whether nobody has said the same but for its numbers a short while ago. */
static ngx_uint_t
ngx_http_sonde_log_allow(ngx_http_sonde_line_t *line)
{
    size_t                  i;
    uint32_t                key;
    ngx_atomic_uint_t       now, said;
    ngx_http_sonde_said_t  *slot;

    key = 0;

    for (i = 0; i < line->len; i++) {

        if (line->text[i] < '0' || line->text[i] > '9') {
            key = ngx_hash(key, line->text[i]);
        }
    }

    slot = &ngx_http_sonde_log.said[key % NGX_HTTP_SONDE_SAID];
    now = ngx_time();

    if (slot->key != key) {
        slot->key = key;
        slot->time = now;
        return 1;
    }

    said = slot->time;

    return now - said >= NGX_HTTP_SONDE_AGAIN
           && ngx_atomic_cmp_set(&slot->time, said, now);
}


static void
ngx_http_sonde_log_line(ngx_log_t *log, ngx_http_sonde_line_t *line)
{
    ngx_log_error(line->level, log, 0, "sonde: %*s", line->len, line->text);
}


/* last: the worker exits, and what still waits now is lost, too. */
void
ngx_http_sonde_log_dropped(ngx_log_t *log, ngx_uint_t last)
{
    uint64_t               full, failed;
    sonde_stats            stats;
    ngx_http_sonde_line_t  line;

    ngx_memzero(&stats, sizeof(stats));
    stats.size = sizeof(stats);

    sonde_sdk_stats(NULL, &stats);

    full = stats.spans_dropped_full + stats.spans_dropped_behind
           + stats.spans_dropped_oversize;

    failed = stats.spans_dropped_failed
             + (last ? stats.spans_waiting : 0);

    if (full + failed == ngx_http_sonde_log.dropped) {
        return;
    }

    line.level = NGX_LOG_WARN;
    line.len = ngx_snprintf(line.text, NGX_HTTP_SONDE_LINE,
                            "%uL spans of this worker lost so far: "
                            "%uL found no room, %uL were not taken",
                            full + failed, full, failed)
               - line.text;

    if (last || ngx_http_sonde_log_allow(&line)) {
        ngx_http_sonde_log.dropped = full + failed;
        ngx_http_sonde_log_line(log, &line);
    }
}


static void
ngx_http_sonde_log_write(ngx_log_t *log)
{
    ngx_uint_t              i, count;
    ngx_http_sonde_log_t   *slog;
    ngx_http_sonde_line_t   lines[NGX_HTTP_SONDE_LINES];

    slog = &ngx_http_sonde_log;

    pthread_mutex_lock(&slog->locked.mutex);

    count = slog->locked.count;
    slog->locked.count = 0;
    ngx_memcpy(lines, slog->locked.lines,
               count * sizeof(ngx_http_sonde_line_t));

    pthread_mutex_unlock(&slog->locked.mutex);

    for (i = 0; i < count; i++) {

        if (ngx_http_sonde_log_allow(&lines[i])) {
            ngx_http_sonde_log_line(log, &lines[i]);
        }
    }
}


static void
ngx_http_sonde_log_event(ngx_event_t *ev)
{
    ngx_http_sonde_log_write(ev->log);
    ngx_http_sonde_log_dropped(ev->log, 0);

    if (!ngx_exiting) {
        ngx_add_timer(ev, NGX_HTTP_SONDE_LOG_WAIT);
    }
}
