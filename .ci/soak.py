#!/usr/bin/env python3
"""Runs docferry over hostile and good documents mixed, several times in another order each time.

usage: soak.py BINARY [HOSTILE_DIR] [--good 1000] [--passes 5] [--jobs 4] [--max-rss-mb 2048] [--seed N]

The good ones are the documents of testdata/samples that a run of its own converts, each many times under other names;
packages differ by a comment at their end. The hostile ones are those of testdata/hostile, and the office, sheet and text
sets below HOSTILE_DIR. Each pass converts all of them at once. It has to end with status 0 or 1, within the memory, with
one outcome for each input; every good document has to give the bytes that it gives alone, and every hostile one the
outcome that it gave in the first pass. Exit status 1 if anything falls short. Linux; standard library only.
"""

import argparse
import base64
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "testdata" / "samples"
# `fs` holds devices and files of terabytes, `secrets` is for another command; the rest has no converter.
SETS = ("docx", "xlsx", "xls", "xlsb", "ods", "odt", "odp", "pptx", "csv", "txt", "json", "xml", "yaml", "html", "svg")
END_OF_PACKAGE = b"PK\x05\x06"


def run(binary, folder, work, jobs):
    """Converts a folder; returns the exit status, the peak memory in MB, the seconds and the entries by input."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    command = [binary, "convert", folder, "--output-dir", work / "out", "-o", work / "m.jsonl", "--jobs", str(jobs), "-q"]
    began = time.monotonic()
    with open(work / "stderr", "wb") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    entries = {}
    if (work / "m.jsonl").exists():
        for line in (work / "m.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            source = entry["source"]
            path = base64.b64decode(source["path_bytes"]) if source.get("path_bytes") else os.fsencode(source["path"])
            entries.setdefault(os.path.basename(path), []).append(entry)
    return process.returncode, usage.ru_maxrss >> 10, time.monotonic() - began, entries


def outcome(entries):
    """What became of an input, without what depends on its name."""
    told = []
    for entry in sorted(entries, key=lambda entry: entry["part"]):
        codes = [item["code"] for item in entry.get("violations") or []]
        codes += [entry["error"]["code"]] if entry.get("error") else []
        told.append((entry["status"], (entry.get("output") or {}).get("sha256"), codes))
    return told


def is_converted(entries):
    return bool(entries) and all(entry["status"] == "converted" for entry in entries)


def put(folder, name, source):
    """Links a file, or copies it where that cannot be."""
    target = os.path.join(os.fsencode(folder), name)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def good_documents(binary, work, count):
    """Makes `count` documents that are converted alone; returns their folder and what each gives."""
    code, _, _, entries = run(binary, SAMPLES, work / "samples", 1)
    if code not in (0, 1):
        sys.exit(f"the samples alone end with status {code}")
    usable = sorted(
        path for path in SAMPLES.rglob("*")
        if path.is_file() and is_converted(entries.get(os.fsencode(path.name), []))
    )
    folder = work / "good"
    folder.mkdir()
    for n in range(count):
        path = usable[n % len(usable)]
        data = path.read_bytes()
        end = data.rfind(END_OF_PACKAGE)
        if data.startswith(b"PK\x03\x04") and end >= 0 and data[end + 20:] == b"\0\0":
            comment = f"copy {n}".encode()
            data = data[:end + 20] + len(comment).to_bytes(2, "little") + comment
        (folder / f"good-{n:04}{path.suffix}").write_bytes(data)
    code, _, _, entries = run(binary, folder, work / "alone", 1)
    wrong = [name for name in os.listdir(os.fsencode(folder)) if not is_converted(entries.get(name, []))]
    if code != 0 or wrong:
        sys.exit(f"the good documents alone end with status {code}, and {len(wrong)} are not converted: {wrong[:5]}")
    return folder, {name: outcome(found) for name, found in entries.items()}


def hostile_documents(hostile):
    """Lists regular files, each with a name of its own."""
    folders = [ROOT / "testdata" / "hostile"]
    if hostile:
        folders += [pathlib.Path(hostile) / name for name in SETS if (pathlib.Path(hostile) / name).is_dir()]
    else:
        print("only testdata/hostile: there is no generated set of hostile inputs beside this checkout")
    found = []
    for folder in folders:
        for at, names, files in os.walk(os.fsencode(folder)):
            for name in sorted(files):
                path = os.path.join(at, name)
                if os.path.isfile(path) and not os.path.islink(path) and name not in (b"README.md", b"expectations"):
                    # Bytes that are no name in a folder of a run are no matter here.
                    found.append((b"hostile-%04d-" % len(found) + name.strip(b"."), path))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("hostile", nargs="?")
    for name, value in (("good", 1000), ("passes", 5), ("jobs", 4), ("max-rss-mb", 2048), ("seed", 20)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    binary, rng, short = args.binary.resolve(), random.Random(args.seed), []
    with tempfile.TemporaryDirectory(prefix="docferry-soak-") as folder:
        work = pathlib.Path(folder)
        good, alone = good_documents(binary, work, args.good)
        hostile = hostile_documents(args.hostile)
        inputs = [(name, os.path.join(os.fsencode(good), name)) for name in alone] + hostile
        first = {}
        for number in range(1, args.passes + 1):
            mixed = work / "mixed"
            shutil.rmtree(mixed, ignore_errors=True)
            rng.shuffle(inputs)
            for rank, (name, path) in enumerate(inputs):
                # Inputs are taken in the order of their names.
                place = mixed / f"{rank // 100:03}" / f"{rank % 100:02}"
                place.mkdir(parents=True)
                put(place, name, path)
            code, rss, seconds, entries = run(binary, mixed, work / "pass", args.jobs)
            found = []
            if code not in (0, 1):
                error = (work / "pass" / "stderr").read_bytes()[-400:].decode(errors="replace")
                found.append(f"it ended with {code}: {error}")
            if rss > args.max_rss_mb:
                found.append(f"{rss} MB of memory, the bound is {args.max_rss_mb}")
            for name, _ in inputs:
                now = outcome(entries.get(name, []))
                if not now:
                    found.append(f"{name!r} has no outcome")
                elif now != alone.get(name, first.setdefault(name, now)):
                    found.append(f"{name!r} gave {now}, and {alone.get(name, first[name])} before")
            converted = sum(is_converted(entries.get(name, [])) for name in alone)
            print(f"pass {number}: status {code}, {len(inputs)} inputs, {converted} of {len(alone)} good ones converted, "
                  f"{rss} MB, {seconds:.1f} s, {len(found)} short")
            short += [f"pass {number}: {line}" for line in found]
    for line in short[:40]:
        print(line[:400])
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
