/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fixture.h"

size_t forget(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes, (void)data;
    return size * count;
}

static struct curl_slist *add(struct curl_slist *list, const char *text)
{
    return curl_slist_append(list, text);
}

int curl_setup(void **state)
{
    static struct curl_fixture fixture;
    char                       entry[64];
    memset(&fixture, 0, sizeof fixture);
    *state       = &fixture;
    fixture.wire = wire_start();
    if (!fixture.wire || !spans_start(&fixture.spans))
        return 1;
    fixture.tracer = sonde_tracer_get("test", "1");
    unsigned port  = wire_port(fixture.wire);
    snprintf(fixture.url, sizeof fixture.url, "http://127.0.0.1:%u/x", port);
    snprintf(fixture.other_url, sizeof fixture.other_url, "http://other.test:%u/y", port);
    snprintf(entry, sizeof entry, "other.test:%u:127.0.0.1", port);
    fixture.resolve = add(NULL, entry);
    fixture.list    = add(add(NULL, "X-Mine: 1"), "X-Also: 2");
    fixture.easy    = curl_easy_init();
    curl_easy_setopt(fixture.easy, CURLOPT_URL, fixture.url);
    curl_easy_setopt(fixture.easy, CURLOPT_RESOLVE, fixture.resolve);
    curl_easy_setopt(fixture.easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_setopt(fixture.easy, CURLOPT_PROXY, "");
    return 0;
}

int curl_teardown(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_cleanup(f->easy);
    spans_stop(&f->spans);
    wire_stop(f->wire);
    curl_slist_free_all(f->list);
    curl_slist_free_all(f->resolve);
    return 0;
}

const char *traceparent_of(const sonde_span_view *span)
{
    static char text[SONDE_TRACEPARENT_LEN + 1];
    sonde_traceparent_format(&span->span_context, text);
    return text;
}

bool was_sent(struct curl_fixture *f, size_t n, const sonde_span_view *span)
{
    const char *sent = wire_header(f->wire, n, "traceparent", 0);
    return sent && strcmp(sent, traceparent_of(span)) == 0 &&
           !wire_header(f->wire, n, "traceparent", 1);
}
