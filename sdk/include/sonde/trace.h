/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sonde/trace.h - tracers and spans.
 *
 * A span is a handle, never a pointer to look behind: a number that says which slot and which use
 * of that slot. A handle that has ended is inert, whoever holds it; its use is counted
 * (sonde_sdk_stats) and touches nothing. One thread at a time may use a span unless it was started
 * with .shared = true. */
#ifndef SONDE_TRACE_H
#define SONDE_TRACE_H

#include <sonde/context.h>

SONDE_BEGIN

typedef struct sonde_tracer sonde_tracer;

/* Who records: an instrumentation scope. Zero is the default of every field. */
typedef struct sonde_tracer_options {
    size_t            size; /* sizeof(sonde_tracer_options) */
    const char       *name; /* of the library or module that records; NULL: "" */
    const char       *version;
    const char       *schema_url;
    sonde_attrs       attrs;
    struct sonde_sdk *sdk; /* a .local SDK; NULL: the process-wide one */
} sonde_tracer_options;

/* A tracer of the process-wide SDK. May be called before the SDK starts: the tracer comes alive
 * with it. Equal arguments give the same tracer; it is never freed. name and version may be NULL.
 * Returns: a borrowed tracer; NULL only when out of memory.
 * Threads: any. Blocks: never for long (one lock). Standard: Trace API, "Get a Tracer".
 * Since: 0.1 */
SONDE_API sonde_tracer *sonde_tracer_get(const char *name, const char *version);

/* The same with schema URL, attributes and a .local SDK. options NULL: all defaults.
 * Returns: a borrowed tracer; NULL only when out of memory. A tracer of a .local SDK is inert once
 * that SDK has stopped.
 * Threads: any. Blocks: never for long (one lock). Standard: Trace API, "Get a Tracer".
 * Since: 0.1 */
SONDE_API sonde_tracer *sonde_tracer_get_opts(const sonde_tracer_options *options);

typedef enum sonde_span_kind {
    SONDE_KIND_INTERNAL,
    SONDE_KIND_SERVER,
    SONDE_KIND_CLIENT,
    SONDE_KIND_PRODUCER,
    SONDE_KIND_CONSUMER
} sonde_span_kind;

typedef struct sonde_link {
    sonde_span_context span_context;
    sonde_str          tracestate;
    sonde_attrs        attrs;
} sonde_link;

typedef struct sonde_links {
    const sonde_link *items;
    size_t            count;
} sonde_links;

typedef struct sonde_span_options {
    size_t                    size; /* set by the macro; 0: as first released */
    const char               *name;
    size_t                    name_len; /* bytes; 0: name ends at its NUL */
    sonde_span_kind           kind;
    bool                      root;    /* no parent, whatever is current */
    bool                      current; /* current for this thread until it ends (Threads: same) */
    bool                      shared;  /* several threads may touch it at once: one lock a call */
    sonde_span               *parent;  /* NULL: the thread's current context */
    const sonde_context      *parent_context; /* wins over parent; what extract returned */
    sonde_attrs               attrs;          /* seen by the sampler */
    sonde_links               links;
    uint64_t                  start_ns; /* Unix time in nanoseconds; 0: now */
    const sonde_span_context *ids; /* from sonde_span_context_make(): its ids instead of new ones,
                                    * unless the parent is of another trace */
} sonde_span_options;

/* Starts a span. tracer or options NULL: as if no SDK ran.
 * Returns: a handle, to be given to sonde_span_end() once. NULL while no SDK runs and there is no
 * parent to carry, and where there is no slot for it (out of memory, or 1,048,576 spans are open,
 * which is counted); every function takes NULL. Unsampled, or without an SDK but with a parent, or
 * without memory for its record: a handle that carries a context and records nothing.
 * Threads: any. Blocks: never. Standard: Trace API, "Span Creation". Since: 0.1 */
SONDE_API sonde_span *sonde_span_start_opts(sonde_tracer             *tracer,
                                            const sonde_span_options *options);

/* Ends the span now, and the handle with it: any later use is a counted no-op. NULL is ignored.
 * Threads: one. Blocks: never. Standard: Trace API, "End". Since: 0.1 */
SONDE_API void sonde_span_end(sonde_span *span);

/* The same with a time of the caller's. end_ns: Unix time in nanoseconds; 0: now; before the start:
 * the start.
 * Threads: one. Blocks: never. Standard: Trace API, "End". Since: 0.1 */
SONDE_API void sonde_span_end_at(sonde_span *span, uint64_t end_ns);

/* Gives the span up: the handle ends as in sonde_span_end(), but nothing is recorded, as if it had
 * not been sampled. What names it as its parent keeps doing so. NULL is ignored.
 * Threads: one. Blocks: never. Since: 0.1 */
SONDE_API void sonde_span_discard(sonde_span *span);

/* Whether what is set on the span is recorded. False for NULL, after the end, and when not sampled.
 * Threads: any. Blocks: never. Standard: Trace API, "IsRecording". Since: 0.1 */
SONDE_API bool sonde_span_is_recording(const sonde_span *span);

/* The span's ids and flags; all zero for NULL and after the end.
 * Threads: one. Blocks: never. Standard: Trace API, "Get Context". Since: 0.1 */
SONDE_API sonde_span_context sonde_span_context_of(const sonde_span *span);

/* The calling thread's current span: borrowed; NULL when there is none.
 * Threads: any. Blocks: never. Standard: Trace API, "Get active Span". Since: 0.1 */
SONDE_API sonde_span *sonde_span_current(void);

/* Ids for a span that starts later, by .ids, for who must tell them before it is known whether
 * there will be a span. parent: whose trace is continued; NULL or not valid: a new trace. Returns:
 * a span context with a new span id, and the flags of the parent or else SONDE_TRACE_RANDOM.
 * Threads: any. Blocks: never. Standard: Trace SDK, "Id Generators". Since: 0.1 */
SONDE_API sonde_span_context sonde_span_context_make(const sonde_span_context *parent);

typedef enum sonde_status { SONDE_STATUS_UNSET, SONDE_STATUS_OK, SONDE_STATUS_ERROR } sonde_status;

/* Sets one attribute; a key set before is replaced. An attribute beyond the limit (128) is dropped
 * and counted in the span. Invalid UTF-8 is repaired with U+FFFD.
 * Threads: one. Blocks: never. Standard: Trace API, "SetAttribute". Since: 0.1 */
SONDE_API void sonde_span_set_attr(sonde_span *span, sonde_attr attr);

/* The same for one type, with key and value in registers: what sonde_span_set() calls. A value whose
 * ptr is NULL is skipped.
 * Threads: one. Blocks: never. Standard: Trace API, "SetAttribute". Since: 0.1 */
SONDE_API void sonde_span_set_string(sonde_span *span, sonde_str key, sonde_str value);

/* As above.
 * Threads: one. Blocks: never. Standard: Trace API, "SetAttribute". Since: 0.1 */
SONDE_API void sonde_span_set_bool(sonde_span *span, sonde_str key, bool value);

/* As above.
 * Threads: one. Blocks: never. Standard: Trace API, "SetAttribute". Since: 0.1 */
SONDE_API void sonde_span_set_int(sonde_span *span, sonde_str key, int64_t value);

/* As above.
 * Threads: one. Blocks: never. Standard: Trace API, "SetAttribute". Since: 0.1 */
SONDE_API void sonde_span_set_double(sonde_span *span, sonde_str key, double value);

/* Sets each attribute of a list, in order.
 * Threads: one. Blocks: never. Standard: Trace API, "SetAttributes". Since: 0.1 */
SONDE_API void sonde_span_set_attrs(sonde_span *span, sonde_attrs attrs);

/* Replaces the span's name. {NULL, 0} is ignored.
 * Threads: one. Blocks: never. Standard: Trace API, "UpdateName". Since: 0.1 */
SONDE_API void sonde_span_set_name(sonde_span *span, sonde_str name);

/* Sets the status. Ok is final; Error replaces Unset; Unset is ignored. description counts for
 * Error only; may be NULL.
 * Threads: one. Blocks: never. Standard: Trace API, "Set Status". Since: 0.1 */
SONDE_API void sonde_span_set_status(sonde_span *span, sonde_status status,
                                     const char *description);

/* Status Error and the attribute error.type in one call. error_type: a short name of few values;
 * NULL: "_OTHER".
 * Threads: one. Blocks: never. Standard: Recording errors. Since: 0.1 */
SONDE_API void sonde_span_fail(sonde_span *span, const char *error_type, const char *description);

/* Adds an event, now. Beyond the limit (128) it is dropped and counted in the span. name NULL: "".
 * Threads: one. Blocks: never. Standard: Trace API, "Add Events". Since: 0.1 */
SONDE_API void sonde_span_add_event_attrs(sonde_span *span, const char *name, sonde_attrs attrs);

/* The same at a time of the caller's. time_ns: Unix time in nanoseconds; 0: now.
 * Threads: one. Blocks: never. Standard: Trace API, "Add Events". Since: 0.1 */
SONDE_API void sonde_span_add_event_at(sonde_span *span, sonde_str name, uint64_t time_ns,
                                       sonde_attrs attrs);

/* Adds a link. One whose span context is not valid is kept only if it has attributes or tracestate.
 * Threads: one. Blocks: never. Standard: Trace API, "Add Link". Since: 0.1 */
SONDE_API void sonde_span_add_link(sonde_span *span, sonde_link link);

typedef struct sonde_exception {
    const char *type; /* at least one of type and message */
    const char *message;
    const char *stacktrace;
    sonde_attrs attrs;
} sonde_exception;

/* Adds an event named "exception" with exception.type, exception.message and exception.stacktrace;
 * does not set the status. exception NULL is ignored.
 * Threads: one. Blocks: never. Standard: Trace API, "Record Exception". Since: 0.1 */
SONDE_API void sonde_span_record_exception(sonde_span *span, const sonde_exception *exception);

/* The branches of sonde_span_set(). literal: the value was spelled true or false. */
static inline void sonde__set_text(sonde_span *span, const char *key, const char *value,
                                   bool literal)
{
    (void)literal;
    sonde_span_set_string(span, sonde_str_z(key), sonde_str_z(value));
}

static inline void sonde__set_view(sonde_span *span, const char *key, sonde_str value, bool literal)
{
    (void)literal;
    sonde_span_set_string(span, sonde_str_z(key), value);
}

static inline void sonde__set_bool(sonde_span *span, const char *key, bool value, bool literal)
{
    (void)literal;
    sonde_span_set_bool(span, sonde_str_z(key), value);
}

static inline void sonde__set_int(sonde_span *span, const char *key, int64_t value, bool literal)
{
    if (literal)
        sonde_span_set_bool(span, sonde_str_z(key), value != 0);
    else
        sonde_span_set_int(span, sonde_str_z(key), value);
}

static inline void sonde__set_uint(sonde_span *span, const char *key, uint64_t value, bool literal)
{
    (void)literal;
    sonde_span_set_int(span, sonde_str_z(key), value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static inline void sonde__set_double(sonde_span *span, const char *key, double value, bool literal)
{
    (void)literal;
    sonde_span_set_double(span, sonde_str_z(key), value);
}

SONDE_END

#ifndef __cplusplus
/* sonde_span_set(span, "key", value): value as in sonde_kv(). */
#define sonde_span_set(span, key, value) SONDE__SPAN_SET(span, key, value, #value)
#define SONDE__SPAN_SET(span, key, value, text)                                                    \
    _Generic((value),                                                                              \
        char *: sonde__set_text,                                                                   \
        const char *: sonde__set_text,                                                             \
        sonde_str: sonde__set_view,                                                                \
        bool: sonde__set_bool,                                                                     \
        float: sonde__set_double,                                                                  \
        double: sonde__set_double,                                                                 \
        signed char: sonde__set_int,                                                               \
        short: sonde__set_int,                                                                     \
        int: sonde__set_int,                                                                       \
        long: sonde__set_int,                                                                      \
        long long: sonde__set_int,                                                                 \
        unsigned char: sonde__set_uint,                                                            \
        unsigned short: sonde__set_uint,                                                           \
        unsigned: sonde__set_uint,                                                                 \
        unsigned long: sonde__set_uint,                                                            \
        unsigned long long: sonde__set_uint)((span), (key), (value), SONDE__BOOL_WORD(text))
#define sonde_span_add_event(span, name) \
    sonde_span_add_event_attrs((span), (name), (sonde_attrs){ NULL, 0 })
#define sonde_span_add_event_with(span, name, ...) \
    sonde_span_add_event_attrs((span), (name), sonde_attrs_of(__VA_ARGS__))
#define sonde_links_of(...)                              \
    ((sonde_links){ (const sonde_link[]){ __VA_ARGS__ }, \
                    sizeof((const sonde_link[]){ __VA_ARGS__ }) / sizeof(sonde_link) })
/* sonde_span_start(tracer, "name", .kind = SONDE_KIND_CLIENT, ...): every field of
 * sonde_span_options by name. */
#define sonde_span_start(tracer, ...)                            \
    sonde_span_start_opts((tracer), &(const sonde_span_options){ \
                                        .size = sizeof(sonde_span_options), .name = __VA_ARGS__ })
#else
template <class V> inline void sonde_span_set(sonde_span *span, const char *key, V value)
{
    sonde_span_set_attr(span, sonde_kv(key, value));
}
inline sonde_span *sonde_span_start(sonde_tracer *tracer, const char *name,
                                    sonde_span_options options = sonde_span_options())
{
    options.size = sizeof options;
    options.name = name;
    return sonde_span_start_opts(tracer, &options);
}
#endif

#if defined(__GNUC__)
static inline void sonde__span_end_ptr(sonde_span **span)
{
    sonde_span_end(*span);
}
/* SONDE_AUTOEND sonde_span *span = ...: ended when the variable goes out of scope. */
#define SONDE_AUTOEND __attribute__((cleanup(sonde__span_end_ptr)))
#ifndef __cplusplus
#define SONDE__PASTE2(a, b) a##b
#define SONDE__PASTE(a, b)  SONDE__PASTE2(a, b)
/* sonde_in_span(span, tracer, "name", .kind = ...) { }: current inside; return and goto end it;
 * break and continue belong to the block and leave only it. */
#define sonde_in_span(span, tracer, ...)                                                            \
    for (bool SONDE__PASTE(sonde__once_, __LINE__) = true; SONDE__PASTE(sonde__once_, __LINE__);    \
         SONDE__PASTE(sonde__once_, __LINE__)      = false)                                         \
        for (SONDE_AUTOEND sonde_span *span = sonde_span_start_opts(                           \
                      (tracer), &(const sonde_span_options){ .size    = sizeof(sonde_span_options), \
                                                             .current = true,                       \
                                                             .name    = __VA_ARGS__ });                \
             SONDE__PASTE(sonde__once_, __LINE__); SONDE__PASTE(sonde__once_, __LINE__) = false)
#endif
#endif
#endif
