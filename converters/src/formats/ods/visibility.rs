//! Which tables are hidden: those whose automatic style says that they are not displayed (ODF 1.3 part 3, 20.404).

use std::collections::HashSet;

use crate::Result;
use crate::limits::Meter;
use crate::odf::{attribute, raw_attribute};
use crate::xml::Tag;

/// What a style weighs in memory beside its name.
const STYLE_BYTES: u64 = 48;

/// The names of table styles that hide.
#[derive(Debug, Default)]
pub(super) struct HiddenTables {
    styles: HashSet<String>,
    /// The style that is open.
    open: String,
}

impl HiddenTables {
    /// Begins a style.
    pub(super) fn style(&mut self, tag: Tag<'_>) {
        self.open = attribute(tag, b"style:name").unwrap_or_default().into_owned();
    }

    /// Reads the properties of the open style.
    pub(super) fn table_properties(&mut self, tag: Tag<'_>, meter: &Meter) -> Result<()> {
        if raw_attribute(tag, b"table:display") == Some(b"false") {
            meter.resident(STYLE_BYTES + self.open.len() as u64)?;
            self.styles.insert(self.open.clone());
        }
        Ok(())
    }

    /// Tells whether a table is hidden.
    pub(super) fn hides(&self, table: Tag<'_>) -> bool {
        attribute(table, b"table:style-name").is_some_and(|style| self.styles.contains(&*style))
    }
}

/// Tells whether a row or column is not visible: collapsed, or left out by a filter.
pub(super) fn is_hidden(tag: Tag<'_>) -> bool {
    matches!(raw_attribute(tag, b"table:visibility"), Some(b"collapse" | b"filter"))
}
