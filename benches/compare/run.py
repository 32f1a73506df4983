#!/usr/bin/env python3
"""Compares the processor time of docferry with that of the fastest Python peers, in one run, on documents made here.

usage: run.py [--work DIR] [--rounds N] [--peers office-oxide,...] [--skip-mix]

Makes a throw-away environment with the peers and the documents below DIR (a temporary folder, or one that is kept), and
builds docferry. Then, for each document, one persistent process for each peer gets the same request in turn, and the
processor time (user and system, all threads) that it used is read from its clock: the median of the rounds counts, the
first is dropped. The mix of 2,000 files is run as whole processes: `docferry convert` with all its outputs and its manifest
against xberg's batch in one call, its outputs written; the least of three counts.

Exit status 1 if docferry misses a bound. Linux; standard library only; `pip` has to work.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MAKERS = ["python-docx", "python-pptx", "XlsxWriter"]
# The package of each peer that a worker needs, and which documents it takes.
PEERS = {
    "office-oxide": ("office-oxide", ("docx", "pptx", "xlsx")),
    "python-calamine": ("python-calamine", ("xlsx",)),
    "python-calamine+csv": ("python-calamine", ("xlsx",)),
    "xberg": ("xberg", ("docx", "pptx", "xlsx")),
    "markitdown": ("markitdown[docx,pptx,xlsx]", ("docx", "pptx", "xlsx")),
    "anydoc": ("anydoc", ("docx", "pptx", "xlsx")),
}
DEFAULT = "office-oxide,python-calamine,python-calamine+csv,xberg"
# By extension: the peer to compare with, and the largest share of its time.
BOUNDS = {"docx": ("office-oxide", 1.0), "pptx": ("office-oxide", 1.0), "xlsx": ("python-calamine", 0.5)}
MIX_BOUND = ("xberg batch", 0.5)
# Documents below it are converted more often.
SMALL_BYTES = 64 << 10
DOCUMENTS = [
    "small.docx", "large.docx", "small.pptx", "200-slides.pptx", "small.xlsx", "four-sheets.xlsx", "200k-rows.xlsx",
]


class Worker:
    """A persistent process that converts what it is told to."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self):
        # The clock of another process, all of its threads: see clock_getcpuclockid(3).
        return time.clock_gettime_ns((~self.process.pid << 3) | 2) / 1e9

    def convert(self, path, times):
        """Returns the processor time of one conversion among so many, and what the worker answered."""
        before = self.seconds()
        self.process.stdin.write(f"{times} {path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            return None, "error: it ended"
        return (self.seconds() - before) / times, answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prepare(work, peers):
    """Makes the environment and the documents; returns the interpreter and the folder of documents."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
    packages = sorted({PEERS[peer][0] for peer in peers} | {"xberg"})
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *MAKERS, *packages], check=True)
    inputs = work / "inputs"
    if not (inputs / "complete").exists():
        subprocess.run([python, HERE / "make_inputs.py", inputs], check=True)
    freeze = subprocess.run([python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
                            check=True, capture_output=True)
    versions = {item["name"].lower(): item["version"] for item in json.loads(freeze.stdout)}
    print(", ".join(f"{name} {versions.get(name.split('[')[0].lower(), '?')}" for name in packages))
    return python, inputs


def build():
    """Builds docferry; returns the program and the bench that serves as its worker."""
    subprocess.run(["cargo", "build", "--release", "--locked", "-q"], cwd=ROOT, check=True)
    command = ["cargo", "bench", "--locked", "--bench", "convert", "--no-run", "--message-format=json", "-q"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.splitlines()
    built = [json.loads(line) for line in lines]
    bench = next(item["executable"] for item in built
                 if item.get("reason") == "compiler-artifact" and item["target"]["name"] == "convert" and item["executable"])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "docferry", bench


def compare(path, workers, rounds):
    """Returns the median seconds and the last answer of each worker."""
    times = {name: [] for name in workers}
    answers = {}
    # Small documents are converted several times for each request, so that the request itself does not count.
    repeats = 20 if path.stat().st_size < SMALL_BYTES else 1
    for number in range(rounds + 1):
        for name, worker in workers.items():
            seconds, answers[name] = worker.convert(path, repeats)
            if number and seconds is not None:
                times[name].append(seconds)
    return {name: (statistics.median(taken) if taken else None, answers[name]) for name, taken in times.items()}


def in_process(python, inputs, bench, peers, rounds):
    """Compares single documents; returns what misses its bound."""
    missed = []
    print(f"\n{'document':18} {'by':20} {'ms CPU':>9} {'docferry / it':>13}  output")
    for name in DOCUMENTS:
        extension = name.rsplit(".", 1)[1]
        workers = {"docferry": Worker([bench, "--serve"])}
        workers |= {p: Worker([python, HERE / "peer.py", p]) for p in peers if extension in PEERS[p][1]}
        path = inputs / name
        figures = compare(path, workers, rounds if path.stat().st_size < 2 << 20 else max(3, rounds // 5))
        for worker in workers.values():
            worker.close()
        ours, said = figures["docferry"]
        if said.startswith("error"):
            print(f"{name:18} {'docferry':20} {said}")
            # A format without a converter is left out; anything else is a failure.
            if "no converter" not in said:
                missed.append(f"{name}: {said}")
            continue
        for peer, (seconds, answer) in figures.items():
            if answer.startswith("error") or seconds is None:
                print(f"{name:18} {peer:20} {answer}")
                continue
            ratio = ours / seconds
            bound = BOUNDS[extension] if BOUNDS[extension][0] == peer else None
            mark = "" if not bound else f"  bound {bound[1]}: " + ("kept" if ratio <= bound[1] else "MISSED")
            print(f"{name:18} {peer:20} {seconds * 1000:9.2f} {ratio:13.2f}  {answer}{mark}")
            if bound and ratio > bound[1]:
                missed.append(f"{name}: {ratio:.2f} of {peer}, the bound is {bound[1]}")
        if BOUNDS[extension][0] in peers and figures[BOUNDS[extension][0]][1].startswith("error"):
            missed.append(f"{name}: {BOUNDS[extension][0]} gave no figure")
    return missed


def whole(command, cwd):
    """Runs a process; returns its seconds of processor time, its wall time, its peak memory in MB and its output."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, error = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{command} ended with {process.returncode}: {error.decode()[-500:]}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss >> 10, out.decode()


def statuses(manifest):
    counts = {}
    for line in manifest.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        counts[entry["status"]] = counts.get(entry["status"], 0) + (entry["part"] == 0)
    return counts


def mix(python, inputs, docferry, work):
    """Compares whole processes over the mix; returns what misses its bound."""
    best, said, missed = {}, {}, []
    for number in range(3):
        for name in ("docferry", MIX_BOUND[0]):
            folder = pathlib.Path(tempfile.mkdtemp(dir=work))
            if name == "docferry":
                command = [docferry, "convert", inputs / "mix", "--output-dir", folder / "out", "-o", folder / "m.jsonl"]
            else:
                command = [python, HERE / "peer.py", "xberg-batch", inputs / "mix", folder / "out"]
            figures = whole(list(map(str, command)), folder)
            counts = statuses(folder / "m.jsonl") if name == "docferry" else None
            said[name] = str(counts) if counts else figures[3].strip() + " with text of all"
            if counts and set(counts) != {"converted"} and number == 0:
                missed.append(f"mix: not all of it is converted: {counts}")
            best[name] = min(best.get(name, figures), figures)
            shutil.rmtree(folder)
    print(f"\n{'mix of 2,000':18} {'by':20} {'s CPU':>9} {'s wall':>7} {'MB':>6}  outcomes")
    for name, (cpu, wall, memory, _) in best.items():
        print(f"{'':18} {name:20} {cpu:9.2f} {wall:7.2f} {memory:6}  {said[name]}")
    ratio = best["docferry"][0] / best[MIX_BOUND[0]][0]
    print(f"{'':18} {'docferry / it':20} {ratio:9.2f}  bound {MIX_BOUND[1]}")
    if ratio > MIX_BOUND[1]:
        missed.append(f"mix: {ratio:.2f} of {MIX_BOUND[0]}, the bound is {MIX_BOUND[1]}")
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--peers", default=DEFAULT)
    parser.add_argument("--skip-mix", action="store_true")
    args = parser.parse_args()
    peers = args.peers.split(",")
    if unknown := [peer for peer in peers if peer not in PEERS]:
        sys.exit(f"no such peer: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    work = (args.work or pathlib.Path(tempfile.mkdtemp(prefix="docferry-compare-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        python, inputs = prepare(work, peers)
        docferry, bench = build()
        missed = in_process(python, inputs, bench, peers, args.rounds)
        if not args.skip_mix:
            missed += mix(python, inputs, docferry, work)
    finally:
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
