# SPDX-License-Identifier: Apache-2.0 OR MIT
"""OTLP bodies through decoders that are not ours: the classes that protoc makes for Python, and protoc --decode."""
import importlib
import os
import re
import subprocess
import sys

from acceptance import Missing, SOURCE, expect, tool

FOLDER = os.path.join(SOURCE, "tests", "support")
TRACES = "ExportTraceServiceRequest"


class Decoder:
    """scratch: a folder for what protoc writes."""

    def __init__(self, scratch):
        self.protoc = tool("PROTOC", "protoc")
        subprocess.run([self.protoc, "-I", FOLDER, "--python_out", scratch, "otlp.proto"], check=True)
        sys.path.insert(0, scratch)
        try:
            importlib.import_module("google.protobuf")
        except ImportError:
            raise Missing("python3-protobuf is not here") from None
        self.messages = importlib.import_module("otlp_pb2")

    def _protoc(self, option, data):
        done = subprocess.run([self.protoc, "-I", FOLDER, "%s=sonde.otlp.%s" % (option, TRACES), "otlp.proto"],
                              input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        expect(done.returncode == 0, "protoc %s: %s", option, done.stderr.decode(errors="replace"))
        return done.stdout

    def request(self, body):
        """One body by both decoders, which have to agree and to know every field."""
        text = self._protoc("--decode", body)
        unknown = re.search(rb"^\s*[0-9]+(:| \{).*$", text, re.MULTILINE)
        expect(not unknown, "a field that OTLP does not have: %r", unknown and unknown.group())
        request = self.parse(body)
        expect(self.parse(self._protoc("--encode", text)) == request, "the two decoders disagree")
        return request

    def parse(self, body):
        request = getattr(self.messages, TRACES)()
        expect(request.ParseFromString(body) == len(body), "a body was not read to its end")
        return request

    def spans(self, bodies):
        """Every span as (span, resource attributes, scope)."""
        found = []
        for body in bodies:
            for part in self.request(body).resource_spans:
                resource = attributes(part.resource.attributes)
                for scoped in part.scope_spans:
                    found.extend((span, resource, scoped.scope) for span in scoped.spans)
        return found


def attributes(pairs):
    """A list of KeyValue as a dictionary; a key that comes twice is a mistake."""
    found = {}
    for pair in pairs:
        expect(pair.key not in found, "the attribute %s comes twice", pair.key)
        kind = pair.value.WhichOneof("value")
        found[pair.key] = getattr(pair.value, kind) if kind else None
    return found
