/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "receiver/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_reply__a_status_has_the_code_of_grpc(void **state)
{
    static const struct {
        unsigned status;
        char     code;
    } rows[] = { { 400, 3 }, { 415, 3 }, { 413, 8 }, { 503, 14 } };
    char message[SONDE__REPLY_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char wanted[] = { 0x08, rows[i].code, 0x12, 2, 'n', 'o' };
        if (sonde__reply_status(rows[i].status, "no", message) != sizeof wanted ||
            memcmp(message, wanted, sizeof wanted) != 0)
            fail_msg("status %u", rows[i].status);
    }
}

static void test_reply__a_partial_success_counts_what_was_left_out(void **state)
{
    static const char wanted[] = "\x0A\x08\x08\xAC\x02\x12\x03why";
    char              message[SONDE__REPLY_SIZE];
    (void)state;

    assert_int_equal(sonde__reply_partial(300, "why", message), sizeof wanted - 1);
    assert_memory_equal(message, wanted, sizeof wanted - 1);
}

static void test_reply__long_sentences_are_cut(void **state)
{
    char sentence[300], message[SONDE__REPLY_SIZE];
    (void)state;
    memset(sentence, 's', sizeof sentence - 1);
    sentence[sizeof sentence - 1] = '\0';

    assert_int_equal(sonde__reply_status(400, sentence, message), 4 + 100);
    assert_true(sonde__reply_partial(UINT64_MAX, sentence, message) < SONDE__REPLY_SIZE);
    assert_int_equal(message[1], 1 + 10 + 2 + 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply__a_status_has_the_code_of_grpc),
        cmocka_unit_test(test_reply__a_partial_success_counts_what_was_left_out),
        cmocka_unit_test(test_reply__long_sentences_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
