/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http_fixture.h"

#include <stdio.h>

int http_setup(void **state)
{
    static struct http_fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    core_fixture_init(&fixture.core);
    *state = &fixture;
    if (sonde__metrics_start(true, NULL, &fixture.metrics) != SONDE_OK)
        return 1;
    fixture.server = sonde_http_server_metrics_get(sonde_meter_get("test", "1"));
    fixture.client = sonde_http_client_metrics_get(sonde_meter_get("test", "1"));
    return core_fixture_start(&fixture.core) != SONDE_OK;
}

int http_teardown(void **state)
{
    struct http_fixture *fixture = *state;
    core_fixture_done(&fixture->core);
    sonde__metrics_stop(fixture->metrics);
    return 0;
}

const sonde_span_view *http_sent(struct http_fixture *fixture, uint64_t n)
{
    assert_int_equal(core_fixture_flush(&fixture->core), SONDE_OK);
    assert_true(fake_exporter_span(&fixture->core.fake, n, &fixture->span, NULL));
    return &fixture->span;
}

const char *http_attribute(struct http_fixture *fixture, const char *key)
{
    return fake_attribute(&fixture->span, key);
}

struct dump {
    struct sonde__metric_visitor base;
    struct sonde__metric_view    metric;
    char                        *text;
    size_t                       room;
    size_t                       used;
};

static void put(struct dump *dump, const char *text, size_t len)
{
    if (len > dump->room - dump->used - 1)
        len = dump->room - dump->used - 1;
    memcpy(dump->text + dump->used, text, len);
    dump->used += len;
    dump->text[dump->used] = '\0';
}

static bool begin_metric(struct sonde__metric_visitor    *self,
                         const struct sonde__metric_view *metric)
{
    ((struct dump *)self)->metric = *metric;
    return true;
}

static void add_point(struct sonde__metric_visitor *self, const struct sonde__point_view *point)
{
    struct dump *dump = (struct dump *)self;
    sonde_str    rest = point->attributes, key;
    sonde_value  value;
    char         text[256];
    bool         first = true;
    put(dump, dump->metric.name, strlen(dump->metric.name));
    put(dump, "{", 1);
    while (
        sonde_attribute_next(dump->metric.kind == SONDE__HISTOGRAM ? 9 : 7, &rest, &key, &value)) {
        put(dump, ",", first ? 0 : 1);
        put(dump, key.ptr, key.len);
        put(dump, "=", 1);
        put(dump, text, sonde_value_text(&value, text, sizeof text));
        first = false;
    }
    int len = snprintf(text, sizeof text, "} %lld\n",
                       dump->metric.kind == SONDE__HISTOGRAM ? (long long)point->count
                                                             : (long long)point->sum);
    put(dump, text, (size_t)len);
}

const char *http_series(struct http_fixture *fixture)
{
    struct dump dump;
    memset(&dump, 0, sizeof dump);
    dump.base.metric   = begin_metric;
    dump.base.point    = add_point;
    dump.text          = fixture->series;
    dump.room          = sizeof fixture->series;
    fixture->series[0] = '\0';
    sonde__metrics_visit(fixture->metrics, &dump.base);
    return fixture->series;
}

void assert_view(sonde_str got, const char *wanted)
{
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)got.len, got.ptr ? got.ptr : "(none)");
    if (!wanted) {
        assert_null(got.ptr);
        return;
    }
    assert_non_null(got.ptr);
    assert_string_equal(text, wanted);
}
