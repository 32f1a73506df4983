//! The shared strings part ([MS-XLSB] 2.1.7.45). Declared counts are ignored.

use super::records::Records;
use crate::Result;
use crate::ooxml::Ooxml;
use crate::sheets::Strings;

const SST_ITEM: u16 = 19;

/// Reads the part; cells that name a string without one are counted one by one.
pub(super) fn read(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings> {
    let mut strings = Strings::default();
    let meter = ooxml.meter();
    let Some(part) = part else { return Ok(strings) };
    let Some(part) = ooxml.package().part(part)? else { return Ok(strings) };
    let mut records = Records::new(part);
    while let Some(kind) = records.next()? {
        if kind == SST_ITEM {
            let start = strings.begin();
            if records.fields()?.rich(strings.buffer()).is_none() {
                return Err(records.corrupt("a string is longer than its record"));
            }
            strings.end(start)?;
            strings.count(meter)?;
        }
    }
    Ok(strings)
}
