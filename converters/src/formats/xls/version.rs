//! The versions of the format and the records that begin a substream of each ([MS-XLS] 2.4.21).

/// A version of the binary format, the older the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Biff {
    /// Excel 2.
    V2,
    /// Excel 3.
    V3,
    /// Excel 4.
    V4,
    /// Excel 5 and 95.
    V5,
    /// Excel 97 to 2003.
    V8,
}

/// What a substream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// What all sheets share.
    Globals,
    /// The sheets of a workbook of Excel 4.
    Bundle,
    Worksheet,
    /// A chart, a macro sheet or a module of Visual Basic.
    Other,
}

/// The first record of a substream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bof {
    pub(super) biff: Biff,
    pub(super) content: Content,
}

impl Bof {
    /// Reads the record; `None` if it is another one.
    pub(super) fn read(kind: u16, data: &[u8]) -> Option<Self> {
        let word = |at: usize| super::records::u16_at(data, at);
        let biff = match kind {
            0x0009 => Biff::V2,
            0x0209 => Biff::V3,
            0x0409 => Biff::V4,
            // Some writers use the number of the later versions for earlier ones.
            0x0809 => match word(0) {
                0x0600 => Biff::V8,
                0x0200 | 0x0007 => Biff::V2,
                0x0300 => Biff::V3,
                0x0400 => Biff::V4,
                _ => Biff::V5,
            },
            _ => return None,
        };
        if data.len() < 4 {
            return None;
        }
        let content = match word(2) {
            0x0005 => Content::Globals,
            0x0100 => Content::Bundle,
            0x0010 => Content::Worksheet,
            _ => Content::Other,
        };
        Some(Self { biff, content })
    }

    pub(super) fn is_bof(kind: u16) -> bool {
        matches!(kind, 0x0009 | 0x0209 | 0x0409 | 0x0809)
    }
}
