# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Runs the programs of this folder against a collector that is not Sonde's, and looks at what they sent."""
import os
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "nginx"))
import otlp  # noqa: E402

PROGRAMS = os.environ["SONDE_PROGRAMS"]
EXAMPLES = os.environ["SONDE_EXAMPLES"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Programs(unittest.TestCase):
    def setUp(self):
        self.collector = otlp.Collector()
        self.addCleanup(self.collector.stop)

    def environment(self):
        keep = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        return dict(keep, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:%d" % self.collector.port)

    def command(self, name, *arguments):
        path = os.path.join(PROGRAMS, "program_" + name)
        if not os.path.exists(path):
            self.skipTest(name + " is not built here")
        return [path, *arguments]

    def run_program(self, name, *arguments):
        done = subprocess.run(self.command(name, *arguments), env=self.environment(), timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # The thread sanitizer finds its own thread in a forked child, and says so.
        said = [line for line in done.stderr.splitlines() if b"dup thread with used id" not in line]
        self.assertEqual((done.returncode, said), (0, []), name)
        return done

    def serve(self, port, command=None):
        server = subprocess.Popen(command or self.command("routes", str(port)), env=self.environment(),
                                  stdin=subprocess.PIPE)
        self.addCleanup(server.stdin.close)
        self.addCleanup(lambda: server.poll() is None and server.kill())
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return server
            except OSError:
                self.assertLess(time.monotonic(), deadline, "it does not listen")
                self.assertIsNone(server.poll())
                time.sleep(0.01)  # between two tries, not in the place of one

    def stop(self, server):
        server.stdin.close()
        self.assertEqual(server.wait(20), 0)

    def spans(self, count):
        """All spans that were sent, once there are so many; metrics go to another path."""
        def sent(collector):
            return [span for path, body in zip(collector.paths, collector.bodies) if path == "/v1/traces"
                    for span in otlp.spans_of(body)]

        self.collector.wait_for(lambda collector: len(sent(collector)) >= count)
        spans = sent(self.collector)
        self.assertEqual(len(spans), count)
        return spans

    def test_a_server_and_a_multi_client_make_one_trace(self):
        port = free_port()
        server = self.serve(port)
        self.run_program("multi_epoll", str(port))
        self.stop(server)

        spans = self.spans(301)
        by_id = {span.span_id: span for span in spans}
        root = next(span for span in spans if span.name == "fetch all")
        self.assertEqual({span.trace_id for span in spans}, {root.trace_id})
        inner = [span for span in spans if span.name == "load item"]
        self.assertEqual(len(inner), 100)
        for span in inner:
            served = by_id[span.parent]
            asked = by_id[served.parent]
            self.assertEqual((served.name, served.kind), ("GET /items/{id}", 2))
            self.assertEqual((asked.name, asked.kind), ("GET /items/{id}", 3))
            self.assertEqual(asked.parent, root.span_id)
            self.assertEqual(asked.attributes["http.response.status_code"], 200)

    def ask(self, port, path):
        try:
            return urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=20).read()
        except urllib.error.HTTPError as error:
            return error.code

    def test_a_server_routes_suspends_and_counts(self):
        port = free_port()
        server = self.serve(port)
        self.assertEqual(self.ask(port, "/items/7"), b"{}")
        self.assertEqual(self.ask(port, "/items/"), 400)
        self.assertEqual(self.ask(port, "/report"), b"done")
        self.assertEqual(self.ask(port, "/nothing"), 404)
        metrics = self.ask(port, "/metrics").decode()
        self.stop(server)

        self.assertIn('http_route="/items/{id}"', metrics)
        self.assertIn("items_lookup_duration_seconds_count{", metrics)
        spans = self.spans(7)
        report = next(span for span in spans if span.name == "build report")
        parent = next(span for span in spans if span.name == "GET /report")
        self.assertEqual((report.trace_id, report.parent), (parent.trace_id, parent.span_id))
        failed = [span for span in spans if span.attributes.get("error.type") == "no_id"]
        self.assertEqual(len(failed), 1)

    def test_the_example_services_make_one_trace_and_end_cleanly(self):
        shop_port, stock_port = free_port(), free_port()
        if not os.path.exists(os.path.join(EXAMPLES, "shop")):
            self.skipTest("the examples are not built here")
        stock = self.serve(stock_port, [os.path.join(EXAMPLES, "stock"), str(stock_port)])
        shop = self.serve(shop_port, [os.path.join(EXAMPLES, "shop"), str(shop_port),
                                      "http://127.0.0.1:%d" % stock_port])
        self.assertIn(b"price: ", self.ask(shop_port, "/items/7"))
        self.assertEqual(self.ask(shop_port, "/items/0"), 404)
        stock.terminate()
        self.assertEqual(stock.wait(20), 0)
        self.assertEqual(self.ask(shop_port, "/items/7"), 502)
        self.assertIn(b"http_client_request_duration_seconds_count", self.ask(shop_port, "/metrics"))
        shop.terminate()
        self.assertEqual(shop.wait(20), 0)

        spans = self.spans(11)
        by_id = {span.span_id: span for span in spans}
        for span in (span for span in spans if span.name == "look up"):
            names = []
            while span:
                names.append(span.name)
                span = by_id.get(span.parent)
            self.assertEqual(names, ["look up", "GET /stock/{id}", "GET", "GET /items/{id}"])

    def test_a_library_without_sonde_runs_on(self):
        self.run_program("library")
        self.assertEqual(self.collector.paths, [])

    def test_the_same_library_records_once_an_application_starts_an_sdk(self):
        self.run_program("library_traced")
        spans = sorted(self.spans(2), key=lambda span: span.attributes["zip.level"])
        self.assertEqual([span.attributes.get("zip.path") for span in spans], ["a", "b"])
        self.assertEqual(spans[1].attributes["error.type"], "bad_level")

    def test_forked_workers_send_what_they_record(self):
        self.run_program("workers")
        spans = self.spans(4000)
        self.assertEqual(len({span.span_id for span in spans}), 4000)

    def test_a_batch_links_what_it_handles(self):
        self.run_program("batch")
        spans = {span.name: span for span in self.spans(2)}
        self.assertEqual(spans["write result"].parent, spans["nightly batch"].span_id)
        self.assertEqual(spans["nightly batch"].attributes["batch.sizes"], [3, 5, 8])

    def test_a_program_in_cxx(self):
        self.run_program("cxx")
        self.assertEqual([span.name for span in self.spans(1)], ["work"])


if __name__ == "__main__":
    unittest.main()
