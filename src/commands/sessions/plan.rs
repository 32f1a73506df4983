//! What is to be mounted, by a manifest; and what of it a session has already.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::path::{Name, Root};
use crate::cli::{MountArgs, PathStyle, UsageError};
use crate::commands::{CommandError, manifest};
use crate::model::entry::{Entry, FileEntry};
use crate::model::{FileObject, Profile, Timestamp};
use crate::targets::sessions::Resource;

/// The most entries of a manifest that are taken where a profile names no limit for sessions.
const MAX_ENTRIES: u64 = 100_000;

/// A stored file and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Where its bytes came from.
    pub(super) source: String,
    /// The stored file.
    pub(super) file_id: String,
    pub(super) size_bytes: u64,
    pub(super) stored_at: Timestamp,
    /// The path that the platform is given.
    pub(super) mount_path: String,
    /// Where that is.
    pub(super) effective: String,
}

/// The files of a manifest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mounts {
    pub(super) root: Root,
    pub(super) files: Vec<Wanted>,
    /// Entries that are not stored: rejected, failed, skipped, converted, unknown.
    pub(super) left_out: u64,
}

/// A stored entry, before its path is made.
struct Stored {
    source: String,
    folders: Option<String>,
    name: String,
    file: FileEntry,
}

/// Reads a manifest and gives each stored file its path.
///
/// # Errors
/// It cannot be read, is of another target, stores nothing, or stores more than a session may hold.
pub(super) fn read(args: &MountArgs, target: &str, profile: &Profile) -> Result<Mounts, CommandError> {
    let root = Root::new(profile.mount_root.as_deref(), &args.layout.mount_root)?;
    let limit = profile.limits.max_session_files.map(u64::from);
    let (stored, left_out) = stored(&args.manifest, target, args.layout.path_style, limit)?;
    let names: Vec<_> =
        stored.iter().map(|one| Name { folders: one.folders.as_deref(), file: &one.name }).collect();
    let paths = root.paths(&names)?;
    let files = stored.into_iter().zip(paths).map(|(one, mount_path)| Wanted {
        source: one.source,
        file_id: one.file.file_id,
        size_bytes: one.file.size_bytes,
        stored_at: one.file.created_at,
        effective: root.effective(&mount_path),
        mount_path,
    });
    let files = files.collect();
    Ok(Mounts { root, files, left_out })
}

fn stored(
    path: &Path,
    target: &str,
    style: PathStyle,
    limit: Option<u64>,
) -> Result<(Vec<Stored>, u64), CommandError> {
    let (mut stored, mut count, mut left_out) = (Vec::new(), 0u64, 0);
    for entry in manifest::Entries::of(path)? {
        let (number, entry) = entry?;
        let Some(file) = manifest::stored_at(path, (number, &entry), target)?.cloned() else {
            left_out += 1;
            continue;
        };
        count += 1;
        // What is too many is counted to its end, and not kept.
        if count <= limit.unwrap_or(MAX_ENTRIES) {
            stored.push(keep(entry, file, style));
        }
    }
    check_count(path, count, target, limit)?;
    Ok((stored, left_out))
}

fn keep(entry: Entry, file: FileEntry, style: PathStyle) -> Stored {
    // A folder in the name, as `name_style = "path"` has it, would stand there twice.
    let name = entry
        .output
        .map_or_else(|| file.filename.clone(), |output| output.planned_name.unwrap_or(output.file_name));
    let folders = match style {
        PathStyle::Flat => None,
        PathStyle::Tree => entry.source.relative.rsplit_once('/').map(|(folders, _)| folders.to_owned()),
    };
    let twice = folders.as_ref().map(|folders| format!("{}__", folders.replace('/', "__")));
    let name = match twice.as_ref().and_then(|twice| name.strip_prefix(twice.as_str())) {
        Some(own) if !own.is_empty() => own.to_owned(),
        _ => name,
    };
    Stored { source: entry.source.path, folders, name, file }
}

fn check_count(path: &Path, count: u64, target: &str, limit: Option<u64>) -> Result<(), UsageError> {
    match limit {
        _ if count == 0 => {
            let message = format!("`{}` names no stored file", path.display());
            Err(UsageError::new(message).with_hint("`docferry manifest show` says what became of each"))
        }
        Some(limit) if count > limit => Err(UsageError::new(format!(
            "`{}` names {count} stored files; a session of `{target}` holds {limit}",
            path.display()
        ))
        .with_hint("make manifests of parts of the folder")),
        None if count > MAX_ENTRIES => Err(UsageError::new(format!(
            "`{}` names {count} stored files, more than {MAX_ENTRIES}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// What stands in the way of a file, or that nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing is at its path.
    Free,
    /// It is mounted; the id of the resource, and whether the platform told enough to know that it is this file.
    Mounted { resource_id: String, is_proved: bool },
    /// Something else is at its path, or in the way of it.
    Taken { why: String },
}

/// What a session has, by where it is.
#[derive(Debug)]
pub(super) struct Session {
    by_path: HashMap<String, Resource>,
    /// The folders that mounted files are in.
    folders: HashSet<String>,
    files: u64,
}

impl Session {
    pub(super) fn new(resources: Vec<Resource>, root: &Root) -> Self {
        let files = resources.iter().filter(|resource| resource.is_file()).count() as u64;
        let mut by_path = HashMap::new();
        let mut folders = HashSet::new();
        for resource in resources {
            let Some(path) = place_of(&resource, root) else { continue };
            if resource.is_file() {
                folders.extend(above(&path).map(str::to_owned));
            }
            by_path.entry(path).or_insert(resource);
        }
        Self { by_path, folders, files }
    }

    /// Returns how many files are mounted.
    pub(super) fn files(&self) -> u64 {
        self.files
    }

    /// Returns what is at the path of a file.
    pub(super) fn at(&self, wanted: &Wanted) -> Option<&Resource> {
        self.by_path.get(&wanted.effective)
    }

    /// Tells what became of a file in this session. A mounted file has an id of its own, so that what is proved is
    /// the path; a resource that is older than the stored file, or whose copy is of another size, is another file.
    pub(super) fn find(&self, wanted: &Wanted, copies: &HashMap<String, FileObject>) -> There {
        let taken = |why: String| There::Taken { why };
        let Some(resource) = self.at(wanted) else {
            let blocking = above(&wanted.effective)
                .find(|folder| self.by_path.get(*folder).is_some_and(Resource::is_file));
            return match blocking {
                Some(file) => taken(format!("`{file}` is a file")),
                None if self.folders.contains(&wanted.effective) => taken("it is a folder".to_owned()),
                None => There::Free,
            };
        };
        if !resource.is_file() {
            return taken(format!("a `{}` is there", resource.kind));
        }
        let mounted = |is_proved| There::Mounted { resource_id: resource.id.clone(), is_proved };
        if resource.file_id.as_deref() == Some(&*wanted.file_id) {
            return mounted(true);
        }
        if resource.created_at.is_some_and(|added| added < wanted.stored_at) {
            return taken(format!("`{}` was mounted before this file was stored", resource.id));
        }
        match resource.file_id.as_ref().and_then(|id| copies.get(id)) {
            Some(copy) if copy.size_bytes != wanted.size_bytes => {
                taken(format!("`{}` has {} bytes, not {}", resource.id, copy.size_bytes, wanted.size_bytes))
            }
            copy => mounted(copy.is_some()),
        }
    }
}

/// Returns where a resource is. Only paths of files are taken below the platform's root.
pub(super) fn place_of(resource: &Resource, root: &Root) -> Option<String> {
    match (&resource.mount_path, &resource.file_id) {
        (Some(path), _) if resource.is_file() => Some(root.effective(path)),
        (Some(path), _) => Some(path.clone()),
        (None, Some(file_id)) => root.default_path(file_id),
        (None, None) => None,
    }
}

/// Returns the folders that a path is in.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).filter(|folder| !folder.is_empty())
}
