# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Processes and time: who starts the SDK, what reload, quit and a collector that is not there do."""
import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading

import harness

SITE = """
    otel_trace on;
    server { listen 127.0.0.1:%(port)d; location / { return 200; } location /metrics { sonde_metrics; } }
"""
NOBODY = 65534


def threads(pid):
    return len(os.listdir("/proc/%d/task" % pid))


class Lifecycle(harness.Case):
    def test_workers__and_nobody_else_have_a_thread_more(self):
        collector = self.collector()
        cache = "proxy_cache_path %(dir)s/cache keys_zone=c:1m;"
        nginx = self.started(harness.EXPORTER % collector.url + cache + SITE)
        harness.wait_until(lambda: any("cache manager" in title for title in nginx.children().values()), "its manager")
        self.assertEqual(threads(nginx.process.pid), 1)
        for pid, title in nginx.children().items():
            self.assertEqual(threads(pid), 2 if "worker process" in title else 1, title)

    def test_configuration_test__starts_nothing(self):
        collector = self.collector()
        nginx = self.nginx(harness.EXPORTER % collector.url + SITE)
        self.assertEqual(nginx.check()[0], 0)
        self.assertEqual(collector.paths, [])

    def test_single_process__traces_too(self):
        collector, nginx = self.traced(SITE, main="master_process off;", workers=1)
        nginx.get("/")
        self.assertEqual(len(collector.wait_for_spans(1)), 1)

    def test_ordinary_user__runs_it(self):
        if os.geteuid() != 0:
            self.skipTest("every other test has shown it")
        collector = self.collector()
        nginx = self.started(harness.EXPORTER % collector.url + SITE, user=NOBODY)
        nginx.get("/")
        self.assertEqual(len(collector.wait_for_spans(1)), 1)

    def test_quit_and_term__hand_over_what_was_accepted(self):
        for how in (signal.SIGQUIT, signal.SIGTERM):
            with self.subTest(how=how):
                collector = self.collector()
                nginx = self.started(harness.EXPORTER.replace("100ms", "1h") % collector.url + SITE)
                for _ in range(100):
                    nginx.get("/")
                self.assertEqual(collector.paths, [])
                nginx.quit(how)
                self.assertEqual(len(set(collector.ids())), 100)

    def test_quit__waits_for_a_hung_collector_no_longer_than_three_seconds(self):
        hung = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(hung.close)
        for how, longest in ((signal.SIGQUIT, 4.5), (signal.SIGTERM, 2.5)):
            with self.subTest(how=how):
                nginx = self.started(harness.EXPORTER % ("http://127.0.0.1:%d" % hung.getsockname()[1]) + SITE)
                nginx.get("/")
                self.assertLess(nginx.quit(how), longest)
                self.assertRegex(nginx.log(), "sonde: 1 spans of this worker lost so far: 0 found no room, 1 were not")

    def test_collector_down__changes_nothing_for_clients_and_is_said(self):
        port = harness.free_port()
        nginx = self.started(harness.EXPORTER % ("http://127.0.0.1:%d" % port) + SITE)
        for _ in range(50):
            self.assertEqual(nginx.get("/")[0], 200)
        nginx.wait_for_log(r"\[(warn|error)\].*sonde: .*otlp")
        self.assertLessEqual(nginx.log().count("sonde: "), 3)
        collector = self.collector(port=port)
        nginx.get("/")
        self.assertEqual(len(collector.wait_for_spans(51, timeout=60)), 51)

    def test_collector_down__memory_stays_within_its_budget_and_drops_are_counted(self):
        wrk = self.wrk()
        port = harness.free_port()
        nginx = self.started(harness.EXPORTER % ("http://127.0.0.1:%d" % port) + SITE, workers=1)
        nginx.get("/")
        worker, = nginx.workers_now()
        before = self.private_kib(worker)
        for _ in range(3):
            subprocess.run([wrk, "-t1", "-c16", "-d3s", "http://127.0.0.1:%d/" % nginx.port], check=True,
                           stdout=subprocess.DEVNULL, timeout=60)
            self.assertLess(self.private_kib(worker) - before, 16 * 1024)
        nginx.wait_for_log(r"sonde: [0-9]+ spans of this worker lost so far: [0-9]+ found no room", timeout=30)
        self.assertEqual(nginx.get("/")[0], 200)

    def private_kib(self, pid):
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))

    def wrk(self):
        wrk = shutil.which("wrk")
        if not wrk:
            self.skipTest("wrk is not installed")
        return wrk

    def test_reloads_under_load__lose_no_span(self):
        collector, nginx = self.traced(SITE)
        served, failed = [], []
        least, clients, reloaded = 100000, 4, threading.Event()

        def load():
            """Keep-alive connections, each used until nginx closes it; every answer is counted."""
            done = 0
            while done < least // clients or not reloaded.is_set():
                connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
                try:
                    done += pipelined(connection, 500)
                except OSError as error:
                    failed.append(error)
                    break
                finally:
                    connection.close()
            served.append(done)

        loads = [threading.Thread(target=load) for _ in range(clients)]
        for one in loads:
            one.start()
        for number in range(1, 4):
            collector.wait_for(lambda it, number=number: len(it.bodies) > 10 * number)
            nginx.reload()
        reloaded.set()
        for one in loads:
            one.join()
        nginx.quit()
        ids = collector.ids()
        self.assertEqual(failed, [])
        self.assertGreaterEqual(sum(served), least)
        self.assertEqual((len(ids), len(set(ids))), (sum(served), sum(served)))


def pipelined(connection, count):
    """Sends requests ahead of their answers; returns how many were answered."""
    connection.connect()
    connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * count)
    received = answered = 0
    tail = b""
    while answered < count:
        part = connection.sock.recv(262144)
        if not part:
            break
        received += len(part)
        answered += (tail + part).count(b"HTTP/1.1 200 ")
        tail = (tail + part)[-12:]
    return answered


if __name__ == "__main__":
    harness.main()
