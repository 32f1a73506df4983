//! What a manifest says is stored and can be used now.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use crate::cli::UsageError;
use crate::commands::CommandError;
use crate::commands::manifest::Entries;
use crate::model::entry::{Entry, FileEntry};
use crate::model::profile::Dialect;
use crate::model::{Block, Consumer, FileStatus, Sha256, Timestamp};
use crate::stages::estimate::is_dense;
use crate::targets::{is_id, profiles};

/// More blocks than fit into a body of the largest size.
const MAX_FILES: usize = 400_000;

/// A file that a message can refer to.
#[derive(Debug)]
pub(in crate::commands) struct Stored {
    pub(in crate::commands) file_id: String,
    pub(in crate::commands) consumer: Consumer,
    pub(in crate::commands) block: Block,
    pub(in crate::commands) media_type: String,
    pub(in crate::commands) size_bytes: u64,
    /// The pages of a PDF, where they were counted.
    pub(in crate::commands) pages: Option<u64>,
    /// Whether its name says that it is a table or data.
    pub(in crate::commands) is_dense: bool,
    /// The name of its source, with the label of the part.
    pub(in crate::commands) title: String,
    /// Where its bytes may still be on this machine, and their digest.
    pub(in crate::commands) local: Option<(Vec<PathBuf>, Sha256)>,
}

/// The files of a manifest, and what was left out.
#[derive(Debug, Default)]
pub(in crate::commands) struct Storeds {
    pub(in crate::commands) files: Vec<Stored>,
    /// The targets that store anything, by name.
    pub(in crate::commands) targets: Vec<String>,
    seen: HashSet<String>,
    left_out: BTreeMap<String, u64>,
}

impl Storeds {
    /// Tells what was left out.
    pub(in crate::commands) fn left_out_notes(&self) -> Vec<String> {
        self.left_out.iter().map(|(why, n)| format!("left out: {n} {why}")).collect()
    }

    /// Tells what was left out, and what is odd.
    pub(in crate::commands) fn notes(&self) -> Vec<String> {
        let mut notes = self.left_out_notes();
        if self.targets.iter().any(|name| dialect(name) == Some(Dialect::Local)) {
            let text = "the ids are of a store on this machine, which the Messages API does not know";
            notes.push(text.to_owned());
        }
        notes
    }

    fn add(&mut self, entry: &Entry, now: Timestamp) {
        let (true, Some(file), Some(target)) = (entry.status.is_stored(), &entry.file, &entry.target) else {
            return self.leave_out(&format!("that are {}", entry.status.as_str()));
        };
        if !self.targets.contains(&target.name) {
            self.targets.push(target.name.clone());
        }
        if let Some(why) = unusable(file, now) {
            return self.leave_out(why);
        }
        if !self.seen.insert(file.file_id.clone()) {
            return self.leave_out("that are the same file as another");
        }
        let consumer = target.consumer;
        self.files.push(stored(entry, file, consumer));
    }

    fn leave_out(&mut self, why: &str) {
        *self.left_out.entry(why.to_owned()).or_default() += 1;
    }
}

fn stored(entry: &Entry, file: &FileEntry, consumer: Consumer) -> Stored {
    let name = entry.source.relative.rsplit('/').next().unwrap_or_default();
    let output = entry.output.as_ref();
    let title = match output.and_then(|output| output.part_label.as_ref()) {
        Some(label) => format!("{name} ({label})"),
        None => name.to_owned(),
    };
    let local = output.map(|output| {
        let source =
            Some(&entry.source.path).filter(|path| *path != "-" && entry.source.path_bytes.is_none());
        (output.path.iter().chain(source).map(PathBuf::from).collect(), output.sha256)
    });
    Stored {
        file_id: file.file_id.clone(),
        consumer,
        block: Block::of(consumer, &file.mime_type),
        media_type: file.mime_type.clone(),
        size_bytes: file.size_bytes,
        pages: output.and_then(|output| output.pages),
        is_dense: is_dense(output.map_or(&*file.filename, |output| &output.file_name)),
        title,
        local,
    }
}

/// Tells why the platform would not take a stored file.
fn unusable(file: &FileEntry, now: Timestamp) -> Option<&'static str> {
    if !is_id(&file.file_id) {
        return Some("whose `file_id` is no id");
    }
    if file.expires_at.is_some_and(|expires| expires <= now) {
        return Some("whose content has expired");
    }
    match file.status {
        Some(FileStatus::Error | FileStatus::Deleted) => Some("that the target could not use"),
        _ => None,
    }
}

fn dialect(name: &str) -> Option<Dialect> {
    profiles::built_in(name).map(|profile| profile.dialect)
}

/// Tells whether a built-in target speaks another API than the one with messages.
pub(in crate::commands) fn is_foreign(name: &str) -> bool {
    dialect(name) == Some(Dialect::Qoder)
}

/// Reads a manifest; what contradicts itself is refused.
pub(in crate::commands) fn read(path: &Path) -> Result<Storeds, CommandError> {
    let (mut found, now) = (Storeds::default(), Timestamp::now());
    for entry in Entries::of(path)? {
        found.add(&entry?.1, now);
        if found.files.len() > MAX_FILES {
            return Err(UsageError::new(format!("more than {MAX_FILES} files fit into no message")).into());
        }
    }
    Ok(found)
}
