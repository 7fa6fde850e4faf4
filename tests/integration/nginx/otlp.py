# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Reads OTLP trace requests without a line of Sonde's: protobuf by hand, and an HTTP receiver that keeps what it gets."""
import http.server
import struct
import threading
import time


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """Yields (number, value) of a message; value is an int or bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 1:
            value = struct.unpack_from("<Q", data, at)[0]
            at += 8
        elif wire == 2:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise ValueError("a field is longer than its message")
            value = data[at:at + length]
            at += length
        elif wire == 5:
            value = struct.unpack_from("<I", data, at)[0]
            at += 4
        else:
            raise ValueError("wire type %d" % wire)
        yield tag >> 3, value


def _signed(value):
    return value - (1 << 64) if value >> 63 else value


def any_value(data):
    for number, value in fields(data):
        if number == 1:
            return value.decode("utf-8")
        if number == 2:
            return bool(value)
        if number == 3:
            return _signed(value)
        if number == 4:
            return struct.unpack("<d", struct.pack("<Q", value))[0]
        if number == 5:
            return [any_value(item) for _, item in fields(value)]
        if number == 7:
            return value
    return None


def _put_attribute(into, data):
    key = value = None
    for number, field in fields(data):
        if number == 1:
            key = field.decode("utf-8")
        elif number == 2:
            value = any_value(field)
    if key in into:
        raise ValueError("the attribute %s comes twice" % key)
    into[key] = value


class Span:
    """One span; ids are hex, parent is None where there is none."""

    def __init__(self, data, resource, scope):
        self.resource, self.scope = resource, scope
        self.trace_id = self.span_id = self.name = self.tracestate = ""
        self.parent, self.kind, self.start, self.end, self.flags = None, 0, 0, 0, 0
        self.attributes, self.status = {}, 0
        for number, value in fields(data):
            if number == 1:
                self.trace_id = value.hex()
            elif number == 2:
                self.span_id = value.hex()
            elif number == 3:
                self.tracestate = value.decode("ascii")
            elif number == 4:
                self.parent = value.hex() or None
            elif number == 5:
                self.name = value.decode("utf-8")
            elif number == 6:
                self.kind = value
            elif number == 7:
                self.start = value
            elif number == 8:
                self.end = value
            elif number == 9:
                _put_attribute(self.attributes, value)
            elif number == 15:
                self.status = dict(fields(value)).get(3, 0)
            elif number == 16:
                self.flags = value

    def __repr__(self):
        return "<%s %s/%s %r>" % (self.name, self.trace_id, self.span_id, self.attributes)


def spans_of(body):
    """Every span of an ExportTraceServiceRequest."""
    for number, resource_spans in fields(body):
        if number != 1:
            continue
        resource, scopes = {}, []
        for number, value in fields(resource_spans):
            if number == 1:
                for part, attribute in fields(value):
                    if part == 1:
                        _put_attribute(resource, attribute)
            elif number == 2:
                scopes.append(value)
        for scope_spans in scopes:
            scope, found = ("", ""), []
            for number, value in fields(scope_spans):
                if number == 1:
                    parts = dict(fields(value))
                    scope = (parts.get(1, b"").decode(), parts.get(2, b"").decode())
                elif number == 2:
                    found.append(value)
            for data in found:
                yield Span(data, resource, scope)


def ids_of(body):
    """The span ids of a request and nothing else: for a hundred thousand of them."""
    for _, resource_spans in fields(body):
        for number, scope_spans in fields(resource_spans):
            if number != 2:
                continue
            for part, span in fields(scope_spans):
                if part != 2:
                    continue
                for name, value in fields(span):
                    if name == 2:
                        yield value
                        break


class Collector:
    """Receives on a port of 127.0.0.1 until it is stopped. status: what it answers."""

    def __init__(self, port=0, status=200):
        self.status, self.paths, self.bodies, self.headers = status, [], [], []
        self._changed = threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with collector._changed:
                    collector.paths.append(self.path)
                    collector.headers.append(dict(self.headers))
                    if collector.status == 200:
                        collector.bodies.append(body)
                    collector._changed.notify_all()
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def spans(self):
        with self._changed:
            bodies = list(self.bodies)
        return [span for body in bodies for span in spans_of(body)]

    def ids(self):
        with self._changed:
            bodies = list(self.bodies)
        return [one for body in bodies for one in ids_of(body)]

    def wait_for(self, wanted, timeout=20):
        """Until wanted(self) is true of what has come in; raises after timeout seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not wanted(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError("the collector has %d requests, and not what was waited for" % len(self.paths))
                self._changed.wait(left)

    def wait_for_spans(self, count, timeout=20):
        """Until count spans are there; returns all of them."""
        seen = {"bodies": 0, "spans": []}

        def enough(collector):
            for body in collector.bodies[seen["bodies"]:]:
                seen["spans"].extend(spans_of(body))
            seen["bodies"] = len(collector.bodies)
            return len(seen["spans"]) >= count

        self.wait_for(enough, timeout)
        return seen["spans"]
