# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The metrics location: what it counts, over all workers and reloads, and that Prometheus takes it."""
import os
import re
import subprocess

import harness

SITE = """
    server { listen 127.0.0.1:%(port)d;
        location / { return 200; }
        location /a { return 404; }
        location /broken { return 500; }
        location /hold { proxy_pass http://127.0.0.1:1; }
        location = /metrics { sonde_metrics; }
        location = /scrape { rewrite ^ /metrics last; }
    }
"""


def samples(text):
    """{(name, labels): value}, labels as a frozenset of pairs."""
    found = {}
    for line in text.splitlines():
        match = re.match(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$', line)
        if match:
            labels = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            found[match.group(1), labels] = float(match.group(3))
    return found


class Metrics(harness.Case):
    def scrape(self, nginx, path="/metrics"):
        status, head, body = nginx.get(path)
        self.assertEqual(status, 200, head)
        self.assertIn("Content-Type: text/plain; version=0.0.4; charset=utf-8", head)
        return body.decode()

    def count(self, text, **labels):
        wanted = {(key, value) for key, value in labels.items()}
        return sum(value for (name, have), value in samples(text).items()
                   if name == "http_server_request_duration_seconds_count" and wanted <= have)

    def test_durations__are_counted_by_method_route_and_status(self):
        nginx = self.started(SITE)
        for path in ("/", "/", "/a", "/broken"):
            nginx.get(path)
        text = self.scrape(nginx)
        self.assertEqual(self.count(text, http_route="/", http_response_status_code="200", url_scheme="http",
                                    http_request_method="GET", network_protocol_version="1.1"), 2)
        self.assertEqual(self.count(text, http_route="/a", http_response_status_code="404"), 1)
        self.assertEqual(self.count(text, http_route="/broken", error_type="500"), 1)
        self.assertIn('http_server_request_duration_seconds_bucket{', text)

    def test_scrapes__are_neither_counted_nor_traced(self):
        collector, nginx = self.traced("otel_trace on;" + SITE)
        for path in ("/metrics", "/scrape", "/metrics"):
            text = self.scrape(nginx, path)
        self.assertEqual(self.count(text), 0)
        active = [value for (name, _), value in samples(text).items() if name == "http_server_active_requests"]
        self.assertEqual(sum(active), 0)
        nginx.quit()
        self.assertEqual(collector.spans(), [])

    def test_active_requests__are_those_under_way(self):
        upstream = harness.socket.create_server(("127.0.0.1", 0))
        self.addCleanup(upstream.close)
        nginx = self.started(SITE.replace("127.0.0.1:1;", "127.0.0.1:%d;" % upstream.getsockname()[1]))
        waiting = harness.socket.create_connection(("127.0.0.1", nginx.port))
        waiting.sendall(b"POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        held, _ = upstream.accept()
        key = ("http_server_active_requests", "POST")
        self.assertEqual(self.active(nginx), {"POST": 1})
        held.close()
        waiting.recv(100)
        waiting.close()
        self.assertEqual(self.active(nginx), {"POST": 0}, key)

    def active(self, nginx):
        return {dict(labels)["http_request_method"]: value for (name, labels), value
                in samples(self.scrape(nginx)).items() if name == "http_server_active_requests"
                and dict(labels)["http_request_method"] != "GET"}

    def test_figures__are_sums_over_workers_and_survive_reloads(self):
        nginx = self.started(SITE, workers=4)
        for _ in range(3):
            for _ in range(40):
                nginx.get("/")
            nginx.reload()
        self.assertEqual(self.count(self.scrape(nginx), http_route="/"), 120)

    def test_rejected_requests__are_counted_without_a_route(self):
        nginx = self.started(SITE)
        nginx.send(b"nonsense\r\n\r\n")
        text = self.scrape(nginx)
        self.assertEqual(self.count(text, http_request_method="_OTHER", http_response_status_code="400"), 1)
        self.assertEqual(self.count(text, http_route="/"), 0)

    def test_routes__are_bounded_by_the_configuration(self):
        nginx = self.started(SITE)
        for number in range(50):
            nginx.get("/a/%d" % number)
        self.assertEqual(self.count(self.scrape(nginx), http_route="/a"), 50)

    def test_killed_worker__leaves_the_figures_usable(self):
        nginx = self.started(SITE)
        for _ in range(20):
            nginx.get("/")
        before = nginx.workers_now()
        os.kill(min(before), harness.signal.SIGKILL)
        harness.wait_until(lambda: len(nginx.workers_now() - before) == 1, "a new worker")
        nginx.get("/")
        self.assertIn(self.count(self.scrape(nginx), http_route="/"), (20, 21))
        self.cleanup_alerts(nginx)

    def cleanup_alerts(self, nginx):
        """That a worker was killed is what nginx is to say."""
        said = [line for line in nginx.complaints() if "exited on signal 9" not in line]
        nginx.complaints = lambda: said

    def test_methods__other_than_get_and_head_are_refused(self):
        nginx = self.started(SITE)
        self.assertEqual(nginx.get("/metrics", method="POST", body=b"x")[0], 405)
        status, _, body = nginx.get("/metrics", method="HEAD")
        self.assertEqual((status, body), (200, b""))

    def test_exposition__is_accepted_by_promtool(self):
        promtool = os.environ.get("PROMTOOL")
        if not promtool:
            self.skipTest("PROMTOOL names no promtool")
        nginx = self.started(SITE)
        for path in ("/", "/a", "/broken"):
            nginx.get(path)
        done = subprocess.run([promtool, "check", "metrics"], input=self.scrape(nginx), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, ""))


if __name__ == "__main__":
    harness.main()
