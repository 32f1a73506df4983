//! What is known of a PDF before it is sent.

/// The pages of a PDF, or why nobody knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdfFacts {
    /// It can be read.
    Sound {
        /// Its pages, at least one.
        pages: u64,
    },
    /// It has so many pages for readers that mend what is damaged.
    Mended {
        /// Its pages, at least one.
        pages: u64,
    },
    /// It says that it is encrypted.
    Encrypted,
    /// It has no page that could be found; the reason.
    Broken(String),
    /// Counting its pages would have passed a limit, which the message names.
    TooMuch(String),
    /// It is made in a way that is not read here; the reason.
    Unread(String),
}

impl PdfFacts {
    /// Returns the pages, where they were counted.
    #[must_use]
    pub fn pages(&self) -> Option<u64> {
        match self {
            Self::Sound { pages } | Self::Mended { pages } => Some(*pages),
            Self::Encrypted | Self::Broken(_) | Self::TooMuch(_) | Self::Unread(_) => None,
        }
    }
}
