# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What nginx -t takes and what it refuses, with file and line; the shipped file; where spans are sent."""
import os

import harness

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../integrations/nginx/otel.conf")
GOOD = "otel_exporter { protocol http/protobuf; endpoint http://127.0.0.1:4318; }"
SERVER = "server { listen 127.0.0.1:%(port)d; location / { return 200; } }"


class Configuration(harness.Case):
    def test_good_configurations__pass(self):
        for http in (
                "",
                GOOD,
                "otel_exporter { protocol http/protobuf; endpoint localhost:4318; interval 1s; batch_size 1k;"
                " batch_count 8; }",
                "otel_exporter { protocol http/protobuf; endpoint https://collector.example/otlp/v1/traces?x=1; }",
                GOOD + "otel_trace on; otel_trace_context propagate; otel_span_name a$uri; otel_span_attr a $uri;",
                GOOD + "otel_trace $arg_trace;", GOOD + "otel_trace 1;",
                "otel_trace off; otel_trace_context inject;",
                GOOD + "otel_service_name a; otel_resource_attr b c; otel_resource_attr d e;",
                "server { location = /m { sonde_metrics; } }"):
            with self.subTest(http=http):
                status, said = self.nginx(http + SERVER).check()
                self.assertEqual(status, 0, said)

    def test_bad_directives__are_refused_with_file_and_line(self):
        for http, sentence in (
                ("otel_exporter { endpoint http://127.0.0.1:4318; }",
                 '"otel_exporter" cannot export by gRPC yet: write "protocol http/protobuf;" and an endpoint'),
                ("otel_exporter { protocol grpc; endpoint http://127.0.0.1:4317; }", "cannot export by gRPC yet"),
                ("otel_exporter { protocol http/json; endpoint http://127.0.0.1:4318; }",
                 'invalid value "http/json" in "protocol"'),
                ("otel_exporter { protocol http/protobuf; }", '"otel_exporter" requires "endpoint"'),
                ("otel_exporter { protocol http/protobuf; endpoint ftp://a; }", 'invalid value "ftp://a" in "endpoint"'),
                ("otel_exporter { protocol http/protobuf; endpoint http:///v1; }", 'invalid value "http:///v1"'),
                ("otel_exporter { protocol http/protobuf; endpoint 'http://a b'; }", 'invalid value "http://a b"'),
                ("otel_exporter { protocol http/protobuf; endpoint a; endpoint b; }", '"endpoint" of "otel_exporter" is '
                 'duplicate'),
                ("otel_exporter { protocol http/protobuf; endpoint a; interval soon; }",
                 '"interval" of "otel_exporter" invalid value'),
                ("otel_exporter { protocol http/protobuf; endpoint a; batch_size 0; }", "must not be zero"),
                ("otel_exporter { protocol http/protobuf; endpoint a b; }", "invalid number of arguments"),
                ("otel_exporter { protocol http/protobuf; endpoint a; colour red; }", 'unknown parameter "colour"'),
                (GOOD + GOOD, '"otel_exporter" directive is duplicate'),
                (GOOD + "otel_trace yes;", 'invalid value "yes" in "otel_trace" directive'),
                (GOOD + "otel_trace on; otel_trace off;", '"otel_trace" directive is duplicate'),
                ("otel_trace on;", '"otel_trace" needs an "otel_exporter" block'),
                ("otel_trace_context both;", 'invalid value "both"'),
                (GOOD + "otel_span_attr a;", 'invalid number of arguments in "otel_span_attr"'),
                (GOOD + "otel_span_attr '' x;", '"otel_span_attr" directive has an empty name'),
                ("server { location / { sonde_metrics; sonde_metrics; } }", '"sonde_metrics" directive is duplicate'),
                ("sonde_metrics;", '"sonde_metrics" directive is not allowed here')):
            with self.subTest(http=http):
                nginx = self.nginx(http + "\n" + SERVER)
                status, said = nginx.check()
                self.assertNotEqual(status, 0)
                self.assertIn(sentence, said)
                self.assertRegex(said, r"\[emerg\].* in %s/nginx\.conf:[0-9]+" % nginx.dir)

    def test_endpoint__without_a_path_gets_that_of_otlp(self):
        for path, wanted in (("", "/v1/traces"), ("/", "/v1/traces"), ("/own/way?k=v", "/own/way?k=v")):
            with self.subTest(path=path):
                collector = self.collector()
                nginx = self.started(harness.EXPORTER % (collector.url.replace("http://", "") + path)
                                     + "otel_trace on;" + SERVER)
                nginx.get("/")
                nginx.quit()
                self.assertEqual(collector.paths, [wanted])

    def test_shipped_file__traces_all_servers_and_follows_the_caller(self):
        collector, metrics_port = self.collector(), harness.free_port()
        with open(SHIPPED, encoding="utf-8") as shipped:
            conf = shipped.read().replace("http://127.0.0.1:4318", collector.url).replace(
                "127.0.0.1:9464", "127.0.0.1:%d" % metrics_port)
        upstream = self.upstream()
        nginx = self.started(conf + SERVER.replace("return 200;", "proxy_pass http://127.0.0.1:%d;" % upstream.port),
                             workers=1)
        parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0%d"
        for headers in ([], [parent % 1], [parent % 0]):
            nginx.get("/", headers=headers)
        exposition = nginx.send(b"GET /metrics HTTP/1.0\r\n\r\n", port=metrics_port)
        self.assertIn(b"http_server_request_duration_seconds_count", exposition)
        self.assertIn(b" 404 ", nginx.send(b"GET / HTTP/1.0\r\n\r\n", port=metrics_port))
        nginx.quit()
        self.assertEqual([span.parent for span in collector.spans()], [None, "b7ad6b7169203331"])
        self.assertEqual([head.count(b"traceparent: ") for head in upstream.heads], [1, 1, 1])

    def test_metrics__are_not_sent_anywhere(self):
        collector, nginx = self.traced("otel_trace on; server { listen 127.0.0.1:%(port)d; location / { return 200; }"
                                       " location /metrics { sonde_metrics; } }")
        nginx.get("/")
        nginx.quit()
        self.assertEqual(set(collector.paths), {"/v1/traces"})


if __name__ == "__main__":
    harness.main()
