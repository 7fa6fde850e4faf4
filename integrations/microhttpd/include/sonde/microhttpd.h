/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/microhttpd.h - server spans and metrics for libmicrohttpd: one word changes,
 * MHD_start_daemon becomes sonde_mhd_start_daemon.
 *
 * Each request gets a SERVER span whose parent comes from the request's headers. It is current
 * while the handler runs, and ends with the request, whatever ends that. */
#ifndef SONDE_MICROHTTPD_H
#define SONDE_MICROHTTPD_H

#include <microhttpd.h>
#include <sonde/api.h>

SONDE_BEGIN

/* Starts a daemon as MHD_start_daemon() does, argument for argument, and traces its requests.
 * con_cls stays the handler's own; the application's callbacks are called as before. With an
 * option that is not known here, the daemon starts with its arguments untouched and is not traced,
 * which is reported.
 * Returns: what MHD_start_daemon() returns: NULL when the daemon did not start.
 * Threads: any. Blocks: as MHD_start_daemon(). Since: 0.1 */
SONDE_API struct MHD_Daemon *sonde_mhd_start_daemon(unsigned flags, uint16_t port,
                                                    MHD_AcceptPolicyCallback  accept,
                                                    void                     *accept_cls,
                                                    MHD_AccessHandlerCallback handler,
                                                    void                     *handler_cls, ...);

/* Stops a daemon as MHD_stop_daemon() does, traced or not. Spans of requests that it cuts off end
 * with it. daemon NULL: nothing.
 * Threads: any, once. Blocks: as MHD_stop_daemon(). Since: 0.1 */
SONDE_API void sonde_mhd_stop_daemon(struct MHD_Daemon *daemon);

/* The request's span: borrowed, until the completion callback has returned. Any thread may use it
 * until then, so that a suspended request can be worked on elsewhere; only the adapter ends it.
 * Returns: the span; NULL when the request is not traced, and for NULL.
 * Threads: any. Blocks: never for long (one lock). Since: 0.1 */
SONDE_API sonde_span *sonde_mhd_span(struct MHD_Connection *connection);

/* Says which route the request matched: http.route of span and metrics, and the span's name.
 * route: a template of which there are few, "/items/{id}", never the path itself; copied. NULL or
 * empty: nothing.
 * Threads: one (per connection). Blocks: never for long (one lock).
 * Standard: HTTP spans, "http.route". Since: 0.1 */
SONDE_API void sonde_mhd_set_route(struct MHD_Connection *connection, const char *route);

/* Answers the request with the metrics of the process-wide SDK as Prometheus text, or with 503
 * when none runs. The request is neither traced nor counted. Call it from the handler.
 * Returns: what MHD_queue_response() returns; MHD_NO for NULL.
 * Threads: same (the handler's). Blocks: never for long.
 * Standard: Prometheus text format 0.0.4. Since: 0.1 */
SONDE_API enum MHD_Result sonde_mhd_queue_metrics(struct MHD_Connection *connection);

SONDE_END
#endif
