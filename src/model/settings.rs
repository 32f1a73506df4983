//! Choices of a run that several layers name.

use std::fmt;
use std::str::FromStr;

/// A value that is none of the choices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is none of {choices}")]
pub struct UnknownChoice {
    pub(super) value: String,
    pub(super) choices: String,
}

macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $(#[$attr:meta])? $variant:ident => $text:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum $name { $($(#[doc = $vdoc])+ $(#[$attr])? $variant,)+ }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the text used by flags and files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or_else(|| UnknownChoice {
                    value: text.to_owned(),
                    choices: Self::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    )+};
}

pub(super) use choices;

choices! {
    /// When documents are converted.
    ConvertMode {
        /// Only what the target and consumer do not accept as it is.
        #[default]
        Auto => "auto",
        /// Everything that has a converter.
        Always => "always",
        /// Nothing.
        Never => "never",
    }
    /// What documents become.
    ConvertTo {
        /// Markdown, text and CSV.
        #[default]
        Text => "text",
        /// PDF, by LibreOffice, where it reads the format; text otherwise.
        Pdf => "pdf",
    }
    /// Which converters run in a process of their own.
    Isolate {
        /// Those that are built on parsers that are not ours, or hold a tree of the whole document.
        #[default]
        Auto => "auto",
        /// All.
        Always => "always",
        /// None: a document that brings a converter down brings the run down.
        Never => "never",
    }
    /// What happens to a file whose content is not what its name claims.
    Misnamed {
        /// It is rejected: a scanner that trusts the name would see another document.
        #[default]
        Reject => "reject",
        /// The content decides, with a warning.
        ByContent => "by-content",
    }
    /// What the names that are sent are made of.
    NameStyle {
        /// The file's own name.
        #[default]
        Base => "base",
        /// The path below the root, its separators replaced by `__`.
        Path => "path",
    }
    /// What happens to a file that looks like a secret.
    SecretsRule {
        /// It is rejected.
        #[default]
        Refuse => "refuse",
        /// It is sent, with a warning.
        Warn => "warn",
        /// It is sent.
        Allow => "allow",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_choices_name_the_known_ones() {
        assert_eq!("always".parse(), Ok(ConvertMode::Always));
        let error = "x".parse::<ConvertMode>().unwrap_err();
        assert_eq!(error.to_string(), "`x` is none of auto, always, never");
    }
}
