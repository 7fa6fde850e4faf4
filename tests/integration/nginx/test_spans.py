# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a server span says, for every way in which a request can end."""
import re
import shutil
import socket
import ssl
import struct
import subprocess
import time

import harness

SERVER = 2
ERROR = 2

SITE = """
    otel_trace on;
    server {
        listen 127.0.0.1:%(port)d;
        server_name example.org;
        client_max_body_size 100;
        large_client_header_buffers 2 1k;
        location = /exact { return 204; }
        location /plain { return 200 "hello"; }
        location ~ ^/items/[0-9]+$ { return 200; }
        location /named { otel_span_name "cart $arg_n"; otel_span_attr cart.size $arg_n; return 200; }
        location /headers {
            otel_span_attr http.request.header.x-team $http_x_team;
            otel_span_attr http.response.header.x-answer $sent_http_x_answer;
            otel_span_attr empty $http_x_nothing;
            add_header X-Answer yes;
            return 200;
        }
        location /broken { return 503; }
        location /dead { proxy_pass http://127.0.0.1:1; }
        location /off { otel_trace off; return 200; }
        location /conditional { otel_trace $arg_trace; return 200; }
        location /files { try_files /nothing /elsewhere; }
        location /elsewhere { return 200; }
        location /fallback { try_files /nothing @app; }
        location @app { return 200; }
        location /with-page { error_page 404 /page; return 404; }
        location /page { return 200; }
        location /moved { rewrite ^ /plain last; }
        if ($uri = /server-level) { return 418; }
        rewrite ^/rewritten$ /plain last;
    }
"""


class Spans(harness.Case):
    def one(self, path, status, **options):
        collector, nginx = self.traced(SITE)
        answered = nginx.get(path, **options)[0]
        self.assertEqual(answered, status)
        nginx.quit()
        spans = collector.spans()
        self.assertEqual(len(spans), 1, spans)
        return spans[0]

    def test_span__tells_of_request_and_answer_by_the_stable_conventions(self):
        before = time.time_ns()
        span = self.one("/plain/1?q=2&token=abc", 200, headers=["User-Agent: probe/1"], host="Example.org:8080")
        self.assertEqual(span.name, "GET /plain")
        self.assertEqual(span.kind, SERVER)
        self.assertEqual(span.status, 0)
        self.assertIsNone(span.parent)
        self.assertRegex(span.trace_id, "^[0-9a-f]{32}$")
        peer_port = span.attributes.pop("network.peer.port")
        self.assertGreater(peer_port, 0)
        self.assertEqual(span.attributes, {
            "http.request.method": "GET", "url.scheme": "http", "url.path": "/plain/1",
            "url.query": "q=2&token=REDACTED", "http.route": "/plain", "server.address": "Example.org",
            "server.port": 8080, "client.address": "127.0.0.1", "network.peer.address": "127.0.0.1",
            "network.protocol.version": "1.1", "user_agent.original": "probe/1",
            "http.response.status_code": 200, "http.response.body.size": 5})
        self.assertEqual(span.resource["service.name"], "front")
        self.assertLessEqual(before - 10 ** 9, span.start)
        self.assertLessEqual(span.start, span.end)
        self.assertLessEqual(span.end, time.time_ns())

    def test_span__is_named_by_method_and_location(self):
        for path, status, name, route in (
                ("/exact", 204, "GET /exact", "/exact"),
                ("/items/12", 200, "GET ^/items/[0-9]+$", "^/items/[0-9]+$"),
                ("/nowhere", 404, "GET", None),
                ("/files", 200, "GET /files", "/files"),
                ("/fallback", 200, "GET /fallback", "/fallback"),
                ("/with-page", 404, "GET /with-page", "/with-page"),
                ("/moved", 200, "GET /moved", "/moved"),
                ("/rewritten", 200, "GET /plain", "/plain"),
                ("/server-level", 418, "GET", None)):
            with self.subTest(path=path):
                span = self.one(path, status)
                self.assertEqual(span.name, name)
                self.assertEqual(span.attributes.get("http.route"), route)
                self.assertEqual(span.attributes["http.response.status_code"], status)
                self.assertEqual(span.attributes["url.path"], path)

    def test_span__has_the_name_and_attributes_that_directives_give(self):
        span = self.one("/named?n=7", 200)
        self.assertEqual(span.name, "cart 7")
        self.assertEqual(span.attributes["cart.size"], "7")

    def test_span__has_headers_as_arrays_and_leaves_out_what_is_empty(self):
        span = self.one("/headers", 200, headers=["X-Team: blue"])
        self.assertEqual(span.attributes["http.request.header.x-team"], ["blue"])
        self.assertEqual(span.attributes["http.response.header.x-answer"], ["yes"])
        self.assertNotIn("empty", span.attributes)

    def test_span__is_an_error_from_500_on(self):
        for path, status, error in (("/broken", 503, "503"), ("/dead", 502, "502"), ("/nowhere", 404, None)):
            with self.subTest(path=path):
                span = self.one(path, status)
                self.assertEqual(span.attributes.get("error.type"), error)
                self.assertEqual(span.status, ERROR if error else 0)

    def test_span__of_an_unknown_method_keeps_what_was_sent_as_original(self):
        span = self.one("/plain", 200, method="PURGE")
        self.assertEqual(span.name, "HTTP /plain")
        self.assertEqual(span.attributes["http.request.method"], "_OTHER")
        self.assertEqual(span.attributes["http.request.method_original"], "PURGE")

    def test_span__repairs_bytes_that_are_not_utf8(self):
        span = self.one("/plain/\xff", 200, headers=["User-Agent: caf\xe9"])
        self.assertEqual(span.attributes["url.path"], "/plain/\ufffd")
        self.assertEqual(span.attributes["user_agent.original"], "caf\ufffd")

    def test_span__is_there_for_requests_that_nginx_rejects(self):
        rejected = (
            (b"GET /plain HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "GET"),
            (b"GET /plain HTTP/1.1\r\n\r\n", 400, "GET"),
            (b"nonsense\r\n\r\n", 400, "_OTHER"),
            (b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", 413, "POST"),
            (b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "_OTHER"),
            (b"GET /plain HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 3000 + b"\r\n\r\n", 400, "GET"))
        for data, status, method in rejected:
            with self.subTest(data=data[:60]):
                collector, nginx = self.traced(SITE)
                answer = nginx.send(data)
                self.assertIn(b" %d " % status, answer[:16])
                nginx.quit()
                span, = collector.spans()
                self.assertEqual(span.attributes["http.response.status_code"], status)
                self.assertEqual(span.attributes["http.request.method"], method)
                self.assertEqual(span.status, 0)
                self.assertLessEqual(span.start, span.end)

    def test_span__of_an_old_request_has_its_version(self):
        for data, version in ((b"GET /plain\r\n", "0.9"), (b"GET /plain HTTP/1.0\r\n\r\n", "1.0")):
            with self.subTest(version=version):
                collector, nginx = self.traced(SITE)
                nginx.send(data)
                nginx.quit()
                span, = collector.spans()
                self.assertEqual(span.attributes["network.protocol.version"], version)

    def test_span__says_that_the_client_went_away(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            collector, nginx = self.traced("otel_trace on; server { listen 127.0.0.1:%(port)d; location / {"
                                           " proxy_pass http://127.0.0.1:" + str(silent.getsockname()[1]) + "; } }")
            client = socket.create_connection(("127.0.0.1", nginx.port))
            client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            waiting, _ = silent.accept()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            span, = collector.wait_for_spans(1)
            waiting.close()
        self.assertEqual(span.attributes["http.response.status_code"], 499)
        self.assertEqual(span.attributes["error.type"], "client_closed_request")

    def test_span__says_that_the_upstream_broke_off(self):
        for how, answer in (("length", b"Content-Length: 100\r\n\r\nhalf"),
                            ("chunks", b"Transfer-Encoding: chunked\r\n\r\n10\r\nhalf")):
            for buffering in ("on", "off"):
                with self.subTest(how=how, buffering=buffering):
                    span = self.broken_off(answer, "proxy_http_version 1.1; proxy_buffering %s;" % buffering)
                    self.assertEqual(span.attributes["http.response.status_code"], 200)
                    self.assertEqual(span.attributes.get("error.type"), "response_incomplete")
                    self.assertEqual(span.status, ERROR)

    def broken_off(self, answer, directives):
        with socket.create_server(("127.0.0.1", 0)) as broken:
            collector, nginx = self.traced("otel_trace on; server { listen 127.0.0.1:%(port)d; location / {" + directives
                                           + "proxy_pass http://127.0.0.1:" + str(broken.getsockname()[1]) + "; } }")
            with socket.create_connection(("127.0.0.1", nginx.port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                upstream, _ = broken.accept()
                upstream.sendall(b"HTTP/1.1 200 OK\r\n" + answer)
                upstream.close()
                span, = collector.wait_for_spans(1)
        nginx.quit()
        return span

    def test_trace__follows_its_location_or_variable(self):
        for path, count in (("/off", 0), ("/conditional", 0), ("/conditional?trace=off", 0),
                            ("/conditional?trace=on", 1), ("/conditional?trace=1", 1)):
            with self.subTest(path=path):
                collector, nginx = self.traced(SITE)
                nginx.get(path)
                nginx.quit()
                self.assertEqual(len(collector.spans()), count)

    def test_trace__can_be_a_share_of_the_trace_ids(self):
        collector, nginx = self.traced("""
            split_clients $otel_trace_id $tenth { 50% on; * off; }
            otel_trace $tenth;
            server { listen 127.0.0.1:%(port)d; location / { return 200 "$otel_trace_id"; } }""")
        told = [nginx.get("/")[2].decode() for _ in range(200)]
        nginx.quit()
        spans = collector.spans()
        self.assertTrue(50 < len(spans) < 150, len(spans))
        self.assertEqual(len(set(told)), 200)
        self.assertLessEqual({span.trace_id for span in spans}, set(told))

    def test_subrequest__has_no_span_of_its_own(self):
        collector, nginx = self.traced("""
            otel_trace on;
            server { listen 127.0.0.1:%(port)d;
                location / { auth_request /auth; mirror /copy; return 200; }
                location /in { auth_request /auth; mirror /copy; try_files /nothing @end; }
                location @end { return 200; }
                location /auth { log_subrequest on; return 204; }
                location /copy { return 200; } }""")
        self.assertEqual(nginx.get("/in")[0], 200)
        nginx.quit()
        self.assertEqual([span.name for span in collector.spans()], ["GET /in"])

    def test_pipelined_requests__have_a_span_each(self):
        collector, nginx = self.traced(SITE)
        nginx.send(b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n" * 9
                   + b"GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        nginx.quit()
        self.assertEqual(len({span.span_id for span in collector.spans()}), 10)

    def test_realip__moves_the_client_but_not_the_peer(self):
        collector, nginx = self.traced("""
            otel_trace on; set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
            server { listen 127.0.0.1:%(port)d; location / { return 200; } }""")
        nginx.get("/", headers=["X-Real-IP: 192.0.2.7"])
        nginx.quit()
        span, = collector.spans()
        self.assertEqual(span.attributes["client.address"], "192.0.2.7")
        self.assertEqual(span.attributes["network.peer.address"], "127.0.0.1")

    def test_unix_socket__has_a_client_without_an_address(self):
        collector, nginx = self.traced("""
            otel_trace on;
            server { listen 127.0.0.1:%(port)d; listen unix:%(dir)s/socket; location / { return 200; } }""")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(nginx.dir + "/socket")
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while client.recv(4096):
                pass
        nginx.quit()
        span, = collector.spans()
        self.assertEqual({"client.address", "network.peer.address", "network.peer.port", "server.address"}
                         & set(span.attributes), set())

    def test_server_address__is_the_servers_name_where_the_client_gives_none(self):
        for name, address in (("shop.example", "shop.example"), ("_", None), ("*.example", None)):
            with self.subTest(name=name):
                collector, nginx = self.traced("otel_trace on; server { listen 127.0.0.1:%(port)d; server_name " + name
                                               + "; location / { return 200; } }")
                nginx.send(b"GET / HTTP/1.0\r\n\r\n")
                nginx.quit()
                span, = collector.spans()
                self.assertEqual(span.attributes.get("server.address"), address)

    def test_duration__agrees_with_request_time(self):
        collector, nginx = self.traced("""
            otel_trace on; log_format took "$request_time";
            server { listen 127.0.0.1:%(port)d; access_log %(dir)s/took.log took; location / { return 200; } }""")
        with socket.create_connection(("127.0.0.1", nginx.port)) as client:
            client.sendall(b"GET / HT")
            time.sleep(0.2)  # the client is slow: what nginx counts before it has read the request
            client.sendall(b"TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while client.recv(4096):
                pass
        nginx.quit()
        span, = collector.spans()
        with open(nginx.dir + "/took.log", encoding="ascii") as log:
            took = float(log.read())
        self.assertGreaterEqual(took, 0.19)
        self.assertAlmostEqual((span.end - span.start) / 1e9, took, delta=0.02)

    def test_http2__has_its_version_and_authority(self):
        curl = shutil.which("curl")
        if not curl or "HTTP2" not in subprocess.run([curl, "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout:
            self.skipTest("no curl that speaks HTTP/2")
        collector, nginx = self.traced("""
            otel_trace on; otel_trace_context propagate;
            server { listen 127.0.0.1:%(port)d http2; location / { return 200 "hello"; } }""")
        subprocess.run([curl, "-sS", "--http2-prior-knowledge", "-o", nginx.dir + "/got", "-H", "traceparent: 00-"
                        "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "http://127.0.0.1:%d/a?b" % nginx.port],
                       check=True, timeout=20)
        nginx.quit()
        span, = collector.spans()
        self.assertEqual(span.parent, "b7ad6b7169203331")
        self.assertEqual(span.attributes["network.protocol.version"], "2")
        self.assertEqual(span.attributes["server.address"], "127.0.0.1")
        self.assertEqual(span.attributes["server.port"], nginx.port)
        self.assertEqual((span.attributes["url.path"], span.attributes["url.query"]), ("/a", "b"))
        self.assertEqual(span.attributes["http.response.body.size"], 5)
        self.assertNotIn("error.type", span.attributes)

    def test_tls__has_the_scheme_https(self):
        openssl = shutil.which("openssl")
        if not openssl:
            self.skipTest("no openssl to make a certificate with")
        collector = self.collector()
        nginx = self.nginx(harness.EXPORTER % collector.url + """
            otel_trace on; ssl_certificate %(dir)s/cert; ssl_certificate_key %(dir)s/key;
            server { listen 127.0.0.1:%(port)d ssl; location / { return 200; } }""")
        subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=a", "-keyout", nginx.dir + "/key", "-out", nginx.dir + "/cert"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        nginx.start()
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        with trusting.wrap_socket(socket.create_connection(("127.0.0.1", nginx.port))) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while client.recv(4096):
                pass
        nginx.quit()
        span, = collector.spans()
        self.assertEqual((span.attributes["url.scheme"], span.attributes["server.port"]), ("https", 443))

    def test_export__is_not_traced_itself(self):
        collector, nginx = self.traced(SITE)
        nginx.get("/plain", headers=["User-Agent: OTel-OTLP-Exporter-Python/1.2"])
        nginx.quit()
        self.assertEqual(collector.spans(), [])

    def test_resource__is_one_for_all_workers_and_reloads(self):
        collector, nginx = self.traced(SITE, workers=4)
        for _ in range(2):
            for _ in range(20):
                nginx.get("/plain")
            nginx.reload()
        nginx.quit()
        resources = [span.resource for span in collector.spans()]
        self.assertEqual({resource["process.pid"] for resource in resources}, {nginx.process.pid})
        self.assertEqual(len({resource["service.instance.id"] for resource in resources}), 1)
        self.assertRegex(resources[0]["service.instance.id"],
                         "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")

    def test_resource__takes_from_the_environment_what_nginx_lets_through(self):
        collector, nginx = self.traced("""
            otel_resource_attr team blue; otel_trace on;
            server { listen 127.0.0.1:%(port)d; location / { return 200; } }""",
                                       main="env OTEL_RESOURCE_ATTRIBUTES=team=red,region=north;")
        nginx.get("/")
        nginx.quit()
        span, = collector.spans()
        self.assertEqual((span.resource["team"], span.resource["region"]), ("blue", "north"))

    def test_resource__has_what_directives_say(self):
        collector, nginx = self.traced("""
            otel_resource_attr deployment.environment.name test; otel_resource_attr team blue;
            otel_resource_attr service.name other;
            otel_trace on; server { listen 127.0.0.1:%(port)d; location / { return 200; } }""")
        nginx.get("/")
        nginx.quit()
        span, = collector.spans()
        self.assertEqual(span.resource["deployment.environment.name"], "test")
        self.assertEqual(span.resource["team"], "blue")
        self.assertEqual(span.resource["service.name"], "front")
        self.assertEqual(span.scope[0], "sonde.nginx")
        self.assertTrue(re.match(r"\d", span.scope[1]))


if __name__ == "__main__":
    harness.main()
