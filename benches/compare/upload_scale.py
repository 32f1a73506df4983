#!/usr/bin/env python3
"""How an upload scales: time and memory of 20,000 and 200,000 small files, a rerun with nothing changed, one large file.

    python3 benches/compare/upload_scale.py [--docferry target/release/docferry] [--small 20000] [--large 200000]
                                            [--folder DIR] [--reruns 5]

Each set of files, 1 KB each and no two alike, is ingested over loopback HTTP into `docferry serve`, which is another
process, with a ledger of its own; the small set once before and once after the large one. Then the large set is
ingested again with nothing changed, in turns with `find IN -type f -printf '%s %T@ %p\\n' >/dev/null` and `cp` of the
manifest; and once more under `strace`, which counts opened files and requests. Last, one file of 499 MB. Memory is the
largest resident set of the process. Prints a table in Markdown; what depends on the machine is told as a ratio, too.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FILE_BYTES = 1_000
LARGE_FILE_BYTES = 499_000_000
PER_FOLDER = 500
# Files that were changed just before they are read are not taken for unchanged the next time.
AGE_SECONDS = 3600


def make_inputs(folder, count):
    then = time.time() - AGE_SECONDS
    for n in range(count):
        place = folder / f"{n // PER_FOLDER:04}"
        if n % PER_FOLDER == 0:
            place.mkdir(parents=True)
        line = f"line of file {n}\n".encode()
        path = place / f"{n:06}.txt"
        path.write_bytes((line * (FILE_BYTES // len(line) + 1))[: FILE_BYTES - 1] + b"\n")
        os.utime(path, (then, then))


def make_large(path):
    block = b"".join(b"line %07d of a large file\n" % n for n in range(40_000))
    with path.open("wb") as file:
        left = LARGE_FILE_BYTES
        while left > 0:
            left -= file.write(block[:left])
    then = time.time() - AGE_SECONDS
    os.utime(path, (then, then))


# Runs a command in a small process: the kernel counts what a parent held when it began a child as the child's own.
MEASURE = """
import json, os, subprocess, sys, time
began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.monotonic() - began
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, seconds, usage.ru_maxrss * 1024 / 1e6]))
"""


def run(command, env=None, cwd=None):
    """Runs to the end; returns the seconds and the largest resident set in MB."""
    measured = [sys.executable, "-I", "-S", "-c", MEASURE, *command]
    told = subprocess.run(measured, env=env, cwd=cwd, stdout=subprocess.PIPE, check=True).stdout
    status, seconds, memory = json.loads(told)
    if status != 0:
        sys.exit(f"{command[0]} ended with {status}")
    return seconds, memory


class Place:
    """A folder with inputs, a server, and a ledger."""

    def __init__(self, docferry, folder):
        self.docferry, self.folder = docferry, folder
        self.inputs, self.manifest = folder / "in", folder / "manifest.jsonl"
        self.inputs.mkdir(parents=True)

    def __enter__(self):
        command = [self.docferry, "serve", "--store", self.folder / "served"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=self.folder, text=True)
        ready = json.loads(self.server.stdout.readline())
        keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.env = keep | {
            "HOME": str(self.folder),
            "ANTHROPIC_BASE_URL": ready["anthropic_base_url"],
            "ANTHROPIC_API_KEY": ready["token"],
        }
        return self

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()
        shutil.rmtree(self.folder)

    def command(self):
        command = [self.docferry, "ingest", "--target", "anthropic", self.inputs, "-o", self.manifest, "-qq"]
        return command + ["--state-dir", self.folder / "state"]

    def ingest(self, status):
        os.sync()
        told = run(self.command(), env=self.env, cwd=self.folder)
        self.check(status)
        return told

    def check(self, status):
        with self.manifest.open() as lines:
            found = {}
            for line in lines:
                entry = json.loads(line)
                found[entry["status"]] = found.get(entry["status"], 0) + 1
        if list(found) != [status]:
            sys.exit(f"expected nothing but {status}, got {found}")

    def yardstick(self):
        """Returns the seconds of looking at every file, and of copying the manifest."""
        find = run(["find", self.inputs, "-type", "f", "-printf", "%s %T@ %p\n"])[0]
        return find + run(["cp", self.manifest, self.folder / "copy.jsonl"])[0]

    def traced(self):
        """Returns how many source files were opened, and how many requests were sent, by their method."""
        trace = self.folder / "trace"
        calls = "trace=open,openat,openat2,sendto,sendmsg,write,writev"
        run(["strace", "-f", "-qq", "-s", "256", "-e", calls, "-o", trace, *self.command()], self.env, self.folder)
        self.check("reused")
        opened, requests = 0, {"GET": 0, "POST": 0}
        source = re.compile(r"open\w*\(.*" + re.escape(f'"{self.inputs}/') + r'.*\.txt"')
        request = re.compile(r'(?:sendto|sendmsg|write|writev)\([^"]*"(GET|POST) /v1')
        with trace.open() as lines:
            for line in lines:
                opened += bool(source.search(line))
                if found := request.search(line):
                    requests[found[1]] += 1
        return opened, requests


def measure(docferry, folder, count):
    with Place(docferry, folder) as place:
        make_inputs(place.inputs, count)
        seconds, memory = place.ingest("uploaded")
    return seconds / count, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docferry", default="target/release/docferry")
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=200_000)
    parser.add_argument("--folder", help="where inputs, store and ledger go for a while")
    parser.add_argument("--reruns", type=int, default=5)
    parser.add_argument("--only-rerun", action="store_true", help="leave out the small set and the large file")
    args = parser.parse_args()
    docferry = str(pathlib.Path(args.docferry).resolve())
    rows = []

    def tell(*row):
        rows.append(row)
        print(*row, sep="  ", file=sys.stderr)

    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        root = pathlib.Path(name)
        before = None if args.only_rerun else measure(docferry, root / "before", args.small)
        with Place(docferry, root / "large") as place:
            make_inputs(place.inputs, args.large)
            seconds, memory = place.ingest("uploaded")
            per_file = seconds / args.large
            tell(f"{args.large:,} files: largest resident set", f"{memory:.0f} MB", "< 300 MB")
            tell(f"{args.large:,} files: files a second", f"{1 / per_file:,.0f}", "")
            reruns, yardsticks, most = [], [], 0
            for _ in range(args.reruns):
                yardsticks.append(place.yardstick())
                seconds, memory = place.ingest("reused")
                reruns.append(seconds)
                most = max(most, memory)
            ratio = statistics.median(reruns) / statistics.median(yardsticks)
            tell("rerun: largest resident set", f"{most:.0f} MB", "< 300 MB")
            tell("rerun: wall time against `find` and `cp`", f"{ratio:.2f}x", "<= 5x")
            tell("rerun: seconds", f"{statistics.median(reruns):.2f}", "")
            if shutil.which("strace"):
                opened, requests = place.traced()
                tell("rerun: source files opened", str(opened), "0")
                tell("rerun: POST requests", f"{requests['POST']} (GET: {requests['GET']})", "0")
            else:
                tell("rerun: source files opened, POST requests", "not counted: there is no strace", "0")
        if before:
            after = measure(docferry, root / "after", args.small)
            small = (before[0] + after[0]) / 2
            tell(f"time per file, {args.large:,} against {args.small:,}", f"{per_file / small:.2f}x", "<= 1.2x")
            with Place(docferry, root / "one") as place:
                make_large(place.inputs / "large.txt")
                _, memory = place.ingest("uploaded")
                tell("one file of 499 MB: largest resident set", f"{memory:.0f} MB", "< 100 MB")
    print("| what | measured | required |")
    print("| --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
