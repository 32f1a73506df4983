//! Cross-check with docx-rs: what another implementation writes, our reader finds, every word of it in order.
//!
//! docx-rs is used as a writer only; its reader is not fit for documents from outside.

use std::error::Error;
use std::io::Cursor;

use docferry_converters::formats::docx::DocxToMarkdown;
use docferry_converters::{Converter, Limits, Meter, Options, PartKind, Sink, Warning};
use docx_rs::{
    AbstractNumbering, Comment, Delete, Docx, Footnote, Header, Hyperlink, HyperlinkType, IndentLevel,
    Insert, Level, LevelJc, LevelText, NumberFormat, Numbering, NumberingId, Paragraph, Run, Start, Style,
    StyleType, Table, TableCell, TableRow,
};

#[derive(Default)]
struct Text(Vec<u8>);

impl Sink for Text {
    fn begin_part(&mut self, _label: Option<&str>, _kind: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, _warning: Warning) {}
}

fn convert(docx: Docx) -> Result<String, Box<dyn Error>> {
    let mut bytes = Cursor::new(Vec::new());
    docx.build().pack(&mut bytes)?;
    bytes.set_position(0);
    let mut meter = Meter::new(Limits::default(), bytes.get_ref().len() as u64);
    let mut text = Text::default();
    DocxToMarkdown.convert(&mut bytes, &Options::default(), &mut meter, &mut text)?;
    Ok(String::from_utf8(text.0)?)
}

fn paragraph(text: &str) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(text))
}

#[test]
fn finds_the_text_that_docx_rs_writes() -> Result<(), Box<dyn Error>> {
    let link = Hyperlink::new("https://example.org/", HyperlinkType::External);
    let note = Footnote::new().add_content(paragraph("The note."));
    let formatted = Paragraph::new()
        .add_run(Run::new().add_text("Plain, "))
        .add_run(Run::new().add_text("bo").bold())
        .add_run(Run::new().add_text("ld").bold())
        .add_run(Run::new().add_text(" and italic").italic())
        .add_hyperlink(link.add_run(Run::new().add_text(" link")))
        .add_run(Run::new().add_footnote_reference(note));
    let inserted = Insert::new(Run::new().add_text("Inserted")).author("A").date("2024-01-01T00:00:00Z");
    let deleted =
        Delete::new().add_run(Run::new().add_delete_text("deleted")).author("A").date("2024-01-01T00:00:00Z");
    let changed = Paragraph::new()
        .add_insert(inserted)
        .add_delete(deleted)
        .add_comment_start(Comment::new(1).author("Ann").add_paragraph(paragraph("Why?")))
        .add_run(Run::new().add_text(" text"))
        .add_comment_end(1);
    let docx = Docx::new()
        .add_style(Style::new("Heading1", StyleType::Paragraph).name("heading 1"))
        .header(Header::new().add_paragraph(paragraph("Running head")))
        .add_paragraph(paragraph("The heading").style("Heading1"))
        .add_paragraph(formatted)
        .add_paragraph(changed);
    let expected = "Running head\n\n# The heading\n\nPlain, **bold** *and italic* [link](https://example.org/)[^1]\n\n\
                    Inserted text\n\n> **Comment (Ann):** Why?\n\n[^1]: The note.\n";
    assert_eq!(convert(docx)?, expected);
    Ok(())
}

#[test]
fn finds_the_lists_and_tables_that_docx_rs_writes() -> Result<(), Box<dyn Error>> {
    let item = |text, level| paragraph(text).numbering(NumberingId::new(2), IndentLevel::new(level));
    let level = |n, format: &str, text: &str| {
        Level::new(n, Start::new(1), NumberFormat::new(format), LevelText::new(text), LevelJc::new("left"))
    };
    let row = |cells: [&str; 2]| {
        TableRow::new(cells.into_iter().map(|text| TableCell::new().add_paragraph(paragraph(text))).collect())
    };
    let numbering =
        AbstractNumbering::new(2).add_level(level(0, "decimal", "%1.")).add_level(level(1, "bullet", "•"));
    let docx = Docx::new()
        .add_abstract_numbering(numbering)
        .add_numbering(Numbering::new(2, 2))
        .add_paragraph(item("one", 0))
        .add_paragraph(item("inner", 1))
        .add_paragraph(item("two", 0))
        .add_table(Table::new(vec![row(["Name", "Value"]), row(["pi", "3.14"])]).set_grid(vec![2000, 2000]));
    let expected = "1. one\n   - inner\n2. two\n\n| Name | Value |\n| --- | --- |\n| pi | 3.14 |\n";
    assert_eq!(convert(docx)?, expected);
    Ok(())
}

#[test]
fn a_long_document_keeps_every_word() -> Result<(), Box<dyn Error>> {
    let mut docx = Docx::new();
    let mut expected = String::new();
    for n in 0..3000 {
        let text = format!("Paragraph {n} of a document that is longer than any buffer.");
        docx = docx.add_paragraph(paragraph(&text));
        expected.push_str(if n > 0 { "\n" } else { "" });
        expected.push_str(&text);
        expected.push('\n');
    }
    assert_eq!(convert(docx)?, expected);
    Ok(())
}
