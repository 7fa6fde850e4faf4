# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a program sent, read by decoders that are not ours: protoc and Debian's python3-protobuf.

decode.py PROTOC PROTO PROGRAM: PROGRAM is decode_program.c's."""
import os
import subprocess
import sys
import tempfile
import unittest

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTOC, PROTO, PROGRAM = sys.argv[1:4]
BAR = "\ufffd"


def message_class(pool, name):
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def plain(value):
    """An AnyValue as Python has it."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return attributes(value.kvlist_value.values)
    return getattr(value, kind)


def attributes(items):
    keys = [item.key for item in items]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return {item.key: plain(item.value) for item in items}


class Decoded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        where = cls.folder.name
        environment = dict(os.environ, OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="19")
        subprocess.run([PROGRAM, where], check=True, env=environment)
        include = os.path.dirname(PROTO)
        described = os.path.join(where, "described")
        subprocess.run([PROTOC, f"-I{include}", f"--descriptor_set_out={described}", PROTO], check=True)
        files = descriptor_pb2.FileDescriptorSet()
        with open(described, "rb") as file:
            files.ParseFromString(file.read())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        cls.bytes, cls.request = {}, {}
        for name, kind in (("traces", "ExportTraceServiceRequest"), ("metrics", "ExportMetricsServiceRequest")):
            with open(os.path.join(where, name), "rb") as file:
                cls.bytes[kind] = file.read()
            message = message_class(pool, f"sonde.otlp.{kind}")()
            message.ParseFromString(cls.bytes[kind])
            cls.request[kind] = message
        cls.traces = cls.request["ExportTraceServiceRequest"]
        cls.metrics = cls.request["ExportMetricsServiceRequest"]
        cls.scopes = {s.scope.name: s for r in cls.traces.resource_spans for s in r.scope_spans}
        cls.spans = {span.name: span for s in cls.scopes.values() for span in s.spans}
        cls.points = {metric.name: metric for r in cls.metrics.resource_metrics
                      for s in r.scope_metrics for metric in s.metrics}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_protoc_reads_every_byte(self):
        for kind, body in self.bytes.items():
            done = subprocess.run([PROTOC, f"-I{os.path.dirname(PROTO)}", f"--decode=sonde.otlp.{kind}", PROTO],
                                  input=body, capture_output=True, check=True)
            self.assertEqual(done.stderr, b"")
            # A field that the standard does not have is printed by its number.
            unknown = [line for line in done.stdout.splitlines() if line.strip()[:1].isdigit()]
            self.assertEqual(unknown, [])

    def test_no_field_is_unknown(self):
        for message in self.request.values():
            size = message.ByteSize()
            message.DiscardUnknownFields()
            self.assertEqual(message.ByteSize(), size)

    def test_resource(self):
        for part in list(self.traces.resource_spans) + list(self.metrics.resource_metrics):
            found = attributes(part.resource.attributes)
            self.assertEqual(found["service.name"], "shop")
            self.assertEqual(found["team.size"], 7)
            self.assertEqual(found["telemetry.sdk.language"], "c")
            self.assertIsInstance(found["process.pid"], int)
            self.assertRegex(found["service.instance.id"], "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]")
            self.assertNotIn("process.command_args", found)

    def test_scopes(self):
        self.assertEqual(set(self.scopes), {"shop", "basket"})
        shop = self.scopes["shop"]
        self.assertEqual(shop.scope.version, "1.4.0")
        self.assertEqual(attributes(shop.scope.attributes), {"short_name": "s"})
        self.assertEqual(shop.schema_url, "https://opentelemetry.io/schemas/1.44.0")
        self.assertEqual({span.name for span in shop.spans}, {"GET /orders/{id}", "crowded"})
        self.assertEqual({span.name for span in self.scopes["basket"].spans}, {"charge"})

    def test_server_span(self):
        span = self.spans["GET /orders/{id}"]
        self.assertEqual(span.trace_id.hex(), "4bf92f3577b34da6a3ce929d0e0e4736")
        self.assertEqual(span.parent_span_id.hex(), "00f067aa0ba902b7")
        self.assertEqual(len(span.span_id), 8)
        self.assertNotEqual(span.span_id, bytes(8))
        self.assertEqual(span.trace_state, "vendor=a,other=b")
        self.assertEqual(span.kind, 2)
        self.assertEqual(span.start_time_unix_nano, 1700000000000000000)
        self.assertEqual(span.end_time_unix_nano, 1700000000000001000)
        self.assertEqual(span.status.code, 1)
        self.assertEqual(span.flags, 0x301)
        self.assertEqual(span.dropped_attributes_count, 0)

    def test_every_type(self):
        found = attributes(self.spans["GET /orders/{id}"].attributes)
        self.assertEqual(found, {
            "string": "GET /é", "empty": "", "broken": f"a{BAR}b", "long": "x" * 19999, "true": True,
            "false": False, "zero": 0, "negative": -42, "smallest": -2**63, "double": 0.1,
            "bytes": b"\x00\x01\xff", "ints": [0, -1, 2**63 - 1], "doubles": [0.5, -1e300],
            "bools": [True, False], "strings": ["a", ""], "nothing": [], "map": {"k": 1, "l": "x"},
            "replaced": "second"})
        self.assertIs(found["true"], True)
        self.assertIs(found["false"], False)
        self.assertNotIsInstance(found["zero"], bool)

    def test_event(self):
        (event,) = self.spans["GET /orders/{id}"].events
        self.assertEqual((event.name, event.time_unix_nano), ("cache", 1700000000000000100))
        self.assertEqual(attributes(event.attributes), {"hit": False})

    def test_client_span_with_link_and_error(self):
        server, span = self.spans["GET /orders/{id}"], self.spans["charge"]
        self.assertEqual(span.trace_id, server.trace_id)
        self.assertEqual(span.parent_span_id, server.span_id)
        self.assertEqual(span.kind, 3)
        self.assertEqual(span.flags, 0x101)
        self.assertEqual((span.status.code, span.status.message), (2, "issuer said no"))
        self.assertEqual(attributes(span.attributes), {"error.type": "card_declined"})
        (link,) = span.links
        self.assertEqual(link.trace_id.hex(), "4bf92f3577b34da6a3ce929d0e0e4736")
        self.assertEqual(link.span_id.hex(), "00f067aa0ba902b7")
        self.assertEqual(link.trace_state, "link=1")
        self.assertEqual(link.flags & 0xFF, 1)
        self.assertEqual(attributes(link.attributes), {"why": "retry"})

    def test_root_span(self):
        span = self.spans["crowded"]
        self.assertEqual(span.parent_span_id, b"")
        self.assertEqual(span.kind, 1)
        self.assertEqual(attributes(span.attributes), {f"k{i}": i for i in range(19)})
        self.assertEqual(span.dropped_attributes_count, 6)
        self.assertGreaterEqual(span.end_time_unix_nano, span.start_time_unix_nano)
        self.assertGreater(span.start_time_unix_nano, 1700000000000000000)

    def test_counter(self):
        metric = self.points["shop.orders"]
        self.assertEqual((metric.unit, metric.description), ("{order}", "Orders taken"))
        self.assertTrue(metric.sum.is_monotonic)
        self.assertEqual(metric.sum.aggregation_temporality, 2)
        found = {tuple(sorted(attributes(p.attributes).items())): p.as_int for p in metric.sum.data_points}
        self.assertEqual(found, {(("paid", True), ("tier", "gold")): 5, (): 1})
        for point in metric.sum.data_points:
            self.assertGreaterEqual(point.time_unix_nano, point.start_time_unix_nano)
            self.assertGreater(point.start_time_unix_nano, 1700000000000000000)

    def test_up_down_counter(self):
        metric = self.points["shop.open"]
        self.assertFalse(metric.sum.is_monotonic)
        (point,) = metric.sum.data_points
        self.assertEqual(point.as_int, -5)

    def test_histogram(self):
        metric = self.points["shop.basket"]
        self.assertEqual(metric.histogram.aggregation_temporality, 2)
        (point,) = metric.histogram.data_points
        self.assertEqual(list(point.explicit_bounds), [1, 10])
        self.assertEqual(list(point.bucket_counts), [2, 0, 1])
        self.assertEqual(point.count, 3)
        self.assertEqual(point.sum, 101.75)
        self.assertEqual((point.min, point.max), (0.5, 100.25))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
