//! The workbook part ([MS-XLSB] 2.1.7.62): its sheets in order, its epoch, and what formulas refer to.

use super::super::xlsx::workbook::{Sheet, Workbook};
use super::fields::Fields;
use super::links;
use super::records::Records;
use crate::formula::links::Links;
use crate::number_format::Epoch;
use crate::ooxml::Ooxml;
use crate::{ConvertError, Result};

const BEGIN_BOOK: u16 = 131;
const WB_PROP: u16 = 153;
const BUNDLE_SH: u16 = 156;

/// Reads the package's main part, which has to be a binary workbook; the links only if `wants_formulas`.
pub(super) fn read(ooxml: &mut Ooxml<'_>, wants_formulas: bool) -> Result<(Workbook, Links)> {
    let part = ooxml.main_part()?;
    let mut workbook =
        Workbook { sheets: Vec::new(), epoch: Epoch::Y1900, relationships: ooxml.relationships(&part)? };
    let mut links = links::Reader::default();
    let meter = ooxml.meter();
    let missing = || ConvertError::corrupt("the package", "its workbook is missing");
    let mut records = Records::new(ooxml.package().part(&part)?.ok_or_else(missing)?);
    if records.next()? != Some(BEGIN_BOOK) {
        return Err(records.corrupt("it is not a binary workbook"));
    }
    while let Some(kind) = records.next()? {
        match kind {
            WB_PROP => {
                let counts_from_1904 = records.fields()?.u32().is_some_and(|flags| flags & 1 != 0);
                workbook.epoch = if counts_from_1904 { Epoch::Y1904 } else { Epoch::Y1900 };
            }
            BUNDLE_SH => {
                let Some(sheet) = sheet(records.fields()?) else {
                    return Err(records.corrupt("the record of a sheet is too short"));
                };
                let text = sheet.name.len() + sheet.relationship.len();
                meter.resident((size_of::<Sheet>() + text) as u64)?;
                workbook.sheets.push(sheet);
                meter.sheets(workbook.sheets.len() as u64)?;
            }
            kind if wants_formulas => links.take(kind, &mut records, meter)?,
            _ => {}
        }
    }
    let links = links.finish(ooxml, &workbook.relationships)?;
    Ok((workbook, links))
}

/// Reads a `BrtBundleSh` ([MS-XLSB] 2.4.311).
fn sheet(mut fields: Fields<'_>) -> Option<Sheet> {
    let state = fields.u32()?;
    fields.u32()?;
    let relationship = fields.string()?;
    Some(Sheet { name: fields.string()?, is_hidden: state != 0, relationship })
}
