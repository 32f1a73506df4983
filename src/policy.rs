//! What we let out, whatever a target would take: no secrets by their names, and never the run's own credentials.
//!
//! Pure: names and bytes in, verdicts out. It looks for no other secrets in contents: a scanner that cries wolf is
//! switched off, while a name of this list or a key of this run is no guess. A short credential is searched for
//! like a long one unless it is so short that it occurs by chance.

use std::sync::Arc;

use memchr::memmem::Finder;

use crate::model::{Code, Secret, SecretsRule, Sha256, Violation};

/// Names that secrets have, in lower case; `*` stands for any run of characters.
const SECRET_NAMES: &[&str] = &[
    ".env",
    ".env.*",
    "*.env",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.ppk",
    "*.kdbx",
    "*.tfstate",
    "*.tfstate.backup",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    "credentials",
    "credentials.json",
];

/// Names that look like secrets and are made to be published.
const TEMPLATES: &[&str] = &[".env.example", ".env.sample", ".env.template"];

/// What Markdown puts among the characters of a text: escapes and emphasis.
const MARKUP: &[u8] = br"\*_~`";

/// The shortest credential that is searched for.
const MIN_KEY_BYTES: usize = 8;

/// What we let out.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// What happens to a file that looks like a secret.
    pub secrets: SecretsRule,
}

impl Policy {
    /// Returns what forbids a file of this name: its own, or the one it would be sent under.
    #[must_use]
    pub fn judge_names(&self, source: &str, sent: &str) -> Vec<Violation> {
        match self.secrets {
            SecretsRule::Refuse => secret_name(source, sent).into_iter().collect(),
            SecretsRule::Warn | SecretsRule::Allow => Vec::new(),
        }
    }

    /// Returns what should be said of a file of this name that goes out nevertheless.
    #[must_use]
    pub fn warn_of_names(&self, source: &str, sent: &str) -> Vec<Violation> {
        match self.secrets {
            SecretsRule::Warn => secret_name(source, sent).into_iter().collect(),
            SecretsRule::Refuse | SecretsRule::Allow => Vec::new(),
        }
    }
}

/// Finds the first of two names that secrets have.
fn secret_name(source: &str, sent: &str) -> Option<Violation> {
    [source, sent].into_iter().find_map(|name| {
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        let lower = last.to_lowercase();
        if TEMPLATES.contains(&&*lower) {
            return None;
        }
        let pattern = SECRET_NAMES.iter().find(|pattern| matches_pattern(&lower, pattern))?;
        let message = format!("`{last}` matches `{pattern}`");
        Some(Violation::new(Code::SecretName, message))
    })
}

/// The patterns have one `*` at the most, at an end.
fn matches_pattern(name: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.len() > end.len() && name.ends_with(end),
        (None, Some(start)) => name.len() > start.len() && name.starts_with(start),
        (None, None) => name == pattern,
    }
}

/// The credentials that this process could use. Cloning is cheap.
#[derive(Clone, Default)]
pub struct LiveKeys(Arc<[Finder<'static>]>);

impl LiveKeys {
    /// Takes the credentials.
    pub fn new<'a>(keys: impl Iterator<Item = &'a Secret>) -> Self {
        let long_enough = keys.map(Secret::expose).filter(|key| key.len() >= MIN_KEY_BYTES);
        Self(long_enough.map(|key| Finder::new(key.as_bytes()).into_owned()).collect())
    }

    /// Tells whether there are none to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a salted digest by which equal sets are known again.
    #[must_use]
    pub fn fingerprint(&self, salt: &[u8]) -> Sha256 {
        let keys = self.0.iter().map(|key| Sha256::of(&[salt, key.needle()].concat()).to_string());
        let mut keys: Vec<String> = keys.collect();
        keys.sort_unstable();
        Sha256::of(keys.concat().as_bytes())
    }

    /// Tells whether `bytes` hold one of them.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|key| key.find(bytes).is_some())
    }

    /// Begins a search in bytes that come in pieces.
    #[must_use]
    pub fn scan(&self) -> KeyScan {
        let longest = self.0.iter().map(|key| key.needle().len()).max();
        KeyScan {
            keys: self.clone(),
            overlap: longest.unwrap_or(0).saturating_sub(1),
            seam: Vec::new(),
            found: false,
            plain: None,
        }
    }

    /// Begins a search in Markdown: escapes and emphasis among the characters of a credential do not hide it.
    #[must_use]
    pub fn scan_markdown(&self) -> KeyScan {
        let plain = |key: &Finder<'_>| -> Vec<u8> {
            key.needle().iter().copied().filter(|byte| !MARKUP.contains(byte)).collect()
        };
        let keys = self.0.iter().map(plain).filter(|key| !key.is_empty());
        let keys = Self(keys.map(|key| Finder::new(&key).into_owned()).collect());
        KeyScan { plain: Some(Vec::new()), ..keys.scan() }
    }
}

impl std::fmt::Debug for LiveKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveKeys({})", self.0.len())
    }
}

/// A search for the credentials in bytes that come in pieces.
#[derive(Clone)]
pub struct KeyScan {
    keys: LiveKeys,
    overlap: usize,
    /// The end of what came before: one byte shorter than the longest credential.
    seam: Vec<u8>,
    found: bool,
    /// Takes each piece without its markup, where markup may stand among the characters of a credential.
    plain: Option<Vec<u8>>,
}

impl KeyScan {
    /// Takes the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        if self.found || self.overlap == 0 {
            return;
        }
        let Some(mut plain) = self.plain.take() else {
            return self.search(piece);
        };
        plain.clear();
        plain.extend(piece.iter().filter(|byte| !MARKUP.contains(byte)));
        self.search(&plain);
        self.plain = Some(plain);
    }

    fn search(&mut self, piece: &[u8]) {
        if !self.seam.is_empty() {
            let old = self.seam.len();
            self.seam.extend_from_slice(&piece[..piece.len().min(self.overlap)]);
            self.found = self.keys.found_in(&self.seam);
            self.seam.truncate(old);
        }
        self.found = self.found || self.keys.found_in(piece);
        if piece.len() >= self.overlap {
            self.seam.clear();
            self.seam.extend_from_slice(&piece[piece.len() - self.overlap..]);
        } else {
            self.seam.extend_from_slice(piece);
            let surplus = self.seam.len().saturating_sub(self.overlap);
            self.seam.drain(..surplus);
        }
    }

    /// Tells whether one was found so far.
    #[must_use]
    pub fn found(&self) -> bool {
        self.found
    }
}

impl std::fmt::Debug for KeyScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyScan {{ found: {} }}", self.found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refuses(source: &str, sent: &str) -> bool {
        !Policy::default().judge_names(source, sent).is_empty()
    }

    #[test]
    fn refuses_names_of_secrets_in_any_case() {
        for name in [
            ".env",
            ".ENV",
            ".env.local",
            "prod.env",
            "Prod.Env",
            "server.pem",
            "a.key",
            "id_rsa",
            "ID_ED25519",
            ".netrc",
            "credentials",
            "credentials.json",
            "x.tfstate",
            "dir/.env",
            ".env ",
        ] {
            assert!(refuses(name, "harmless.txt"), "{name}");
            assert!(refuses("harmless.txt", name), "{name}");
        }
        for name in [
            ".env.example",
            ".env.sample",
            ".env.template",
            "env",
            "environment.md",
            "id_rsa.pub",
            "keys.md",
            ".pem",
            "credentials.md",
            ".gitignore",
        ] {
            assert!(!refuses(name, name), "{name}");
        }
    }

    #[test]
    fn the_rule_decides_between_refusal_warning_and_nothing() {
        let verdicts = SecretsRule::ALL.iter().map(|&secrets| {
            let policy = Policy { secrets };
            let count = |found: Vec<Violation>| found.len();
            (count(policy.judge_names(".env", "")), count(policy.warn_of_names(".env", "")))
        });
        assert_eq!(verdicts.collect::<Vec<_>>(), [(1, 0), (0, 1), (0, 0)]);
    }

    #[test]
    fn credentials_show_neither_in_debug_nor_in_messages() {
        let key = Secret::parse("marker-key-0123456789").unwrap();
        let keys = LiveKeys::new([&key].into_iter());
        let mut scan = keys.scan();
        scan.feed(b"xx marker-key-0123456789");
        assert_eq!(format!("{keys:?} {scan:?}"), "LiveKeys(1) KeyScan { found: true }");
    }

    #[test]
    fn markup_does_not_hide_a_credential() {
        let key = Secret::parse("sk-ant_-api*03_xyz").unwrap();
        let keys = LiveKeys::new([&key].into_iter());
        let found = |pieces: &[&str]| {
            let mut scan = keys.scan_markdown();
            pieces.iter().for_each(|piece| scan.feed(piece.as_bytes()));
            scan.found()
        };
        assert!(found(&[r"see sk-ant\_-api\*03_xyz."]));
        assert!(found(&["**sk-an**", "t_-api", r"\", "*03_xyz"]));
        assert!(!found(&["sk-ant_-api*03_xy"]));
    }

    #[test]
    fn a_credential_too_short_to_mean_anything_is_not_searched_for() {
        let keys = LiveKeys::new([&Secret::parse("a").unwrap()].into_iter());
        assert!(!keys.found_in(b"aaaa"));
    }

    proptest! {
        #[test]
        fn finds_a_key_across_any_seams(
            before in prop::collection::vec(any::<u8>(), 0..60),
            after in prop::collection::vec(any::<u8>(), 0..60),
            cuts in prop::collection::vec(0usize..140, 0..12),
            present in any::<bool>(),
        ) {
            let keys = [Secret::parse("sk-live-0123456789").unwrap(), Secret::parse("other-key").unwrap()];
            let live = LiveKeys::new(keys.iter());
            let key: &[u8] = if present { b"sk-live-0123456789" } else { b"sk-live-012345678X" };
            let all = [&*before, key, &*after].concat();
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < all.len()).collect();
            cuts.extend([0, all.len()]);
            cuts.sort_unstable();
            let mut scan = live.scan();
            for pair in cuts.windows(2) {
                scan.feed(&all[pair[0]..pair[1]]);
            }
            prop_assert_eq!(scan.found(), live.found_in(&all));
            prop_assert_eq!(scan.found(), present);
        }
    }
}
