/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A microhttpd server with routes; a slow route is answered by another thread on a suspended connection. */
#include <sonde/microhttpd.h>
#include <sonde/sonde.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static sonde_tracer    *shop;
static sonde_histogram *lookup_time;

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static void *slow_report(void *arg)
{
    struct MHD_Connection *connection = arg;
    sonde_span *work = sonde_span_start(shop, "build report", .parent = sonde_mhd_span(connection));
    sonde_span_set(work, "report.rows", 12);
    sonde_span_end(work);
    MHD_resume_connection(connection);
    return NULL;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **con_cls)
{
    (void)cls, (void)method, (void)version, (void)upload, (void)upload_size;

    if (strcmp(url, "/metrics") == 0)
        return sonde_mhd_queue_metrics(connection);

    if (strncmp(url, "/items/", 7) == 0) {
        sonde_mhd_set_route(connection, "/items/{id}");
        enum MHD_Result result = MHD_NO;
        sonde_in_span (
            span, shop, "load item",
            .attrs = sonde_attrs_of(sonde_kv("item.id", url + 7), sonde_kv("cached", false))) {
            sonde_histogram_record_with(lookup_time, 0.0021, sonde_kv("store", "disk"));
            if (url[7] == '\0') {
                sonde_span_fail(span, "no_id", NULL);
                break;
            }
            result = answer(connection, MHD_HTTP_OK, "{}");
        }
        return result == MHD_NO ? answer(connection, MHD_HTTP_BAD_REQUEST, "no id") : result;
    }
    if (strcmp(url, "/report") == 0) {
        sonde_mhd_set_route(connection, "/report");
        if (*con_cls)
            return answer(connection, MHD_HTTP_OK, "done");
        *con_cls = connection;
        MHD_suspend_connection(connection);
        pthread_t thread;
        if (pthread_create(&thread, NULL, slow_report, connection) == 0)
            pthread_detach(thread);
        return MHD_YES;
    }
    return answer(connection, MHD_HTTP_NOT_FOUND, "no");
}

int main(int argc, char **argv)
{
    uint16_t           port     = (uint16_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 8080);
    struct sockaddr_in loopback = { .sin_family      = AF_INET,
                                    .sin_port        = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    sonde_sdk         *sdk      = NULL;
    sonde_err          err      = sonde_sdk_start(&sdk, .service_name = "items");
    if (err)
        fprintf(stderr, "telemetry is off: %s\n", sonde_err_str(err));
    shop        = sonde_tracer_get("items", "1.0.0");
    lookup_time = sonde_histogram_get(sonde_meter_get("items", "1.0.0"), "items.lookup.duration",
                                      .unit = "s");

    struct MHD_Daemon *daemon = sonde_mhd_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, handle, NULL,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&loopback, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
        MHD_OPTION_END);
    if (!daemon)
        return EXIT_FAILURE;
    getchar();
    sonde_mhd_stop_daemon(daemon);
    sonde_sdk_stop(&sdk, 2000);
    return EXIT_SUCCESS;
}
