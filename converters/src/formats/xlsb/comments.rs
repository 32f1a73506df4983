//! Comments of cells ([MS-XLSB] 2.1.7.9); threads are stored as in xlsx.

use super::super::xlsx::comments::threads;
use super::fields::Fields;
use super::records::Records;
use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::CellComments;
use crate::{Options, Result};

const COMMENT_AUTHOR: u16 = 632;
const BEGIN_COMMENT: u16 = 635;
const COMMENT_TEXT: u16 = 637;
/// What an author weighs in memory beside the name.
const AUTHOR_BYTES: u64 = 32;

/// Reads the comments of a sheet by its relationships; `persons` is the part that names the authors of threads.
pub(super) fn read(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    persons: Option<&str>,
    options: &Options,
) -> Result<CellComments> {
    let (mut comments, threaded) = threads(ooxml, relationships, persons, options)?;
    let meter = ooxml.meter();
    let Some(part) = relationships.iter().find(|r| !r.external && r.kind == "comments") else {
        return Ok(comments);
    };
    let Some(part) = ooxml.package().part(&part.target)? else { return Ok(comments) };
    let mut records = Records::new(part);
    let mut authors: Vec<String> = Vec::new();
    let mut open = None;
    while let Some(kind) = records.next()? {
        match kind {
            COMMENT_AUTHOR => {
                let name = records.fields()?.string().unwrap_or_default();
                meter.resident(AUTHOR_BYTES + name.len() as u64)?;
                authors.push(name);
            }
            BEGIN_COMMENT => open = head(records.fields()?),
            COMMENT_TEXT => {
                let mut text = Vec::new();
                let whole = records.fields()?.rich(&mut text);
                if let Some((author, place)) = open.take().filter(|(_, place)| !threaded.contains(place))
                    && whole.is_some()
                {
                    let author = authors.get(author as usize).map_or("", String::as_str);
                    comments.push(Some(place), author, &String::from_utf8_lossy(&text), (options, meter))?;
                }
            }
            _ => {}
        }
    }
    Ok(comments)
}

/// Reads the author and the place of a `BrtBeginComment` ([MS-XLSB] 2.4.33).
fn head(mut fields: Fields<'_>) -> Option<(u32, (u32, u32))> {
    let (author, row, _last_row) = (fields.u32()?, fields.u32()?, fields.u32()?);
    Some((author, (row, fields.u32()?)))
}
