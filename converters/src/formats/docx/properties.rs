//! Paragraph, run, row and cell properties, read from just behind their start tag to their end.
//!
//! Each reader walks its own element, so that equal names elsewhere (`w:tab` in a run, `w:del` around one) are
//! never mistaken for properties. Former properties of tracked changes (`rPrChange`, `pPrChange`) are skipped.

use crate::Result;
use crate::markdown::Side;
use crate::symbol::SymbolFont;
use crate::xml::{Event, Reader, Source, Tag};

use super::styles::{StyleId, Styles};
use super::walker::Changes;

/// Whether text is raised or lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Vertical {
    #[default]
    Baseline,
    Super,
    Sub,
}

/// Run properties; `None` is "not said here".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RunProperties {
    pub(super) style: Option<StyleId>,
    pub(super) bold: Option<bool>,
    pub(super) italic: Option<bool>,
    pub(super) strike: Option<bool>,
    pub(super) hidden: Option<bool>,
    pub(super) vertical: Option<Vertical>,
    pub(super) font: Option<SymbolFont>,
}

/// Paragraph properties; `None` is "not said here".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ParagraphProperties {
    pub(super) style: Option<StyleId>,
    /// 0 to 8 is a heading, 9 is body text.
    pub(super) outline: Option<u8>,
    pub(super) number: Option<u32>,
    pub(super) level: Option<u8>,
    /// What tracked changes did to the paragraph mark.
    pub(super) mark: Changes,
}

/// Row properties.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowProperties {
    /// How many columns are empty before the first cell.
    pub(super) before: u64,
    pub(super) hidden: bool,
    pub(super) changes: Changes,
}

/// Cell properties.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellProperties {
    /// How many columns the cell spans.
    pub(super) span: u64,
    /// Where the cell lies that this one continues.
    pub(super) continues: Option<Side>,
    pub(super) changes: Changes,
}

/// Reads the children of an `rPr`.
pub(super) fn read_run<S: Source>(reader: &mut Reader<S>, styles: &Styles) -> Result<RunProperties> {
    let mut found = RunProperties::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        let mut skip = false;
        match tag.local() {
            b"b" => found.bold = Some(is_on(tag)),
            b"i" => found.italic = Some(is_on(tag)),
            b"strike" | b"dstrike" => found.strike = Some(is_on(tag) || found.strike == Some(true)),
            b"vanish" => found.hidden = Some(is_on(tag)),
            b"vertAlign" => {
                found.vertical = Some(match tag.raw(b"val") {
                    Some(b"superscript") => Vertical::Super,
                    Some(b"subscript") => Vertical::Sub,
                    _ => Vertical::Baseline,
                });
            }
            b"rStyle" => found.style = tag.raw(b"val").and_then(|id| styles.find(id)),
            b"rFonts" => {
                let name = tag.raw(b"ascii").or_else(|| tag.raw(b"hAnsi"));
                found.font = name.and_then(SymbolFont::named);
            }
            b"rPrChange" => skip = true,
            _ => {}
        }
        if skip {
            reader.skip_element()?;
        }
    }
    Ok(found)
}

/// Reads the children of a `pPr`.
pub(super) fn read_paragraph<S: Source>(
    reader: &mut Reader<S>,
    styles: &Styles,
) -> Result<ParagraphProperties> {
    let mut found = ParagraphProperties::default();
    let mut of_mark = false;
    let outer = reader.depth();
    while reader.depth() >= outer {
        let is_child = reader.depth() == outer;
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        if is_child {
            of_mark = tag.local() == b"rPr";
        }
        let mut skip = false;
        match tag.local() {
            b"pStyle" => found.style = tag.raw(b"val").and_then(|id| styles.find(id)),
            b"outlineLvl" => found.outline = tag.number(b"val"),
            b"numId" => found.number = tag.number(b"val"),
            b"ilvl" => found.level = tag.number(b"val"),
            b"pPrChange" | b"rPrChange" | b"sectPr" | b"tabs" | b"numberingChange" => skip = true,
            // An inserted numbering has an `ins` of its own.
            local if of_mark => found.mark.note(local),
            _ => {}
        }
        if skip {
            reader.skip_element()?;
        }
    }
    Ok(found)
}

/// Reads a `tcPr`.
pub(super) fn read_cell<S: Source>(reader: &mut Reader<S>) -> Result<CellProperties> {
    let mut found = CellProperties { span: 1, continues: None, changes: Changes::default() };
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        let mut skip = false;
        match tag.local() {
            b"gridSpan" => found.span = tag.number(b"val").unwrap_or(1),
            b"vMerge" if continues(tag) => found.continues = Some(Side::Above),
            b"hMerge" if continues(tag) => found.continues = Some(Side::Left),
            b"tcPrChange" => skip = true,
            local => found.changes.note(local),
        }
        if skip {
            reader.skip_element()?;
        }
    }
    Ok(found)
}

/// Tells whether a merged cell continues another one, which is what no value says (ECMA-376 part 1, section 17.4.84).
fn continues(tag: Tag<'_>) -> bool {
    tag.raw(b"val").is_none_or(|value| value == b"continue")
}

/// Reads a `trPr`.
pub(super) fn read_row<S: Source>(reader: &mut Reader<S>) -> Result<RowProperties> {
    let mut found = RowProperties::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        let mut skip = false;
        match tag.local() {
            b"gridBefore" => found.before = tag.number(b"val").unwrap_or_default(),
            b"hidden" => found.hidden = is_on(tag),
            b"trPrChange" => skip = true,
            local => found.changes.note(local),
        }
        if skip {
            reader.skip_element()?;
        }
    }
    Ok(found)
}

/// Reads an on/off property: absent value means on (ECMA-376 part 1, section 17.17.4).
pub(super) fn is_on(tag: Tag<'_>) -> bool {
    !matches!(tag.raw(b"val"), Some(b"0" | b"false" | b"off" | b"none"))
}
