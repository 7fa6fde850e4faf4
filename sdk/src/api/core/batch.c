/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* core/batch.c - records into a request body. The pump's driver. */
#include "core/batch.h"
#include "core/lane.h"
#include "core/pump.h"
#include "core/scope.h"
#include "core/wire.h"

#include <stdlib.h>

sonde_signal sonde_batch_signal(const sonde_batch *batch)
{
    return batch ? batch->signal : SONDE_SIGNAL_TRACES;
}

uint32_t sonde_batch_count(const sonde_batch *batch)
{
    return batch ? batch->count : 0;
}

sonde_str sonde_batch_body(const sonde_batch *batch)
{
    return batch ? sonde_str_n(batch->body.data, batch->body.len) : sonde_str_n(NULL, 0);
}

void sonde__batch_free(sonde_batch *batch)
{
    if (!batch)
        return;
    if (batch->charged_to)
        atomic_fetch_sub_explicit(batch->charged_to, batch->body.cap, memory_order_relaxed);
    sonde__buf_done(&batch->body);
    free(batch);
}

static struct sonde__frame frame_at(const struct sonde__segment *segment, uint32_t at)
{
    struct sonde__frame frame;
    memcpy(&frame, segment->page->data + at, sizeof frame);
    return frame;
}

/* One ScopeSpans: this scope's records of segments[from] from byte `at` on, and of all behind it.
 */
static void encode_scope(struct sonde__buf *body, const struct sonde__segment *segments,
                         uint32_t count, uint16_t scope_id)
{
    const struct sonde__scope *scope = sonde__scope_at(scope_id);
    uint32_t                   begun = sonde__wire_begin(body, 2);
    if (scope->message.len)
        sonde__wire_bytes(body, 1, scope->message.data, scope->message.len);
    for (uint32_t i = 0; i < count; i++) {
        const struct sonde__segment *segment = &segments[i];
        for (uint32_t at = segment->from; at < segment->to;) {
            struct sonde__frame frame = frame_at(segment, at);
            at += (uint32_t)sizeof frame;
            if (frame.scope == scope_id)
                sonde__buf_add(body, segment->page->data + at, frame.length);
            at += frame.length;
        }
    }
    if (scope->schema_url[0])
        sonde__wire_text(body, 3, sonde_str_z(scope->schema_url));
    sonde__wire_end(body, begun);
}

bool sonde__batch_encode(struct sonde__buf *body, sonde_str resource,
                         const struct sonde__segment *segments, uint32_t count)
{
    uint64_t seen[SONDE__SCOPE_MAX / 64] = { 0 };
    size_t   bytes                       = resource.len + 64;
    for (uint32_t i = 0; i < count; i++)
        bytes += segments[i].to - segments[i].from;
    sonde__buf_reserve(body, bytes);
    uint32_t begun = sonde__wire_begin(body, 1);
    if (resource.len)
        sonde__wire_bytes(body, 1, resource.ptr, resource.len);
    for (uint32_t i = 0; i < count; i++) {
        const struct sonde__segment *segment = &segments[i];
        for (uint32_t at = segment->from; at < segment->to;) {
            struct sonde__frame frame = frame_at(segment, at);
            uint64_t            bit   = UINT64_C(1) << (frame.scope & 63);
            if (!(seen[frame.scope >> 6] & bit)) {
                seen[frame.scope >> 6] |= bit;
                encode_scope(body, segments + i, count - i, frame.scope);
            }
            at += (uint32_t)sizeof frame + frame.length;
        }
    }
    sonde__wire_end(body, begun);
    return !body->failed;
}
