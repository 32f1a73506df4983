//! What a run needs of this machine: folders with room, a sound ledger, a store, LibreOffice.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access, statvfs};

use super::Finding;
use crate::commands::CommandError;
use crate::config::{ConfigError, Settings};
use crate::ledger::{Inspected, Inspection, LedgerError, inspect};
use crate::model::ConvertTo;
use crate::report::human;
use crate::stages::halt as switch;
use crate::store::Store;

/// With less room than this, a run of a few large files may fill the disk.
const LOW_BYTES: u64 = 1 << 30;
/// Whoever holds the ledger is not waited for as long as a run would.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The most that is read of LibreOffice's own description.
const MAX_VERSION_BYTES: u64 = 64 << 10;

/// Looks at the folder of the state.
pub(super) fn state(folder: &Path) -> Finding {
    match place(folder) {
        Ok(place) => place.finding("state", folder),
        Err(error) => {
            let unwritable = LedgerError::NotWritable { path: folder.to_owned(), source: Box::new(error) };
            Finding::fail("state", &unwritable.into()).with_hint("choose another folder with --state-dir")
        }
    }
}

/// Looks at the folder for temporary files, where outputs of converters are spilled.
pub(super) fn temporary(folder: &Path) -> Finding {
    match place(folder) {
        Ok(place) if place.exists => place.finding("temporary", folder),
        Ok(_) => unusable(folder, io::ErrorKind::NotFound.into()),
        Err(error) => unusable(folder, error),
    }
}

fn unusable(folder: &Path, source: io::Error) -> Finding {
    let error = CommandError::File { path: folder.to_owned(), source };
    Finding::fail("temporary", &error).with_hint("choose another folder with TMPDIR")
}

/// A folder that can be written, or made.
struct Place {
    exists: bool,
    free_bytes: Option<u64>,
}

impl Place {
    fn finding(&self, what: &'static str, folder: &Path) -> Finding {
        let made = if self.exists { "" } else { " will be made" };
        let Some(free) = self.free_bytes else {
            return Finding::ok(what, format!("`{}`{made}", folder.display()));
        };
        let text = format!("`{}`{made}, {} free", folder.display(), human::size(free));
        match free < LOW_BYTES {
            true => Finding::warn(what, text).with_hint("make room: a disk that is full stops a run"),
            false => Finding::ok(what, text),
        }
    }
}

/// Looks whether a folder can be written, by a file without a name, or whether it could be made.
fn place(folder: &Path) -> io::Result<Place> {
    let existing = folder.ancestors().find(|path| path.symlink_metadata().is_ok());
    let existing = existing.ok_or(io::ErrorKind::NotFound)?;
    let exists = existing == folder;
    if !fs::metadata(existing)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    match exists {
        true => drop(tempfile::tempfile_in(folder)?),
        false => access(existing, Access::WRITE_OK | Access::EXEC_OK)?,
    }
    let room = statvfs(existing).ok();
    let free_bytes = room.map(|room| room.f_bavail.saturating_mul(room.f_frsize));
    Ok(Place { exists, free_bytes })
}

/// Looks at the ledger, and changes nothing: neither makes one nor takes a step of its schema. Tells whether requests can be
/// counted in it without that, too.
pub(super) fn ledger(folder: &Path, is_writable: bool) -> (Vec<Finding>, bool) {
    match inspect(folder, PATIENCE) {
        Ok(Inspection::Sound(found)) => (held(&found), found.is_current),
        Ok(Inspection::Unclosed(path)) => {
            let text =
                format!("`{}` was not closed, and can be read only after it is mended", path.display());
            (
                vec![
                    Finding::warn("ledger", text).with_hint("the next run looks at every page and mends it"),
                ],
                false,
            )
        }
        Ok(Inspection::None) if is_writable => {
            (vec![Finding::ok("ledger", "none yet; the first upload makes one")], false)
        }
        Ok(Inspection::None) => (vec![Finding::warn("ledger", "none, and none can be made")], false),
        Err(error) => (vec![Finding::fail("ledger", &error.into())], false),
    }
}

/// Says what a sound ledger holds, and what earlier runs left open.
fn held(ledger: &Inspected) -> Vec<Finding> {
    let path = ledger.path.display();
    let later = if ledger.is_current { "" } else { ", which the next run brings up to date" };
    let text = format!("`{path}`, schema {}{later}, every page is sound", ledger.schema);
    let mut found = vec![Finding::ok("ledger", text)];
    found.push(match &ledger.unfinished_run {
        None => Finding::ok("runs", "none is left unfinished"),
        Some((started_at, cwd)) => {
            let text = format!("the run of {started_at} in `{}` did not finish", cwd.display());
            Finding::warn("runs", text).with_hint("`docferry resume` goes on with it")
        }
    });
    found.push(match ledger.open_uploads {
        0 => Finding::ok("uploads", "none is under way or of unknown outcome"),
        n => Finding::warn("uploads", format!("{n} under way or of unknown outcome"))
            .with_hint("the next run looks for them; `docferry ledger show` lists them"),
    });
    found
}

/// Looks at the switch that stops all uploads.
pub(super) fn halt(folder: &Path) -> Finding {
    match switch::reason(folder) {
        None => Finding::ok("halt", "uploads are not halted"),
        Some(reason) => Finding::warn("halt", reason).with_hint("`docferry halt --clear` lets uploads go on"),
    }
}

/// Looks for LibreOffice, which only `--to pdf` needs. It is not run: its own description says its version.
pub(super) fn office(settings: &Settings) -> Finding {
    match (&settings.soffice, settings.to) {
        (Some(program), _) => {
            let version = version(program).unwrap_or_else(|| "of unknown version".to_owned());
            Finding::ok("libreoffice", format!("{version}, `{}`", program.display()))
        }
        (None, ConvertTo::Pdf) => Finding::fail("libreoffice", &ConfigError::NoOffice.into()),
        (None, ConvertTo::Text) => Finding::ok("libreoffice", "none on PATH; only --to pdf needs it"),
    }
}

fn version(program: &Path) -> Option<String> {
    let described = fs::canonicalize(program).ok()?.with_file_name("versionrc");
    let mut text = String::new();
    File::open(described).ok()?.take(MAX_VERSION_BYTES).read_to_string(&mut text).ok()?;
    let version = text.lines().find_map(|line| line.strip_prefix("AboutBoxVersion="))?.trim();
    let is_version = version.len() <= 32 && version.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    (is_version && !version.is_empty()).then(|| version.to_owned())
}

/// Looks at the local store; makes none.
pub(super) fn store(settings: &Settings) -> Finding {
    let root: &PathBuf = &settings.store;
    let is_empty = match fs::read_dir(root) {
        Ok(mut inside) => inside.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !is_empty {
        return match Store::open(root) {
            Ok(store) => Finding::ok("store", format!("`{}`, id {}", root.display(), store.id())),
            Err(error) => Finding::fail("store", &error.into()),
        };
    }
    match std::path::absolute(root).and_then(|root| place(&root)) {
        Ok(place) => place.finding("store", root),
        Err(source) => Finding::fail("store", &CommandError::File { path: root.clone(), source })
            .with_hint("choose another folder with --store"),
    }
}

#[cfg(test)]
mod tests;
