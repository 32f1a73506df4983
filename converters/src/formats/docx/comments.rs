//! Comments: one line each, held until the paragraph they hang on.
//!
//! Replies are comments of their own and follow the one they answer, as they do in the document.

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Form, Style, Writer};

/// The comments of a document by id.
#[derive(Debug, Default)]
pub(super) struct Comments {
    lines: HashMap<String, String>,
}

impl Comments {
    pub(super) fn get(&self, id: &str) -> Option<&str> {
        self.lines.get(id).map(String::as_str)
    }

    /// Adds a comment whose text is Markdown on one line.
    pub(super) fn insert(
        &mut self,
        id: &str,
        author: &str,
        text: &str,
        document: (Form, &Meter),
    ) -> Result<()> {
        let (form, meter) = document;
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let author = author.trim();
        let title = if author.is_empty() { "Comment:".to_owned() } else { format!("Comment ({author}):") };
        let mut writer = Writer::single_line(form);
        let bold = Style { bold: true, ..Style::default() };
        writer.text(&title, &bold);
        let line = format!("{} {text}", writer.finish());
        meter.resident((id.len() + line.len()) as u64)?;
        self.lines.insert(id.to_owned(), line);
        Ok(())
    }
}
