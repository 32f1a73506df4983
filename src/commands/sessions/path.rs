//! Paths of mounted files: absolute, unique, free of what leads elsewhere.
//!
//! They are made of a manifest alone, so that the same manifest and flags give the same paths whatever is mounted.

use std::collections::{HashMap, HashSet};

use crate::acceptance::shorten;
use crate::cli::UsageError;
use crate::model::profile::{LengthUnit, is_absolute};
use crate::model::text::turns_text;
use crate::targets::sessions::MAX_PATH_BYTES;

/// The longest component that Linux takes (`NAME_MAX`).
const MAX_COMPONENT_BYTES: usize = 255;

/// Where mounted files are, and how the platform's paths and the effective ones are made of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    /// What the platform puts before given paths; empty where it takes them as they are.
    platform: String,
    /// The folder of the files as it is given to the platform; empty for the topmost.
    folder: String,
}

impl Root {
    /// Takes the folder that the user wants. One that begins with the platform's own root is meant below it.
    ///
    /// # Errors
    /// It is relative or leads elsewhere.
    pub(super) fn new(platform: Option<&str>, wanted: &str) -> Result<Self, UsageError> {
        let typed = wanted;
        let wanted = typed.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(typed);
        if typed != "/" && !is_absolute(wanted) {
            let message = format!("`{typed}` is no absolute path without `.`, `..` and empty parts");
            return Err(UsageError::new(message).with_hint("say --mount-root /data"));
        }
        let platform = platform.unwrap_or_default();
        let folder = match wanted.strip_prefix(platform) {
            Some(below) if below.is_empty() || below.starts_with('/') => below,
            _ => wanted,
        };
        Ok(Self { platform: platform.to_owned(), folder: folder.trim_end_matches('/').to_owned() })
    }

    /// Returns the folder that the platform puts before given paths, if it does.
    pub(super) fn platform(&self) -> Option<&str> {
        Some(&*self.platform).filter(|root| !root.is_empty())
    }

    /// Returns where a file is that was mounted at a path, whichever of the two spellings the platform answers with.
    pub(super) fn effective(&self, path: &str) -> String {
        let below = path.strip_prefix(&self.platform);
        match below.is_some_and(|below| below.starts_with('/')) {
            true => path.to_owned(),
            false => format!("{}/{}", self.platform, path.trim_start_matches('/')),
        }
    }

    /// Returns where the platform puts a file for which no path was given (docs, managed-agents/files).
    pub(super) fn default_path(&self, file_id: &str) -> Option<String> {
        (!self.platform.is_empty()).then(|| format!("{}/{file_id}", self.platform))
    }

    /// Makes the paths, as they are given to the platform: each file's own, all different, and none a folder of
    /// another. A path that is taken gets `-2`, `-3` and so on before its extension.
    ///
    /// # Errors
    /// A path is longer than Linux takes.
    pub(super) fn paths(&self, names: &[Name<'_>]) -> Result<Vec<String>, UsageError> {
        let folders: Vec<String> = names.iter().map(|name| self.folder_of(name.folders)).collect();
        let mut taken: HashSet<String> = folders.iter().flat_map(|folder| ancestors(folder)).collect();
        let mut next = HashMap::new();
        let mut paths = Vec::with_capacity(names.len());
        for (name, folder) in names.iter().zip(&folders) {
            let component = component(name.file).unwrap_or_else(|| "_".to_owned());
            let wanted = format!("{folder}/{component}");
            let mut path = wanted.clone();
            while taken.contains(&path) {
                let number = next.entry(wanted.clone()).or_insert(1u64);
                *number += 1;
                path = format!("{folder}/{}", numbered(&component, *number));
            }
            if self.platform.len() + path.len() > MAX_PATH_BYTES {
                let message =
                    format!("the path of `{component}` would be longer than {MAX_PATH_BYTES} bytes");
                return Err(UsageError::new(message).with_hint("say --path-style flat"));
            }
            taken.insert(path.clone());
            paths.push(path);
        }
        Ok(paths)
    }

    fn folder_of(&self, folders: Option<&str>) -> String {
        let parts = folders.unwrap_or_default().split('/').filter_map(component);
        parts.fold(self.folder.clone(), |path, part| format!("{path}/{part}"))
    }
}

/// What a path is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The folders, separated by `/`; none where paths are flat.
    pub(super) folders: Option<&'a str>,
    /// The file's own name.
    pub(super) file: &'a str,
}

/// Returns a folder and all that it is in.
fn ancestors(folder: &str) -> Vec<String> {
    folder.match_indices('/').map(|(at, _)| folder[..at].to_owned()).chain([folder.to_owned()]).collect()
}

/// Makes a component of a path; `None` of what leads elsewhere or nowhere.
fn component(text: &str) -> Option<String> {
    let misleads = |c: char| c.is_control() || turns_text(c) || matches!(c, '/' | '\\');
    let clean: String = text.trim().chars().map(|c| if misleads(c) { '_' } else { c }).collect();
    match &*clean {
        "" | "." | ".." => None,
        _ => Some(shorten(&clean, MAX_COMPONENT_BYTES, LengthUnit::Bytes)),
    }
}

/// Puts a number before the extension.
pub(super) fn numbered(name: &str, number: u64) -> String {
    let numbered = match name.rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}-{number}{}", &name[..dot], &name[dot..]),
        None => format!("{name}-{number}"),
    };
    shorten(&numbered, MAX_COMPONENT_BYTES, LengthUnit::Bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UPLOADS: Option<&str> = Some("/mnt/session/uploads");

    fn paths(root: &str, names: &[(&str, &str)]) -> Vec<String> {
        let names: Vec<_> =
            names.iter().map(|(folders, file)| Name { folders: Some(folders), file }).collect();
        Root::new(None, root).unwrap().paths(&names).unwrap()
    }

    #[test]
    fn a_root_is_absolute_and_given_below_the_platforms_own() {
        for (platform, wanted, given) in [
            (None, "/data", "/data/a"),
            (None, "/data/", "/data/a"),
            (None, "/", "/a"),
            (UPLOADS, "/", "/a"),
            (UPLOADS, "/mnt/session/uploads", "/a"),
            (UPLOADS, "/mnt/session/uploads/x", "/x/a"),
            (UPLOADS, "/mnt/session/uploadsx", "/mnt/session/uploadsx/a"),
        ] {
            let root = Root::new(platform, wanted).unwrap();
            assert_eq!(root.paths(&[Name { folders: None, file: "a" }]).unwrap(), [given], "{wanted}");
        }
        for wanted in ["", "data", "../x", "/a/../b", "/a//b", "/./a", "//", "/a\nb", "~/x"] {
            assert!(Root::new(None, wanted).is_err(), "{wanted:?}");
        }
    }

    #[test]
    fn both_spellings_of_a_path_are_one() {
        let root = Root::new(UPLOADS, "/data").unwrap();
        for path in ["/data/a", "data/a", "/mnt/session/uploads/data/a"] {
            assert_eq!(root.effective(path), "/mnt/session/uploads/data/a", "{path}");
        }
        assert_eq!(root.effective("/mnt/session/uploadsx"), "/mnt/session/uploads/mnt/session/uploadsx");
        assert_eq!(root.default_path("file_1").as_deref(), Some("/mnt/session/uploads/file_1"));
        let exact = Root::new(None, "/data").unwrap();
        assert_eq!(
            (exact.effective("/workspace/a"), exact.default_path("f")),
            ("/workspace/a".to_owned(), None)
        );
    }

    #[test]
    fn nothing_leads_out_of_the_root() {
        let found = paths(
            "/data",
            &[
                ("../..", "x"),
                ("/etc", ".."),
                (".", "..\\x"),
                ("a/./b/..//c", "d\u{1b}[2J"),
                ("", "\u{202e}txt.exe"),
            ],
        );
        assert_eq!(found, ["/data/x", "/data/etc/_", "/data/.._x", "/data/a/b/c/d_[2J", "/data/_txt.exe"]);
        let long = paths("/data", &[("", &format!("{}.csv", "é".repeat(300)))]).remove(0);
        assert!(long.len() <= "/data/".len() + 255 && long.ends_with(".csv"), "{long}");
        let deep = "x".repeat(255) + "/";
        let names = [Name { folders: Some(&deep.repeat(17)), file: "a" }];
        assert!(Root::new(None, "/data").unwrap().paths(&names).is_err());
    }

    #[test]
    fn equal_paths_are_numbered_and_no_file_is_a_folder() {
        let found = paths(
            "/d",
            &[("", "a.csv"), ("", "a.csv"), ("", "a-2.csv"), ("", "a.csv"), ("a.csv", "x"), ("", "b")],
        );
        assert_eq!(found, ["/d/a-2.csv", "/d/a-3.csv", "/d/a-2-2.csv", "/d/a-4.csv", "/d/a.csv/x", "/d/b"]);
        assert_eq!(paths("/d/e", &[("", "x")]), ["/d/e/x"]);
    }

    proptest! {
        #[test]
        fn any_names_give_unique_clean_paths(
            names in prop::collection::vec(("(\\.\\.|\\.|/|a|[a-c\u{0}]){0,8}", "(\\.\\.|\\.|a|/|\\PC){0,6}"), 0..12)
        ) {
            let names: Vec<_> = names.iter().map(|(folders, file)| (folders.as_str(), file.as_str())).collect();
            let found = paths("/data", &names);
            let set: HashSet<_> = found.iter().collect();
            prop_assert_eq!(set.len(), found.len());
            for path in &found {
                prop_assert!(is_absolute(path) && path.starts_with("/data/"), "{:?}", path);
                let inside = format!("{path}/");
                prop_assert!(!found.iter().any(|other| other.starts_with(&inside)), "{:?}", path);
            }
        }
    }
}
