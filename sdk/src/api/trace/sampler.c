/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* trace/sampler.c - the built-in samplers. decide() runs in whatever thread starts a span. */
#include <sonde/plugin/sampler.h>

#include <math.h>
#include <stdlib.h>

struct ratio {
    sonde_sampler base;
    uint64_t      threshold; /* of the low 56 bits of the trace id: kept below */
};

struct parent_based {
    sonde_sampler  base;
    sonde_sampler *root;
};

static sonde_decision decide_on(sonde_sampler *self, const sonde_sampling *sampling)
{
    (void)self, (void)sampling;
    return SONDE_RECORD_AND_SAMPLE;
}

static sonde_decision decide_off(sonde_sampler *self, const sonde_sampling *sampling)
{
    (void)self, (void)sampling;
    return SONDE_DROP;
}

/* By the 7 bytes that the W3C says are random, as other implementations do: a trace that is kept at
 * a ratio is kept at every higher one. */
static sonde_decision decide_ratio(sonde_sampler *self, const sonde_sampling *sampling)
{
    uint64_t low = 0;
    for (int i = 9; i < 16; i++)
        low = low << 8 | sampling->trace_id[i];
    return low < ((struct ratio *)self)->threshold ? SONDE_RECORD_AND_SAMPLE : SONDE_DROP;
}

static sonde_decision decide_parent(sonde_sampler *self, const sonde_sampling *sampling)
{
    sonde_sampler *root = ((struct parent_based *)self)->root;
    if (!sampling->parent)
        return root->decide(root, sampling);
    return sampling->parent->flags & SONDE_TRACE_SAMPLED ? SONDE_RECORD_AND_SAMPLE : SONDE_DROP;
}

static void done_ratio(sonde_sampler *self)
{
    free(self);
}

static void done_parent(sonde_sampler *self)
{
    sonde_sampler_free(((struct parent_based *)self)->root);
    free(self);
}

static sonde_sampler always_on  = { sizeof always_on, decide_on, NULL };
static sonde_sampler always_off = { sizeof always_off, decide_off, NULL };

sonde_sampler *sonde_sampler_always_on(void)
{
    return &always_on;
}

sonde_sampler *sonde_sampler_always_off(void)
{
    return &always_off;
}

sonde_sampler *sonde_sampler_ratio_new(double ratio)
{
    struct ratio *sampler = calloc(1, sizeof *sampler);
    if (!sampler)
        return NULL;
    if (isnan(ratio) || ratio < 0 || ratio > 1)
        ratio = 1;
    sampler->base.size   = sizeof sampler->base;
    sampler->base.decide = decide_ratio;
    sampler->base.done   = done_ratio;
    sampler->threshold   = (uint64_t)ldexp(ratio, 56);
    return &sampler->base;
}

sonde_sampler *sonde_sampler_parent_based_new(sonde_sampler *root)
{
    struct parent_based *sampler = calloc(1, sizeof *sampler);
    if (!sampler)
        return NULL;
    sampler->base.size   = sizeof sampler->base;
    sampler->base.decide = decide_parent;
    sampler->base.done   = done_parent;
    sampler->root        = root ? root : &always_on;
    return &sampler->base;
}

void sonde_sampler_free(sonde_sampler *sampler)
{
    if (sampler && sampler->done)
        sampler->done(sampler);
}
