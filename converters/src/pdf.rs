//! What a PDF is made of (ISO 32000-1): its pages, whether it needs a password, whether it can be read at all.
//!
//! [`survey`] reads only the index and the page tree, where they are in the file, and bounds what it holds, inflates and
//! looks at. So it can run anywhere, on anything. [`Splitter`] is built on a library that holds the whole document; it
//! runs behind the survey, and best in a process of its own.

mod inflate;
mod lexer;
mod repair;
mod split;
mod store;
mod tree;
mod xref;

pub use split::Splitter;

use self::lexer::Value;
use self::store::{Store, corrupt};
use self::xref::Trailer;
use crate::limits::Meter;
use crate::{ConvertError, Input, Result};

/// A PDF header stands within so many bytes (ISO 32000-1, implementation note 13).
const HEADER_WITHIN: usize = 1_024;

/// What a PDF is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Its pages, at least one.
    pub pages: u64,
    /// Whether the index of its objects is damaged, so that readers have to look for them.
    pub is_damaged: bool,
}

/// Counts the pages of a PDF.
///
/// # Errors
/// [`ConvertError::Encrypted`] if it says how it is encrypted, even where no password is needed;
/// [`ConvertError::Corrupt`] if there is no end, root or page, and a look through the file finds none either;
/// [`ConvertError::Unsupported`] if its structure uses what this reader does not read; a limit, or no bytes.
pub fn survey(input: &mut dyn Input, meter: &Meter) -> Result<Survey> {
    let mut store = Store::new(input, meter);
    let start = xref::start(&mut store)?;
    let counted_so_far = match start {
        Some(start) => indexed(&mut store, start),
        None => Err(corrupt("its end does not say where its index is")),
    };
    let damage = match counted_so_far {
        Ok(pages) => return Ok(Survey { pages, is_damaged: false }),
        Err(damage @ ConvertError::Corrupt { .. }) => damage,
        Err(error) => return Err(error),
    };
    let trailer = repair::find(&mut store)?;
    match counted(&mut store, trailer, true) {
        Ok(pages) => Ok(Survey { pages, is_damaged: true }),
        Err(ConvertError::Corrupt { .. }) => Err(damage),
        Err(error) => Err(error),
    }
}

/// Counts by the index. Its offsets begin with the file, or with the header where junk stands before it.
fn indexed(store: &mut Store<'_>, start: u64) -> Result<u64> {
    let count = |store: &mut Store<'_>| {
        let trailer = xref::read(store, start)?;
        counted(store, trailer, false)
    };
    let header = memchr::memmem::find(store.bytes(0, HEADER_WITHIN)?, b"%PDF-").unwrap_or_default();
    match count(store) {
        Err(ConvertError::Corrupt { .. }) if header > 0 => {
            store.forget();
            store.shift = header as u64;
            count(store)
        }
        counted => counted,
    }
}

fn counted(store: &mut Store<'_>, trailer: Trailer, is_strict: bool) -> Result<u64> {
    if trailer.is_encrypted {
        return Err(ConvertError::Encrypted);
    }
    let root: Value = trailer.root.ok_or_else(|| corrupt("it does not say where its root is"))?;
    tree::pages(store, &root, is_strict)
}
