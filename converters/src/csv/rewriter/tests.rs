//! What is written is read back as it was meant, however it is cut.

use proptest::prelude::*;

use super::*;
use crate::csv::{needs_quotes, sniff};
use crate::{ConvertError, Limits, Meter, PartKind, Warning};

#[derive(Default)]
struct Memory {
    parts: Vec<(Option<String>, Vec<u8>)>,
    largest: usize,
    warnings: Vec<Warning>,
}

impl Sink for Memory {
    fn begin_part(&mut self, label: Option<&str>, _: PartKind) -> std::io::Result<()> {
        self.parts.push((label.map(str::to_owned), Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.largest = self.largest.max(bytes.len());
        self.parts.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

impl Memory {
    fn texts(&self) -> Vec<&str> {
        self.parts.iter().map(|(_, bytes)| std::str::from_utf8(bytes).unwrap()).collect()
    }
}

const RFC: Form = Form::Rfc4180 { guard: false };

fn rewrite(
    pieces: &[&[u8]],
    dialect: Dialect,
    form: Form,
    max: Option<u64>,
) -> Result<(Memory, Findings), ConvertError> {
    let (meter, mut sink) = (Meter::new(Limits::default(), 1 << 20), Memory::default());
    let out = Pieces::new((None, PartKind::PlainText), max, &meter, &mut sink);
    let mut rewriter = Rewriter::new(dialect, form, out);
    for piece in pieces {
        rewriter.take(piece)?;
    }
    let (_, findings) = rewriter.finish()?;
    Ok((sink, findings))
}

fn dialect(separator: u8) -> Dialect {
    Dialect { separator, quote: Some(b'"'), separator_line: 0, cr_ends_rows: false }
}

fn written(text: &str, separator: u8) -> String {
    let (sink, _) = rewrite(&[text.as_bytes()], dialect(separator), RFC, None).unwrap();
    sink.texts().concat()
}

#[test]
fn rows_are_written_by_rfc_4180() {
    for (text, expected) in [
        ("a;b\n1,5;2\n", "a,b\r\n\"1,5\",2\r\n"),
        ("\"a\";\"b;c\";\"d,e\"", "a,b;c,\"d,e\"\r\n"),
        ("a;;\n\n;b\n", "a,,\r\n\r\n,b\r\n"),
        ("\"x\ny\";\"p\"\"q\"\r\n", "\"x\ny\",\"p\"\"q\"\r\n"),
        (" a;b \n", "\" a\",\"b \"\r\n"),
        ("\"\"\n\"\";\"\"\n", "\"\"\r\n\"\",\r\n"),
        ("a;b;c\n1\n", "a,b,c\r\n1\r\n"),
        ("a\rb;c\n", "\"a\rb\",c\r\n"),
        ("a;\"b\"\r", "a,b\r\n"),
        // Quotes that cannot quote.
        ("5\" pipe;x\n", "\"5\"\" pipe\",x\r\n"),
        ("\"a\" b;x\n", "\"\"\"a\"\" b\",x\r\n"),
        ("\"a;b\" c;x\n", "\"\"\"a;b\"\" c\",x\r\n"),
        ("\"lone;x\ny;\"z;1\"\n", "\"\"\"lone\",x\r\ny,z;1\r\n"),
        ("a;\"b\nc;d\n", "a,\"\"\"b\"\r\nc,d\r\n"),
        ("\"", "\"\"\"\"\r\n"),
    ] {
        assert_eq!(written(text, b';'), expected, "{text}");
    }
}

#[test]
fn rows_that_stay_are_not_counted() {
    let (_, findings) = rewrite(&[b"a,\"b,c\"\r\n1,\"x \"\r\n"], dialect(b','), RFC, None).unwrap();
    assert_eq!((findings.changed_rows, findings.stray_quotes), (0, 0));
    let (_, findings) = rewrite(&[b"a,b\n1,2\r\n\"x\",y\r\n"], dialect(b','), RFC, None).unwrap();
    assert_eq!(findings.changed_rows, 2);
}

#[test]
fn formulas_are_told_from_numbers() {
    let text = b"=A1;+1;-2,5;-1e-5;-E5;@x;+49 30 1;-;\"=b\"\n";
    let (sink, findings) = rewrite(&[text], dialect(b';'), Form::Rfc4180 { guard: true }, None).unwrap();
    assert_eq!(sink.texts(), ["'=A1,+1,\"-2,5\",-1e-5,'-E5,'@x,+49 30 1,-,'=b\r\n"]);
    assert_eq!(findings.formula_like, 4);
}

#[test]
fn apostrophes_that_quote_become_quotes() {
    let dialect = Dialect { quote: Some(b'\''), ..dialect(b';') };
    let (sink, _) = rewrite(&[b"'a;b';'it''s';'x\"y'\n"], dialect, RFC, None).unwrap();
    assert_eq!(sink.texts(), ["a;b,it's,\"x\"\"y\"\r\n"]);
}

#[test]
fn pieces_end_between_rows_and_begin_with_the_first_row() {
    let text = b"n,t\r\n1,a\r\n2,b\r\n3,c\r\n4,d\r\n";
    for (max, expected) in [
        (25, vec!["n,t\r\n1,a\r\n2,b\r\n3,c\r\n4,d\r\n"]),
        (24, vec!["n,t\r\n1,a\r\n2,b\r\n3,c\r\n", "n,t\r\n4,d\r\n"]),
        (15, vec!["n,t\r\n1,a\r\n2,b\r\n", "n,t\r\n3,c\r\n4,d\r\n"]),
        (10, vec!["n,t\r\n1,a\r\n", "n,t\r\n2,b\r\n", "n,t\r\n3,c\r\n", "n,t\r\n4,d\r\n"]),
        // Beside the first row there is no room for another: it is not repeated.
        (9, vec!["n,t\r\n", "1,a\r\n", "2,b\r\n", "3,c\r\n", "4,d\r\n"]),
    ] {
        for form in [Form::Kept, RFC] {
            let (sink, _) = rewrite(&[text], dialect(b','), form, Some(max)).unwrap();
            assert_eq!(sink.texts(), expected, "{max}");
            let pieces = sink.warnings.iter().map(|warning| warning.count).collect::<Vec<_>>();
            assert_eq!(pieces, if expected.len() > 1 { vec![expected.len() as u64] } else { vec![] });
        }
    }
}

#[test]
fn a_row_larger_than_a_piece_stays_whole() {
    let long = format!("2,{}\n", "x".repeat(50));
    let text = format!("n,t\n1,a\n{long}3,c\n");
    let (sink, _) = rewrite(&[text.as_bytes()], dialect(b','), Form::Kept, Some(20)).unwrap();
    assert_eq!(sink.texts(), ["n,t\n1,a\n", &format!("n,t\n{long}"), "n,t\n3,c\n"]);
    let labels: Vec<_> = sink.parts.iter().map(|(label, _)| label.as_deref()).collect();
    assert_eq!(labels, [None, Some("2"), Some("3")]);
}

#[test]
fn more_than_a_thousand_pieces_are_refused() {
    let error =
        rewrite(&["1,a\n".repeat(5000).as_bytes()], dialect(b','), Form::Kept, Some(8)).err().unwrap();
    assert!(matches!(&error, ConvertError::Limit(limit) if limit.flag == "--max-csv-size"), "{error}");
}

#[test]
fn a_long_field_is_written_as_it_comes() {
    let long = "x".repeat(3 << 20);
    for (text, expected) in [
        (format!("a,{long}\n"), format!("a,\"{long}\"\r\n")),
        (format!("a,\"{long}\"\n"), format!("a,\"{long}\"\r\n")),
        (format!("a,\"{long}"), format!("a,\"{long}\"\r\n")),
        (format!("a,\"{long}\"y,b\n"), format!("a,\"{long}\"\"y\",b\r\n")),
    ] {
        let (sink, _) = rewrite(&[text.as_bytes()], dialect(b','), RFC, None).unwrap();
        assert!(sink.texts().concat() == expected, "{} bytes", text.len());
        let (sink, _) = rewrite(&[text.as_bytes()], dialect(b','), Form::Kept, Some(1 << 10)).unwrap();
        assert!(sink.texts().concat() == text, "{} bytes", text.len());
    }
}

#[test]
fn fields_that_never_close_take_linear_time() {
    // Each opening quote is one of text, and is found out by the next.
    let text = "\"a\nb\"c\n".repeat(300_000);
    let (sink, findings) = rewrite(&[text.as_bytes()], dialect(b','), Form::Kept, Some(1 << 40)).unwrap();
    assert!(sink.texts().concat() == text);
    assert!(findings.stray_quotes > 100_000);
    let text = format!("a,b\n\"{}", "x,\n".repeat(300_000));
    let (sink, _) = rewrite(&[text.as_bytes()], dialect(b','), RFC, None).unwrap();
    assert!(sink.texts().concat().starts_with("a,b\r\n\"\"\"x\",\r\nx,\r\nx,"));
}

fn read(text: &[u8], separator: u8) -> Vec<Vec<String>> {
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text);
    let records = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect());
    records.collect()
}

fn joined(rows: &[Vec<String>], separator: char) -> String {
    let field = |field: &String| {
        let is_special = needs_quotes(field.as_bytes()) || field.contains(separator) || field.is_empty();
        if is_special { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    rows.iter()
        .map(|row| row.iter().map(field).collect::<Vec<_>>().join(&separator.to_string()) + "\n")
        .collect()
}

proptest! {
    #[test]
    fn another_reader_reads_the_same_cells(
        rows in prop::collection::vec(prop::collection::vec("[a,;\"\r\n \té€=-]{0,6}", 1..5), 1..8),
        separator in prop::sample::select(vec![',', ';', '\t', '|']),
    ) {
        let text = joined(&rows, separator);
        let separator = separator as u8;
        let (sink, findings) = rewrite(&[text.as_bytes()], dialect(separator), RFC, None).unwrap();
        prop_assert_eq!(read(sink.texts().concat().as_bytes(), b','), rows);
        prop_assert_eq!(findings.stray_quotes, 0);
    }

    #[test]
    fn cuts_of_the_input_do_not_matter(text in "[a;,\"\r\n]{0,40}", cr_ends_rows: bool, max in 1u64..60) {
        let dialect = Dialect { cr_ends_rows, ..dialect(b';') };
        for (form, max) in [(RFC, None), (Form::Kept, Some(max))] {
            let (whole, _) = rewrite(&[text.as_bytes()], dialect, form, max).unwrap();
            let bytewise: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            let (cut, _) = rewrite(&bytewise, dialect, form, max).unwrap();
            prop_assert_eq!(&cut.parts, &whole.parts);
        }
    }

    #[test]
    fn text_that_is_kept_is_kept(text in "a[a;,'\"\r\n]{0,60}", max in 20u64..60) {
        let dialect = sniff(text.as_bytes(), true, b',');
        let (sink, _) = rewrite(&[text.as_bytes()], dialect, Form::Kept, None).unwrap();
        prop_assert_eq!(sink.texts().concat(), text.clone());
        // In pieces, too, but for the first row.
        let (sink, _) = rewrite(&[text.as_bytes()], dialect, Form::Kept, Some(max)).unwrap();
        let texts = sink.texts();
        let Some((first, others)) = texts.split_first() else { return Ok(()) };
        let all = |header: &str| {
            let rest = others.iter().map(|piece| piece.strip_prefix(header).unwrap_or(piece));
            first.chars().chain(rest.flat_map(str::chars)).collect::<String>()
        };
        let headers = first.char_indices().map(|(at, c)| &first[..at + c.len_utf8()]);
        prop_assert!(others.is_empty() || std::iter::once("").chain(headers).any(|header| all(header) == text));
    }
}
