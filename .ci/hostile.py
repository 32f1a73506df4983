#!/usr/bin/env python3
"""Runs a set of hostile inputs and compares what falls short with the known differences.

usage: hostile.py SET_DIR BINARY [CHECKER]

docs/hostile.md lists the cases where docferry behaves otherwise than the set wants, between the marks
`<!-- known differences -->` and `<!-- end of known differences -->`: table rows that begin with the case's id in
backticks. `(root only)` behind the id says that a case falls short for root only. Exit status 1 if another case falls
short, if a listed one passes, or if the checker did not finish. Standard library only.
"""

import ast
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKER = ROOT.parent / "shared" / "tools" / "hostile.py"
FORMATS = "docx,xlsx,xls,xlsb,ods,odt,odp,pptx,csv,json,xml,yaml,txt,fs,secrets"
MARKS = ("<!-- known differences -->", "<!-- end of known differences -->")
ROW = re.compile(r"^\| `([^`]+)`( \(root only\))? \|")
# The id is written as Python writes a string: odd bytes are escaped.
SHORT = re.compile(r"""^('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*") \(.*\) wants [a-z]+: """)
DONE = re.compile(r"^(\d+) passed, (\d+) failed$")


def known_differences():
    """Returns the listed ids, each with whether it holds for root only."""
    text = (ROOT / "docs" / "hostile.md").read_text(encoding="utf-8")
    if any(text.count(mark) != 1 for mark in MARKS):
        sys.exit("docs/hostile.md: the marks around the known differences are not there once each")
    block = text.split(MARKS[0])[1].split(MARKS[1])[0]
    rows = filter(None, map(ROW.match, block.splitlines()))
    return {row[1]: bool(row[2]) for row in rows}


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    checker = pathlib.Path(sys.argv[3]) if len(sys.argv) == 4 else CHECKER
    if not checker.is_file():
        print("not run: there is no checker of hostile inputs beside this checkout")
        return 0
    folder, binary = sys.argv[1:3]
    command = [sys.executable, str(checker), binary, folder, "--only", FORMATS]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    lines = run.stdout.decode("utf-8", "replace").splitlines()
    done = DONE.match(lines[-1]) if lines else None
    short = {ast.literal_eval(found[1]): line for line in lines if (found := SHORT.match(line))}
    if not done or int(done[2]) != len(short) or int(done[1]) + len(short) == 0:
        print("\n".join(lines))
        print(f"the checker ended with status {run.returncode} and no result that can be read")
        return 1
    known = known_differences()
    is_root = os.geteuid() == 0
    unexpected = [line for name, line in short.items() if not (name in known and (is_root or not known[name]))]
    passing = [name for name, root_only in known.items() if name not in short and not root_only]
    for line in unexpected:
        print(f"unexpected: {line}")
    for name in passing:
        print(f"passes now, take it off the list in docs/hostile.md: {name}")
    print(f"{done[1]} passed, {len(short)} fell short, {len(short) - len(unexpected)} of them known")
    return 1 if unexpected or passing else 0


if __name__ == "__main__":
    sys.exit(main())
