#!/usr/bin/env python3
"""Prints the tables of docs/fidelity.md, "Against references", from the results of a scoring tool.

usage: fidelity_table.py SCORE.json REPORT.txt [--causes docs/fidelity-causes.tsv] [--into docs/fidelity.md]

SCORE.json is what the tool writes with `--json`, REPORT.txt what it prints with `--worst 10000`. `--into` replaces what
stands between `<!-- scores -->` and `<!-- /scores -->` of a file. Exit status 1 if a file below 0.9 has no cause, or if
more is left out of a mean than may be. Standard library only.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The best figure that was measured the same way for a program of others, by format.
PEERS = {"docx": 0.971, "pptx": 0.966, "odt": 0.971, "xlsx": 0.908, "xls": 0.835, "xlsb": 0.813, "ods": 0.914}
FORMATS = ["docx", "docm", "dotx", "pptx", "pptm", "odt", "odp", "xlsx", "xlsm", "xls", "xlsb", "ods"]
CELLS = {"xlsx", "xlsm", "xls", "xlsb", "ods"}
LOW = 0.9
MOST = 0.05
ROW = re.compile(r"^ +([01]\.\d{3}) ([01]\.\d{3}) +\d+ (\S.*) \['")


def read_causes(path):
    """Cause by file: whose doing, whether it is left out, and what happened."""
    causes = {}
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            file, kind, out, text = line.split("\t")
            if kind not in ("reference", "choice", "open") or out not in ("", "out"):
                sys.exit(f"{path}: {file}: {kind!r}, {out!r}")
            causes[file] = (kind, out == "out", text)
    return causes


def read_files(path):
    """Recall of each file that the report names, by format."""
    files = collections.defaultdict(dict)
    for line in path.read_text("utf-8").splitlines():
        if row := ROW.match(line):
            files[row[3].rsplit(".", 1)[-1].lower()][row[3]] = float(row[1])
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("score", type=pathlib.Path)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--causes", type=pathlib.Path, default=ROOT / "docs" / "fidelity-causes.tsv")
    parser.add_argument("--into", type=pathlib.Path)
    args = parser.parse_args()
    formats = json.loads(args.score.read_text("utf-8"))["formats"]
    causes, files, defects = read_causes(args.causes), read_files(args.report), []
    table = [
        "| format | counted | files | recall | precision | recall without wrong references, files left out | best other program |",
        "|---|---|---|---|---|---|---|",
    ]
    low_table = ["| repository | file | recall | cause | what happened |", "|---|---|---|---|---|"]
    for name in FORMATS:
        if name not in formats:
            continue
        count, recall, precision = (formats[name][key] for key in ("files", "recall", "precision"))
        low = {file: value for file, value in files[name].items() if value < LOW}
        out = [file for file in low if causes.get(file, ("", False, ""))[1]]
        if wrong := [file for file in out if causes[file][0] != "reference"]:
            defects.append(f"left out, but the reference is not wrong: {wrong}")
        if len(out) > count * MOST:
            defects.append(f"{name}: {len(out)} of {count} files left out are more than {MOST:.0%}")
        without = (recall * count - sum(low[file] for file in out)) / (count - len(out))
        said = f"{without:.3f} ({len(out)} of {count})" if out else ""
        peer = f"{PEERS[name]:.3f}" if name in PEERS else ""
        counted = "cells" if name in CELLS else "words"
        table.append(f"| `{name}` | {counted} | {count} | {recall:.3f} | {precision or 0:.3f} | {said} | {peer} |")
        for file, value in sorted(low.items(), key=lambda item: (item[1], item[0])):
            if file not in causes:
                defects.append(f"no cause: {file} {value}")
                continue
            kind, left_out, text = causes[file]
            mark = "reference" + (", left out" if left_out else "") if kind == "reference" else kind
            repository, name_there = file.split("/")[0].replace("+", "/", 1), file.split("/")[-1]
            low_table.append(f"| {repository} | `{name_there}` | {value:.3f} | {mark} | {text.replace('|', chr(92) + '|')} |")
    printed = "\n".join([*table, "", "Files below 0.9:", "", *low_table])
    for file in causes.keys() - {file for of in files.values() for file, value in of.items() if value < LOW}:
        print(f"no longer below {LOW}: {file}", file=sys.stderr)
    if args.into:
        text = args.into.read_text("utf-8")
        new, found = re.subn(r"(<!-- scores -->\n)[\s\S]*?(<!-- /scores -->)", lambda m: f"{m[1]}{printed}\n{m[2]}", text)
        if not found:
            sys.exit(f"{args.into} has no <!-- scores -->")
        args.into.write_text(new, "utf-8")
    else:
        print(printed)
    for defect in defects:
        print(f"defect: {defect}", file=sys.stderr)
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
