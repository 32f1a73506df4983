//! Values of settings: one text form each, shared by files, variables and flags.
//!
//! A value knows nothing of where it was written. A size or duration needs its unit, because nobody remembers which
//! one a bare number has; only bytes may go without.

mod measure;

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use docferry_converters::options::{
    CellValues, Comments, CsvDialect, Formulas, HiddenContent, MergedCells, Newlines, TextForm, TrackChanges,
};
pub use measure::{Size, Span};
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::model::budget::Usd;
use crate::model::workspace_id::BadWorkspaceId;
use crate::model::{
    CacheTime, Consumer, ConvertMode, ConvertTo, Dedupe, Isolate, Misnamed, NameStyle, NameTag, PruneOrder,
    RequestRate, SecretsRule, VerifyRemote, WorkspaceId,
};

/// A text that is no value of the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(String);

impl BadValue {
    pub(super) fn new(text: &str, expected: &str) -> Self {
        Self(format!("`{text}` is not {expected}"))
    }
}

/// The value of a setting.
pub trait Value: Sized + Clone {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`BadValue`] names the text and what was expected.
    fn parse(text: &str) -> Result<Self, BadValue>;

    /// Returns the text form.
    fn show(&self) -> String;

    /// Takes the items of a list.
    ///
    /// # Errors
    /// [`BadValue`] where the setting is no list.
    fn from_items(_items: Vec<String>) -> Result<Self, BadValue> {
        Err(BadValue("a list stands where one value is expected".to_owned()))
    }
}

/// A setting with a closed set of values.
pub trait Choice: Copy + PartialEq + 'static {
    /// Returns the values with their text forms.
    fn choices() -> Vec<(Self, &'static str)>;
}

impl<T: Choice> Value for T {
    fn parse(text: &str) -> Result<Self, BadValue> {
        let choices = T::choices();
        match choices.iter().find(|(_, name)| *name == text) {
            Some((value, _)) => Ok(*value),
            None => {
                let names: Vec<_> = choices.iter().map(|(_, name)| *name).collect();
                Err(BadValue::new(text, &format!("one of {}", names.join(", "))))
            }
        }
    }

    fn show(&self) -> String {
        let choices = T::choices();
        let found = choices.iter().find(|(value, _)| value == self);
        found.map(|(_, name)| (*name).to_owned()).unwrap_or_default()
    }
}

macro_rules! choice {
    ($($type:ident)+) => {$(
        impl Choice for $type {
            fn choices() -> Vec<(Self, &'static str)> {
                Self::ALL.iter().map(|value| (*value, value.as_str())).collect()
            }
        }
    )+};
}

choice!(CacheTime Consumer ConvertMode ConvertTo Dedupe Isolate Misnamed NameStyle NameTag PruneOrder);
choice!(SecretsRule VerifyRemote);
choice!(CellValues Comments CsvDialect Formulas HiddenContent MergedCells Newlines TextForm TrackChanges);

impl Choice for bool {
    fn choices() -> Vec<(Self, &'static str)> {
        vec![(true, "true"), (false, "false")]
    }
}

impl Value for String {
    fn parse(text: &str) -> Result<Self, BadValue> {
        if text.is_empty() {
            return Err(BadValue::new(text, "a name"));
        }
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, BadValue> {
        if text.is_empty() {
            return Err(BadValue::new(text, "a path"));
        }
        Ok(Self::from(text))
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for u32 {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|_| BadValue::new(text, "a number"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u64 {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|_| BadValue::new(text, "a number"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for NonZeroUsize {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|_| BadValue::new(text, "a number from 1"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for NonZeroU32 {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|_| BadValue::new(text, "a number from 1"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Usd {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|_| BadValue::new(text, "an amount of dollars such as 5 or 12.50"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A value, or `none` where nothing is bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrNone<T>(pub Option<T>);

impl<T: Value> Value for OrNone<T> {
    fn parse(text: &str) -> Result<Self, BadValue> {
        match text {
            "none" => Ok(Self(None)),
            text => T::parse(text)
                .map(|value| Self(Some(value)))
                .map_err(|bad| BadValue(format!("{bad}, or none"))),
        }
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(|| "none".to_owned(), Value::show)
    }
}

impl<T: Ord> OrNone<T> {
    /// Tells whether this bounds more than `other`.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(this), Some(other)) => this < other,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

impl Value for WorkspaceId {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|bad: BadWorkspaceId| BadValue(bad.to_string()))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for RequestRate {
    fn parse(text: &str) -> Result<Self, BadValue> {
        text.parse().map_err(|_| BadValue::new(text, "auto, off or a number from 1"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A share of a whole, from 1 % to 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u8);

impl Value for Percent {
    fn parse(text: &str) -> Result<Self, BadValue> {
        let number = text.strip_suffix('%').unwrap_or(text).trim_end();
        let number = number.parse().ok().filter(|number| (1..=100).contains(number));
        number.map(Self).ok_or_else(|| BadValue::new(text, "a share from 1% to 100%"))
    }

    fn show(&self) -> String {
        format!("{}%", self.0)
    }
}

/// A value, or `auto` for what the tool finds best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auto<T>(pub Option<T>);

impl<T: Value> Value for Auto<T> {
    fn parse(text: &str) -> Result<Self, BadValue> {
        match text {
            "auto" => Ok(Self(None)),
            text => T::parse(text).map(|value| Self(Some(value))),
        }
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(|| "auto".to_owned(), Value::show)
    }
}

/// A list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Items(pub Vec<String>);

impl Value for Items {
    fn parse(text: &str) -> Result<Self, BadValue> {
        Ok(Self(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()))
    }

    fn show(&self) -> String {
        self.0.join(" ")
    }

    fn from_items(items: Vec<String>) -> Result<Self, BadValue> {
        Ok(Self(items))
    }
}

/// A charset by a label that the WHATWG encoding standard knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharsetLabel(pub String);

impl Value for CharsetLabel {
    fn parse(text: &str) -> Result<Self, BadValue> {
        match docferry_converters::charset::by_label(text) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(BadValue::new(text, "a charset label such as utf-8 or windows-1252")),
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

/// Reads a value of a configuration file, which may be written as a string, number, truth value or list.
pub(super) fn optional<'de, D: Deserializer<'de>, T: Value>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(AnyForm(std::marker::PhantomData)).map(Some)
}

struct AnyForm<T>(std::marker::PhantomData<T>);

impl<'de, T: Value> Visitor<'de> for AnyForm<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, number, truth value or list of strings")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        T::parse(&number.to_string()).map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<T, E> {
        T::parse(&number.to_string()).map_err(E::custom)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<T, E> {
        T::parse(if truth { "true" } else { "false" }).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        T::from_items(items).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_a_hundred() {
        for (text, shown) in [("80%", "80%"), ("1", "1%"), ("100 %", "100%")] {
            assert_eq!(Percent::parse(text).unwrap().show(), shown);
        }
        for text in ["0", "101%", "-1%", "%", "8.5%"] {
            assert!(Percent::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_choices_name_the_known_ones() {
        let error = CellValues::parse("shown").unwrap_err();
        assert_eq!(error.to_string(), "`shown` is not one of canonical, displayed, raw");
        assert_eq!(Auto::<Consumer>::parse("auto"), Ok(Auto(None)));
    }
}
