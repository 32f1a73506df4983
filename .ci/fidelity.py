#!/usr/bin/env python3
"""Scores the conversions of a corpus with references, and compares the means of each format with their floors.

usage: fidelity.py BINARY SHARED     SHARED holds tools/score.py, corpus/ and corpus-reference/

The floors are in .ci/fidelity.tsv. Exit status 1 if a mean is below its floor, if a format with a floor has no figure, or if
an input has no outcome. Standard library only.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

FLOORS = pathlib.Path(__file__).resolve().parent / "fidelity.tsv"


def floors():
    for line in FLOORS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, recall, precision = line.split("\t")
            yield name, {"recall": float(recall), "precision": float(precision)}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, shared = sys.argv[1], pathlib.Path(sys.argv[2])
    wanted = dict(floors())
    with tempfile.TemporaryDirectory(prefix="docferry-fidelity-") as work:
        report = pathlib.Path(work) / "report.json"
        command = [sys.executable, shared / "tools" / "score.py", binary, shared / "corpus", shared / "corpus-reference",
                   "--out", work, "--json", report, "--worst", "0"]
        scored = subprocess.run(command, check=False)
        if not report.exists():
            print(f"score.py ended with status {scored.returncode} and without a report")
            return 1
        formats = json.loads(report.read_text(encoding="utf-8"))["formats"]
    short = [] if scored.returncode == 0 else [f"score.py ended with status {scored.returncode}"]
    for name, floor in wanted.items():
        for what, least in floor.items():
            figure = formats.get(name, {}).get(what)
            if figure is None or figure < least:
                short.append(f"{name}: {what} {figure if figure is None else format(figure, '.4f')}, the floor is {least}")
    for line in short:
        print(f"below: {line}")
    print(f"{len(wanted)} formats have floors, {len(short)} figures are below")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
