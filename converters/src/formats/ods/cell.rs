//! One cell: what its attributes say, the text in it, and which of the two is written (ODF 1.3 part 3, 9.1.4).

use crate::number_format::{Decimal, Epoch, NumberFormat, is_plain, write_general};
use crate::odf::{attribute, raw_attribute};
use crate::options::CellValues;
use crate::sheets::iso_date;
use crate::xml::Tag;
use crate::{ConvertError, Result};

use super::duration;

/// 1 March 1900, from which on serial numbers and days agree.
const FIRST_SURE_DAY: f64 = 61.0;

/// The type of a cell's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Nothing,
    Float,
    Percentage,
    Date,
    Time,
    Bool,
    Text,
}

/// A cell.
#[derive(Debug, Default)]
pub(super) struct Cell {
    kind: Kind,
    /// The value as stored; empty where it has none.
    stored: String,
    /// The formula as stored, if it has one.
    pub(super) formula: Option<String>,
    /// How many columns hold the same.
    pub(super) repeated: u32,
    /// How many columns and rows it covers.
    pub(super) spans: (u32, u32),
    /// Its paragraphs, one a line.
    pub(super) text: String,
}

/// How the field of a cell came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A text, which may look like a formula.
    Text,
    /// A value that is none.
    Value,
}

impl Cell {
    /// Reads the start tag.
    pub(super) fn new(tag: Tag<'_>) -> Result<Self> {
        let value = |name: &[u8]| attribute(tag, name).map(std::borrow::Cow::into_owned).unwrap_or_default();
        let (kind, stored) = match raw_attribute(tag, b"office:value-type").unwrap_or_default() {
            b"float" | b"currency" => (Kind::Float, value(b"office:value")),
            b"percentage" => (Kind::Percentage, value(b"office:value")),
            b"date" => (Kind::Date, value(b"office:date-value")),
            b"time" => (Kind::Time, value(b"office:time-value")),
            b"boolean" => (Kind::Bool, value(b"office:boolean-value")),
            b"string" => (Kind::Text, value(b"office:string-value")),
            _ => (Kind::Nothing, String::new()),
        };
        Ok(Self {
            kind,
            stored,
            formula: attribute(tag, b"table:formula").map(std::borrow::Cow::into_owned),
            repeated: count(tag, b"table:number-columns-repeated")?,
            spans: (count(tag, b"table:number-columns-spanned")?, count(tag, b"table:number-rows-spanned")?),
            text: String::new(),
        })
    }

    /// Appends what the cell shows.
    pub(super) fn show(&self, values: CellValues, out: &mut String) -> Form {
        let is_shown = values == CellValues::Displayed && !self.text.is_empty();
        match self.kind {
            Kind::Nothing | Kind::Text => {
                out.push_str(if self.text.is_empty() { &self.stored } else { &self.text });
                return Form::Text;
            }
            // Older writers store an error as the number 0 beside its text.
            _ if is_shown || self.is_error() => out.push_str(&self.text),
            _ if values == CellValues::Raw && !self.stored.is_empty() => out.push_str(&self.stored),
            _ => self.show_canonical(out),
        }
        Form::Value
    }

    fn is_error(&self) -> bool {
        let is_nothing = || Decimal::parse(self.stored.trim().as_bytes()).is_none_or(Decimal::is_zero);
        self.formula.is_some()
            && (self.text.starts_with('#') || self.text.starts_with("Err:"))
            && is_nothing()
    }

    /// Appends the value in the one form of its kind; what is not of its kind is given as it is.
    fn show_canonical(&self, out: &mut String) {
        let number = || Decimal::parse(self.stored.trim().as_bytes());
        let written = match self.kind {
            Kind::Float if self.is_identifier() => Some(self.text.clone()),
            Kind::Float if is_plain(self.stored.trim().as_bytes()) => Some(self.stored.trim().to_owned()),
            Kind::Float => number().map(general),
            Kind::Percentage => number().map(|number| general(number.shifted(2)) + "%"),
            Kind::Date => self.date(),
            Kind::Time => duration::show(self.stored.trim(), self.shows_whole_seconds()),
            Kind::Bool => match self.stored.trim() {
                "true" => Some("TRUE".to_owned()),
                "false" => Some("FALSE".to_owned()),
                _ => None,
            },
            Kind::Nothing | Kind::Text => None,
        };
        let as_it_is = if self.text.is_empty() { &self.stored } else { &self.text };
        out.push_str(written.as_ref().unwrap_or(as_it_is));
    }

    /// Returns the date in ISO 8601, with as much of a second as the cell shows.
    fn date(&self) -> Option<String> {
        let stored = self.stored.trim();
        let date = iso_date::parse(stored.as_bytes(), Epoch::Y1900)?;
        let is_cut = stored.contains('.') && self.shows_whole_seconds();
        // Serial numbers mend what is a hair below the second; before March 1900 they name other days than a calendar.
        let serial =
            date.serial.filter(|serial| is_cut && *serial >= FIRST_SURE_DAY).and_then(Decimal::from_f64);
        let mut out = date.text;
        if let Some(serial) = serial {
            out.clear();
            NumberFormat::parse("yyyy-mm-dd hh:mm:ss").write_canonical(serial, Epoch::Y1900, &mut out);
        } else if is_cut {
            out.truncate(memchr::memchr(b'.', &out).unwrap_or(out.len()));
        }
        String::from_utf8(out).ok()
    }

    /// Tells whether the cell shows whole seconds only. What it shows of a second else is there with all its digits.
    fn shows_whole_seconds(&self) -> bool {
        let seconds = self.text.rsplit_once(':').map_or("", |(_, seconds)| seconds);
        !self.text.is_empty() && !seconds.contains(['.', ','])
    }

    /// Tells whether the number is shown with leading zeros, as identifiers are.
    fn is_identifier(&self) -> bool {
        let digits = self.text.as_bytes();
        digits.len() > 1
            && digits.starts_with(b"0")
            && digits.iter().all(u8::is_ascii_digit)
            && Decimal::parse(digits).map(Decimal::normalised)
                == Decimal::parse(self.stored.trim().as_bytes()).map(Decimal::normalised)
    }
}

fn general(number: Decimal) -> String {
    let mut out = Vec::new();
    write_general(number, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Reads an attribute that counts from one; without it there is one.
pub(super) fn count(tag: Tag<'_>, name: &[u8]) -> Result<u32> {
    let Some(value) = raw_attribute(tag, name) else { return Ok(1) };
    let count = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
    count.filter(|count| *count > 0).ok_or_else(|| {
        ConvertError::corrupt("a sheet", "a number of rows or columns is not one that a sheet can have")
    })
}
