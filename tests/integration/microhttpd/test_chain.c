/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A service that asks another: libmicrohttpd, libcurl, libmicrohttpd, in one trace. */
#include "fixture.h"

#include <curl/curl.h>
#include <sonde/curl_auto.h>

struct shop {
    struct mhd_fixture *f; /* the stock behind it */
    char                url[64];
};

static size_t forget(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes, (void)data;
    return size * count;
}

static CURLcode ask_stock(const char *url)
{
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, forget);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

static enum MHD_Result shop_handler(void *cls, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *upload,
                                    size_t *upload_size, void **con_cls)
{
    struct shop *shop = cls;
    (void)url, (void)method, (void)version, (void)upload, (void)upload_size, (void)con_cls;
    sonde_mhd_set_route(connection, "/shop");
    CURLcode code = ask_stock(shop->url);
    return mhd_answer(connection, code == CURLE_OK ? MHD_HTTP_OK : MHD_HTTP_BAD_GATEWAY, "shop");
}

static struct MHD_Daemon *start_shop(struct shop *shop, uint16_t stock_port)
{
    snprintf(shop->url, sizeof shop->url, "http://127.0.0.1:%u/route/7", stock_port);
    struct MHD_Daemon *daemon = sonde_mhd_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
                                                       NULL, shop_handler, shop, MHD_OPTION_END);
    assert_non_null(daemon);
    return daemon;
}

static void test_chain__parents_are_right_across_three_hops(void **state)
{
    struct mhd_fixture *f    = *state;
    struct shop         shop = { .f = f };
    mhd_start(f);
    struct MHD_Daemon *daemon = start_shop(&shop, mhd_port(f));
    char               url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/",
             MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    sonde_in_span (work, f->tracer, "work")
        assert_int_equal(ask_stock(url), CURLE_OK);
    sonde_mhd_stop_daemon(daemon);
    mhd_stop(f);

    sonde_span_view work      = mhd_span(f, "work"), first, second;
    sonde_span_view shop_span = mhd_span(f, "GET /shop"), stock = mhd_span(f, "GET /route/{x}");
    assert_true(spans_find(&f->spans, "GET", 0, &first));
    assert_true(spans_find(&f->spans, "GET", 1, &second));
    if (!spans_is_parent(&work, &first)) {
        sonde_span_view swap = first;
        first                = second;
        second               = swap;
    }
    assert_true(spans_is_parent(&work, &first));
    assert_true(spans_is_parent(&first, &shop_span));
    assert_true(spans_is_parent(&shop_span, &second));
    assert_true(spans_is_parent(&second, &stock));
    assert_int_equal(spans_count(&f->spans), 5);
}

static void test_chain__an_upstream_that_is_down_is_said(void **state)
{
    struct mhd_fixture *f    = *state;
    struct shop         shop = { .f = f };
    f->daemon                = start_shop(&shop, wire_closed_port());
    free(mhd_get(f, "/shop", ""));
    mhd_stop(f);
    sonde_span_view client = mhd_span(f, "GET"), server = mhd_span(f, "GET /shop");
    assert_string_equal(spans_attribute(&client, "error.type"), "CURLE_COULDNT_CONNECT");
    assert_string_equal(spans_attribute(&server, "error.type"), "502");
    assert_true(spans_is_parent(&server, &client));
}

static void test_chain__without_an_sdk_the_callers_context_goes_on(void **state)
{
    struct mhd_fixture *f     = *state;
    struct shop         shop  = { .f = f };
    struct wire        *stock = wire_start();
    sonde_sdk_stop(&f->spans.sdk, 20000);
    f->daemon = start_shop(&shop, wire_port(stock));
    free(mhd_get(f, "/shop",
                 "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
                 "baggage: tenant=acme\r\n"));
    assert_string_equal(wire_header(stock, 0, "traceparent", 0),
                        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_string_equal(wire_header(stock, 0, "baggage", 0), "tenant=acme");
    wire_stop(stock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_chain__parents_are_right_across_three_hops),
        TEST(test_chain__an_upstream_that_is_down_is_said),
        TEST(test_chain__without_an_sdk_the_callers_context_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
