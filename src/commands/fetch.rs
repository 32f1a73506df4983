//! Fetching files into a folder: never over a file that is there, and never half a file.
//!
//! Names come from the platform and are no paths: a name becomes its last component, cleaned.

use std::fs::Permissions;
use std::io::{self, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::CommandError;
use super::caller::Caller;
use crate::acceptance::shorten;
use crate::model::FileObject;
use crate::model::profile::LengthUnit;
use crate::model::text::turns_text;
use crate::targets::{Target, TargetError, TargetErrorKind};

/// The longest name that file systems take.
const MAX_NAME_BYTES: usize = 255;

/// Fetches the content of a file of the target called `name` into a new file at `path`. It appears there when it is
/// whole; until then it is a hidden file beside it, which only a killed process leaves behind.
///
/// # Errors
/// [`CommandError::File`] if something is there or it cannot be written, [`CommandError::Target`] if the content does
/// not come or is not as long as the platform says.
pub(super) fn into_new_file(
    target: &dyn Target,
    name: &str,
    file: &FileObject,
    path: &Path,
    caller: &mut Caller,
) -> Result<(), CommandError> {
    let named = |source| CommandError::File { path: path.to_owned(), source };
    if path.symlink_metadata().is_ok() {
        return Err(named(rustix::io::Errno::EXIST.into()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As any new file, with what the process's mask leaves of it.
    let permissions = Permissions::from_mode(0o666);
    let out = tempfile::Builder::new().prefix(".docferry-").permissions(permissions).tempfile_in(folder);
    let out = out.map_err(named)?;
    let fetched = caller.read(|| {
        let restart = |error: io::Error| TargetError::new(TargetErrorKind::Storage, error.to_string());
        let mut file_out = out.as_file();
        file_out.set_len(0).and_then(|()| file_out.rewind()).map_err(restart)?;
        target.download(&file.file_id, &mut file_out)
    });
    let length = fetched.map_err(|stop| stop.into_error(name))?;
    check_length(name, file, length)?;
    out.persist_noclobber(path).map_err(|error| named(error.error))?;
    Ok(())
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
            TargetErrorKind::NotFound
                | TargetErrorKind::Refused
                | TargetErrorKind::TooLarge
                | TargetErrorKind::NotDownloadable
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

/// Returns a name that is one component, is neither hidden nor taken for a flag, and holds nothing that a terminal obeys.
pub(super) fn local_name(file: &FileObject) -> String {
    let last = file.filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().map(|c| if c.is_control() || turns_text(c) { '_' } else { c }).collect();
    let clean = match clean.trim() {
        "" | "." | ".." => return local_id(&file.file_id),
        name if name.starts_with(['.', '-']) => format!("_{name}"),
        name => name.to_owned(),
    };
    shorten(&clean, MAX_NAME_BYTES, LengthUnit::Bytes)
}

fn local_id(file_id: &str) -> String {
    file_id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}
