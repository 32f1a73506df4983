//! A target's profile: its rules and facts as data. The built-in ones are TOML files; users extend them.
//!
//! A profile says what a platform takes and where it is; the dialect (code) says how to talk to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Consumer, MediaType};

/// The wire protocol that a profile is spoken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// The store on this machine.
    Local,
    /// The Anthropic Files API, generally available shapes.
    Anthropic,
    /// The Anthropic Files API as its beta header selects it.
    AnthropicBeta,
    /// The text-only Files API of Qoder.
    Qoder,
}

/// A target's rules and facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The wire protocol.
    pub dialect: Dialect,
    /// One line for people.
    pub title: String,
    /// Where the API is; `None` for the local store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The vendor's own variable that moves the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url_env: Option<String>,
    /// Variables that hold an API key, in the order they are tried.
    #[serde(default)]
    pub api_key_env: Vec<String>,
    /// Variables that hold a bearer token, tried after the keys.
    #[serde(default)]
    pub auth_token_env: Vec<String>,
    /// Whether a login of the vendor's own command line tool serves where no variable is set.
    #[serde(default)]
    pub vendor_login: bool,
    /// The header that names the workspace of a request, where the platform has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id_header: Option<String>,
    /// The vendor's own variable that names the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id_env: Option<String>,
    /// Headers that every request carries, such as the API's version. Never credentials.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The workspace that its credentials belong to; where it is not said, answers may tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Whether others upload into the same workspace, so that a file of our name and size may be theirs.
    #[serde(default)]
    pub shared_writers: bool,
    /// The folder below which a session takes the paths of mounted files; without one they are taken as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_root: Option<String>,
    /// Bounds.
    pub limits: ProfileLimits,
    /// What file names may be.
    pub names: NameRules,
    /// What each consumer takes. A consumer without a row is not served by the target.
    pub accept: Vec<AcceptRules>,
    /// What an upload may carry besides the file.
    #[serde(default)]
    pub fields: UploadFields,
    /// What people should know; each with its source and date.
    #[serde(default)]
    pub facts: Vec<Fact>,
}

/// Bounds of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileLimits {
    /// The largest file, in bytes.
    pub max_file_bytes: u64,
    /// The largest upload request, framing included, in bytes.
    pub max_request_bytes: u64,
    /// The storage of a workspace, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_workspace_bytes: Option<u64>,
    /// Calls a minute, over all file operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Files mounted in one session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_files: Option<u32>,
    /// Bytes of metadata as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_metadata_bytes: Option<u64>,
    /// Whether the platform refuses a file without bytes.
    #[serde(default)]
    pub refuses_empty: bool,
}

/// How the length of a name is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    /// Unicode scalar values.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

impl LengthUnit {
    /// Returns the length of a text.
    #[must_use]
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Characters => text.chars().count(),
            Self::Bytes => text.len(),
        }
    }

    /// Returns the longest beginning of a text that is not longer than `room`.
    #[must_use]
    pub fn prefix(self, text: &str, room: usize) -> &str {
        let mut used = 0;
        let end = text.char_indices().find(|(_, c)| {
            used += self.width(*c);
            used > room
        });
        end.map_or(text, |(at, _)| &text[..at])
    }

    /// Returns the longest end of a text that is not longer than `room`.
    #[must_use]
    pub fn suffix(self, text: &str, room: usize) -> &str {
        let mut used = 0;
        let start = text.char_indices().rev().find(|(_, c)| {
            used += self.width(*c);
            used > room
        });
        start.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
    }

    fn width(self, c: char) -> usize {
        match self {
            Self::Characters => 1,
            Self::Bytes => c.len_utf8(),
        }
    }
}

/// What file names may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameRules {
    /// The longest name.
    pub max_length: usize,
    /// How the length is counted.
    pub length_unit: LengthUnit,
    /// Characters that a name must not hold, besides control characters.
    pub forbidden: String,
}

/// What some consumers take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptRules {
    /// The consumers that take the same.
    pub consumers: Vec<Consumer>,
    /// Media types that pass as they are; `text/*` covers a top level, `*/*` everything.
    pub media_types: Vec<String>,
    /// Extensions that names must have one of, with the dot, in lower case; empty means any.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Whole names that pass without an extension, in lower case.
    #[serde(default)]
    pub bare_names: Vec<String>,
    /// Whether any other text goes out as `text/plain`.
    #[serde(default)]
    pub text_as_plain: bool,
    /// What PDFs must be where the platform reads them itself; elsewhere they are files like others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PdfRules>,
}

/// What PDFs must be where the platform reads them itself: sound, not encrypted, and of so many pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PdfRules {
    /// The most pages of one request, and so of one file.
    pub max_pages: u64,
    /// The same for models with smaller contexts, of which a run knows nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pages_of_small_contexts: Option<u64>,
}

/// What an upload may carry besides the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadFields {
    /// Whether a name can be given apart from the file's.
    #[serde(default)]
    pub name: bool,
    /// The purposes that can be given.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// Whether metadata can be given.
    #[serde(default)]
    pub metadata: bool,
    /// Whether an `Idempotency-Key` header makes a repeated upload the same upload.
    #[serde(default)]
    pub idempotency_key: bool,
    /// The shortest and longest lifetime in seconds, if one can be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<[u64; 2]>,
}

/// Something that people should know about a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is about.
    pub topic: String,
    /// What holds.
    pub text: String,
    /// Where that is said.
    pub source: String,
    /// When it was read, as a date.
    pub date: String,
}

/// A profile whose text is well-formed but whose values make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` makes no sense as `{field}` of a profile")]
pub struct BadProfile {
    /// The field.
    pub field: &'static str,
    /// The offending value.
    pub value: String,
}

/// Tells whether a text is an absolute path in the only spelling of it: no empty component, no `.`, no `..`, no slash
/// at its end, nothing that a terminal obeys.
#[must_use]
pub fn is_absolute(path: &str) -> bool {
    let is_component = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(char::is_control);
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_component))
}

fn is_cased(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
}

/// Tells whether a text can stand for a workspace.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.contains(char::is_control)
}

fn is_pattern(text: &str) -> bool {
    let type_like = text.strip_suffix("/*").map_or(text.to_owned(), |top| format!("{top}/x"));
    text == "*/*" || type_like.parse::<MediaType>().is_ok_and(|parsed| parsed.as_str() == type_like)
}

impl Profile {
    /// Finds what breaks the rules for profiles that types cannot say.
    ///
    /// # Errors
    /// [`BadProfile`] names the field and the offending value.
    pub fn validate(&self) -> Result<(), BadProfile> {
        let bad = |field, value: &str| Err(BadProfile { field, value: value.to_owned() });
        if let Some(url) = &self.base_url
            && url::Url::parse(url).is_err()
        {
            return bad("base_url", url);
        }
        if let Some(workspace) = self.workspace.as_ref().filter(|name| !is_name(name)) {
            return bad("workspace", workspace);
        }
        if let Some(root) = self.mount_root.as_ref().filter(|root| !is_absolute(root)) {
            return bad("mount_root", root);
        }
        if self.names.max_length < 64 {
            return bad("names.max_length", &self.names.max_length.to_string());
        }
        for rules in &self.accept {
            if let Some(pattern) = rules.media_types.iter().find(|pattern| !is_pattern(pattern)) {
                return bad("accept.media_types", pattern);
            }
            if let Some(extension) = rules.extensions.iter().find(|e| !e.starts_with('.') || is_cased(e)) {
                return bad("accept.extensions", extension);
            }
            if let Some(name) = rules.bare_names.iter().find(|name| is_cased(name)) {
                return bad("accept.bare_names", name);
            }
        }
        Ok(())
    }

    /// Returns the consumers that the target serves, in the profile's order.
    pub fn consumers(&self) -> impl Iterator<Item = Consumer> {
        self.accept.iter().flat_map(|rules| rules.consumers.iter().copied())
    }

    /// Returns what `consumer` takes, if the target serves it.
    #[must_use]
    pub fn accept_rules(&self, consumer: Consumer) -> Option<&AcceptRules> {
        self.accept.iter().find(|rules| rules.consumers.contains(&consumer))
    }
}
