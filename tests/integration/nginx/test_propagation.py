# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Which context comes in, which goes to the upstream, and what the variables tell, whatever the client sent."""
import harness

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = "00-%s-%s-01" % (TRACE, PARENT)
UNSAMPLED = "00-%s-%s-00" % (TRACE, PARENT)
TRACEPARENT = "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$"

SITE = """
    otel_trace %(trace)s;
    otel_trace_context %(context)s;
    server { listen 127.0.0.1:%%(port)d;
        large_client_header_buffers 4 32k;
        location / {
            add_header Ids "$otel_trace_id $otel_span_id '$otel_parent_id' $otel_parent_sampled" always;
            proxy_pass http://127.0.0.1:%(upstream)d;
        }
        location /named/ { try_files /nothing @app; }
        location @app { proxy_pass http://127.0.0.1:%(upstream)d; }
    }
"""


class Propagation(harness.Case):
    def setUp(self):
        self.up = self.upstream()

    def site(self, context, trace="on"):
        return self.traced(SITE % {"trace": trace, "context": context, "upstream": self.up.port})

    def pass_on(self, context, headers, trace="on", path="/"):
        """Sends one request; returns (its span or None, what variables told)."""
        collector, nginx = self.site(context, trace)
        status, head, _ = nginx.get(path, headers=headers)
        self.assertEqual(status, 200, head)
        nginx.quit()
        spans = collector.spans()
        told = [line[5:] for line in head.split("\r\n") if line.startswith("Ids: ")]
        return (spans[0] if spans else None), (told[0].split(" ") if told else None)

    def test_propagate__joins_caller_and_upstream(self):
        span, told = self.pass_on("propagate", ["traceparent: " + SAMPLED, "tracestate: a=1,b=2", "baggage: k=v"])
        self.assertEqual((span.trace_id, span.parent), (TRACE, PARENT))
        self.assertEqual(span.tracestate, "a=1,b=2")
        self.assertEqual(self.up.last("traceparent"), ["00-%s-%s-01" % (TRACE, span.span_id)])
        self.assertEqual(self.up.last("tracestate"), ["a=1,b=2"])
        self.assertEqual(self.up.last("baggage"), ["k=v"])
        self.assertEqual(told, [TRACE, span.span_id, "'%s'" % PARENT, "1"])

    def test_propagate__begins_a_trace_where_there_is_none(self):
        span, told = self.pass_on("propagate", [])
        self.assertIsNone(span.parent)
        self.assertEqual(self.up.last("traceparent"), ["00-%s-%s-03" % (span.trace_id, span.span_id)])
        self.assertEqual(self.up.last("tracestate"), [])
        self.assertEqual(told, [span.trace_id, span.span_id, "''", "0"])

    def test_extract__takes_the_parent_and_leaves_the_headers(self):
        span, _ = self.pass_on("extract", ["traceparent: " + SAMPLED])
        self.assertEqual(span.parent, PARENT)
        self.assertEqual(self.up.last("traceparent"), [SAMPLED])

    def test_inject__sends_a_context_of_its_own_and_nothing_of_the_caller(self):
        span, _ = self.pass_on("inject", ["traceparent: " + SAMPLED, "tracestate: a=1", "baggage: k=v"])
        self.assertIsNone(span.parent)
        self.assertNotEqual(span.trace_id, TRACE)
        self.assertEqual(self.up.last("traceparent"), ["00-%s-%s-03" % (span.trace_id, span.span_id)])
        self.assertEqual(self.up.last("tracestate"), [])
        self.assertEqual(self.up.last("baggage"), [])

    def test_ignore__touches_nothing(self):
        span, _ = self.pass_on("ignore", ["traceparent: " + SAMPLED, "traceparent: x", "tracestate: a=1"])
        self.assertIsNone(span.parent)
        self.assertEqual(self.up.last("traceparent"), [SAMPLED, "x"])
        self.assertEqual(self.up.last("tracestate"), ["a=1"])

    def test_propagate__without_a_span_hands_on_what_came(self):
        span, _ = self.pass_on("propagate", ["traceparent: " + SAMPLED, "tracestate: a=1"], trace="off")
        self.assertIsNone(span)
        self.assertEqual(self.up.last("traceparent"), [SAMPLED])
        self.assertEqual(self.up.last("tracestate"), ["a=1"])

    def test_inject__without_a_span_tells_that_nothing_is_sampled(self):
        span, told = self.pass_on("inject", [], trace="off")
        self.assertIsNone(span)
        self.assertEqual(self.up.last("traceparent"), ["00-%s-%s-02" % (told[0], told[1])])

    def test_parent__can_decide(self):
        for traceparent, count in ((SAMPLED, True), (UNSAMPLED, False)):
            with self.subTest(traceparent=traceparent):
                span, _ = self.pass_on("propagate", ["traceparent: " + traceparent], trace="$otel_parent_sampled")
                self.assertEqual(span is not None, count)
                self.assertEqual(self.up.last("traceparent")[0][-2:], traceparent[-2:])

    def test_named_location__gets_the_same_context_once(self):
        span, _ = self.pass_on("propagate", ["traceparent: " + SAMPLED], path="/named/x")
        self.assertEqual(span.name, "GET /named/")
        self.assertEqual(self.up.last("traceparent"), ["00-%s-%s-01" % (TRACE, span.span_id)])

    def test_tracestate__of_several_headers_is_joined_in_order(self):
        span, _ = self.pass_on("propagate", ["tracestate: a=1", "traceparent: " + SAMPLED, "X-Other: y",
                                             "tracestate:", "Tracestate: b=2 , c=3"])
        self.assertEqual(span.tracestate, "a=1,b=2,c=3")
        self.assertEqual(self.up.last("tracestate"), ["a=1,b=2,c=3"])
        self.assertEqual(self.up.last("x-other"), ["y"])

    def test_bad_context__is_as_if_absent_and_goes_no_further(self):
        bad = (
            ["traceparent: " + SAMPLED, "traceparent: " + SAMPLED],
            ["traceparent: " + SAMPLED.upper()],
            ["traceparent: " + SAMPLED + "0"],
            ["traceparent: 00-" + "0" * 32 + "-" + PARENT + "-01"],
            ["traceparent: 00-" + TRACE + "-" + "0" * 16 + "-01"],
            ["traceparent: ff" + SAMPLED[2:]],
            ["traceparent:"],
            ["traceparent: \xff\xfe"],
            ["tracestate: a=1"],
            ["TraceParent: " + SAMPLED, "traceparent: junk", "tracestate: a=1", "TRACEPARENT: more"])
        for headers in bad:
            with self.subTest(headers=headers):
                span, _ = self.pass_on("propagate", headers)
                self.assertIsNone(span.parent)
                self.assertNotEqual(span.trace_id, TRACE)
                self.assertEqual(len(self.up.last("traceparent")), 1)
                self.assertRegex(self.up.last("traceparent")[0], TRACEPARENT)
                self.assertEqual(self.up.last("tracestate"), [])

    def test_bad_lists__leave_the_traceparent_valid(self):
        span, _ = self.pass_on("propagate", ["traceparent: " + SAMPLED, "tracestate: A B", "baggage: ;;;", "baggage: b=1"])
        self.assertEqual(span.parent, PARENT)
        self.assertEqual(span.tracestate, "")
        self.assertEqual(self.up.last("tracestate"), [])
        self.assertEqual(self.up.last("baggage"), [])

    def test_later_version__is_understood_and_sent_as_version_00(self):
        span, _ = self.pass_on("propagate", ["traceparent: 01%s-more" % SAMPLED[2:]])
        self.assertEqual(span.parent, PARENT)
        self.assertEqual(self.up.last("traceparent"), ["00-%s-%s-01" % (TRACE, span.span_id)])

    def test_other_headers__arrive_whole_whatever_lies_between_them(self):
        ours = ["traceparent: " + SAMPLED, "traceparent: 2", "tracestate: !", "baggage: a=1", "baggage: b=2"]
        for count in (0, 1, 3, 19, 20, 21, 60):
            for position in ("front", "back", "between", "alone"):
                with self.subTest(count=count, position=position):
                    self.mixed(ours, count, position)

    def mixed(self, ours, count, position):
        others = [] if position == "alone" else ["X-Filler-%d: value %d" % (n, n) for n in range(count)]
        many = ours * (count // 5 + 1)
        mix = {"front": many + others, "back": others + many, "alone": many,
               "between": [line for pair in zip(others, many * 20) for line in pair]}[position]
        for context in ("propagate", "inject"):
            nginx = self.shared(context)
            status, _, body = nginx.get("/", headers=mix)
            self.assertEqual((status, body), (200, b"ok"))
            lines = self.up.heads[-1].decode("latin-1").split("\r\n")[1:]
            self.assertEqual([line for line in lines if line.startswith("X-Filler")], others)
            self.assertEqual(len(self.up.last("traceparent")), 1)
            self.assertRegex(self.up.last("traceparent")[0], TRACEPARENT)
            self.assertEqual(self.up.last("tracestate"), [])
            self.assertLessEqual(len(self.up.last("baggage")), 1)

    def shared(self, context):
        """One nginx for many requests."""
        if not hasattr(self, "running"):
            self.running = {}
        if context not in self.running:
            self.running[context] = self.site(context)[1]
        return self.running[context]

    def test_hundreds_of_hostile_headers__change_nothing_but_the_span(self):
        _, nginx = self.site("propagate")
        hostile = (["traceparent: %d" % n for n in range(300)] + ["tracestate: k%d=%d" % (n, n) for n in range(300)]
                   + ["baggage: k%d=%%zz" % n for n in range(300)])
        for _ in range(3):
            self.assertEqual(nginx.get("/", headers=hostile)[0], 200)
            self.assertRegex(self.up.last("traceparent")[0], TRACEPARENT)
            self.assertEqual([len(self.up.last(name)) for name in ("traceparent", "tracestate", "baggage")], [1, 0, 0])

    def test_variables__tell_ids_where_nothing_is_traced(self):
        nginx = self.started("""
            server { listen 127.0.0.1:%(port)d; set $early $otel_trace_id;
                location / { return 200 "$early $otel_trace_id $otel_span_id [$otel_parent_id] $otel_parent_sampled"; }
                location /in { otel_trace_context extract; return 200 "$otel_trace_id $otel_parent_id"; } }""")
        self.assertRegex(nginx.get("/")[2].decode(), r"^([0-9a-f]{32}) \1 [0-9a-f]{16} \[\] 0$")


if __name__ == "__main__":
    harness.main()
