//! What delimited text is to become, and what was found on the way.

/// What the text is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The same bytes.
    Kept,
    /// RFC 4180; `guard` puts an apostrophe before fields that begin like a formula.
    Rfc4180 { guard: bool },
}

/// What was found on the way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Findings {
    /// Rows that were written otherwise than they stood.
    pub(crate) changed_rows: u64,
    /// Fields with quotes that could not quote.
    pub(crate) stray_quotes: u64,
    /// Fields that begin like a formula.
    pub(crate) formula_like: u64,
}
