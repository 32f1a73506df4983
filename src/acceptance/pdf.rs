//! What a target takes of PDFs where it reads them itself.

use super::Acceptance;
use crate::model::profile::PdfRules;
use crate::model::{Code, PdfFacts, Violation};

/// What is to be said of a PDF.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PdfVerdict {
    /// What it breaks.
    pub violations: Vec<Violation>,
    /// What else should be known, as a code and a message.
    pub notes: Vec<(Code, String)>,
}

impl Acceptance {
    /// Judges a PDF by what is known of it.
    #[must_use]
    pub fn check_pdf(&self, facts: &PdfFacts) -> PdfVerdict {
        match self.rules.pdf {
            Some(rules) => self.read_by_target(facts, rules),
            None => read_by_others(facts),
        }
    }

    fn read_by_target(&self, facts: &PdfFacts, rules: PdfRules) -> PdfVerdict {
        let mut verdict = PdfVerdict::default();
        let mut refuse = |code, message| verdict.violations.push(Violation::new(code, message));
        match facts {
            PdfFacts::Encrypted => refuse(Code::EncryptedDocument, "the PDF is encrypted".to_owned()),
            PdfFacts::Broken(reason) => refuse(Code::CorruptDocument, reason.clone()),
            PdfFacts::TooMuch(limit) => refuse(Code::LimitExceeded, limit.clone()),
            PdfFacts::Sound { pages } | PdfFacts::Mended { pages } if *pages > rules.max_pages => {
                let message =
                    format!("{pages} pages; `{}` takes {} in a request", self.target, rules.max_pages);
                refuse(Code::TooManyPages, message);
            }
            PdfFacts::Sound { .. } | PdfFacts::Mended { .. } | PdfFacts::Unread(_) => {
                verdict.notes = notes(facts);
                let few = rules.max_pages_of_small_contexts;
                if let Some((pages, few)) = facts.pages().zip(few).filter(|(pages, few)| pages > few) {
                    let message =
                        format!("{pages} pages; models with smaller contexts take {few} in a request");
                    verdict.notes.push((Code::ManyPages, message));
                }
            }
        }
        verdict
    }
}

fn read_by_others(facts: &PdfFacts) -> PdfVerdict {
    PdfVerdict { violations: Vec::new(), notes: notes(facts) }
}

fn notes(facts: &PdfFacts) -> Vec<(Code, String)> {
    match facts {
        PdfFacts::Sound { .. } => Vec::new(),
        PdfFacts::Mended { .. } => {
            vec![(Code::DamagedPdf, "the index of the PDF is damaged; readers have to mend it".to_owned())]
        }
        PdfFacts::Encrypted => vec![(Code::EncryptedPdf, "the PDF is encrypted".to_owned())],
        PdfFacts::Broken(reason) => vec![(Code::DamagedPdf, reason.clone())],
        PdfFacts::TooMuch(reason) | PdfFacts::Unread(reason) => vec![(Code::PagesUnknown, reason.clone())],
    }
}
