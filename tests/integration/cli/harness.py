# SPDX-License-Identifier: Apache-2.0 OR MIT
"""sonde tail as a process on a free port of loopback; bodies by google.protobuf; curl as the sender."""
import importlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SONDE = os.environ.get("SONDE", "sonde")
PROTO_DIR = os.environ.get("SONDE_PROTO_DIR", "")
SKIPPED = 77
PATIENCE = 20 * int(os.environ.get("SONDE_TEST_SLOW", "1"))  # seconds for what should take none

_scratch = tempfile.TemporaryDirectory(prefix="sonde-cli-")


def load_messages():
    """The classes that protoc makes of the schema; the test is skipped where protoc is missing."""
    try:
        subprocess.run(["protoc", "-I", PROTO_DIR, "--python_out", _scratch.name, "otlp.proto"], check=True)
        sys.path.insert(0, _scratch.name)
        return importlib.import_module("otlp_pb2")
    except (OSError, ImportError) as why:
        print("skipped: %s" % why)
        sys.exit(SKIPPED)


otlp = load_messages()

EPOCH = 1714572187123000000  # 2024-05-01 14:03:07.123 UTC


def add_attributes(pairs, values):
    for key, value in values.items():
        pair = pairs.add(key=key)
        if isinstance(value, bool):
            pair.value.bool_value = value
        elif isinstance(value, int):
            pair.value.int_value = value
        elif isinstance(value, float):
            pair.value.double_value = value
        else:
            pair.value.string_value = value


def trace_request(service, *spans):
    """spans: dictionaries with trace, id, parent (numbers), name, kind, start and took (milliseconds), attributes,
    error."""
    request = otlp.ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    add_attributes(resource_spans.resource.attributes, {"service.name": service})
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "test"
    for given in spans:
        start = EPOCH + int(given.get("start", 0) * 1000000)
        span = scope_spans.spans.add(
            trace_id=given.get("trace", 1).to_bytes(16, "big"), span_id=given["id"].to_bytes(8, "big"),
            name=given["name"], kind=given.get("kind", 1), start_time_unix_nano=start,
            end_time_unix_nano=start + int(given.get("took", 1) * 1000000))
        if given.get("parent"):
            span.parent_span_id = given["parent"].to_bytes(8, "big")
        if "error" in given:
            span.status.code = otlp.STATUS_CODE_ERROR
            span.status.message = given["error"]
        add_attributes(span.attributes, given.get("attributes", {}))
    return request.SerializeToString()


def metrics_request(service, value):
    request = otlp.ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add()
    add_attributes(resource_metrics.resource.attributes, {"service.name": service})
    metric = resource_metrics.scope_metrics.add().metrics.add(name="orders.taken", unit="{order}")
    metric.sum.aggregation_temporality = 2
    point = metric.sum.data_points.add(as_int=value)
    add_attributes(point.attributes, {"paid": True})
    return request.SerializeToString()


class Stream:
    """What a process writes, as it comes."""

    def __init__(self, file):
        self._file = file
        self._text = ""
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                chunk = os.read(self._file.fileno(), 65536)
            except OSError:  # a terminal whose other end is gone
                chunk = b""
            with self._changed:
                self._text += chunk.decode("utf-8", "replace")
                self._changed.notify_all()
            if not chunk:
                return

    def wait_for(self, pattern, start=0):
        """The match of a regular expression, once it is there."""
        with self._changed:
            found = self._changed.wait_for(lambda: re.search(pattern, self._text[start:]), PATIENCE)
            if not found:
                raise AssertionError("waited for %r in:\n%s" % (pattern, self._text))
            return found

    def text(self):
        with self._changed:
            return self._text

    def close(self):
        self._thread.join(PATIENCE)
        self._file.close()
        return self._text


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if name not in ("NO_COLOR", "COLUMNS", "TERM", "LC_ALL", "LC_CTYPE", "LANG")}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm", **more}


class Tail:
    """A running sonde tail. options: its command line."""

    def __init__(self, *options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **more):
        command = [SONDE, "tail", "--listen", "127.0.0.1:0", "--settle", "0.1", *options]
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                        env=environment(**more))
        self.err = Stream(self.process.stderr)
        self.out = Stream(self.process.stdout) if stdout == subprocess.PIPE else None
        self.address = self.err.wait_for(r"listening on http://([0-9.:]+)").group(1)
        self.port = int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def kill(self, number):
        self.process.send_signal(number)

    def wait(self):
        """The exit status; both streams are read to their ends."""
        status = self.process.wait(PATIENCE)
        for stream in (self.out, self.err):
            if stream:
                stream.close()
        return status

    def stop(self, number=signal.SIGINT):
        self.kill(number)
        return self.wait()

    def curl(self, path, *options, body=None):
        """(status, body, header) of a request that curl makes."""
        return curl("http://%s%s" % (self.address, path), *options, body=body)

    def send(self, body, path="/v1/traces", *options):
        status, answer, _ = self.curl(path, "-H", "Content-Type: application/x-protobuf", *options, body=body)
        return status, answer


def curl(url, *options, body=None):
    command = ["curl", "-sS", "--noproxy", "*", "-o", "-", "-D", "-", "-w", "%{stderr}%{http_code}", *options, url]
    if body is not None:
        command += ["-X", "POST", "--data-binary", "@-"]
    done = subprocess.run(command, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    header, _, answer = done.stdout.rpartition(b"\r\n\r\n") if done.stdout else (b"", b"", b"")
    status = re.search(rb"[0-9]{3}$", done.stderr)
    if not status:
        raise AssertionError("curl: %s" % done.stderr.decode())
    return int(status.group()), answer, header.decode("latin-1")


class Case(unittest.TestCase):
    maxDiff = None


def main():
    unittest.main(verbosity=2)
