//! The fields of one record, read from its front; what a short record lacks is missing, never made up.

use crate::biff;

/// The bytes of a record that are not read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.bytes().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.bytes().map(f64::from_le_bytes)
    }

    /// Returns bytes that stand behind their number.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u32()?).ok()?;
        let (bytes, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(bytes)
    }

    /// Appends an `XLWideString` ([MS-XLSB] 2.5.169); a null string is empty.
    pub(super) fn wide(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let characters = self.u32()?;
        if characters == u32::MAX {
            return Some(());
        }
        let len = usize::try_from(characters).ok()?.checked_mul(2)?;
        let (text, tail) = self.0.split_at_checked(len)?;
        biff::utf16(text, out);
        self.0 = tail;
        Some(())
    }

    /// Appends the text of a `RichStr` ([MS-XLSB] 2.5.122), without its runs and phonetic guides.
    pub(super) fn rich(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.u8()?;
        self.wide(out)
    }

    /// Returns an `XLWideString`.
    pub(super) fn string(&mut self) -> Option<String> {
        let mut text = Vec::new();
        self.wide(&mut text)?;
        String::from_utf8(text).ok()
    }
}
