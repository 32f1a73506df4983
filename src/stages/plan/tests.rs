//! What becomes of a format, by consumer, mode and name.

use std::borrow::Cow;

use docferry_converters::charset::Confidence;

use super::*;
use crate::model::Consumer;

fn detection(format: Format, evidence: Evidence) -> Detection {
    let media_type = Cow::Borrowed(format.spec().media_type);
    Detection { format, media_type, charset: None, dialect: None, evidence }
}

/// Returns the plan in a few words.
fn planned(
    target: &str,
    consumer: Consumer,
    detection: &Detection,
    name: &str,
    options: PlanOptions,
) -> String {
    let profile = crate::targets::profiles::built_in(target).unwrap();
    let acceptance = Acceptance::new(&profile, consumer).unwrap();
    match plan(Found { detection, name, size_bytes: 1000, pages: None }, &acceptance, options) {
        Plan::PassThrough { media_type, append } => format!("{media_type} {}", append.unwrap_or("-")),
        Plan::Convert { means } => means.name().to_owned(),
        Plan::Reject(violations) => violations.iter().map(|v| v.code.as_str()).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn format_consumer_and_mode_decide() {
    use Consumer::{Messages, Sessions};
    use ConvertMode::{Always, Auto, Never};
    for (target, consumer, format, name, convert, expected) in [
        ("anthropic", Messages, Format::Pdf, "a.pdf", Auto, "application/pdf -"),
        ("anthropic", Messages, Format::Pdf, "a.pdf", Never, "application/pdf -"),
        ("anthropic", Messages, Format::Docx, "a.docx", Auto, "docx-to-markdown"),
        ("anthropic", Messages, Format::Docx, "a.docx", Never, "conversion-off"),
        ("anthropic", Messages, Format::Markdown, "a.md", Auto, "text/plain -"),
        ("anthropic", Messages, Format::Markdown, "a.md", Always, "text/plain -"),
        ("anthropic", Messages, Format::Png, "a.png", Auto, "image/png -"),
        ("anthropic", Messages, Format::Tiff, "a.tiff", Auto, "unsupported-format"),
        ("anthropic", Messages, Format::Tiff, "a.tiff", Never, "unsupported-format"),
        ("anthropic", Messages, Format::Xlsx, "a.xlsx", Auto, "xlsx-to-csv"),
        ("anthropic", Messages, Format::EncryptedOoxml, "a.docx", Auto, "encrypted-document"),
        ("anthropic", Sessions, Format::Docx, "a.docx", Always, "docx-to-markdown"),
        ("anthropic", Sessions, Format::Tiff, "a.tiff", Always, "image/tiff -"),
        ("qoder", Messages, Format::Docx, "a.docx", Auto, "docx-to-markdown"),
        ("qoder", Messages, Format::Png, "a.png", Auto, "unsupported-format"),
        ("qoder", Messages, Format::Markdown, "a.md", Auto, "text/markdown -"),
    ] {
        let detected = detection(format, Evidence::Content);
        let options = PlanOptions { convert, ..PlanOptions::default() };
        let found = planned(target, consumer, &detected, name, options);
        assert_eq!(found, expected, "{target} {consumer:?} {format:?} {convert:?}");
    }
}

#[test]
fn a_misnamed_file_is_rejected_or_taken_for_what_it_is() {
    use Misnamed::{ByContent, Reject};
    for (found, claimed, misnamed, expected) in [
        (Format::Pdf, Format::Docx, Reject, "content-mismatch"),
        (Format::Pdf, Format::Docx, ByContent, "application/pdf -"),
        (Format::Docx, Format::Pdf, ByContent, "docx-to-markdown"),
        (Format::Zip, Format::PlainText, Reject, "binary-content"),
        (Format::Zip, Format::PlainText, ByContent, "binary-content"),
        (Format::Csv, Format::Xls, Reject, "text/plain -"),
    ] {
        let detected = detection(found, Evidence::Conflict { claimed });
        let options = PlanOptions { misnamed, ..PlanOptions::default() };
        let plan = planned("anthropic", Consumer::Messages, &detected, "a", options);
        assert_eq!(plan, expected, "{found:?} named {claimed:?}, {misnamed:?}");
    }
}

#[test]
fn text_in_another_charset_is_decoded_where_text_is_read() {
    let charset = Charset {
        name: "UTF-16LE",
        evidence: CharsetEvidence::Bom,
        bom: true,
        confidence: Confidence::Certain,
    };
    let detected = Detection { charset: Some(charset), ..detection(Format::PlainText, Evidence::Content) };
    let options = |convert| PlanOptions { convert, ..PlanOptions::default() };
    let plan = |convert| planned("anthropic", Consumer::Messages, &detected, "a.txt", options(convert));
    assert_ne!(plan(ConvertMode::Auto), "text/plain -");
    assert_eq!(plan(ConvertMode::Never), "text/plain -");
}

#[test]
fn without_a_target_whatever_has_a_converter_is_converted() {
    let local = |format| {
        let detection = &detection(format, Evidence::Content);
        let found = Found { detection, name: "x", size_bytes: 1, pages: None };
        plan_local(found, PlanOptions::default())
    };
    assert!(local(Format::Docx).unwrap().is_some());
    assert!(local(Format::Png).unwrap().is_none());
    assert_eq!(local(Format::EncryptedOoxml).err().unwrap().code, Code::EncryptedDocument);
}

#[test]
fn what_is_wanted_as_pdf_is_printed_where_it_has_to_be_converted_and_can_be() {
    use Consumer::{CodeExecution, Messages};
    let options = PlanOptions { to: ConvertTo::Pdf, ..PlanOptions::default() };
    for (consumer, format, name, expected) in [
        (Messages, Format::Docx, "a.docx", "soffice-to-pdf"),
        (Messages, Format::Odp, "a.odp", "soffice-to-pdf"),
        (CodeExecution, Format::Xlsx, "a.xlsx", &*format!("{} -", Format::Xlsx.spec().media_type)),
        (Messages, Format::PlainText, "a.txt", "text/plain -"),
        (Messages, Format::Pdf, "a.pdf", "application/pdf -"),
    ] {
        let found = planned("anthropic", consumer, &detection(format, Evidence::Content), name, options);
        assert_eq!(found, expected, "{consumer:?} {format:?}");
    }
}

#[test]
fn delimited_text_is_rewritten_on_request_and_split_where_it_is_too_large() {
    let plan = |format: Format, rewrite_tables, max_table_bytes, convert| {
        let detected = detection(format, Evidence::Content);
        let options = PlanOptions { convert, rewrite_tables, max_table_bytes, ..PlanOptions::default() };
        planned("anthropic", Consumer::Messages, &detected, "a", options)
    };
    let (csv, tsv, prose) = (Format::Csv, Format::Tsv, Format::PlainText);
    for (format, rewrite, max, convert, expected) in [
        (csv, false, Some(1000), ConvertMode::Auto, "text/plain -"),
        (csv, false, Some(999), ConvertMode::Auto, "text-to-utf8"),
        (csv, true, None, ConvertMode::Auto, "text-to-utf8"),
        (csv, true, Some(999), ConvertMode::Never, "text/plain -"),
        (tsv, false, Some(999), ConvertMode::Always, "text-to-utf8"),
        (prose, true, Some(999), ConvertMode::Auto, "text/plain -"),
    ] {
        assert_eq!(plan(format, rewrite, max, convert), expected, "{format:?} {rewrite} {max:?} {convert:?}");
    }
}

#[test]
fn a_pdf_of_too_many_pages_is_split_where_pdfs_are_taken() {
    let detection = &detection(Format::Pdf, Evidence::Content);
    let options = |convert, most| PlanOptions { convert, max_pdf_pages: most, ..PlanOptions::default() };
    for (target, pages, most, convert, expected) in [
        ("anthropic", Some(11), Some(10), ConvertMode::Auto, "Convert(pdf-split)"),
        ("anthropic", Some(11), Some(10), ConvertMode::Always, "Convert(pdf-split)"),
        ("anthropic", Some(11), Some(10), ConvertMode::Never, "PassThrough(application/pdf)"),
        ("anthropic", Some(10), Some(10), ConvertMode::Auto, "PassThrough(application/pdf)"),
        ("anthropic", Some(11), None, ConvertMode::Auto, "PassThrough(application/pdf)"),
        ("anthropic", None, Some(10), ConvertMode::Auto, "PassThrough(application/pdf)"),
    ] {
        let profile = crate::targets::profiles::built_in(target).unwrap();
        let acceptance = Acceptance::new(&profile, Consumer::Messages).unwrap();
        let found = Found { detection, name: "a.pdf", size_bytes: 1, pages };
        let planned = format!("{:?}", plan(found, &acceptance, options(convert, most)));
        assert_eq!(planned, expected, "{pages:?} {most:?}");
        let local = plan_local(found, options(convert, most)).unwrap();
        assert_eq!(local.is_some(), pages.zip(most).is_some_and(|(pages, most)| pages > most));
    }
    let qoder = crate::targets::profiles::built_in("qoder").unwrap();
    let acceptance = Acceptance::new(&qoder, qoder.consumers().next().unwrap()).unwrap();
    let found = Found { detection, name: "a.pdf", size_bytes: 1, pages: Some(11) };
    let planned = plan(found, &acceptance, options(ConvertMode::Auto, Some(10)));
    assert!(matches!(planned, Plan::Reject(_)), "pieces are PDFs, too: {planned:?}");
}
