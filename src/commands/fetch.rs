//! Fetching files into a folder: never over a file that is there, and never half a file.
//!
//! Names come from the platform and are no paths: a name becomes its last component, cleaned.

use std::fs::OpenOptions;
use std::io::{self, Seek};
use std::path::Path;

use super::CommandError;
use super::repeat::Repeat;
use crate::acceptance::shorten;
use crate::model::FileObject;
use crate::model::profile::LengthUnit;
use crate::targets::{Target, TargetError, TargetErrorKind};

/// The longest name that file systems take.
const MAX_NAME_BYTES: usize = 255;

/// Fetches the content of a file of the target called `name` into a new file at `path`.
///
/// # Errors
/// [`CommandError::File`] if something is there or it cannot be written, [`CommandError::Target`] if the content does
/// not come or is not as long as the platform says; nothing is left at `path` then.
pub(super) fn into_new_file(
    (target, name): (&dyn Target, &str),
    repeat: &mut Repeat<'_>,
    file: &FileObject,
    path: &Path,
) -> Result<(), CommandError> {
    let named = |source| CommandError::File { path: path.to_owned(), source };
    let mut out = OpenOptions::new().write(true).create_new(true).open(path).map_err(named)?;
    let fetched = repeat.read(|| {
        // What an attempt left is no part of the next one.
        let emptied = out.set_len(0).and_then(|()| out.rewind());
        emptied.map_err(|error| TargetError::new(TargetErrorKind::Storage, error.to_string()))?;
        target.download(&file.file_id, &mut out)
    });
    let fetched = match fetched {
        Ok(length) => check_length(name, file, length),
        Err(stop) => Err(stop.into_error(name)),
    };
    if fetched.is_err() {
        // Half a file must not look like a whole one; the failure itself is reported.
        drop(std::fs::remove_file(path));
    }
    fetched
}

/// Returns why a file is not given back, in the words of the target's facts.
pub(super) fn not_downloadable(target: &dyn Target, file_id: &str) -> TargetError {
    let fact = target.profile().facts.iter().find(|fact| fact.topic == "download");
    let rule = fact.map_or(String::new(), |fact| format!(": {} ({})", fact.text, fact.source));
    TargetError::new(TargetErrorKind::NotDownloadable, format!("`{file_id}` cannot be fetched{rule}"))
}

/// Tells whether a failure concerns one file only, so that the others may go on.
pub(super) fn concerns_one_file(error: &CommandError) -> bool {
    match error {
        CommandError::Target { source, .. } => matches!(
            source.kind,
            TargetErrorKind::NotFound | TargetErrorKind::Refused | TargetErrorKind::NotDownloadable
        ),
        CommandError::File { source, .. } => source.kind() == io::ErrorKind::AlreadyExists,
        _ => false,
    }
}

/// Compares what came with what the platform says of the file.
///
/// # Errors
/// They differ.
pub(super) fn check_length(name: &str, file: &FileObject, length: u64) -> Result<(), CommandError> {
    if length == file.size_bytes {
        return Ok(());
    }
    let message = format!("`{}` has {} bytes, {length} came", file.file_id, file.size_bytes);
    let source = TargetError::new(TargetErrorKind::BrokenAfterEnd, message);
    Err(CommandError::Target { target: name.to_owned(), source })
}

/// Returns a name that is one component and holds nothing that a terminal obeys.
pub(super) fn local_name(file: &FileObject) -> String {
    let last = file.filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    match clean.trim() {
        "" | "." | ".." => local_id(&file.file_id),
        name => shorten(name, MAX_NAME_BYTES, LengthUnit::Bytes),
    }
}

fn local_id(file_id: &str) -> String {
    file_id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}
