#!/usr/bin/env python3
"""Makes the documents of probe.py: each holds many things that converters lose, each thing with a word of its own.

usage: make_probes.py FOLDER     Needs python-docx, python-pptx and XlsxWriter.

They are golden cases, too (`testdata/convert/*/probe*`), and are made anew only when a probe is added. What the libraries
cannot write (notes, tracked changes, text boxes, formulas, comments on slides) is added as XML, as Office writes it.
"""

import datetime
import pathlib
import re
import sys

import docx
import pptx
import xlsxwriter
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part as SlidePart
from pptx.opc.packuri import PackURI as SlideURI
from pptx.util import Cm

OFFICE = "http://schemas.openxmlformats.org"
REL = f"{OFFICE}/officeDocument/2006/relationships"
W = (
    f'xmlns:w="{OFFICE}/wordprocessingml/2006/main" xmlns:r="{REL}" xmlns:m="{OFFICE}/officeDocument/2006/math" '
    f'xmlns:wp="{OFFICE}/drawingml/2006/wordprocessingDrawing" xmlns:a="{OFFICE}/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
CHANGE = 'w:id="{}" w:author="Ann" w:date="2024-05-01T10:00:00Z"'
# A grey pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63680000008200817"
    "7cd72b60000000049454e44ae426082"
)


def element(xml):
    """One element of WordprocessingML, with the namespaces that it needs."""
    return parse_xml(re.sub(r"^<([\w:]+)", rf"<\1 {W}", xml))


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def append(paragraph, *pieces):
    for piece in pieces:
        paragraph._p.append(element(piece))
    return paragraph


def notes_part(document, kind, text):
    """Footnotes or endnotes: the two separators that Word wants, and the note."""
    one, name = kind[:-1], kind.rstrip("s")
    separators = "".join(
        f'<w:{one} w:type="{which}" w:id="{n}"><w:p><w:r><w:{which}/></w:r></w:p></w:{one}>'
        for n, which in ((-1, "separator"), (0, "continuationSeparator"))
    )
    xml = f'<w:{kind} {W}>{separators}<w:{one} w:id="1"><w:p><w:r><w:{name}Ref/></w:r>{run(text)}</w:p></w:{one}></w:{kind}>'
    part = Part(
        PackURI(f"/word/{kind}.xml"),
        f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml",
        xml.encode(),
        document.part.package,
    )
    document.part.relate_to(part, f"{REL}/{kind}")


def numbering(document):
    """A list of three levels, `1.`, `1.1` and `1.1.a)`."""
    part = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (form, text) in enumerate((("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "%1.%2.%3)")))
    )
    abstract = element(f'<w:abstractNum w:abstractNumId="90"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>')
    part.insert(0, abstract)
    part.append(element('<w:num w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))


def text_box(text):
    """A text box as Word writes it: a drawing, and the same once more for programs that are older."""
    box = f"<w:txbxContent><w:p>{run(text)}</w:p></w:txbxContent>"
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wp:extent cx="1800000" cy="360000"/>'
        '<wp:docPr id="70" name="Text Box 1"/><a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/'
        'wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr/><wps:txbx>' + box + "</wps:txbx><wps:bodyPr/></wps:wsp>"
        "</a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox>"
        + box + "</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


FONT = '<w:rPr><w:rFonts w:ascii="Cambria Math" w:hAnsi="Cambria Math"/></w:rPr>'
FRACTION = (
    f"<m:oMath><m:r>{FONT}<m:t>d</m:t></m:r><m:r>{FONT}<m:t>=</m:t></m:r><m:f><m:fPr><m:type m:val=\"bar\"/><m:ctrlPr>{FONT}</m:ctrlPr></m:fPr>"
    f"<m:num><m:r>{FONT}<m:t>sail</m:t></m:r></m:num><m:den><m:r>{FONT}<m:t>time</m:t></m:r></m:den></m:f></m:oMath>"
)


def word(path):
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Spruce report", "Ann Grün"
    document.sections[0].header.paragraphs[0].text = "Elder harbour office"
    document.sections[0].footer.paragraphs[0].text = "Fir street 7"
    document.add_heading("Alder", level=1)
    notes_part(document, "footnotes", "Birch is in the note.")
    notes_part(document, "endnotes", "Cedar is in the note at the end.")
    append(document.add_paragraph("A note"), '<w:r><w:footnoteReference w:id="1"/></w:r>', run(" and another"),
           '<w:r><w:endnoteReference w:id="1"/></w:r>', run("."))
    remark = document.add_paragraph("The pier is closed.")
    document.add_comment(remark.runs, text="Dogwood, is this right?", author="Ann")
    target = document.part.relate_to("https://example.org/ginkgo", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    append(document.add_paragraph("See "), f'<w:hyperlink r:id="{target}">{run("the timetable")}</w:hyperlink>', run("."))
    document.add_paragraph("A word in ").add_run("Hazel").bold = True
    append(document.add_paragraph("The rule "), FRACTION)
    append(document.add_paragraph("The fee is "), f'<w:del {CHANGE.format(900)}><w:r><w:delText>juniper</w:delText></w:r></w:del>',
           f'<w:ins {CHANGE.format(901)}>{run("ivy")}</w:ins>', run(" marks."))
    append(document.add_paragraph(), text_box("Larch in a box"))
    append(document.add_paragraph("Choice: "),
           f'<w:sdt><w:sdtPr><w:id w:val="80"/><w:text/></w:sdtPr><w:sdtContent>{run("Maple")}</w:sdtContent></w:sdt>')
    append(document.add_paragraph("Not shown: "), run("Thuja", "<w:vanish/>"))
    table = document.add_table(4, 3, style="Table Grid")
    for row, texts in zip(table.rows, (("Pier", "Boat", "Time"), ("Oak", "", "7:20"), ("Pine", "East", "8:20"), ("", "West", "9:20"))):
        for cell, text in zip(row.cells, texts):
            cell.text = text
    table.cell(1, 0).merge(table.cell(1, 1))
    table.cell(2, 0).merge(table.cell(3, 0))
    for cell in (table.cell(1, 0), table.cell(2, 0)):
        for paragraph in cell.paragraphs[1:]:
            paragraph._p.getparent().remove(paragraph._p)
    inner = document.add_table(1, 2).cell(0, 1).add_table(1, 1)
    inner.cell(0, 0).text = "Willow inside"
    numbering(document)
    for level, text in enumerate(("Quince", "Yew", "Myrtle")):
        paragraph = document.add_paragraph(text)
        paragraph._p.get_or_add_pPr().append(element(f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="90"/></w:numPr>'))
    picture = path.with_suffix(".png")
    picture.write_bytes(PNG)
    document.add_paragraph().add_run().add_picture(str(picture), Cm(1)).\
        _inline.docPr.set("descr", "Rowan berries on a quay")
    picture.unlink()
    document.save(path)


def workbook(path):
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": "Spruce", "created": datetime.datetime(2024, 5, 1)})
        sheet = book.add_worksheet("Alder")
        form = lambda code: book.add_format({"num_format": code})
        sheet.write_row(0, 0, ["what", "value", "of row", "hidden"])
        rows = [
            ("date", lambda at: sheet.write_datetime(*at, datetime.datetime(2024, 3, 15), form("dd/mm/yyyy"))),
            ("per cent", lambda at: sheet.write_number(*at, 0.125, form("0.0%"))),
            ("thousands", lambda at: sheet.write_number(*at, 1234.5, form("#,##0.00"))),
            ("digits", lambda at: sheet.write_number(*at, 2.718281828, form("0.00"))),
            ("formula", lambda at: sheet.write_formula(*at, "=SUM(1,41)", None, 42)),
            ("text of digits", lambda at: sheet.write_string(*at, "00123")),
            ("boolean", lambda at: sheet.write_boolean(*at, True)),
            ("zeros", lambda at: sheet.write_number(*at, 7, form("00000"))),
            ("error", lambda at: sheet.write_formula(*at, "=1/0", None, "#DIV/0!")),
            ("duration", lambda at: sheet.write_number(*at, 1.5, form("[h]:mm:ss"))),
            ("whole", lambda at: sheet.write_number(*at, 4711)),
            ("link", lambda at: sheet.write_url(*at, "https://example.org/ginkgo", string="timetable")),
            ("comment", lambda at: (sheet.write_string(*at, "remark"), sheet.write_comment(*at, "Dogwood", {"author": "Ann"}))),
            ("pipe", lambda at: sheet.write_string(*at, "hazel|nut")),
            ("lines", lambda at: sheet.write_string(*at, "ivy\nlarch", book.add_format({"text_wrap": True}))),
            ("rich", lambda at: sheet.write_rich_string(*at, "elder", book.add_format({"bold": True}), "berry")),
        ]
        for row, (name, write) in enumerate(rows, 1):
            sheet.write_string(row, 0, name)
            write((row, 1))
            sheet.write_string(row, 2, f"r{row + 1}")
        after = len(rows) + 1
        sheet.merge_range(after, 0, after, 1, "Maple", book.add_format())
        sheet.write_string(after, 2, "behind")
        sheet.write_string(after + 1, 0, "Thuja")
        sheet.set_row(after + 1, None, None, {"hidden": True})
        sheet.write_string(1, 3, "Juniper")
        sheet.set_column(3, 3, None, None, {"hidden": True})
        sheet.write_string(after + 20, 25, "Far")
        chart = book.add_chart({"type": "column"})
        chart.set_title({"name": "Rowan"})
        chart.add_series({"values": "=Alder!$B$3:$B$4"})
        sheet.insert_chart("F2", chart)
        book.add_worksheet("Quince").write_string(0, 0, "Birch")
        hidden = book.add_worksheet("Cedar")
        hidden.write_string(0, 0, "Oak")
        hidden.hide()


def small_workbook(path):
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime.datetime(2024, 5, 1)})
        book.add_worksheet("Alder").write_row(0, 0, ["Wick", 7])


def add_comment(show, slide, text):
    """A comment as PowerPoint 2007 writes it: its own part, and the author in another."""
    p = f'xmlns:p="{OFFICE}/presentationml/2006/main"'
    kind = "application/vnd.openxmlformats-officedocument.presentationml."
    authors = f'<p:cmAuthorLst {p}><p:cmAuthor id="0" name="Ann" initials="A" lastIdx="1" clrIdx="0"/></p:cmAuthorLst>'
    comments = f'<p:cmLst {p}><p:cm authorId="0" dt="2024-05-01T10:00:00" idx="1"><p:pos x="10" y="10"/><p:text>{text}</p:text></p:cm></p:cmLst>'
    for owner, name, of, xml, rel in (
        (show.part, "/ppt/commentAuthors.xml", "commentAuthors+xml", authors, "commentAuthors"),
        (slide.part, "/ppt/comments/comment1.xml", "comments+xml", comments, "comments"),
    ):
        owner.relate_to(SlidePart(SlideURI(name), kind + of, show.part.package, xml.encode()), f"{REL}/{rel}")


def slides(path):
    show = pptx.Presentation()
    show.core_properties.title = "Spruce slides"
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Alder"
    frame = first.placeholders[1].text_frame
    frame.text = "Birch"
    frame.add_paragraph().text = "Cedar"
    frame.paragraphs[1].level = 1
    first.notes_slide.notes_text_frame.text = "Dogwood in the notes"
    add_comment(show, first, "Elder, since when?")
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "Things"
    table = second.shapes.add_table(3, 3, Cm(1), Cm(4), Cm(12), Cm(3)).table
    for row, texts in enumerate((("Pier", "Boat", "Time"), ("Oak", "", "7:20"), ("Fir", "East", "8:20"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(1, 1))
    group = second.shapes.add_group_shape()
    group.shapes.add_textbox(Cm(1), Cm(8), Cm(4), Cm(1)).text_frame.text = "Larch in a group"
    picture = path.with_suffix(".png")
    picture.write_bytes(PNG)
    second.shapes.add_picture(str(picture), Cm(8), Cm(8), Cm(1))._element.nvPicPr.cNvPr.set("descr", "Rowan berries on a quay")
    picture.unlink()
    box = second.shapes.add_textbox(Cm(1), Cm(10), Cm(6), Cm(1)).text_frame.paragraphs[0]
    link = box.add_run()
    link.text, link.hyperlink.address = "timetable", "https://example.org/ginkgo"
    third = show.slides.add_slide(show.slide_layouts[5])
    third.shapes.title.text = "Numbers"
    data = CategoryChartData()
    data.categories = ["Hazel", "Ivy"]
    data.add_series("Juniper", (4711, 4712.5))
    chart = third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(4), Cm(12), Cm(8), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Maple"
    fourth = show.slides.add_slide(show.slide_layouts[1])
    fourth.shapes.title.text = "Thuja"
    fourth.placeholders[1].text_frame.text = "not shown"
    fourth._element.set("show", "0")
    show.save(path)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    word(folder / "probe.docx")
    workbook(folder / "probe.xlsx")
    slides(folder / "probe.pptx")
    small_workbook(folder / "workbook.docx")


if __name__ == "__main__":
    main()
