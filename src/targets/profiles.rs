//! The built-in profiles: TOML files beside this one, part of the program.
//!
//! It does not talk to platforms and does not read the user's own profiles from disk; `parse` serves both kinds. A
//! profile that makes no sense is refused here, so that nobody behind has to ask again.

use crate::model::Profile;
use crate::model::profile::BadProfile;

/// The names of the built-in profiles; the first is the default target.
pub const NAMES: &[&str] = &["local", "anthropic", "anthropic-beta", "qoder"];

/// The texts, in the order of [`NAMES`].
const TEXTS: &[&str] = &[
    include_str!("profiles/local.toml"),
    include_str!("profiles/anthropic.toml"),
    include_str!("profiles/anthropic-beta.toml"),
    include_str!("profiles/qoder.toml"),
];

/// A text that is no profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text is no TOML, or not a profile's.
    #[error("a profile does not parse")]
    Syntax(#[from] Box<toml::de::Error>),
    /// A value makes no sense.
    #[error("a profile is not valid")]
    Value(#[from] BadProfile),
}

/// Reads a profile from its TOML text.
///
/// # Errors
/// [`ProfileError::Syntax`] and [`ProfileError::Value`].
pub fn parse(text: &str) -> Result<Profile, ProfileError> {
    let profile: Profile = toml::from_str(text).map_err(Box::new)?;
    profile.validate()?;
    Ok(profile)
}

/// Returns the built-in profile of that name, if there is one.
#[must_use]
pub fn built_in(name: &str) -> Option<Profile> {
    let at = NAMES.iter().position(|known| *known == name)?;
    // A test reads every text, so that none is missing from a release.
    parse(TEXTS.get(at)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Consumer;

    #[test]
    fn every_builtin_parses_under_its_own_name() {
        assert_eq!(NAMES.len(), TEXTS.len());
        for (name, text) in NAMES.iter().zip(TEXTS) {
            let profile = parse(text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(profile.name, *name);
            assert_eq!(built_in(name).as_ref(), Some(&profile));
            assert!(Consumer::ALL.iter().all(|&c| profile.accept_rules(c).is_some()), "{name}");
            assert_eq!(profile.limits.max_file_bytes, 500_000_000);
            assert_eq!(profile.limits.max_request_bytes, 500_000_000);
            for fact in &profile.facts {
                assert!(fact.text.ends_with('.') && fact.date.starts_with("2026-"), "{fact:?}");
            }
        }
        assert_eq!(built_in("other"), None);
    }

    #[test]
    fn local_accepts_what_anthropic_accepts() {
        let (local, anthropic) = (built_in("local").unwrap(), built_in("anthropic").unwrap());
        assert_eq!(local.accept, anthropic.accept);
        assert_eq!(local.names, anthropic.names);
        assert_eq!(local.limits.requests_per_minute, None);
        assert_eq!(local.limits.max_workspace_bytes, None);
    }

    #[test]
    fn sessions_are_bounded_and_rooted_as_each_generation_says() {
        let facts = |name| {
            let profile = built_in(name).unwrap();
            (profile.mount_root, profile.limits.max_session_files)
        };
        assert_eq!(facts("anthropic"), (Some("/mnt/session/uploads".to_owned()), Some(500)));
        assert_eq!(facts("anthropic-beta"), (None, Some(100)));
    }

    #[test]
    fn refuses_values_that_make_no_sense() {
        let qoder = TEXTS[3];
        for (from, to, field) in [
            ("\"text/*\"", "\"text*\"", "accept.media_types"),
            ("\".txt\"", "\"txt\"", "accept.extensions"),
            ("\"dockerfile\"", "\"Dockerfile\"", "accept.bare_names"),
            ("https://api.qoder.com/api/v1/cloud", "api.qoder.com", "base_url"),
            ("max_length = 255", "max_length = 8", "names.max_length"),
            ("[limits]", "mount_root = \"/mnt/../etc\"\n[limits]", "mount_root"),
            ("[limits]", "mount_root = \"mnt\"\n[limits]", "mount_root"),
        ] {
            match parse(&qoder.replacen(from, to, 1)) {
                Err(ProfileError::Value(bad)) => assert_eq!(bad.field, field),
                other => panic!("{field}: {other:?}"),
            }
        }
        assert!(matches!(parse("name = \"x\""), Err(ProfileError::Syntax(_))));
    }
}
