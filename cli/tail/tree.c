/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tail/tree.c - a trace as rows. Parents are what strangers wrote: they may be missing, or lead
 * in circles, and chains may be as long as the trace, so nothing here recurses. */
#include "tail/tree.h"

#include <stdlib.h>

static const uint32_t NONE = UINT32_MAX;

/* A span on its way into the tree. Links are indices of nodes. */
struct node {
    const struct sonde__span *span;
    uint32_t                  arrival;
    uint32_t                  parent, first_child, next_sibling;
    uint32_t                  walk; /* the last search for a circle that came by; 0: none */
    bool                      is_placed, is_in_cycle;
};

struct key {
    uint8_t  id[8];
    uint32_t node;
};

struct build {
    struct node *nodes; /* without copies, by start */
    struct key  *keys;  /* by span id; of two spans with one id the earlier */
    uint32_t     count, key_count;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static const uint8_t *id_of(const struct node *node)
{
    return node->span->view.span_context.span_id;
}

/* Equal spans become neighbours, the first to come before its copies. */
static int compare_for_copies(const void *a, const void *b)
{
    const struct node *left = a, *right = b;
    sonde_str          one = left->span->view.bytes, two = right->span->view.bytes;
    int                order = memcmp(id_of(left), id_of(right), 8);
    if (order == 0)
        order = compare_numbers(one.len, two.len);
    if (order == 0)
        order = memcmp(one.ptr, two.ptr, one.len);
    return order ? order : compare_numbers(left->arrival, right->arrival);
}

static int compare_starts(const void *a, const void *b)
{
    const struct node *left = a, *right = b;
    int order = compare_numbers(left->span->view.start_ns, right->span->view.start_ns);
    return order ? order : compare_numbers(left->arrival, right->arrival);
}

static bool is_copy(const struct node *node, const struct node *before)
{
    sonde_str one = node->span->view.bytes, two = before->span->view.bytes;
    return memcmp(id_of(node), id_of(before), 8) == 0 && one.len == two.len &&
           memcmp(one.ptr, two.ptr, one.len) == 0;
}

static void drop_copies(struct build *build)
{
    uint32_t kept = 0;
    qsort(build->nodes, build->count, sizeof *build->nodes, compare_for_copies);
    for (uint32_t i = 0; i < build->count; i++)
        if (i == 0 || !is_copy(&build->nodes[i], &build->nodes[kept - 1]))
            build->nodes[kept++] = build->nodes[i];
    build->count = kept;
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    int               order = memcmp(left->id, right->id, 8);
    return order ? order : compare_numbers(left->node, right->node);
}

static int compare_with_id(const void *id, const void *key)
{
    return memcmp(id, ((const struct key *)key)->id, 8);
}

static void sort_keys(struct build *build)
{
    for (uint32_t i = 0; i < build->count; i++) {
        memcpy(build->keys[i].id, id_of(&build->nodes[i]), 8);
        build->keys[i].node = i;
    }
    qsort(build->keys, build->count, sizeof *build->keys, compare_keys);
    for (uint32_t i = 0; i < build->count; i++)
        if (i == 0 || memcmp(build->keys[i].id, build->keys[build->key_count - 1].id, 8) != 0)
            build->keys[build->key_count++] = build->keys[i];
}

static uint32_t find_parent(const struct build *build, const struct node *node)
{
    const struct key *key = bsearch(node->span->view.parent_id, build->keys, build->key_count,
                                    sizeof *build->keys, compare_with_id);
    return key ? key->node : NONE;
}

static void link_nodes(struct build *build)
{
    for (uint32_t i = 0; i < build->count; i++)
        build->nodes[i].first_child = build->nodes[i].next_sibling = NONE;
    for (uint32_t i = build->count;
         i-- > 0;) { /* backwards: each becomes the first of its siblings */
        struct node *node = &build->nodes[i];
        node->parent      = find_parent(build, node);
        node->is_in_cycle = node->parent == i;
        if (node->is_in_cycle)
            node->parent = NONE;
        if (node->parent == NONE)
            continue;
        node->next_sibling                     = build->nodes[node->parent].first_child;
        build->nodes[node->parent].first_child = i;
    }
}

static bool has_parent_id(const sonde_span_view *span)
{
    static const uint8_t none[8];
    return memcmp(span->parent_id, none, 8) != 0;
}

static void place(struct node *node, const struct build *build, uint32_t depth,
                  struct sonde__tree *tree)
{
    node->is_placed           = true;
    tree->rows[tree->count++] = (struct sonde__row){
        .span         = node->span,
        .parent       = node->parent == NONE ? NULL : build->nodes[node->parent].span,
        .depth        = depth,
        .is_last      = node->next_sibling == NONE,
        .has_children = node->first_child != NONE,
        .is_orphan = node->parent == NONE && !node->is_in_cycle && has_parent_id(&node->span->view),
        .is_in_cycle = node->is_in_cycle,
        .is_late     = node->arrival >= tree->shown && tree->shown > 0,
    };
}

/* The node and all below it, parents first. */
static void place_all(struct build *build, uint32_t root, struct sonde__tree *tree)
{
    uint32_t depth = 0;
    for (uint32_t at = root;;) {
        struct node *node = &build->nodes[at];
        place(node, build, depth, tree);
        if (node->first_child != NONE) {
            at = node->first_child;
            depth++;
            continue;
        }
        while (at != root && build->nodes[at].next_sibling == NONE) {
            at = build->nodes[at].parent;
            depth--;
        }
        if (at == root)
            return;
        at = build->nodes[at].next_sibling;
    }
}

/* What no root leads to hangs on a circle: this cuts the one above the node, and returns where. */
static uint32_t cut_circle(struct build *build, uint32_t at)
{
    uint32_t walk = at + 1;
    while (build->nodes[at].walk != walk) {
        build->nodes[at].walk = walk;
        at                    = build->nodes[at].parent;
    }
    struct node *node = &build->nodes[at];
    uint32_t    *link = &build->nodes[node->parent].first_child;
    while (*link != at)
        link = &build->nodes[*link].next_sibling;
    *link              = node->next_sibling;
    node->next_sibling = node->parent = NONE;
    node->is_in_cycle                 = true;
    return at;
}

static void measure(struct sonde__tree *tree)
{
    tree->start_ns = UINT64_MAX;
    for (uint32_t i = 0; i < tree->count; i++) {
        const sonde_span_view *span = &tree->rows[i].span->view;
        tree->late += tree->rows[i].is_late;
        tree->errors += span->status == SONDE_STATUS_ERROR;
        if (!sonde__tree_has_times(span))
            continue;
        tree->start_ns = span->start_ns < tree->start_ns ? span->start_ns : tree->start_ns;
        tree->end_ns   = span->end_ns > tree->end_ns ? span->end_ns : tree->end_ns;
    }
    if (tree->start_ns == UINT64_MAX)
        tree->start_ns = tree->end_ns = 0;
}

static bool allocate(struct build *build, struct sonde__tree *tree, uint32_t count)
{
    build->nodes = calloc(count, sizeof *build->nodes);
    build->keys  = calloc(count, sizeof *build->keys);
    tree->rows   = calloc(count, sizeof *tree->rows);
    return build->nodes && build->keys && tree->rows;
}

bool sonde__tree_init(struct sonde__tree *tree, const struct sonde__trace *trace)
{
    struct build build = { .count = trace->count };
    *tree              = (struct sonde__tree){ .shown = trace->shown };
    bool ok            = trace->count > 0 && allocate(&build, tree, trace->count);
    if (!ok)
        goto out;
    for (uint32_t i = 0; i < build.count; i++)
        build.nodes[i] = (struct node){ .span = trace->spans[i], .arrival = i };
    drop_copies(&build);
    qsort(build.nodes, build.count, sizeof *build.nodes, compare_starts);
    sort_keys(&build);
    link_nodes(&build);
    for (uint32_t i = 0; i < build.count; i++)
        if (build.nodes[i].parent == NONE)
            place_all(&build, i, tree);
    for (uint32_t i = 0; i < build.count; i++)
        if (!build.nodes[i].is_placed)
            place_all(&build, cut_circle(&build, i), tree);
    measure(tree);
out:
    free(build.nodes);
    free(build.keys);
    if (!ok)
        sonde__tree_done(tree);
    return ok;
}

void sonde__tree_done(struct sonde__tree *tree)
{
    free(tree->rows);
    *tree = (struct sonde__tree){ 0 };
}
