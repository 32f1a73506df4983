//! The styles part ([MS-XLSB] 2.1.7.51): number formats and the formats of cells.

use super::records::Records;
use crate::Result;
use crate::ooxml::Ooxml;
use crate::sheets::Styles;

const FMT: u16 = 44;
const XF: u16 = 47;
const BEGIN_CELL_XFS: u16 = 617;
const END_CELL_XFS: u16 = 618;

/// Reads the part; without one, all cells are `General`.
pub(super) fn read(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles> {
    let mut styles = Styles::default();
    let meter = ooxml.meter();
    let Some(part) = part else { return Ok(styles) };
    let Some(part) = ooxml.package().part(part)? else { return Ok(styles) };
    let mut records = Records::new(part);
    let mut in_cell_xfs = false;
    while let Some(kind) = records.next()? {
        match kind {
            FMT => {
                let mut fields = records.fields()?;
                if let Some((id, code)) = fields.u16().zip(fields.string()) {
                    styles.declare(u32::from(id), code, meter)?;
                }
            }
            BEGIN_CELL_XFS => in_cell_xfs = true,
            END_CELL_XFS => in_cell_xfs = false,
            XF if in_cell_xfs => {
                let mut fields = records.fields()?;
                let id = fields.u16().and_then(|_parent| fields.u16()).unwrap_or(0);
                styles.push(u32::from(id), meter)?;
            }
            _ => {}
        }
    }
    Ok(styles)
}
