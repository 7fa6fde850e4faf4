/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/rand.h"

#include <sonde/plugin/sampler.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { TRACES = 20000 };

static sonde_sampling sampling_of(struct sonde__rand *rand)
{
    sonde_sampling sampling = { .size = sizeof sampling };
    uint64_t       id[2]    = { sonde__rand_next(rand), sonde__rand_next(rand) };
    memcpy(sampling.trace_id, id, 16);
    return sampling;
}

static void test_sampler__a_trace_kept_at_a_ratio_is_kept_at_every_higher_one(void **state)
{
    static const double ratios[] = { 0, 1e-9, 0.001, 0.1, 0.5, 0.999, 1 };
    enum { COUNT = sizeof ratios / sizeof ratios[0] };
    struct sonde__rand rand = { { 1, 2, 3, 4 } };
    sonde_sampler     *samplers[COUNT];
    uint32_t           kept[COUNT] = { 0 };
    (void)state;
    for (int i = 0; i < COUNT; i++)
        samplers[i] = sonde_sampler_ratio_new(ratios[i]);
    for (int n = 0; n < TRACES; n++) {
        sonde_sampling sampling = sampling_of(&rand);
        bool           before   = false;
        for (int i = 0; i < COUNT; i++) {
            bool keep = samplers[i]->decide(samplers[i], &sampling) == SONDE_RECORD_AND_SAMPLE;
            if (before && !keep)
                fail_msg("kept at %g, not at %g", ratios[i - 1], ratios[i]);
            kept[i] += before = keep;
        }
    }
    for (int i = 0; i < COUNT; i++) {
        if (fabs(kept[i] - ratios[i] * TRACES) > 4 * sqrt(TRACES * ratios[i] * (1 - ratios[i])) + 1)
            fail_msg("%u of %d kept at %g", kept[i], TRACES, ratios[i]);
        sonde_sampler_free(samplers[i]);
    }
}

static void test_sampler__decides_alike_for_the_same_trace(void **state)
{
    struct sonde__rand rand  = { { 5, 6, 7, 8 } };
    sonde_sampler     *one   = sonde_sampler_ratio_new(0.3);
    sonde_sampler     *other = sonde_sampler_ratio_new(0.3);
    (void)state;
    for (int n = 0; n < TRACES; n++) {
        sonde_sampling sampling = sampling_of(&rand);
        sonde_decision decision = one->decide(one, &sampling);
        sampling.name           = sonde_str_z("another name");
        sampling.trace_id[0] ^= 0xFF; /* only the random part counts */
        assert_int_equal(other->decide(other, &sampling), decision);
    }
    sonde_sampler_free(one);
    sonde_sampler_free(other);
}

static void test_sampler__a_ratio_that_is_none_keeps_everything(void **state)
{
    static const double ratios[] = { NAN, -0.1, 1.1, INFINITY, -INFINITY };
    sonde_sampling      highest  = { .size = sizeof highest };
    (void)state;
    memset(highest.trace_id, 0xFF, 16);
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        sonde_sampler *sampler = sonde_sampler_ratio_new(ratios[i]);
        if (sampler->decide(sampler, &highest) != SONDE_RECORD_AND_SAMPLE)
            fail_msg("row %zu", i);
        sonde_sampler_free(sampler);
    }
}

static void test_sampler__parent_based_follows_the_parent_and_asks_the_root_without_one(
    void **state)
{
    sonde_span_context parent   = { .trace_id = { 1 }, .span_id = { 1 } };
    sonde_sampling     sampling = { .size = sizeof sampling };
    sonde_sampler     *off      = sonde_sampler_parent_based_new(sonde_sampler_always_off());
    sonde_sampler     *on       = sonde_sampler_parent_based_new(NULL);
    (void)state;
    assert_int_equal(off->decide(off, &sampling), SONDE_DROP);
    assert_int_equal(on->decide(on, &sampling), SONDE_RECORD_AND_SAMPLE);
    sampling.parent = &parent;
    assert_int_equal(on->decide(on, &sampling), SONDE_DROP);
    parent.flags = SONDE_TRACE_SAMPLED;
    assert_int_equal(off->decide(off, &sampling), SONDE_RECORD_AND_SAMPLE);
    sonde_sampler_free(off);
    sonde_sampler_free(on);
}

struct counted {
    sonde_sampler base;
    uint32_t      dones;
};

static void count_done(sonde_sampler *self)
{
    ((struct counted *)self)->dones++;
}

static void test_sampler__a_root_of_ones_own_is_told_when_its_owner_is_freed(void **state)
{
    struct counted root = { { sizeof root.base, NULL, count_done }, 0 };
    (void)state;
    sonde_sampler_free(sonde_sampler_parent_based_new(&root.base));
    assert_int_equal(root.dones, 1);
    sonde_sampler_free(NULL);
    sonde_sampler_free(sonde_sampler_always_on());
    sonde_sampler_free(sonde_sampler_parent_based_new(sonde_sampler_ratio_new(0.5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sampler__a_trace_kept_at_a_ratio_is_kept_at_every_higher_one),
        cmocka_unit_test(test_sampler__decides_alike_for_the_same_trace),
        cmocka_unit_test(test_sampler__a_ratio_that_is_none_keeps_everything),
        cmocka_unit_test(
            test_sampler__parent_based_follows_the_parent_and_asks_the_root_without_one),
        cmocka_unit_test(test_sampler__a_root_of_ones_own_is_told_when_its_owner_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
