# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the scripts of this folder share: where things are, the verdict, and a stage on which everything that a script
starts is ended again, by its id."""
import contextlib
import ctypes
import importlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SONDE_SOURCE_DIR") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("SONDE_BUILD_DIR") or os.path.join(SOURCE, "build", "release")
SKIPPED = 77
PR_SET_CHILD_SUBREAPER = 36

sys.path.insert(0, os.path.join(SOURCE, "tests", "integration", "nginx"))
from otlp import Collector  # noqa: E402


class Missing(Exception):
    """Something that the script needs is not on this machine."""


class Failed(Exception):
    """What was looked for is not so."""


def expect(condition, sentence, *values):
    if not condition:
        raise Failed(sentence % values if values else sentence)


def expect_equal(got, wanted, what):
    expect(got == wanted, "%s: %r, not %r", what, got, wanted)


def wait_until(condition, what, timeout=20):
    """Polls, since files and processes do not notify; returns what the condition gave."""
    deadline = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        expect(time.monotonic() < deadline, "waited %d s for %s", timeout, what)
        time.sleep(0.01)


def built(path):
    """A file of the build folder."""
    found = os.path.join(BUILD, path)
    if not os.path.exists(found):
        raise Missing("%s is not built" % path)
    return found


def tool(variable, name):
    """A program that CMake named in a variable, or that is on the path."""
    found = os.environ.get(variable) or shutil.which(name)
    if not found or not shutil.which(found):
        raise Missing("%s is not here (%s)" % (name, variable))
    return found


def nginx():
    """The harness of the nginx tests, set up for the module that was built."""
    settings = {}
    with open(built("integrations/nginx/module.env"), encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.strip().partition("=")
            settings[name] = shlex.split(value)[0] if value else ""
    built("integrations/nginx/ngx_http_sonde_module.so")
    os.environ.update(settings)
    harness = importlib.import_module("harness")
    if not os.access(harness.NGINX, os.X_OK):
        raise Missing("nginx is not at %s" % harness.NGINX)
    return harness


def environment(**more):
    """This one without what could lead telemetry or requests elsewhere."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("OTEL_", "SONDE_DEMO_")) and not name.lower().endswith("_proxy")}
    clean.update(more)
    return clean


def free_ports(count):
    """Ports of 127.0.0.1, all different."""
    with contextlib.ExitStack() as probes:
        found = []
        for _ in range(count):
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
        return found


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def private_kib(pid):
    """The memory that is a process's own."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))


def adopt_orphans():
    """From here on, what a command leaves running becomes a child of this script."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise Missing("this kernel does not hand over orphans")


def orphans():
    """{pid: command} of the children that still run; those that have ended are reaped."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    found = {}
    for task in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/children" % task, encoding="ascii") as children:
            for pid in children.read().split():
                with contextlib.suppress(OSError), open("/proc/%s/cmdline" % pid, "rb") as command:
                    found[int(pid)] = command.read().replace(b"\0", b" ").decode(errors="replace").strip()
    return found


class Stage(contextlib.ExitStack):
    """A folder, collectors and programs, all gone when the script ends."""

    def __enter__(self):
        super().__enter__()
        self.dir = tempfile.mkdtemp(prefix="sonde-acceptance-")
        self.callback(shutil.rmtree, self.dir, ignore_errors=True)
        return self

    def collector(self, **options):
        collector = Collector(**options)
        self.callback(collector.stop)
        return collector

    def nginx(self, harness, http, start=True, **options):
        """An nginx, started or only configured."""
        server = harness.Nginx(http, **options)
        self.callback(server.remove)
        return server.start() if start else server

    def start(self, name, command, port=None, **variables):
        """Runs a program beside this one, its output in a file; with a port it is waited for. Returns the process."""
        path = os.path.join(self.dir, name + ".log")
        with open(path, "wb") as log:
            process = subprocess.Popen(command, env=environment(**variables), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT)
        self.callback(end, process)
        process.log = path
        if port is not None:
            wait_until(lambda: process.poll() is not None or is_open(port), "%s to listen" % name)
            expect(process.poll() is None, "%s ended: %s", name, read(path))
        return process


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def end(process, how=signal.SIGTERM, timeout=20):
    """Ends a process if it runs; returns its exit status."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failed("%s did not end within %d s" % (process.args[0], timeout)) from None


def run(command, timeout=60, status=0, cwd=None, **variables):
    """Runs a command to its end; returns what it wrote on both outputs. status None: any."""
    return _run(command, timeout, status, subprocess.STDOUT, cwd, variables)[0]


def figures(command, timeout=60, **variables):
    """Runs one of programs/, which prints a JSON object a line; returns them, and what it had to complain of."""
    out, said = _run(command, timeout, 0, subprocess.PIPE, None, variables)
    return [json.loads(line) for line in out.splitlines()], said


def _run(command, timeout, status, errors, cwd, variables):
    done = subprocess.run(command, env=environment(**variables), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=errors, timeout=timeout, check=False, cwd=cwd, encoding="utf-8", errors="replace")
    if status is not None:
        expect(done.returncode == status, "%s ended with %d:\n%s", " ".join(map(str, command)), done.returncode,
               done.stdout + (done.stderr or ""))
    return done.stdout, done.stderr


def main(check):
    """Prints one line and ends: check(stage) returns the figure, or raises. What is longer goes to standard error."""
    name = os.path.basename(sys.argv[0])
    try:
        with Stage() as stage:
            verdict, status = "PASS %s: %s" % (name, check(stage)), 0
    except Missing as missing:
        verdict, status = "SKIP %s: %s" % (name, missing), SKIPPED
    except Exception as error:  # pylint: disable=broad-except
        if isinstance(error, Failed):
            print(error, file=sys.stderr)
        else:
            traceback.print_exc()
        verdict, status = "FAIL %s: %s" % (name, (str(error) or type(error).__name__).splitlines()[0][:300]), 1
    print(verdict, flush=True)
    sys.exit(status)
