# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The receiver of sonde tail, over HTTP: what it takes, what it refuses, and how it says so."""
import gzip
import socket
import threading

from harness import Case, Tail, main, metrics_request, otlp, trace_request

PROTOBUF = ("-H", "Content-Type: application/x-protobuf")
BIG = 17 * 1024 * 1024
ONE = trace_request("shop", {"id": 1, "name": "work"})


def status_of(answer):
    """(code, message) of a google.rpc.Status, which has the fields of a partial success."""
    message = otlp.ExportTracePartialSuccess()
    message.ParseFromString(answer)
    return message.rejected_spans, message.error_message


class Receiver(Case):
    @classmethod
    def setUpClass(cls):
        cls.tail = Tail()

    @classmethod
    def tearDownClass(cls):
        cls.tail.stop()

    def test_get_says_what_it_is(self):
        status, answer, header = self.tail.curl("/")
        self.assertEqual((status, answer.count(b"\n")), (200, 1))
        self.assertIn(b"OTLP", answer)
        self.assertIn("text/plain", header)
        self.assertEqual(self.tail.curl("/", "--head")[0], 200)

    def test_other_paths_and_methods_are_told(self):
        self.assertEqual(self.tail.curl("/v1/nonsense")[0], 404)
        self.assertIn(b"/v1/traces", self.tail.curl("/api/v2/spans", body=b"x")[1])
        status, _, header = self.tail.curl("/v1/traces")
        self.assertEqual(status, 405)
        self.assertIn("Allow: POST", header)

    def test_requests_are_answered_with_an_empty_message(self):
        for path, body in (("/v1/traces", ONE), ("/v1/metrics", metrics_request("shop", 1)), ("/v1/logs", b"any"),
                           ("/v1/traces", b"")):
            status, answer, header = self.tail.curl(path, *PROTOBUF, body=body)
            self.assertEqual((path, status, answer), (path, 200, b""))
            self.assertIn("Content-Type: application/x-protobuf", header)

    def test_bodies_may_be_packed_and_in_chunks(self):
        for options, body in ((("-H", "Content-Encoding: gzip"), gzip.compress(ONE)),
                              (("-H", "Transfer-Encoding: chunked"), ONE),
                              (("-H", "Content-Encoding: identity"), ONE),
                              (("-H", "Expect: 100-continue"), ONE)):
            self.assertEqual(self.tail.send(body, "/v1/traces", *options)[0], 200, options)

    def test_other_types_are_refused_with_a_sentence(self):
        for option, words in (("Content-Type: application/json", b"JSON"), ("Content-Type: text/plain", b"protobuf"),
                              ("Content-Type:", b"protobuf")):
            status, answer, _ = self.tail.curl("/v1/traces", "-H", option, body=b"{}")
            self.assertEqual(status, 415)
            self.assertIn(words, answer)
        status, answer = self.tail.send(ONE, "/v1/traces", "-H", "Content-Encoding: br")
        self.assertEqual(status, 415)
        self.assertIn("gzip", status_of(answer)[1])
        self.tail.err.wait_for(r"refused [0-9]+ requests? of curl.*OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")

    def test_broken_bodies_are_refused_as_the_standard_says(self):
        for path, body, options in (("/v1/traces", ONE[:-1], ()), ("/v1/metrics", b"\xff", ()),
                                    ("/v1/traces", b"not gzip", ("-H", "Content-Encoding: gzip")),
                                    ("/v1/traces", gzip.compress(ONE)[:-4], ("-H", "Content-Encoding: gzip"))):
            status, answer = self.tail.send(body, path, *options)
            self.assertEqual(status, 400)
            self.assertEqual(status_of(answer)[0], 3)  # INVALID_ARGUMENT

    def test_too_much_is_refused_however_it_comes(self):
        for options, body in (((), bytes(BIG)), (("-H", "Expect:"), bytes(BIG)),
                              (("-H", "Transfer-Encoding: chunked"), bytes(BIG)),
                              (("-H", "Content-Encoding: gzip"), gzip.compress(bytes(BIG)))):
            status, answer = self.tail.send(body, "/v1/traces", *options)
            self.assertEqual(status, 413, options)
            self.assertEqual(status_of(answer)[0], 8)  # RESOURCE_EXHAUSTED

    def test_spans_without_ids_are_a_partial_success(self):
        request = otlp.ExportTraceServiceRequest.FromString(ONE)
        request.resource_spans[0].scope_spans[0].spans.add(name="no ids")
        status, answer = self.tail.send(request.SerializeToString())
        response = otlp.ExportTraceServiceResponse.FromString(answer)
        self.assertEqual((status, response.partial_success.rejected_spans), (200, 1))
        self.assertIn("id", response.partial_success.error_message)

    def test_a_connection_serves_many_requests(self):
        head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.tail.port), 20) as sender:
            answers = sender.makefile("rb")
            for _ in range(20):
                sender.sendall(head % len(ONE) + ONE)
                self.assertIn(b" 200 ", answers.readline())
                while answers.readline() != b"\r\n":
                    pass

    def test_half_a_request_harms_nobody(self):
        for begin in (b"POST /v1/traces HTTP/1.1\r\nContent-Le", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02",
                      b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
                      b"Content-Length: 1000\r\n\r\nabc"):
            with socket.create_connection(("127.0.0.1", self.tail.port), 20) as sender:
                sender.sendall(begin)
        self.assertEqual(self.tail.send(ONE)[0], 200)

    def test_many_senders_at_once_lose_nothing(self):
        def send_some(first):
            for number in range(first, first + 25):
                body = trace_request("many", {"trace": number, "id": number, "name": "work"})
                self.assertEqual(self.tail.send(body)[0], 200)

        threads = [threading.Thread(target=send_some, args=(1000 * (i + 1),)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for first in range(1000, 5000, 1000):
            for number in range(first, first + 25):
                self.tail.out.wait_for("%032x · 1 span · many" % number)
        self.assertEqual(self.tail.out.text().count("1 span · many"), 100)


if __name__ == "__main__":
    main()
