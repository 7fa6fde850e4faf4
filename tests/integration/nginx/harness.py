# SPDX-License-Identifier: Apache-2.0 OR MIT
"""nginx with the module, on free ports of loopback, in a folder of its own; raw clients and upstreams beside it."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from otlp import Collector

NGINX = os.environ.get("NGINX_BIN", "")
MODULE = os.environ.get("NGINX_MODULE", "")
SKIPPED = 77

MAIN = """\
load_module %(module)s;
daemon off;
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log info;
worker_processes %(workers)d;
worker_shutdown_timeout 20s;
%(main)s
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path %(dir)s/body;
    proxy_temp_path %(dir)s/proxy;
    fastcgi_temp_path %(dir)s/fastcgi;
    uwsgi_temp_path %(dir)s/uwsgi;
    scgi_temp_path %(dir)s/scgi;
%(http)s
}
"""

EXPORTER = """
    otel_exporter { protocol http/protobuf; endpoint %s; interval 100ms; }
    otel_service_name front;
"""


def wait_until(condition, what, timeout=20):
    """Polls, since files and processes do not notify."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited %d s for: %s" % (timeout, what))
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """One nginx. http: what stands in the http block, %(port)d and %(dir)s filled in."""

    def __init__(self, http, main="", workers=2, user=None):
        self.dir = tempfile.mkdtemp(prefix="sonde-nginx-")
        self.port, self.main, self.workers, self.user = free_port(), main, workers, user
        self.process, self.binary, self.module = None, NGINX, MODULE
        os.chmod(self.dir, 0o755)
        if user is not None:
            # Who may not look into our folders has copies.
            os.chown(self.dir, user, -1)
            self.binary, self.module = shutil.copy(NGINX, self.dir), shutil.copy(MODULE, self.dir)
        self.write(http)

    def write(self, http):
        """Writes the configuration anew, for a reload."""
        filled = http.replace("%(port)d", str(self.port)).replace("%(dir)s", self.dir)
        with open(self.dir + "/nginx.conf", "w", encoding="utf-8") as conf:
            conf.write(MAIN % {"module": self.module, "dir": self.dir, "workers": self.workers, "main": self.main,
                               "http": filled})

    def _become(self):
        if self.user is not None:
            os.setgid(self.user)
            os.setuid(self.user)

    def _command(self, *arguments):
        return [self.binary, "-p", self.dir, "-c", self.dir + "/nginx.conf", "-e", self.dir + "/error.log", *arguments]

    def check(self):
        """nginx -t: its exit status and what it says."""
        done = subprocess.run([self.binary, "-t", "-p", self.dir, "-c", self.dir + "/nginx.conf", "-e", "stderr"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
        return done.returncode, done.stdout

    def start(self):
        self.process = subprocess.Popen(self._command(), preexec_fn=self._become, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_until(lambda: self.process.poll() is not None or self.listens(), "nginx to listen")
        if self.process.poll() is not None:
            raise AssertionError("nginx did not start:\n" + self.log())
        return self

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self):
        try:
            with open(self.dir + "/error.log", encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def wait_for_log(self, pattern, timeout=20):
        wait_until(lambda: re.search(pattern, self.log()), "%r in the error log" % pattern, timeout)

    def children(self):
        """{pid: title} of the processes that the master has."""
        found = {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
                with open("/proc/%s/cmdline" % name, "rb") as command:
                    title = command.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except (OSError, IndexError):
                continue
            if parent == self.process.pid:
                found[int(name)] = title
        return found

    def workers_now(self):
        return {pid for pid, title in self.children().items() if title.startswith("nginx: worker process")
                and "shutting down" not in title}

    def reload(self):
        """Returns when new workers serve; the old ones may still be busy."""
        before = set(self.children())
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.workers_now() - before) == self.workers, "new workers")

    def quit(self, how=signal.SIGQUIT, timeout=30):
        """Ends nginx; returns the seconds it took."""
        began = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("nginx did not end:\n" + self.log()) from None
        return time.monotonic() - began

    def remove(self):
        try:
            self.quit()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def complaints(self):
        """Lines that no test may leave behind unasked for."""
        return [line for line in self.log().splitlines()
                if re.search(r"\[(alert|crit|emerg)\]|exited on signal|sanitizer", line, re.IGNORECASE)]

    def send(self, data, port=None, timeout=10):
        """Sends bytes as they are; returns what comes back until the other side closes."""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout) as connection:
            connection.sendall(data)
            received = b""
            while True:
                try:
                    part = connection.recv(65536)
                except ConnectionResetError:
                    break
                if not part:
                    break
                received += part
        return received

    def get(self, path="/", headers=(), method="GET", body=b"", host="example.org"):
        """One request of HTTP/1.1; returns (status, head, body)."""
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: %s" % host, "Connection: close", *headers]
        if body:
            lines.append("Content-Length: %d" % len(body))
        answer = self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        head, _, rest = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head.startswith(b"HTTP/") else 0
        return status, head.decode("latin-1"), rest


class Upstream:
    """A raw server that keeps the head of each request it gets, as bytes, and answers "ok"."""

    def __init__(self):
        self.heads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                data = b""
                try:
                    while b"\r\n\r\n" not in data:
                        part = connection.recv(65536)
                        if not part:
                            break
                        data += part
                    if data:
                        self.heads.append(data.partition(b"\r\n\r\n")[0])
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                except OSError:
                    pass

    def last(self, name):
        """The values of a header in the last request, in order."""
        lines = self.heads[-1].decode("latin-1").split("\r\n")[1:]
        return [line.partition(":")[2].strip() for line in lines if line.partition(":")[0].lower() == name]

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


class Case(unittest.TestCase):
    """Takes away what a test started, and looks whether nginx had to complain."""

    def collector(self, **options):
        collector = Collector(**options)
        self.addCleanup(collector.stop)
        return collector

    def upstream(self):
        upstream = Upstream()
        self.addCleanup(upstream.stop)
        return upstream

    def nginx(self, http, **options):
        nginx = Nginx(http, **options)
        self.addCleanup(nginx.remove)
        return nginx

    def started(self, http, **options):
        nginx = self.nginx(http, **options).start()
        self.addCleanup(lambda: self.assertEqual(nginx.complaints(), []))
        return nginx

    def traced(self, http, **options):
        """A collector, and nginx that exports to it."""
        collector = self.collector()
        return collector, self.started(EXPORTER % collector.url + http, **options)


def main():
    if not os.access(NGINX, os.X_OK) or not os.path.exists(MODULE):
        print("skipped: NGINX_BIN and NGINX_MODULE name no nginx and module")
        raise SystemExit(SKIPPED)
    unittest.main(verbosity=2)
