//! Tokens and their operands, of which each version has its own widths.

use super::{Layout, Sheets, Workbook, quoted};
use crate::biff;

/// The tokens of a formula, one after the other.
pub(super) struct Tokens<'a> {
    layout: Layout,
    rest: &'a [u8],
}

/// The operands of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operands<'a> {
    pub(super) layout: Layout,
    bytes: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn new(layout: Layout, tokens: &'a [u8]) -> Self {
        Self { layout, rest: tokens }
    }

    /// Returns the next token, without the class of its value: `Some(None)` at the end, `None` if it is not known or cut.
    pub(super) fn next(&mut self) -> Option<Option<(u8, Operands<'a>)>> {
        let Some((&first, rest)) = self.rest.split_first() else {
            return Some(None);
        };
        // Operands come as references, values and arrays, which their text does not show.
        let id = match first {
            0x00..0x20 => first,
            0x20..0x80 => first & 0x1F | 0x20,
            0x80.. => return None,
        };
        let len = len(self.layout, id, rest)?;
        let (bytes, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Some((id, Operands { layout: self.layout, bytes })))
    }
}

/// Returns how many bytes of operands a token has; `None` if it is one that has no text.
fn len(layout: Layout, id: u8, rest: &[u8]) -> Option<usize> {
    use Layout::{V2, V3, V4, V5, V8, V12};
    let by = |v2: usize, v3: usize, v5: usize, v8: usize, v12: usize| match layout {
        V2 => v2,
        V3 | V4 => v3,
        V5 => v5,
        V8 => v8,
        V12 => v12,
    };
    Some(match id {
        0x03..=0x16 => 0,
        0x17 => text_len(layout, rest)?,
        0x19 => attribute_len(layout, rest)?,
        0x1C | 0x1D => 1,
        0x1E => 2,
        0x1F => 8,
        0x20 => by(6, 7, 7, 7, 14),
        0x21 => {
            if layout <= V3 {
                1
            } else {
                2
            }
        }
        0x22 => {
            if layout <= V3 {
                2
            } else {
                3
            }
        }
        0x23 => by(7, 10, 14, 4, 4),
        0x24 | 0x2A | 0x2C => by(3, 3, 3, 4, 6),
        0x25 | 0x2B | 0x2D => by(6, 6, 6, 8, 12),
        0x26..=0x28 => by(4, 6, 6, 6, 6),
        0x29 | 0x2E | 0x2F => by(1, 2, 2, 2, 2),
        0x39 if layout >= V5 => by(0, 0, 24, 6, 6),
        0x3A | 0x3C if layout >= V5 => by(0, 0, 17, 6, 8),
        0x3B | 0x3D if layout >= V5 => by(0, 0, 20, 10, 14),
        _ => return None,
    })
}

fn text_len(layout: Layout, rest: &[u8]) -> Option<usize> {
    let first = usize::from(*rest.first()?);
    Some(match layout {
        Layout::V8 => 2 + first * (1 + usize::from(rest.get(1)? & 1)),
        Layout::V12 => 2 + 2 * usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?])),
        _ => 1 + first,
    })
}

fn attribute_len(layout: Layout, rest: &[u8]) -> Option<usize> {
    const CHOOSE: u8 = 0x04;
    let (kind, &count) = (*rest.first()?, rest.get(1)?);
    let wide = usize::from(layout != Layout::V2);
    let jumps = match (kind & CHOOSE != 0, layout) {
        (false, _) => 0,
        (true, Layout::V2) => usize::from(count) + 1,
        (true, _) => 2 * (usize::from(u16::from_le_bytes([count, *rest.get(2)?])) + 1),
    };
    Some(2 + wide + jumps)
}

impl Operands<'_> {
    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn u16(self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes.get(at..at + 2)?.try_into().ok()?))
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?))
    }

    pub(super) fn f64(self, at: usize) -> Option<f64> {
        Some(f64::from_le_bytes(self.bytes.get(at..at + 8)?.try_into().ok()?))
    }

    /// Returns the number of a function.
    pub(super) fn function(self, at: usize) -> Option<u16> {
        if self.layout <= Layout::V3 { self.byte(at).map(u16::from) } else { self.u16(at) }
    }

    /// Returns the number of a name.
    pub(super) fn name(self, at: usize) -> Option<u32> {
        if self.layout == Layout::V12 { self.u32(at) } else { self.u16(at).map(u32::from) }
    }

    /// Returns a text as it is typed.
    pub(super) fn string(self, workbook: &dyn Workbook) -> Option<String> {
        let text = match self.layout {
            Layout::V8 => {
                let characters = self.bytes.get(2..)?;
                if self.byte(1)? & 1 == 0 {
                    characters.iter().map(|byte| char::from(*byte)).collect()
                } else {
                    utf16(characters)
                }
            }
            Layout::V12 => utf16(self.bytes.get(2..)?),
            _ => workbook.decode(self.bytes.get(1..)?),
        };
        Some(quoted(&text))
    }

    /// Returns the sheets of a reference, and where its cells begin.
    pub(super) fn sheets(self) -> Option<(Sheets, usize)> {
        if self.layout != Layout::V5 {
            return Some((Sheets::Listed(self.u16(0)?), 2));
        }
        let book = self.u16(0)?.cast_signed();
        Some((Sheets::Span { book, first: self.u16(10)?, last: self.u16(12)? }, 14))
    }

    /// Returns where a name is defined, and its number there.
    pub(super) fn foreign_name(self) -> Option<(Sheets, u32)> {
        if self.layout != Layout::V5 {
            let index = if self.layout == Layout::V12 { self.u32(2)? } else { u32::from(self.u16(2)?) };
            return Some((Sheets::Listed(self.u16(0)?), index));
        }
        let book = self.u16(0)?.cast_signed();
        Some((Sheets::Span { book, first: 0, last: 0 }, u32::from(self.u16(10)?)))
    }
}

pub(super) fn utf16(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    biff::utf16(bytes, &mut text);
    String::from_utf8(text).unwrap_or_default()
}
