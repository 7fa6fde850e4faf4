/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/semconv.h - names of the OpenTelemetry semantic conventions that Sonde records, and that
 * applications set most often: attributes, metrics, values. String literals, so that they
 * concatenate and need no library. */
#ifndef SONDE_SEMCONV_H
#define SONDE_SEMCONV_H

/* The version these names were taken from: for sonde_tracer_options.schema_url. */
#define SONDE_SCHEMA_URL "https://opentelemetry.io/schemas/1.44.0"

/* Errors and exceptions. */
#define SONDE_ATTR_ERROR_TYPE           "error.type"
#define SONDE_ATTR_EXCEPTION_TYPE       "exception.type"
#define SONDE_ATTR_EXCEPTION_MESSAGE    "exception.message"
#define SONDE_ATTR_EXCEPTION_STACKTRACE "exception.stacktrace"

/* HTTP, both sides. */
#define SONDE_ATTR_HTTP_REQUEST_METHOD          "http.request.method"
#define SONDE_ATTR_HTTP_REQUEST_METHOD_ORIGINAL "http.request.method_original"
#define SONDE_ATTR_HTTP_REQUEST_RESEND_COUNT    "http.request.resend_count"
#define SONDE_ATTR_HTTP_RESPONSE_STATUS_CODE    "http.response.status_code"
#define SONDE_ATTR_HTTP_ROUTE                   "http.route"
#define SONDE_ATTR_USER_AGENT_ORIGINAL          "user_agent.original"

/* Who speaks to whom. */
#define SONDE_ATTR_CLIENT_ADDRESS           "client.address"
#define SONDE_ATTR_SERVER_ADDRESS           "server.address"
#define SONDE_ATTR_SERVER_PORT              "server.port"
#define SONDE_ATTR_NETWORK_PEER_ADDRESS     "network.peer.address"
#define SONDE_ATTR_NETWORK_PEER_PORT        "network.peer.port"
#define SONDE_ATTR_NETWORK_PROTOCOL_NAME    "network.protocol.name"
#define SONDE_ATTR_NETWORK_PROTOCOL_VERSION "network.protocol.version"
#define SONDE_ATTR_NETWORK_TRANSPORT        "network.transport"

/* What is asked for. */
#define SONDE_ATTR_URL_FULL     "url.full"
#define SONDE_ATTR_URL_PATH     "url.path"
#define SONDE_ATTR_URL_QUERY    "url.query"
#define SONDE_ATTR_URL_SCHEME   "url.scheme"
#define SONDE_ATTR_URL_TEMPLATE "url.template"

/* Metrics. */
#define SONDE_METRIC_HTTP_SERVER_REQUEST_DURATION "http.server.request.duration"
#define SONDE_METRIC_HTTP_SERVER_ACTIVE_REQUESTS  "http.server.active_requests"
#define SONDE_METRIC_HTTP_CLIENT_REQUEST_DURATION "http.client.request.duration"

/* The value of http.request.method and error.type that stands for everything the conventions have
 * no name for. */
#define SONDE_VALUE_OTHER "_OTHER"

#endif
