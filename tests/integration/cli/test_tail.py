# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What sonde tail prints, when, and how it ends."""
import os
import pty
import signal
import subprocess

from harness import Case, Stream, Tail, main, metrics_request, trace_request

EDGE = trace_request("edge", {"id": 1, "name": "GET /cart", "kind": 2, "took": 40,
                              "attributes": {"http.response.status_code": 500, "error.type": "500"}, "error": "broken"})
SHOP = trace_request("shop", {"id": 2, "parent": 1, "name": "load", "start": 10, "took": 20,
                              "attributes": {"cart.items": 3}})

WATERFALL = """\
━━ 00000000000000000000000000000001 · 2 spans · edge, shop · 40.0 ms
   2024-05-01 14:03:07.123 · 1 error
       span           start     took  0                    40.0 ms
  edge ◆ GET /cart        0  40.0 ms  ████████████████████████████ ✗ 500
       │ broken
  shop └─· load     10.0 ms  20.0 ms         ██████████████        cart.items=3

"""


class Printing(Case):
    def test_a_trace_of_two_services_is_one_waterfall(self):
        with Tail("--once", "1", "--width", "80") as tail:
            tail.send(SHOP)
            tail.send(EDGE)
            self.assertEqual(tail.wait(), 0)
        self.assertEqual(tail.out.text(), WATERFALL)

    def test_the_locale_decides_between_utf8_and_ascii(self):
        with Tail("--once", "1", LC_ALL="C") as tail:
            tail.send(EDGE)
            self.assertEqual(tail.wait(), 0)
        self.assertTrue(tail.out.text().isascii())
        self.assertIn("== 0000", tail.out.text())

    def test_late_spans_print_the_trace_again(self):
        with Tail() as tail:
            tail.send(EDGE)
            tail.out.wait_for(r"1 span · edge(.|\n)*\n\n")
            tail.send(SHOP)
            tail.out.wait_for(r"again, with 1 late span")
            tail.out.wait_for(r"\+ shop └─· load")
            tail.send(SHOP)  # the same once more says nothing new
            tail.send(trace_request("other", {"trace": 2, "id": 1, "name": "end"}))
            tail.out.wait_for(r"other · end")
            self.assertEqual(tail.stop(), 0)
        self.assertEqual(tail.out.text().count("━━"), 3)

    def test_metrics_are_printed_on_request(self):
        with Tail() as tail:
            tail.kill(signal.SIGUSR1)
            tail.err.wait_for("no metrics have come yet")
            tail.send(metrics_request("shop", 7), "/v1/metrics")
            tail.kill(signal.SIGUSR1)
            tail.out.wait_for(r"━━ metrics of shop\n  orders.taken \{order\}\n          7  paid=true\n\n")
            self.assertEqual(tail.stop(), 0)

    def test_metrics_are_printed_as_they_come_when_asked(self):
        with Tail("--metrics") as tail:
            for value in (7, 8):
                tail.send(metrics_request("shop", value), "/v1/metrics")
                tail.out.wait_for(r" %d  paid=true" % value)
            self.assertEqual(tail.stop(), 0)
        self.assertEqual(tail.out.text().count("metrics of shop"), 2)

    def test_hostile_names_do_not_reach_the_terminal(self):
        with Tail("--once", "1", "--all-attributes", "--color", "never") as tail:
            tail.send(trace_request("a\x1b]0;b\x07", {"id": 1, "name": "c\x1b[2J\r", "attributes": {"k\x1b[1m": "v\x9b1m"},
                                                      "error": "\x1b[8m"}))
            self.assertEqual(tail.wait(), 0)
        self.assertTrue(all(c == "\n" or c.isprintable() for c in tail.out.text()))
        self.assertIn("␛[2J", tail.out.text())


class Ending(Case):
    def test_signals_print_what_is_pending(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with Tail("--settle", "1000") as tail:
                tail.send(EDGE)
                self.assertEqual(tail.stop(number), 0)
            self.assertIn("GET /cart", tail.out.text())

    def test_once_counts_traces(self):
        with Tail("--once", "2") as tail:
            for trace in (1, 2, 3):
                tail.send(trace_request("shop", {"trace": trace, "id": 1, "name": "work"}))
            self.assertEqual(tail.wait(), 0)
        self.assertEqual(tail.out.text().count("━━"), 2)

    def test_a_timeout_without_a_trace_is_a_failure(self):
        with Tail("--timeout", "0.2") as tail:
            self.assertEqual(tail.wait(), 1)
        self.assertIn("time is up", tail.err.text())
        self.assertEqual(tail.out.text(), "")

    def test_a_timeout_prints_what_is_pending_and_is_content_with_it(self):
        with Tail("--timeout", "2", "--settle", "1000") as tail:
            tail.send(EDGE)
            self.assertEqual(tail.wait(), 0)
        self.assertIn("GET /cart", tail.out.text())

    def test_a_timeout_with_too_few_traces_is_a_failure(self):
        with Tail("--timeout", "1", "--once", "2") as tail:
            tail.send(EDGE)
            self.assertEqual(tail.wait(), 1)
        self.assertIn("1 of 2", tail.err.text())

    def test_it_ends_when_nobody_reads(self):
        reader, writer = os.pipe()
        with Tail(stdout=writer) as tail:
            os.close(writer)
            os.close(reader)
            self.assertEqual(tail.wait(), 0)


class Keys(Case):
    def start(self, *options):
        """sonde tail whose three streams are a terminal, in the foreground of it."""
        master, terminal = pty.openpty()
        with open(terminal, "r+b", buffering=0) as both:
            tail = Tail.__new__(Tail)
            tail.process = subprocess.Popen(
                ["setsid", "-c", os.environ["SONDE"], "tail", "--listen", "127.0.0.1:0", "--settle", "0.1", *options],
                stdin=both, stdout=both, stderr=both, env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm"))
        tail.err = None
        tail.out = Stream(os.fdopen(master, "r+b", buffering=0))
        self.addCleanup(tail.wait)
        self.addCleanup(tail.process.kill)
        tail.master = master
        tail.address = tail.out.wait_for(r"listening on http://([0-9.:]+)").group(1)
        return tail

    def test_keys_print_metrics_and_end_it(self):
        tail = self.start()
        tail.send(metrics_request("shop", 7), "/v1/metrics")
        os.write(tail.master, b"m\n")
        tail.out.wait_for(r"orders.taken")
        tail.send(EDGE)
        tail.out.wait_for(r"\x1b\[[0-9;]*m.*GET /cart")  # a terminal gets colours
        os.write(tail.master, b"q\n")
        self.assertEqual(tail.process.wait(20), 0)

    def test_ctrl_c_ends_it(self):
        tail = self.start("--settle", "1000")
        tail.send(EDGE)
        os.write(tail.master, b"\x03")
        self.assertEqual(tail.process.wait(20), 0)
        tail.out.wait_for("GET /cart")


if __name__ == "__main__":
    main()
