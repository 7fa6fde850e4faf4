/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "receiver/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <zlib.h>
#include <cmocka.h>

enum { ROOM = 1 << 20 };

struct fixture {
    char  *packed, *plain, *data;
    size_t packed_size, size;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->packed         = malloc(ROOM);
    fixture->plain          = malloc(ROOM);
    for (size_t i = 0; i < ROOM; i++)
        fixture->plain[i] = (char)(i * i >> 7);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->packed);
    free(fixture->plain);
    free(fixture->data);
    free(fixture);
    return 0;
}

/* Appends a gzip member with size bytes of plain. */
static void pack(struct fixture *fixture, size_t size)
{
    z_stream stream = { 0 };
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in   = (Bytef *)fixture->plain;
    stream.avail_in  = (uInt)size;
    stream.next_out  = (Bytef *)fixture->packed + fixture->packed_size;
    stream.avail_out = (uInt)(ROOM - fixture->packed_size);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    fixture->packed_size = ROOM - stream.avail_out;
    deflateEnd(&stream);
}

static enum sonde__gunzip gunzip(struct fixture *fixture, size_t max)
{
    return sonde__gunzip(sonde_str_n(fixture->packed, fixture->packed_size), max, &fixture->data,
                         &fixture->size);
}

static void test_gunzip__gives_back_what_was_packed(void **state)
{
    static const size_t sizes[] = { 0, 1, 1000, 65536, 65537, 300000 };
    struct fixture     *fixture = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fixture->packed_size = 0;
        pack(fixture, sizes[i]);
        if (gunzip(fixture, ROOM) != SONDE__GUNZIP_OK || fixture->size != sizes[i] ||
            memcmp(fixture->data, fixture->plain, sizes[i]) != 0)
            fail_msg("%zu bytes", sizes[i]);
        free(fixture->data);
        fixture->data = NULL;
    }
}

static void test_gunzip__reads_members_one_after_the_other(void **state)
{
    struct fixture *fixture = *state;
    pack(fixture, 10);
    pack(fixture, 20);

    assert_int_equal(gunzip(fixture, ROOM), SONDE__GUNZIP_OK);
    assert_int_equal(fixture->size, 30);
    assert_memory_equal(fixture->data + 10, fixture->plain, 20);
}

static void test_gunzip__stops_at_the_limit(void **state)
{
    struct fixture *fixture = *state;
    pack(fixture, 100000);

    assert_int_equal(gunzip(fixture, 99999), SONDE__GUNZIP_TOO_LARGE);
    assert_int_equal(gunzip(fixture, 10), SONDE__GUNZIP_TOO_LARGE);
    assert_null(fixture->data);
    assert_int_equal(gunzip(fixture, 100000), SONDE__GUNZIP_OK);
}

static void test_gunzip__tells_what_is_broken(void **state)
{
    struct fixture *fixture = *state;
    pack(fixture, 1000);
    size_t whole = fixture->packed_size;
    for (fixture->packed_size = 0; fixture->packed_size < whole; fixture->packed_size++)
        if (gunzip(fixture, ROOM) != SONDE__GUNZIP_BROKEN)
            fail_msg("%zu bytes of %zu", fixture->packed_size, whole);
    fixture->packed[whole - 5] ^= 1; /* its checksum */
    fixture->packed_size = whole;

    assert_int_equal(gunzip(fixture, ROOM), SONDE__GUNZIP_BROKEN);
    assert_null(fixture->data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gunzip__gives_back_what_was_packed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gunzip__reads_members_one_after_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_gunzip__stops_at_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gunzip__tells_what_is_broken, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
