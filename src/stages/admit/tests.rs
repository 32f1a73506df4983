//! Names of parts, and what is not let out.

use docferry_converters::PartKind;

use super::*;
use crate::model::{Body, Consumer, RelativePath, SecretsRule, Source, Timestamp};

fn candidate(path: &str) -> Candidate {
    Candidate {
        seq: 7,
        source: Source::Path(path.into()),
        relative: RelativePath::new(path.as_ref()),
        size_bytes: 1,
        modified: Timestamp::from(std::time::UNIX_EPOCH),
        identity: (0, 0),
        follow: false,
    }
}

fn prepared(label: Option<&str>, kind: PartKind) -> Prepared {
    Prepared {
        label: label.map(str::to_owned),
        kind,
        body: Body::Bytes(b"x"[..].into()),
        size_bytes: 1,
        digest: Sha256::of(b"x"),
        holds_live_key: false,
        pdf: None,
    }
}

fn options() -> AdmitOptions {
    let profile = crate::targets::profiles::built_in("anthropic").unwrap();
    AdmitOptions {
        acceptance: Acceptance::new(&profile, Consumer::Messages).unwrap(),
        policy: Policy::default(),
        name_style: NameStyle::Base,
        name: None,
        live_keys: LiveKeys::default(),
        extra_bytes: 0,
    }
}

/// Returns the name that each part would be sent under, or the codes that forbid it.
fn admitted(path: &str, parts: Vec<Prepared>, options: &AdmitOptions) -> Vec<String> {
    let converter = ConverterRef { name: "x-to-y", revision: 1, options_hash: String::new() };
    let converted = Converted { parts, warnings: Vec::new(), converter };
    let digest = Sha256::of(b"source");
    let made = admit_parts(&candidate(path), digest, &MediaType::TEXT_PLAIN, converted, options);
    let told = |one: Admitted| match one.verdict {
        Ok(payload) => {
            assert_eq!((payload.seq, payload.lineage.source_digest), (7, digest));
            payload.file_name.to_string()
        }
        Err(violations) => violations.iter().map(|v| v.code.as_str()).collect::<Vec<_>>().join(" "),
    };
    made.into_iter().map(told).collect()
}

fn sheets(labels: &[&str]) -> Vec<Prepared> {
    labels.iter().map(|label| prepared(Some(label), PartKind::Csv)).collect()
}

#[test]
fn parts_are_named_by_source_and_label() {
    let names = admitted("dir/book.xlsx", sheets(&["Q1 Sales", "../../etc", "a/b\n"]), &options());
    assert_eq!(names, ["book.xlsx.Q1_Sales.csv", "book.xlsx._.._etc.csv", "book.xlsx.a_b.csv"]);
    let whole = || vec![prepared(None, PartKind::Markdown)];
    assert_eq!(admitted("dir/a.docx", whole(), &options()), ["a.docx.md"]);
    let path = AdmitOptions { name_style: NameStyle::Path, ..options() };
    assert_eq!(admitted("dir/a.docx", whole(), &path), ["dir__a.docx.md"]);
    let named = AdmitOptions { name: Some("b.docx".to_owned()), ..options() };
    assert_eq!(admitted("dir/a.docx", whole(), &named), ["b.docx.md"]);
}

#[test]
fn parts_of_one_source_never_share_a_name() {
    let names = admitted("b.xlsx", sheets(&["a b", "a_b", "a/b"]), &options());
    assert_eq!(names, ["b.xlsx.a_b.csv", "b.xlsx.a_b-2.csv", "b.xlsx.a_b-3.csv"]);
}

#[test]
fn secrets_are_refused_by_the_name_of_the_source_or_of_the_part() {
    let parts = || sheets(&["a"]);
    assert_eq!(admitted("x.pem", parts(), &options()), ["secret-name"]);
    let named = AdmitOptions { name: Some(".env".to_owned()), ..options() };
    assert_eq!(admitted("a.txt", vec![prepared(None, PartKind::PlainText)], &named), ["secret-name"]);
    let allowed = AdmitOptions { policy: Policy { secrets: SecretsRule::Allow }, ..options() };
    assert_eq!(admitted("x.pem", parts(), &allowed), ["x.pem.a.csv"]);
}

#[test]
fn a_live_credential_is_refused_whatever_the_rule_for_secrets() {
    let part = Prepared { holds_live_key: true, ..prepared(None, PartKind::Markdown) };
    let allowed = AdmitOptions { policy: Policy { secrets: SecretsRule::Allow }, ..options() };
    assert_eq!(admitted("a.docx", vec![part], &allowed), ["secret-content"]);
}

#[test]
fn pieces_of_a_table_have_names_of_their_own() {
    let text = |label| prepared(label, PartKind::PlainText);
    let pieces = vec![text(None), text(Some("2")), text(Some("3"))];
    assert_eq!(admitted("a.b.csv", pieces, &options()), ["a.b.csv", "a.b-2.csv", "a.b-3.csv"]);
    // A sheet may be called what the second piece of another is called.
    let names = admitted("a.xlsx", sheets(&["Q1", "Q1-2", "Q1-2"]), &options());
    assert_eq!(names, ["a.xlsx.Q1.csv", "a.xlsx.Q1-2.csv", "a.xlsx.Q1-2-2.csv"]);
}

/// Returns the codes that a target gives a PDF, violations with a mark.
fn pdf_codes(target: &str, consumer: Consumer, facts: &PdfFacts) -> String {
    let acceptance = Acceptance::new(&crate::targets::profiles::built_in(target).unwrap(), consumer).unwrap();
    let crate::acceptance::PdfVerdict { violations, notes } = acceptance.check_pdf(facts);
    let violations = violations.iter().map(|violation| format!("!{}", violation.code));
    let notes = notes.iter().map(|(code, _)| code.to_string());
    violations.chain(notes).collect::<Vec<_>>().join(" ")
}

#[test]
fn only_what_the_platform_reads_itself_is_refused() {
    let reason = || "why".to_owned();
    for (facts, messages, others) in [
        (PdfFacts::Sound { pages: 100 }, "", ""),
        (PdfFacts::Sound { pages: 101 }, "many-pages", ""),
        (PdfFacts::Sound { pages: 600 }, "many-pages", ""),
        (PdfFacts::Sound { pages: 601 }, "!too-many-pages", ""),
        (PdfFacts::Mended { pages: 601 }, "!too-many-pages", "damaged-pdf"),
        (PdfFacts::Mended { pages: 101 }, "damaged-pdf many-pages", "damaged-pdf"),
        (PdfFacts::Encrypted, "!encrypted-document", "encrypted-pdf"),
        (PdfFacts::Broken(reason()), "!corrupt-document", "damaged-pdf"),
        (PdfFacts::TooMuch(reason()), "!limit-exceeded", "pages-unknown"),
        (PdfFacts::Unread(reason()), "pages-unknown", "pages-unknown"),
    ] {
        for target in ["anthropic", "anthropic-beta", "local"] {
            assert_eq!(pdf_codes(target, Consumer::Messages, &facts), messages, "{target} {facts:?}");
            for consumer in [Consumer::CodeExecution, Consumer::Sessions] {
                assert_eq!(pdf_codes(target, consumer, &facts), others, "{target} {consumer} {facts:?}");
            }
        }
    }
}
