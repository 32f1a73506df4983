#!/usr/bin/env python3
"""Fills fuzz/corpus/ from testdata/: each document goes to the target of its format, and parts to those that read parts.

usage: seed.py      Standard library only. Files are named by their digest, so that a second run adds nothing.
"""

import hashlib
import io
import pathlib
import re
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent
DATA = ROOT.parent / "testdata"
TARGETS = {path.stem for path in (ROOT / "fuzz_targets").glob("*.rs")}
SAME = {
    "docm": "docx", "dotx": "docx", "dotm": "docx", "xlsm": "xlsx", "xltx": "xlsx", "pptm": "pptx", "ppsx": "pptx",
    "fodt": "flat_odf", "fods": "flat_odf", "fodp": "flat_odf", "csv": "delimited", "tsv": "delimited",
}
MAX_BYTES = 256 << 10


def inputs():
    """Yields the name and the bytes of each document; a folder `input.x.d` is packed."""
    for case in sorted((DATA / "convert").glob("*/*/input*")):
        if case.is_dir():
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as package:
                for part in sorted(path for path in case.rglob("*") if path.is_file()):
                    package.writestr(str(part.relative_to(case)), part.read_bytes())
            yield case.name.removesuffix(".d"), buffer.getvalue()
        else:
            yield case.name, case.read_bytes()
    for folder in ("hostile", "samples"):
        for path in sorted(path for path in (DATA / folder).rglob("*") if path.is_file()):
            yield path.name, path.read_bytes()


def parts(data):
    """Yields the parts of a package that can be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for name in package.namelist():
                yield package.read(name)
    except Exception:  # Whatever a hostile package makes of the module.
        return


def main():
    count = 0

    def put(target, data):
        nonlocal count
        folder = ROOT / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        count += 1

    for name, data in inputs():
        if len(data) > MAX_BYTES:
            continue
        extension = name.rsplit(".", 1)[-1].lower()
        target = SAME.get(extension, extension)
        is_text = target not in TARGETS or target == "delimited"
        put("text" if target not in TARGETS else target, data)
        put("detect", name.encode() + b"\n" + data)
        if is_text:
            put("charset", data)
        if data.startswith(b"PK"):
            put("zip", data)
        for part in parts(data):
            if part.lstrip(b"\xef\xbb\xbf").startswith(b"<") and len(part) <= MAX_BYTES:
                put("xml", part)
                for code in re.findall(rb'formatCode="([^"]*)"', part):
                    put("number_format", code + b"\n1234.5\n0.5\n")
    for text in (b"\0\0a\0\0\1b\0\1\0c", b"\5\5=1+1\0\0\0\"x\"\r\n"):
        put("csv", text)
    for text in ("report.docx", "../../etc/passwd", "a" * 300 + ".txt", "CON", "n\u0303o\u202etxt.exe"):
        put("names", text.encode())
    print(f"{count} inputs for {len(list((ROOT / 'corpus').iterdir()))} targets")


if __name__ == "__main__":
    main()
