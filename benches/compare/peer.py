#!/usr/bin/env python3
"""A worker around one peer: converts the file that a line of standard input names, as often as the number before it
says, and answers with the length.

usage: peer.py NAME          Runs in the environment that run.py makes.
       peer.py xberg-batch FOLDER OUT     converts all files of a folder at once and writes their texts
"""

import asyncio
import csv
import io
import pathlib
import sys


def office_oxide():
    import office_oxide as peer

    return lambda path: len(peer.to_markdown(path))


def python_calamine():
    """Only the values: what a caller makes of them is not counted."""
    from python_calamine import CalamineWorkbook

    def convert(path):
        book = CalamineWorkbook.from_path(path)
        return sum(len(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names)

    return convert


def python_calamine_csv():
    """The values, written as CSV by the standard library."""
    from python_calamine import CalamineWorkbook

    def convert(path):
        book = CalamineWorkbook.from_path(path)
        total = 0
        for name in book.sheet_names:
            text = io.StringIO()
            csv.writer(text).writerows(book.get_sheet_by_name(name).to_python(skip_empty_area=False))
            total += len(text.getvalue())
        return total

    return convert


def xberg_config():
    import xberg

    return xberg.ExtractionConfig(use_cache=False, disable_ocr=True, output_format="markdown")


def xberg():
    import xberg as peer

    config, loop = xberg_config(), asyncio.new_event_loop()

    def convert(path):
        result = loop.run_until_complete(peer.extract(peer.ExtractInput(uri=path), config))
        return sum(len(document.content) for document in result.results)

    return convert


def markitdown():
    from markitdown import MarkItDown

    peer = MarkItDown(enable_plugins=False)
    return lambda path: len(peer.convert(path).text_content)


def anydoc():
    import anydoc as peer

    return lambda path: len(peer.convert(path).markdown)


def xberg_batch(folder, out):
    import xberg as peer

    paths = sorted(str(path) for path in pathlib.Path(folder).rglob("*") if path.is_file())
    result = asyncio.run(peer.extract_batch([peer.ExtractInput(uri=path) for path in paths], xberg_config()))
    out = pathlib.Path(out)
    out.mkdir(parents=True)
    for n, document in enumerate(result.results):
        (out / f"{n}.md").write_text(document.content, encoding="utf-8")
    print(sum(1 for document in result.results if document.content), len(paths))


PEERS = {
    "office-oxide": office_oxide,
    "python-calamine": python_calamine,
    "python-calamine+csv": python_calamine_csv,
    "xberg": xberg,
    "markitdown": markitdown,
    "anydoc": anydoc,
}


def main():
    if sys.argv[1] == "xberg-batch":
        return xberg_batch(*sys.argv[2:])
    convert = PEERS[sys.argv[1]]()
    for line in sys.stdin:
        times, path = line.rstrip("\n").split(" ", 1)
        try:
            for _ in range(int(times)):
                length = convert(path)
            print(length, flush=True)
        except Exception as error:  # A peer may raise anything; it is an answer.
            print(f"error: {type(error).__name__} {error}".replace("\n", " ")[:200], flush=True)


if __name__ == "__main__":
    main()
