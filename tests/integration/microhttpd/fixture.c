/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

#include <unistd.h>

int mhd_setup(void **state)
{
    static struct mhd_fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    *state         = &fixture;
    fixture.tracer = sonde_tracer_get("test", "1");
    return !spans_start(&fixture.spans);
}

int mhd_teardown(void **state)
{
    struct mhd_fixture *f = *state;
    mhd_stop(f);
    spans_stop(&f->spans);
    sem_destroy(&f->called);
    return 0;
}

enum MHD_Result mhd_answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static ssize_t endless(void *cls, uint64_t position, char *buffer, size_t max)
{
    (void)cls, (void)position;
    memset(buffer, 'x', max);
    return (ssize_t)max;
}

static enum MHD_Result answer_endlessly(struct MHD_Connection *connection)
{
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096,
                                                                      endless, NULL, NULL);
    enum MHD_Result      result   = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result do_as_told(struct mhd_fixture *f, struct MHD_Connection *connection,
                                  const char *url)
{
    if (strncmp(url, "/status/", 8) == 0)
        return mhd_answer(connection, (unsigned)atoi(url + 8), "as told");
    if (strncmp(url, "/route/", 7) == 0)
        sonde_mhd_set_route(connection, "/route/{x}");
    if (strcmp(url, "/inner") == 0)
        sonde_in_span (span, f->tracer, "inner")
            sonde_span_set(span, "inside", true);
    if (strcmp(url, "/none") == 0)
        return MHD_NO;
    if (strcmp(url, "/endless") == 0)
        return answer_endlessly(connection);
    if (strcmp(url, "/metrics") == 0)
        return sonde_mhd_queue_metrics(connection);
    return mhd_answer(connection, MHD_HTTP_OK, "ok");
}

enum MHD_Result mhd_handler(void *cls, struct MHD_Connection *connection, const char *url,
                            const char *method, const char *version, const char *upload,
                            size_t *upload_size, void **con_cls)
{
    struct mhd_fixture *f = cls;
    (void)method, (void)version, (void)upload;
    f->handler_calls++;
    sem_post(&f->called);
    if (!*con_cls) {
        *con_cls = f;
        return MHD_YES;
    }
    f->odd += *con_cls != f;
    f->odd += sonde_span_current() != sonde_mhd_span(connection);
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    return do_as_told(f, connection, url);
}

void mhd_start(struct mhd_fixture *f)
{
    f->daemon = sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, mhd_handler,
                                       f, MHD_OPTION_END);
    assert_non_null(f->daemon);
}

uint16_t mhd_port(const struct mhd_fixture *f)
{
    return MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void mhd_stop(struct mhd_fixture *f)
{
    sonde_mhd_stop_daemon(f->daemon);
    f->daemon = NULL;
}

char *mhd_get(struct mhd_fixture *f, const char *path, const char *headers)
{
    char request[4096];
    int  fd = wire_connect(mhd_port(f));
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n",
             path, headers);
    char *answer = wire_talk(fd, request, NULL);
    close(fd);
    return answer;
}

sonde_span_view mhd_span(struct mhd_fixture *f, const char *name)
{
    sonde_span_view span;
    assert_true(spans_wait(&f->spans, 1));
    if (!spans_find(&f->spans, name, 0, &span))
        fail_msg("no span named \"%s\"", name);
    return span;
}
