/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a source file gets that includes curl_auto.h; untraced.c has not included it. */
#include "fixture.h"

#include <sonde/curl_auto.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

/* A handle that was seen from its beginning, in the place of the fixture's. */
static int setup(void **state)
{
    int                  failed = curl_setup(state);
    struct curl_fixture *f      = *state;
    curl_easy_cleanup(f->easy);
    f->easy = curl_easy_init();
    curl_easy_setopt(f->easy, CURLOPT_URL, f->url);
    curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->resolve);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
    return failed;
}

static int teardown(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_cleanup(f->easy);
    f->easy = NULL;
    return curl_teardown(state);
}

static void test_auto__traces_without_a_word(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    assert_int_equal(curl_easy_perform(f->easy), CURLE_OK);
    assert_true(spans_find(&f->spans, "GET", 0, &span));
    assert_true(was_sent(f, 0, &span));
    assert_string_equal(spans_attribute(&span, "url.full"), f->url);
}

static void test_auto__keeps_the_applications_list(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_perform(f->easy);
    curl_easy_perform(f->easy);
    untraced_perform(f->easy);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(wire_header(f->wire, i, "X-Mine", 0), "1");
        assert_null(wire_header(f->wire, i, "X-Mine", 1));
        assert_int_equal(wire_header(f->wire, i, "traceparent", 0) != NULL, i < 2);
    }
    assert_null(f->list->next->next);
}

struct shape {
    const char *name;
    CURLoption  options[3];
    long        values[3];
    const char *custom;
};

static void set_shape(CURL *easy, const struct shape *shape)
{
    for (size_t i = 0; i < 3 && shape->options[i]; i++) {
        if (shape->options[i] == CURLOPT_POSTFIELDS)
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "a=1");
        else
            curl_easy_setopt(easy, shape->options[i], shape->values[i]);
    }
    if (shape->custom)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, shape->custom);
}

static void test_auto__knows_the_method_that_is_sent(void **state)
{
    static const struct shape shapes[] = {
        { "plain", { 0 }, { 0 }, NULL },
        { "post", { CURLOPT_POST, CURLOPT_POSTFIELDS }, { 1 }, NULL },
        { "fields", { CURLOPT_POSTFIELDS }, { 0 }, NULL },
        { "post, then get", { CURLOPT_POSTFIELDS, CURLOPT_HTTPGET }, { 0, 1 }, NULL },
        { "post, then not", { CURLOPT_POST, CURLOPT_POST }, { 1, 0 }, NULL },
        { "nobody", { CURLOPT_NOBODY }, { 1 }, NULL },
        { "nobody, then body", { CURLOPT_NOBODY, CURLOPT_NOBODY }, { 1, 0 }, NULL },
        { "upload", { CURLOPT_UPLOAD, CURLOPT_INFILESIZE }, { 1, 0 }, NULL },
        { "upload, then not", { CURLOPT_UPLOAD, CURLOPT_UPLOAD }, { 1, 0 }, NULL },
        { "get with zero", { CURLOPT_POSTFIELDS, CURLOPT_HTTPGET }, { 0, 0 }, NULL },
        { "custom", { 0 }, { 0 }, "DELETE" },
        { "custom over post", { CURLOPT_POSTFIELDS }, { 0 }, "PATCH" },
        { "unknown", { 0 }, { 0 }, "BREW" },
    };
    struct curl_fixture *f = *state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        sonde_span_view span;
        char            sent[16] = "";
        curl_easy_reset(f->easy);
        curl_easy_setopt(f->easy, CURLOPT_URL, f->url);
        curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, forget);
        curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
        curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, 5000L);
        set_shape(f->easy, &shapes[i]);
        curl_easy_perform(f->easy);
        sscanf(wire_request(f->wire, i), "%15s", sent);
        assert_true(spans_find(&f->spans, NULL, i, &span));
        const char *method = spans_attribute(&span, "http.request.method");
        if (strcmp(method, "_OTHER") == 0)
            method = spans_attribute(&span, "http.request.method_original");
        if (strcmp(method, sent) != 0)
            fail_msg("%s: sent %s, recorded %s", shapes[i].name, sent, method);
    }
}

static void test_auto__reset_forgets_and_knows_again(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    curl_easy_reset(f->easy);
    curl_easy_setopt(f->easy, CURLOPT_URL, f->url);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_perform(f->easy);
    assert_null(wire_header(f->wire, 0, "X-Mine", 0));
    assert_non_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_memory_equal(wire_request(f->wire, 0), "GET ", 4);
}

static void test_auto__a_copy_is_known_like_its_original(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, "PUT");
    CURL *copy = curl_easy_duphandle(f->easy);
    curl_easy_perform(copy);
    assert_true(spans_find(&f->spans, "PUT", 0, &span));
    assert_true(was_sent(f, 0, &span));
    assert_string_equal(wire_header(f->wire, 0, "X-Mine", 0), "1");
    curl_easy_cleanup(copy);
}

static size_t copy_within(char *bytes, size_t size, size_t count, void *data)
{
    CURL **handles = data;
    (void)bytes;
    if (!handles[1])
        handles[1] = curl_easy_duphandle(handles[0]);
    return size * count;
}

static void test_auto__a_copy_made_during_a_transfer_has_nothing_of_ours(void **state)
{
    struct curl_fixture *f          = *state;
    CURL                *handles[2] = { f->easy, NULL };
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_setopt(f->easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, copy_within);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, handles);
    curl_easy_perform(f->easy);
    assert_non_null(handles[1]);
    untraced_perform(handles[1]);
    assert_null(wire_header(f->wire, 1, "traceparent", 0));
    assert_string_equal(wire_header(f->wire, 1, "X-Mine", 0), "1");
    curl_easy_cleanup(handles[1]);
}

static size_t set_within(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    curl_easy_setopt(data, CURLOPT_HTTPHEADER, NULL);
    return size * count;
}

static void test_auto__a_list_set_during_a_transfer_counts_afterwards(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, set_within);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f->easy);
    curl_easy_perform(f->easy);
    untraced_perform(f->easy);
    assert_string_equal(wire_header(f->wire, 0, "X-Mine", 0), "1");
    assert_null(wire_header(f->wire, 1, "X-Mine", 0));
    assert_null(wire_header(f->wire, 1, "traceparent", 0));
}

static void test_auto__handles_at_the_same_address_are_not_confused(void **state)
{
    struct curl_fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, f->list);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
        curl_easy_cleanup(easy);
    }
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, f->url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    assert_memory_equal(wire_request(f->wire, 0), "GET ", 4);
    assert_null(wire_header(f->wire, 0, "X-Mine", 0));
}

static void test_auto__a_handle_from_elsewhere_is_known_by_its_list_only(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    CURL                *easy = untraced_init();
    untraced_set_url(easy, f->url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
    curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, f->list);
    curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    assert_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_non_null(wire_header(f->wire, 1, "traceparent", 0));
    assert_true(spans_find(&f->spans, "GET", 1, &span));
    assert_string_equal(spans_attribute(&span, "url.full"), f->url);
}

static void test_auto__urls_may_come_as_handles(void **state)
{
    struct curl_fixture *f = *state;
    sonde_span_view      span;
    CURLU               *url = curl_url();
    curl_url_set(url, CURLUPART_URL, f->url, 0);
    curl_url_set(url, CURLUPART_QUERY, "token=1", 0);
    curl_easy_setopt(f->easy, CURLOPT_CURLU, url);
    curl_easy_perform(f->easy);
    curl_url_cleanup(url);
    assert_true(spans_find(&f->spans, "GET", 0, &span));
    char wanted[96];
    snprintf(wanted, sizeof wanted, "%s?token=REDACTED", f->url);
    assert_string_equal(spans_attribute(&span, "url.full"), wanted);
}

static void test_auto__exports_by_user_agent_have_neither_span_nor_header(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_USERAGENT, "OTel-OTLP-Exporter-C/0.1.0");
    curl_easy_perform(f->easy);
    assert_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_int_equal(spans_count(&f->spans), 0);
}

static void test_auto__headers_that_a_proxy_would_get_are_left_out(void **state)
{
    struct curl_fixture *f = *state;
    curl_easy_setopt(f->easy, CURLOPT_HEADEROPT, (long)CURLHEADER_UNIFIED);
    curl_easy_perform(f->easy);
    curl_easy_setopt(f->easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_perform(f->easy);
    assert_null(wire_header(f->wire, 0, "traceparent", 0));
    assert_non_null(wire_header(f->wire, 1, "traceparent", 0));
    assert_int_equal(spans_count(&f->spans), 2);
}

static void test_auto__what_was_seen_serves_a_multi_handle(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init();
    sonde_span_view      span;
    int                  running = 1, left;
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->list);
    assert_int_equal(sonde_curl_multi_add_handle(multi, f->easy), CURLM_OK);
    for (curl_multi_perform(multi, &running); running; curl_multi_perform(multi, &running))
        curl_multi_poll(multi, NULL, 0, 1000, NULL);
    assert_non_null(sonde_curl_multi_info_read(multi, &left));
    sonde_curl_multi_remove_handle(multi, f->easy);
    curl_multi_cleanup(multi);
    assert_true(spans_find(&f->spans, "GET", 0, &span));
    assert_true(was_sent(f, 0, &span));
    assert_string_equal(wire_header(f->wire, 0, "X-Mine", 0), "1");
}

static void test_auto__a_handle_freed_in_a_multi_handle_ends_its_span(void **state)
{
    struct curl_fixture *f     = *state;
    CURLM               *multi = curl_multi_init();
    CURL                *easy  = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, f->url);
    sonde_curl_multi_add_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    assert_int_equal(spans_count(&f->spans), 1);
}

struct worker {
    struct curl_fixture *f;
    pthread_t            thread;
    int                  failures;
};

static void *use_handles(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < 20; i++) {
        CURL *easy = curl_easy_init(), *copy = curl_easy_duphandle(easy);
        curl_easy_cleanup(copy);
        curl_easy_setopt(easy, CURLOPT_URL, worker->f->url);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, worker->f->list);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        worker->failures += curl_easy_perform(easy) != CURLE_OK;
        curl_easy_cleanup(easy);
    }
    return NULL;
}

static void test_auto__threads_share_a_list_and_not_a_header(void **state)
{
    enum { WORKERS = 4, ALL = WORKERS * 20 };
    struct curl_fixture *f = *state;
    struct worker        workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .f = f };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, use_handles, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].failures, 0);
    }
    assert_int_equal(spans_count(&f->spans), ALL);
    for (size_t n = 0; n < ALL; n++) {
        size_t          senders = 0;
        sonde_span_view span;
        assert_true(spans_find(&f->spans, "GET", n, &span));
        for (size_t i = 0; i < ALL; i++)
            senders += was_sent(f, i, &span);
        assert_int_equal(senders, 1);
    }
    assert_null(f->list->next->next);
}

static void test_auto__a_forked_child_goes_on(void **state)
{
    struct curl_fixture *f     = *state;
    pid_t                child = fork();
    if (child == 0) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, f->url);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, forget);
        CURLcode code = curl_easy_perform(easy);
        curl_easy_cleanup(easy);
        _exit(code == CURLE_OK ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_non_null(wire_header(f->wire, 0, "traceparent", 0));
}

static void test_auto__takes_null(void **state)
{
    (void)state;
    assert_int_not_equal(curl_easy_setopt(NULL, CURLOPT_URL, "x"), CURLE_OK);
    assert_int_not_equal(curl_easy_setopt(NULL, CURLOPT_HTTPHEADER, NULL), CURLE_OK);
    assert_int_not_equal(curl_easy_perform(NULL), CURLE_OK);
    curl_easy_cleanup(NULL);
}

#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_auto__traces_without_a_word),
        TEST(test_auto__keeps_the_applications_list),
        TEST(test_auto__knows_the_method_that_is_sent),
        TEST(test_auto__reset_forgets_and_knows_again),
        TEST(test_auto__a_copy_is_known_like_its_original),
        TEST(test_auto__a_copy_made_during_a_transfer_has_nothing_of_ours),
        TEST(test_auto__a_list_set_during_a_transfer_counts_afterwards),
        TEST(test_auto__handles_at_the_same_address_are_not_confused),
        TEST(test_auto__a_handle_from_elsewhere_is_known_by_its_list_only),
        TEST(test_auto__urls_may_come_as_handles),
        TEST(test_auto__exports_by_user_agent_have_neither_span_nor_header),
        TEST(test_auto__headers_that_a_proxy_would_get_are_left_out),
        TEST(test_auto__what_was_seen_serves_a_multi_handle),
        TEST(test_auto__a_handle_freed_in_a_multi_handle_ends_its_span),
        TEST(test_auto__threads_share_a_list_and_not_a_header),
        TEST(test_auto__a_forked_child_goes_on),
        TEST(test_auto__takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
