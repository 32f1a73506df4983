//! What a target takes for a consumer, judged from a profile. Pure: names, types and sizes in, verdicts out.
//!
//! It does not look at bytes, does not know converters, and says nothing of secrets (see [`crate::policy`]). Where a
//! platform publishes a list of media types *and* a list of names without saying how they combine, only what
//! satisfies both is sent: a file that goes out as `text/plain` under `name.txt` arrives under every reading.

mod name;
mod pdf;

use crate::http::multipart;
use crate::model::profile::{AcceptRules, LengthUnit, NameRules, ProfileLimits};
use crate::model::upload_key::tagged_name;
use crate::model::{Code, Consumer, FileName, MediaType, Profile, Violation};

pub use name::shorten;
pub use pdf::PdfVerdict;

/// What makes any text acceptable to a target with a list of extensions.
const TEXT_EXTENSION: &str = ".txt";

/// What a target takes for one consumer.
#[derive(Debug, Clone)]
pub struct Acceptance {
    target: String,
    consumer: Consumer,
    limits: ProfileLimits,
    names: NameRules,
    rules: AcceptRules,
}

/// The target has no use for files of this consumer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the target `{target}` does not serve `{consumer}`")]
pub struct NotServed {
    /// The target's name.
    pub target: String,
    /// The consumer that was asked for.
    pub consumer: Consumer,
}

/// How the bytes of a file could be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Without a conversion.
    AsIs {
        /// The media type to send.
        media_type: MediaType,
        /// What is appended to the name so that the target takes it.
        append: Option<&'static str>,
    },
    /// Only after a conversion; the violation is the verdict if there is no converter.
    NeedsConversion(Violation),
}

impl Acceptance {
    /// Takes the rules of a profile for a consumer.
    ///
    /// # Errors
    /// [`NotServed`] if the profile has no rules for it.
    pub fn new(profile: &Profile, consumer: Consumer) -> Result<Self, NotServed> {
        let rules = profile
            .accept_rules(consumer)
            .ok_or_else(|| NotServed { target: profile.name.clone(), consumer })?;
        Ok(Self {
            target: profile.name.clone(),
            consumer,
            limits: profile.limits.clone(),
            names: profile.names.clone(),
            rules: rules.clone(),
        })
    }

    /// Tells whether text has to be UTF-8: wherever the platform reads it itself. Where any type passes, somebody's
    /// program reads the file, and its bytes are left alone.
    #[must_use]
    pub fn wants_utf8(&self) -> bool {
        self.rules.text_as_plain
    }

    /// Decides how bytes of this name and type could be sent; `is_text` tells whether they are text.
    #[must_use]
    pub fn route(&self, name: &str, media_type: &MediaType, is_text: bool) -> Route {
        let cleaned = self.clean_name(name);
        let name = cleaned.as_ref().map_or(name, |(cleaned, _)| cleaned.as_str());
        let type_passes = self.takes_type(media_type);
        let name_passes = self.takes_name(name);
        if type_passes && name_passes {
            return Route::AsIs { media_type: media_type.clone(), append: None };
        }
        if !is_text || !self.rules.text_as_plain {
            let violation = if type_passes { self.name_refused(name) } else { self.type_refused(media_type) };
            return Route::NeedsConversion(violation);
        }
        Route::AsIs { media_type: MediaType::TEXT_PLAIN, append: (!name_passes).then_some(TEXT_EXTENSION) }
    }

    /// Makes a name that the target takes of a file's name: its last component, what is forbidden replaced by `_`,
    /// blanks at the ends left out, and cut in the middle where it is too long. Also tells whether it changed.
    /// Equal names give equal names, and a cleaned name stays as it is.
    ///
    /// # Errors
    /// [`Code::BadFileName`] if nothing is left.
    pub fn clean_name(&self, name: &str) -> Result<(FileName, bool), Violation> {
        let cleaned = name::clean(name, &self.names);
        match FileName::parse(cleaned) {
            Ok(file_name) => {
                let changed = file_name.as_str() != name;
                Ok((file_name, changed))
            }
            Err(error) => Err(Violation::new(Code::BadFileName, error.to_string())),
        }
    }

    /// Puts a tag into a name, so that the target still takes it: a name that passes only as a whole, such as
    /// `Makefile`, gets the extension of text then.
    ///
    /// # Errors
    /// [`Code::BadFileName`] if the target takes no such name.
    pub fn tag_name(&self, name: &FileName, tag: &str) -> Result<FileName, Violation> {
        let tagged = tagged_name(name.as_str(), tag, &self.names);
        let parse = |name: String| {
            FileName::parse(name).map_err(|error| Violation::new(Code::BadFileName, error.to_string()))
        };
        if self.takes_name(&tagged) || !self.takes_name(name.as_str()) {
            return parse(tagged);
        }
        let with_extension = tagged_name(&format!("{name}{TEXT_EXTENSION}"), tag, &self.names);
        if self.takes_name(&with_extension) {
            return parse(with_extension);
        }
        Err(self.name_refused(&tagged))
    }

    /// Judges what would be sent. `extra_bytes` are what the form holds besides the file
    /// ([`multipart::field_bytes`]).
    #[must_use]
    pub fn check(
        &self,
        name: &FileName,
        media_type: &MediaType,
        size_bytes: u64,
        extra_bytes: u64,
    ) -> Vec<Violation> {
        let mut violations = self.check_name(name);
        if !self.takes_type(media_type) {
            violations.push(self.type_refused(media_type));
        }
        if size_bytes == 0 && self.limits.refuses_empty {
            violations.push(Violation::new(Code::EmptyFile, "the file holds no bytes"));
        }
        let overhead = multipart::file_overhead_bytes(name, media_type).saturating_add(extra_bytes);
        let request = size_bytes.saturating_add(overhead);
        let (max_file, max_request) = (self.limits.max_file_bytes, self.limits.max_request_bytes);
        if size_bytes > max_file {
            let message = format!("{size_bytes} bytes; `{}` takes {max_file}", self.target);
            violations.push(Violation::new(Code::FileTooLarge, message));
        } else if request > max_request {
            let message = format!(
                "{size_bytes} bytes and {overhead} bytes of framing; `{}` takes requests of {max_request}",
                self.target
            );
            violations.push(Violation::new(Code::RequestTooLarge, message));
        }
        violations
    }

    /// Judges metadata as it would be sent.
    #[must_use]
    pub fn check_metadata(&self, raw: &str) -> Option<Violation> {
        let max = self.limits.max_metadata_bytes?;
        let length = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        (length > max).then(|| {
            let message = format!("{length} bytes of metadata; `{}` takes {max}", self.target);
            Violation::new(Code::MetadataTooLarge, message)
        })
    }

    fn check_name(&self, name: &FileName) -> Vec<Violation> {
        let mut violations = Vec::new();
        let text = name.as_str();
        if let Some(c) = text.chars().find(|c| name::is_forbidden(*c, &self.names)) {
            let message = format!("the name holds `{}`", c.escape_debug());
            violations.push(Violation::new(Code::BadFileName, message));
        }
        let length = self.names.length_unit.length(text);
        if length > self.names.max_length {
            let (max, unit) = (self.names.max_length, unit_name(self.names.length_unit));
            let message = format!("the name has {length} {unit}; `{}` takes {max}", self.target);
            violations.push(Violation::new(Code::BadFileName, message));
        }
        if !self.takes_name(text) {
            violations.push(self.name_refused(text));
        }
        violations
    }

    fn takes_type(&self, media_type: &MediaType) -> bool {
        self.rules.media_types.iter().any(|pattern| media_type.matches(pattern))
    }

    /// Extensions and bare names are compared without regard to case: the published bare names are lower case, and
    /// nobody names a file `dockerfile`.
    fn takes_name(&self, name: &str) -> bool {
        if self.rules.extensions.is_empty() && self.rules.bare_names.is_empty() {
            return true;
        }
        let name = name.to_lowercase();
        match name.rfind('.') {
            Some(dot) => self.rules.extensions.iter().any(|extension| *extension == name[dot..]),
            None => self.rules.bare_names.contains(&name),
        }
    }

    fn type_refused(&self, media_type: &MediaType) -> Violation {
        let message = format!("`{}` does not take `{media_type}` for {}", self.target, self.consumer);
        Violation::new(Code::MediaTypeRefused, message)
    }

    fn name_refused(&self, name: &str) -> Violation {
        let message = match name.rfind('.') {
            Some(dot) => format!("`{}` does not take the extension `{}`", self.target, &name[dot..]),
            None => format!("`{}` does not take the name `{name}`", self.target),
        };
        Violation::new(Code::NameRefused, message)
    }
}

fn unit_name(unit: LengthUnit) -> &'static str {
    match unit {
        LengthUnit::Characters => "characters",
        LengthUnit::Bytes => "bytes",
    }
}
