# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What crosses between two programs: a relay that keeps every byte of the way there."""
import contextlib
import socket
import threading


class Relay:
    """Listens on a port of 127.0.0.1 and hands everything on to another."""

    def __init__(self, port):
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.heads = []  # of each request, in order
        self._stopped = threading.Event()
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while not self._stopped.is_set():
            with contextlib.suppress(socket.timeout):
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [client, server]
                for one, other, keep in ((client, server, True), (server, client, False)):
                    thread = threading.Thread(target=self._pump, args=(one, other, keep))
                    thread.start()
                    self._threads.append(thread)

    def _pump(self, one, other, keep):
        """Until one side closes or the relay stops; bodies are not expected on the way there."""
        one.settimeout(0.1)
        head = b""
        while not self._stopped.is_set():
            try:
                part = one.recv(65536)
            except socket.timeout:
                continue
            except OSError:
                break
            if not part:
                break
            if keep:
                *complete, head = (head + part).split(b"\r\n\r\n")
                self.heads.extend(complete)
            with contextlib.suppress(OSError):
                other.sendall(part)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def values(self, name):
        """For each request that came through, the values of a header."""
        return [[line.partition(":")[2].strip() for line in head.decode("latin-1").split("\r\n")[1:]
                 if line.partition(":")[0].lower() == name] for head in self.heads]

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()


def get(port, path, headers=()):
    """One request of HTTP/1.1; returns status, head and body."""
    lines = ["GET %s HTTP/1.1" % path, "Host: example.org", "Connection: close", *headers]
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head.startswith(b"HTTP/") else 0
    return status, head.decode("latin-1"), body.decode("utf-8", errors="replace")
