# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Measures the rows of sonde_bench beside the machine's own costs; called by bench/run, which has built both.

One process measures one row once. Each round starts every row's process in turn, so that what disturbs the machine for a
while disturbs all rows alike; medians are taken over the rounds."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
from merge import figure, merge  # noqa: E402

MACHINE = {"clock_read": "clock read", "copy_300": "copy of 300 bytes", "random_24": "24 random bytes",
           "load_store": "relaxed load and store"}


def lines(*command):
    """What a program of the bench prints, line by line."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit("bench: %s failed" % " ".join(command))
    return [json.loads(line) for line in done.stdout.splitlines()]


def limit_of(sample, machine, unit):
    """The least that the hardware allows: so many clock reads, ids, cells and bytes, at what each costs here."""
    if sample["other"]:
        return sample["other"]
    nanoseconds = (sample["clocks"] * machine["clock_read"] + sample["ids"] * machine["random_24"] +
                   sample["cells"] * machine["load_store"] + sample["copied"] / 300 * machine["copy_300"])
    return nanoseconds / {"ns": 1, "us": 1000}[unit] if nanoseconds else None


class Bench:
    def __init__(self, folder):
        self.program = os.path.join(folder, "sonde_bench")
        self.machine_program = os.path.join(folder, "sonde_bench_machine")
        self.rows = {row["name"]: row for row in lines(self.program, "--list")}
        self.samples = {name: [] for name in self.rows}
        self.machine_samples = []

    def round(self):
        self.machine_samples.append(lines(self.machine_program)[0])
        for name in self.rows:
            self.samples[name].append(lines(self.program, "--row", name)[0])

    def machine(self):
        return {key: statistics.median(one[key] for one in self.machine_samples) for key in MACHINE}

    def instructions(self, name):
        """Of one operation: what a run of twice the length has more. Counted in the timed calls of the thread that
        makes them, or in the whole process where the row is about all of it."""
        row = self.rows[name]
        if row["unit"] == "x":
            return None
        few = max(1, round(5000 / row["window"]))
        totals = [self.collected(name, row["whole"], windows) for windows in (few, 2 * few)]
        return round((totals[1] - totals[0]) / (few * row["window"]))

    def collected(self, name, whole, windows):
        # glibc copies much at once by one instruction, which callgrind counts once for every byte.
        env = dict(os.environ, GLIBC_TUNABLES="glibc.cpu.x86_rep_movsb_threshold=1073741824")
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        if not whole:
            command.append("--toggle-collect=bench_timed")
        done = subprocess.run([*command, self.program, "--row", name, "--windows", str(windows)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, env=env)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or not found:
            sys.exit("bench: callgrind failed for %s\n%s" % (name, done.stderr))
        return int(found.group(1))


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        found = re.search(r"^(?:model name|CPU part)\s*: (.*)$", info.read(), re.MULTILINE)
    return found.group(1) if found else "unknown CPU"


def spread(values):
    return "%.4g to %.4g" % (min(values), max(values))


def print_machine(bench):
    print("%-34s %8s  %s" % ("this machine", "ns", "range"))
    for key, title in MACHINE.items():
        values = [one[key] for one in bench.machine_samples]
        print("  %-32s %8.3g  %s" % (title, statistics.median(values), spread(values)))


def print_rows(bench, figures):
    print("\n%-34s %8s    %-18s %8s %7s %9s  %s" %
          ("row", "median", "range", "limit", "ratio", "instr.", "goal"))
    for one in figures:
        row = bench.rows[one["name"]]
        cells = ["-" if cell is None else form % cell for form, cell in
                 (("%.3g", one["limit"]), ("%.2f", one["ratio"]), ("%d", one["instructions"]))]
        values = [sample["value"] for sample in bench.samples[one["name"]]]
        print("%-34s %8.4g %-2s %-18s %8s %7s %9s  %s" %
              (one["name"], one["value"], one["unit"], spread(values), *cells, row["goal"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--no-instructions", action="store_true")
    parser.add_argument("--no-install", action="store_true")
    parser.add_argument("row", nargs="*")
    options = parser.parse_args()
    if options.rounds < 7:
        sys.exit("bench: at least 7 rounds")
    bench = Bench(os.path.join(options.build, "bench"))
    for name in options.row:
        if name not in bench.rows:
            sys.exit("bench: no such row: %s; there are %s" % (name, ", ".join(bench.rows)))
    if options.row:
        bench.rows = {name: bench.rows[name] for name in options.row}

    load_before = os.getloadavg()[0]
    for _ in range(options.rounds):
        bench.round()
    print("%s, %d CPUs; load %.1f before, %.1f after; medians of %d rounds" %
          (cpu_name(), os.cpu_count(), load_before, os.getloadavg()[0], options.rounds))
    counted = not options.no_instructions and shutil.which("valgrind")
    figures = []
    machine = bench.machine()
    for name, row in bench.rows.items():
        samples = bench.samples[name]
        figures.append(figure(name, statistics.median(one["value"] for one in samples), row["unit"],
                              limit_of(samples[0], machine, row["unit"]),
                              bench.instructions(name) if counted else None))
    print_machine(bench)
    print_rows(bench, figures)
    path = os.path.join(options.build, "results.json")
    merge(path, figures)
    print("\ngoals are for a clock read of 22 ns; wrote %s" % path)


if __name__ == "__main__":
    main()
