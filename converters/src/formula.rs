//! Formulas of the binary workbooks as text: tokens in the order of their evaluation become what a user typed
//! ([MS-XLS] 2.2.2, [MS-XLSB] 2.2.2).
//!
//! Shared by xls and xlsb, whose tokens differ in the widths of their operands. A formula with a token that is not
//! known, or that refers to what is not there, has no text: nonsense would be worse than its value. Work and
//! output are bounded, whatever the tokens say.

mod arrays;
mod functions;
pub(crate) mod links;
mod operands;
mod shared;
mod tokens;

use crate::number_format::{Decimal, write_general};

use arrays::Extra;
use operands::Reference;
use tokens::{Operands, Tokens};

pub(crate) use shared::{SharedFormulas, Shown};

/// How the operands of a workbook's version are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
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
    /// The binary workbooks since Excel 2007.
    V12,
}

/// The sheets that a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sheets {
    /// By an entry of the workbook's list of references.
    Listed(u16),
    /// By their places among the sheets of a workbook; of this one, if `book` is negative.
    Span {
        /// The number of the workbook, counted from one.
        book: i16,
        /// The first sheet.
        first: u16,
        /// The last sheet.
        last: u16,
    },
}

/// What the tokens of a formula refer to.
pub(crate) trait Workbook {
    /// Returns what stands before the cells of these sheets, with quotes where needed and the exclamation mark.
    fn sheets(&self, sheets: Sheets) -> Option<String>;
    /// Returns a defined name, counted from one.
    fn name(&self, index: u32) -> Option<String>;
    /// Returns a name that another workbook or a program defines, counted from one.
    fn foreign_name(&self, sheets: Sheets, index: u32) -> Option<String>;
    /// Decodes the text of a version that has no Unicode.
    fn decode(&self, bytes: &[u8]) -> String;
}

/// A formula as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Formula<'a> {
    pub(crate) layout: Layout,
    pub(crate) tokens: &'a [u8],
    /// What follows the tokens: the constants of arrays.
    pub(crate) extra: &'a [u8],
    /// The zero-based row and column of the cell, from which relative references of shared formulas count.
    pub(crate) cell: (u32, u32),
}

/// Bytes of text that one formula may make on its way; programs take formulas of 8,192 characters.
const MAX_WORK: usize = 1 << 18;
const MAX_TEXT: usize = 1 << 15;

/// Returns the text of a formula without its equals sign; `None` if it has no sure one.
pub(crate) fn text(formula: Formula<'_>, workbook: &dyn Workbook) -> Option<String> {
    let mut writer = Writer {
        formula,
        workbook,
        extra: Extra::new(formula.layout, formula.extra, workbook),
        stack: Vec::new(),
        work: 0,
    };
    let mut tokens = Tokens::new(formula.layout, formula.tokens);
    while let Some((id, operands)) = tokens.next()? {
        writer.token(id, operands)?;
    }
    let text = writer.stack.pop().filter(|_| writer.stack.is_empty())?;
    (!text.is_empty() && text.len() <= MAX_TEXT).then_some(text)
}

/// Tells whether a formula gives a number, a truth value or an error, but never a text.
pub(crate) fn gives_no_text(layout: Layout, tokens: &[u8]) -> bool {
    let mut tokens = Tokens::new(layout, tokens);
    let mut last = None;
    while let Some(Some((id, operands))) = tokens.next() {
        // Parentheses and hints change no value.
        if !matches!(id, 0x15 | 0x19) || operands.byte(0) == Some(0x10) {
            last = Some(id);
        }
    }
    // All operators but `&`, the sum of an attribute, and constants of these kinds.
    matches!(last, Some(0x03..=0x07 | 0x09..=0x0E | 0x12..=0x14 | 0x19 | 0x1C..=0x1F))
}

struct Writer<'a> {
    formula: Formula<'a>,
    workbook: &'a dyn Workbook,
    extra: Extra<'a>,
    stack: Vec<String>,
    work: usize,
}

impl Writer<'_> {
    fn token(&mut self, id: u8, operands: Operands<'_>) -> Option<()> {
        const BINARY: [&str; 15] =
            ["+", "-", "*", "/", "^", "&", "<", "<=", "=", ">=", ">", "<>", " ", ",", ":"];
        match id {
            0x03..=0x11 => self.binary(BINARY.get(usize::from(id - 3))?),
            0x12 => self.around("+", ""),
            0x13 => self.around("-", ""),
            0x14 => self.around("", "%"),
            0x15 => self.around("(", ")"),
            0x16 => self.push(String::new()),
            0x17 => self.push(operands.string(self.workbook)?),
            0x19 => self.attribute(operands),
            0x1C => self.push(std::str::from_utf8(crate::biff::error(operands.byte(0)?)).ok()?.to_owned()),
            0x1D => self.push(if operands.byte(0)? == 0 { "FALSE" } else { "TRUE" }.to_owned()),
            0x1E => self.push(operands.u16(0)?.to_string()),
            0x1F => self.push(number(operands.f64(0)?)?),
            0x20 => {
                let text = self.extra.array()?;
                self.push(text)
            }
            0x21 => {
                let function = functions::of(operands.function(0)?)?;
                self.call(function.name.to_owned(), function.arguments?)
            }
            0x22 => self.function(operands),
            0x23 => self.push(self.workbook.name(operands.name(0)?)?),
            0x26 => self.extra.skip_ranges(),
            0x27..=0x29 | 0x2E | 0x2F => Some(()),
            0x39 => {
                let (sheets, index) = operands.foreign_name()?;
                self.push(self.workbook.foreign_name(sheets, index)?)
            }
            _ => {
                let reference = Reference::read(id, operands, self.formula)?;
                let sheets = match reference.sheets {
                    Some(sheets) => self.workbook.sheets(sheets)?,
                    None => String::new(),
                };
                self.push(sheets + &reference.text)
            }
        }
    }

    fn push(&mut self, text: String) -> Option<()> {
        self.count(text.len() + 1)?;
        self.stack.push(text);
        Some(())
    }

    fn count(&mut self, bytes: usize) -> Option<()> {
        self.work += bytes;
        (self.work <= MAX_WORK).then_some(())
    }

    fn binary(&mut self, operator: &str) -> Option<()> {
        let right = self.stack.pop()?;
        self.count(right.len() + operator.len())?;
        let left = self.stack.last_mut()?;
        left.push_str(operator);
        left.push_str(&right);
        Some(())
    }

    fn around(&mut self, before: &str, after: &str) -> Option<()> {
        let text = self.stack.pop()?;
        self.push([before, &text, after].concat())
    }

    fn attribute(&mut self, operands: Operands<'_>) -> Option<()> {
        const SUM: u8 = 0x10;
        if operands.byte(0)? & SUM != 0 {
            return self.call("SUM".to_owned(), 1);
        }
        // Hints for the evaluation, and blanks.
        Some(())
    }

    /// A function with its number of arguments, of which the first may be its name.
    fn function(&mut self, operands: Operands<'_>) -> Option<()> {
        const IS_COMMAND: u16 = 0x8000;
        let mut arguments = usize::from(operands.byte(0)? & 0x7F);
        let number = operands.function(1)?;
        if number & IS_COMMAND != 0 {
            return None;
        }
        let name = if number == functions::NAMED {
            arguments = arguments.checked_sub(1)?;
            let at = self.stack.len().checked_sub(arguments + 1)?;
            self.stack.remove(at)
        } else {
            functions::of(number)?.name.to_owned()
        };
        self.call(name, arguments)
    }

    fn call(&mut self, name: String, arguments: usize) -> Option<()> {
        let at = self.stack.len().checked_sub(arguments)?;
        let mut text = name;
        text.push('(');
        text.push_str(&self.stack.drain(at..).collect::<Vec<_>>().join(","));
        text.push(')');
        self.push(text)
    }
}

/// Returns a number as it is typed.
fn number(value: f64) -> Option<String> {
    let mut text = Vec::new();
    write_general(Decimal::from_f64(value)?, &mut text);
    String::from_utf8(text).ok()
}

/// Returns a text as it is typed.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Returns the name of a sheet as it stands before its cells.
pub(crate) fn sheet_prefix(name: &str) -> String {
    if is_plain(name) { format!("{name}!") } else { format!("'{}'!", name.replace('\'', "''")) }
}

/// Returns the names of the first and the last of several sheets as they stand before their cells.
pub(crate) fn span_prefix(first: &str, last: &str) -> String {
    let both = format!("{first}:{last}");
    if is_plain(first) && is_plain(last) { both + "!" } else { sheet_prefix(&both) }
}

/// Tells whether the name of a sheet needs no quotes.
fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let begins_plainly = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let is_cell = crate::sheets::reference::parse(name.as_bytes()).is_some();
    begins_plainly && name.chars().all(is_plain) && !is_cell
}

#[cfg(test)]
mod tests;
