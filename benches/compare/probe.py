#!/usr/bin/env python3
"""Looks for each mark of the probe documents in what docferry and its peers make of them, and prints a table.

usage: probe.py DOCFERRY [--peers markitdown,...] [--work DIR] [--outputs DIR] [--into FILE]

The documents are golden cases (see FILES; make_probes.py made them). A cell says `yes`, `no`, `error` or `-` (the peer does
not take the format); where docferry's default leaves a thing out, the switch that keeps it, which was tried. Peers run with
default options, in a throw-away environment below --work (a temporary folder, or one that is kept); their versions are
printed first. --outputs keeps what everybody wrote, to see what an answer rests on; --into puts the
table between `<!-- probes -->` and `<!-- /probes -->` of a file. Exit status 1 if docferry neither keeps a thing nor has a switch for it that does, unless the table calls
it a choice. Standard library only; `pip` has to work.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

CONVERT = pathlib.Path(__file__).resolve().parent.parent.parent / "testdata" / "convert"
FILES = {
    "docx": "docx/probe/input.docx",
    "xlsx": "xlsx/probe/input.xlsx",
    "pptx": "pptx/probe/input.pptx",
    "windows-1252": "text/windows-1252-german/input.txt",
    "UTF-16": "text/utf16le-bom/input.txt",
    "Shift_JIS CSV": "text/csv-shift-jis-rfc4180/input.csv",
    "late UTF-8": "text/late-utf8/input.txt",
    "late windows-1252": "text/late-windows-1252/input.txt",
    "CSV with a mark": "text/csv-utf8-bom-rfc4180/input.csv",
    "semicolon CSV": "text/csv-semicolons/input.csv",
    "workbook named .docx": "xlsx/workbook-named-docx/input.docx",
}
# File, what is probed, how it looks in an output that kept it (of any tool), and the switch that keeps it if the default
# does not. A switch that is a sentence is a choice: nothing keeps it, and docs/formats.md says so.
PROBES = [
    ("docx", "heading", r"^#+ *\**Alder"),
    ("docx", "footnote", "Birch"),
    ("docx", "endnote", "Cedar"),
    ("docx", "comment", "Dogwood"),
    ("docx", "header", "Elder"),
    ("docx", "footer", "Fir street"),
    ("docx", "target of a link", "example.org/ginkgo"),
    ("docx", "bold", r"(\*\*|__|<b>|<strong>)Hazel"),
    ("docx", "formula, in any form", r"sail\b.*\btime"),
    ("docx", "formula as LaTeX", r"\\frac *\{ *sail *\} *\{ *time"),
    ("docx", "tracked insertion", r"\bivy\b"),
    ("docx", "tracked deletion", "juniper", "--track-changes all"),
    ("docx", "deletion not taken for text", r"<del>juniper|~~juniper|\A(?![\s\S]*juniper)"),
    ("docx", "text box", "Larch"),
    ("docx", "text box, only once", r"\A(?![\s\S]*Larch[\s\S]*Larch)[\s\S]*Larch"),
    ("docx", "content control", "Maple"),
    ("docx", "hidden text", "Thuja"),
    ("docx", "table", r"(East *\||\bEast</td>)"),
    ("docx", "cell behind one merged across, in its column", r"\| *Oak *\|(\s*\|| *Oak *\|) *7:20|<t[dh] colspan=\"?2\"?[^>]*>(<p>)?Oak"),
    ("docx", "cell beside one merged downwards, in its column", r"^\|( *| *Pine *)\| *West|<t[dh] rowspan=\"?2\"?[^>]*>(<p>)?Pine"),
    ("docx", "table in a table", "Willow"),
    ("docx", "number of a list", r"1\\?[.)] +Quince"),
    ("docx", "label as Word shows it", r"1\.1\.a\\?\) *Myrtle"),
    ("docx", "description of a picture", "Rowan"),
    ("docx", "title of the properties", "Spruce", "--front-matter"),
    ("xlsx", "date", "2024-03-15"),
    ("xlsx", "12.5%", r"12\.5 ?%"),
    ("xlsx", "1,234.50", r"1,234\.50", "--cell-values displayed"),
    ("xlsx", "all digits behind `0.00`", r"2\.718281828"),
    ("xlsx", "value of a formula", r"(?<![\w.])42(\.0)?(?!\w)"),
    ("xlsx", "text of a formula", r"SUM\(1, ?41\)", "--formulas text"),
    ("xlsx", "00123 as text", "00123"),
    ("xlsx", "boolean", r"(?i:\btrue\b)"),
    ("xlsx", "00007 by format", "00007"),
    ("xlsx", "error, in any form", r"(?i:div/?0)"),
    ("xlsx", "duration of 36 hours", r"36:00|1 day, 12:00|PT36H"),
    ("xlsx", "whole number without `.0`", r"(?<!\d)4711(?![\d.])"),
    ("xlsx", "target of a link", "example.org/ginkgo", "not kept"),
    ("xlsx", "comment", "Dogwood", "--comments keep"),
    ("xlsx", "pipe that breaks no table", r"hazel(\\\||&#124;|\|)nut"),
    ("xlsx", "line end in a cell", r"ivy(\n|<br ?/?>|\\n|&#10;)larch"),
    ("xlsx", "rich text", "elderberry"),
    ("xlsx", "merged cell", "Maple"),
    ("xlsx", "hidden row", "Thuja"),
    ("xlsx", "hidden column", "Juniper"),
    ("xlsx", "hidden sheet", r"\bOak\b"),
    ("xlsx", "names of sheets", "Quince"),
    ("xlsx", "cell far away", r"\bFar\b"),
    ("xlsx", "title of a chart", "Rowan", "not kept"),
    ("pptx", "title", r"^#+ *\**Alder"),
    ("pptx", "text", "Birch"),
    ("pptx", "level of a list", r"^\s+([-*•+]|\d\.) *Cedar"),
    ("pptx", "notes", "Dogwood"),
    ("pptx", "comment", "Elder"),
    ("pptx", "table", r"(East *\||\bEast</td>)"),
    ("pptx", "cell behind a merged one, in its column", r"\| *Oak *\|(\s*\|| *Oak *\|) *7:20|<t[dh] colspan=\"?2\"?[^>]*>(<p>)?Oak"),
    ("pptx", "shape in a group", "Larch"),
    ("pptx", "description of a picture", "Rowan"),
    ("pptx", "target of a link", "example.org/ginkgo"),
    ("pptx", "title of a chart", "Maple"),
    ("pptx", "categories of a chart", r"Hazel[\s\S]*Ivy"),
    ("pptx", "series of a chart", "Juniper"),
    ("pptx", "values of a chart", r"4712\.5"),
    ("pptx", "hidden slide", "Thuja"),
    ("pptx", "title of the properties", "Spruce", "--front-matter"),
    ("windows-1252", "letters", "Übersendung"),
    ("UTF-16", "letters", "東京, Привет"),
    ("Shift_JIS CSV", "letters", "横浜"),
    ("late UTF-8", "letters behind 64 KiB", "Überfahrt nach Höganäs: 12 €"),
    ("late windows-1252", "letters behind 64 KiB", "Überfahrt nach Höganäs: 12 €"),
    ("CSV with a mark", "no mark in the first cell", r"\A(?![\s\S]*\ufeff)[\s\S]*port"),
    ("semicolon CSV", "cells told apart", r"Müller *[|,] *Köln", "--csv-dialect rfc4180"),
    ("workbook named .docx", "converted", r"Wick *[|,] *7", "--misnamed by-content"),
]
# The package of each peer, and which files it takes.
TEXT = tuple(file for file in FILES if file not in ("docx", "xlsx", "pptx"))
CSV = tuple(file for file in FILES if "CSV" in file)
PEERS = {
    "markitdown": ("markitdown[docx,pptx,xlsx]", tuple(FILES)),
    "xberg": ("xberg", tuple(FILES)),
    "kreuzberg": ("kreuzberg", tuple(FILES)),
    "office-oxide": ("office-oxide", ("docx", "xlsx", "pptx", "workbook named .docx")),
    "undoc": ("undoc", ("docx", "xlsx", "pptx", "workbook named .docx")),
    "mammoth": ("mammoth", ("docx", "workbook named .docx")),
    "python-calamine": ("python-calamine", ("xlsx", "workbook named .docx")),
}
# Run in the environment: reads lines of `peer<TAB>path`, answers with lines of JSON.
WORKER = r'''
import asyncio, json, sys

def markitdown(path):
    from markitdown import MarkItDown
    return MarkItDown(enable_plugins=False).convert(path).text_content

def xberg(path):
    import xberg
    config = xberg.ExtractionConfig(use_cache=False, disable_ocr=True, output_format="markdown")
    return "\n".join(one.content for one in asyncio.run(xberg.extract(xberg.ExtractInput(uri=path), config)).results)

def kreuzberg(path):
    import kreuzberg
    return kreuzberg.extract_file_sync(path, config=kreuzberg.ExtractionConfig(use_cache=False, output_format="markdown")).content

def office_oxide(path):
    import office_oxide
    return office_oxide.to_markdown(path)

def undoc(path):
    import undoc
    return undoc.parse_file(path).to_markdown()

def mammoth(path):
    import mammoth
    with open(path, "rb") as file:
        return mammoth.convert_to_markdown(file).value

def python_calamine(path):
    from python_calamine import CalamineWorkbook
    book = CalamineWorkbook.from_path(path)
    return "\n".join("\n".join([name] + [" | ".join(map(str, row)) for row in book.get_sheet_by_name(name).to_python()])
                     for name in book.sheet_names)

for line in sys.stdin:
    peer, path = line.rstrip("\n").split("\t")
    try:
        answer = {"text": globals()[peer.replace("-", "_")](path)}
    except BaseException as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:200]}
    print("\0" + json.dumps(answer), flush=True)
'''


def run_docferry(program, path, switch):
    """Returns the names and texts of all parts, or None if there is none."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "convert", path, "--output-dir", "out", "-o", "m.jsonl", "-qq", *switch.split()]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if ended.returncode not in (0, 1):
            sys.exit(f"{command} ended with {ended.returncode}: {ended.stderr[-500:]}")
        parts = sorted(path for path in pathlib.Path(folder, "out").rglob("*") if path.is_file())
        return "\n".join([*(part.read_text("utf-8") for part in parts), *(part.name for part in parts)]) if parts else None


def run_peers(python, peers, paths):
    """Returns the text of each file by each peer; None is an error. A peer that ends its process has failed that file."""
    texts = {}
    for peer in peers:
        for file in PEERS[peer][1]:
            ended = subprocess.run([python, "-c", WORKER], input=f"{peer}\t{paths[file]}\n", capture_output=True, text=True)
            answer = json.loads(ended.stdout.rsplit("\0", 1)[-1]) if "\0" in ended.stdout else {"error": "it ended"}
            texts[peer, file] = answer.get("text")
            if "error" in answer:
                print(f"{peer}, {file}: {answer['error'].splitlines()[0]}", file=sys.stderr)
    return texts


def environment(work, peers):
    """Installs the peers; returns the interpreter and the versions."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
    packages = [PEERS[peer][0] for peer in peers]
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", *packages], check=True)
    listed = json.loads(subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True).stdout)
    versions = {item["name"].lower().replace("_", "-"): item["version"] for item in listed}
    return python, [f"{peer} {versions[peer]}" for peer in peers]


def write_outputs(folder, texts):
    folder.mkdir(parents=True, exist_ok=True)
    for (peer, file), text in texts.items():
        (folder / f"{peer} {file}.txt").write_text(text or "", encoding="utf-8")


def verdict(text, mark):
    if text is None:
        return "error"
    return "yes" if re.search(mark, text.replace("\r\n", "\n"), re.MULTILINE) else "no"


def ours(docferry, path, text, mark, switch):
    """What docferry's cell says, and whether that is a defect."""
    said = verdict(text, mark)
    if said == "yes" or switch is None:
        return said, said != "yes"
    if not switch.startswith("--"):
        return f"no, {switch}", False
    kept = verdict(run_docferry(docferry, path, switch), mark) == "yes"
    return (f"`{switch}`", False) if kept else (f"{said}, nor with `{switch}`", True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("docferry", type=pathlib.Path)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--outputs", type=pathlib.Path)
    parser.add_argument("--into", type=pathlib.Path)
    args = parser.parse_args()
    peers = [peer for peer in args.peers.split(",") if peer]
    docferry = args.docferry.resolve()
    paths = {file: CONVERT / path for file, path in FILES.items()}
    texts, lines = {}, []
    if peers:
        with tempfile.TemporaryDirectory() as temporary:
            python, versions = environment(args.work or pathlib.Path(temporary), peers)
            lines = [", ".join(versions), ""]
            texts = run_peers(python, peers, paths)
    default = {file: run_docferry(docferry, path, "") for file, path in paths.items()}
    if args.outputs:
        write_outputs(args.outputs, texts | {("docferry", file): text for file, text in default.items()})
    defects = []
    lines += ["| in | probe | docferry | " + " | ".join(peers) + " |", "|" + "---|" * (len(peers) + 3)]
    for file, probe, mark, *switch in PROBES:
        said, defect = ours(docferry, paths[file], default[file], mark, switch[0] if switch else None)
        if defect:
            defects.append(f"{file}: {probe}: {said}")
        others = [verdict(texts[peer, file], mark) if (peer, file) in texts else "-" for peer in peers]
        lines.append("| " + " | ".join([file, probe, said, *others]) + " |")
    table = "\n".join(lines) + "\n"
    if args.into:
        text = args.into.read_text("utf-8")
        replaced = re.sub(r"(<!-- probes -->\n)[\s\S]*?(<!-- /probes -->)", lambda m: f"{m[1]}{table}{m[2]}", text)
        args.into.write_text(replaced, "utf-8")
    else:
        print(table, end="")
    for defect in defects:
        print(f"defect: {defect}", file=sys.stderr)
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
