# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The command line of sonde: verbs, help, exit statuses."""
import os
import socket
import subprocess

from harness import Case, SONDE, environment, main


def run(*words):
    done = subprocess.run([SONDE, *words], stdin=subprocess.DEVNULL, capture_output=True, env=environment(),
                          timeout=30, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Command(Case):
    def test_without_a_verb_it_says_what_there_is(self):
        status, out, err = run()
        self.assertEqual((status, out), (2, ""))
        self.assertIn("tail", err)

    def test_help_is_no_error(self):
        for words in (["help"], ["--help"], ["-h"]):
            status, out, err = run(*words)
            self.assertEqual((status, err), (0, ""))
            self.assertIn("Usage: sonde VERB", out)

    def test_each_verb_has_its_help(self):
        self.assertEqual(run("help", "tail"), run("tail", "--help"))
        self.assertEqual(run("help", "tail")[0], 0)
        self.assertIn("--listen", run("help", "tail")[1])
        self.assertEqual(run("help", "version")[0], 0)

    def test_the_version_is_the_project_s(self):
        for word in ("version", "--version", "-V"):
            self.assertEqual(run(word), (0, "sonde %s\n" % os.environ["SONDE_VERSION"], ""))

    def test_wrong_words_end_with_2(self):
        for words in (["nonsense"], ["help", "nonsense"], ["tail", "--nonsense"], ["tail", "--once", "x"],
                      ["tail", "more"]):
            status, out, err = run(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertTrue(err.startswith("sonde"), err)

    def test_a_port_in_use_is_told_with_what_to_do(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            status, out, err = run("tail", "--listen", address)
        self.assertEqual((status, out), (1, ""))
        for words in (address, "is in use", "--listen", "OTEL_EXPORTER_OTLP_ENDPOINT"):
            self.assertIn(words, err)

    def test_addresses_that_cannot_be_are_told(self):
        for address, words in (("localhost:99999", "is not an address"), ("no.such.host.invalid:1", "no such host"),
                               ("192.0.2.1:0", "cannot listen")):
            status, _, err = run("tail", "--listen", address)
            self.assertEqual(status, 1)
            self.assertIn(words, err)


if __name__ == "__main__":
    main()
