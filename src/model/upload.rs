//! Choices that govern uploads: what is sent again, under which name, and how fast.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::settings::{UnknownChoice, choices};

choices! {
    /// When a file that was uploaded earlier is looked for at the target before its id is used again.
    VerifyRemote {
        /// Where nobody has seen it for a day.
        #[default]
        Auto => "auto",
        /// Every time.
        Always => "always",
        /// Not at all: the ledger is believed.
        Never => "never",
    }
    /// What makes two files one upload.
    Dedupe {
        /// Equal bytes under equal names.
        #[default]
        Name => "name",
        /// Equal bytes under any name: the name of the first is sent.
        Content => "content",
    }
    /// When a name carries a tag that tells one upload from all others.
    NameTag {
        /// Where name and size alone would not tell uploads apart.
        #[default]
        Auto => "auto",
        /// Always.
        Always => "always",
        /// Never: what cannot be told apart stays ambiguous.
        Never => "never",
    }
}

/// How many requests a minute are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RequestRate {
    /// As many as the target's profile says; any number where the target is on this machine.
    #[default]
    Auto,
    /// Any number.
    Off,
    /// So many.
    PerMinute(NonZeroU32),
}

impl fmt::Display for RequestRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Off => f.write_str("off"),
            Self::PerMinute(n) => n.fmt(f),
        }
    }
}

impl FromStr for RequestRate {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            text => text.parse().map(Self::PerMinute).map_err(|_| UnknownChoice {
                value: text.to_owned(),
                choices: "auto, off or a number from 1".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_show_what_they_parse() {
        for text in ["auto", "off", "450"] {
            assert_eq!(text.parse::<RequestRate>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "1.5", "on"] {
            assert!(text.parse::<RequestRate>().is_err(), "{text}");
        }
    }
}
