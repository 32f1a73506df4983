//! Finds and decodes charsets.

/// How a charset is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharsetEvidence {
    /// A byte order mark.
    Bom,
    /// The pattern of NUL bytes that UTF-16 leaves.
    NulPattern,
    /// The whole file is valid UTF-8.
    Valid,
    /// A statistical guess.
    Guess,
    /// The user said so.
    Label,
}

/// A charset with how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    /// The WHATWG name, such as `UTF-8` or `windows-1252`.
    pub name: &'static str,
    /// How it is known.
    pub evidence: CharsetEvidence,
    /// Whether the bytes begin with a byte order mark.
    pub bom: bool,
}
