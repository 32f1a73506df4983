#!/usr/bin/env python3
"""Makes the documents that run.py compares on; always the same ones.

usage: make_inputs.py FOLDER     Needs python-docx, python-pptx and XlsxWriter (run.py installs them).
"""

import datetime
import pathlib
import random
import sys

import docx
import pptx
import xlsxwriter

WORDS = (
    "harbour ferry ledger tide cargo manifest berth pilot signal channel quay crane invoice passenger lighthouse "
    "anchor storm captain timetable customs freight island bridge engine weather report season winter summer"
).split()


def sentence(rng, words=18):
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


def word(path, rng, paragraphs, tables, rows=8, columns=4):
    document = docx.Document()
    each = max(1, paragraphs // max(1, tables))
    for n in range(paragraphs):
        if n % 25 == 0:
            document.add_heading(f"Part {n // 25}", level=1 + n // 25 % 3)
        elif n % 7 == 0:
            document.add_paragraph(sentence(rng, 8), style="List Bullet")
        else:
            paragraph = document.add_paragraph(sentence(rng))
            paragraph.add_run(" " + sentence(rng, 4)).bold = True
            paragraph.add_run(" " + sentence(rng, 6)).italic = n % 3 == 0
        if tables and n % each == each - 1:
            table = document.add_table(rows, columns)
            for row in table.rows:
                for cell in row.cells:
                    cell.text = sentence(rng, 3)
    document.save(path)


def workbook(path, rng, sheets, rows, columns):
    options = {"constant_memory": rows * columns > 500_000}
    with xlsxwriter.Workbook(path, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        money = book.add_format({"num_format": "#,##0.00"})
        for n in range(sheets):
            sheet = book.add_worksheet(f"Sheet {n + 1}")
            sheet.write_row(0, 0, [f"column {c}" for c in range(columns)])
            for row in range(1, rows):
                for column in range(columns):
                    kind = column % 5
                    if kind == 0:
                        sheet.write_number(row, column, row * (column + 1))
                    elif kind == 1:
                        sheet.write_string(row, column, f"{rng.choice(WORDS)} {rng.randrange(rows)}")
                    elif kind == 2:
                        sheet.write_number(row, column, rng.random() * 10_000, money)
                    elif kind == 3:
                        date = datetime.date(2020, 1, 1) + datetime.timedelta(rng.randrange(2000))
                        sheet.write_datetime(row, column, datetime.datetime.combine(date, datetime.time()), day)
                    else:
                        sheet.write_string(row, column, rng.choice(WORDS))


def slides(path, rng, count):
    show = pptx.Presentation()
    for n in range(count):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = f"Slide {n + 1}: {sentence(rng, 4)}"
        frame = slide.placeholders[1].text_frame
        frame.text = sentence(rng, 8)
        for level in (0, 1, 1, 2):
            paragraph = frame.add_paragraph()
            paragraph.text, paragraph.level = sentence(rng, 9), level
        slide.notes_slide.notes_text_frame.text = sentence(rng, 25)
    show.save(path)


def text(path, rng, lines):
    path.write_text("".join(sentence(rng) + "\n" for _ in range(lines)), encoding="utf-8")


def mix(folder, rng, count):
    """Small documents of the kinds that a shared folder holds, by these shares of a hundred."""
    shares = [("docx", 30), ("xlsx", 25), ("pptx", 15), ("csv", 10), ("txt", 10), ("md", 5), ("json", 5)]
    kinds = [kind for kind, share in shares for _ in range(share)]
    for n in range(count):
        kind = kinds[n % len(kinds)]
        path = folder / f"{n % 40:02}" / f"{kind}-{n:04}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "docx":
            word(path, rng, 10 + rng.randrange(40), rng.randrange(3))
        elif kind == "xlsx":
            workbook(path, rng, 1 + rng.randrange(3), 10 + rng.randrange(90), 3 + rng.randrange(6))
        elif kind == "pptx":
            slides(path, rng, 2 + rng.randrange(8))
        elif kind == "csv":
            rows = (f"{r},{rng.choice(WORDS)},{rng.random():.3f}\n" for r in range(20 + rng.randrange(200)))
            path.write_text("number,word,share\n" + "".join(rows), encoding="utf-8")
        elif kind == "json":
            path.write_text("[" + ",\n".join(f'{{"id": {r}, "port": "{rng.choice(WORDS)}"}}' for r in range(50)) + "]\n")
        else:
            text(path, rng, 10 + rng.randrange(100))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20)
    word(folder / "small.docx", rng, 60, 2)
    word(folder / "large.docx", rng, 2000, 100)
    workbook(folder / "small.xlsx", rng, 1, 40, 8)
    workbook(folder / "four-sheets.xlsx", rng, 4, 5_000, 10)
    workbook(folder / "200k-rows.xlsx", rng, 1, 200_000, 10)
    slides(folder / "small.pptx", rng, 8)
    slides(folder / "200-slides.pptx", rng, 200)
    mix(folder / "mix", rng, 2_000)
    (folder / "complete").write_text("")


if __name__ == "__main__":
    main()
