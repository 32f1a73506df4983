//! Which processes are alive: each opened ledger holds a locked file in `owners/`, which the system unlocks when the
//! process is gone, however it went.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::LedgerError;

/// Held while files in `owners/` appear and disappear, so that a new one is never seen before it is locked.
const GUARD: &str = "guard";
const SUFFIX: &str = ".lock";

/// The sign of life of an opened ledger.
#[derive(Debug)]
pub(super) struct Owner {
    name: String,
    owners: PathBuf,
    /// Unlocks when closed.
    _lock: File,
}

impl Owner {
    /// Makes one in `<dir>/owners`, and removes those of processes that are gone.
    pub(super) fn enter(dir: &Path) -> Result<Self, LedgerError> {
        let owners = dir.join("owners");
        match fs::DirBuilder::new().mode(0o700).create(&owners) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(LedgerError::not_writable(&owners)(error));
            }
            _ => {}
        }
        let guard_path = owners.join(GUARD);
        let guard = open(&guard_path, false).map_err(LedgerError::not_writable(&guard_path))?;
        flock(&guard, FlockOperation::LockExclusive).map_err(|e| LedgerError::io(&guard_path)(e.into()))?;
        remove_stale(&owners);
        let name = random_name()?;
        let path = owners.join(format!("{name}{SUFFIX}"));
        let lock = open(&path, true).map_err(LedgerError::not_writable(&path))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|e| LedgerError::io(&path)(e.into()))?;
        Ok(Self { name, owners, _lock: lock })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the owner of this name, which may be ourselves, is alive. One that cannot be asked counts as alive:
    /// taking over what somebody still does is worse than waiting.
    pub(super) fn is_alive(&self, name: &str) -> bool {
        if name == self.name {
            return true;
        }
        is_alive(&self.owners.join(format!("{name}{SUFFIX}")))
    }

    /// Tells whether anybody besides us has the ledger open.
    pub(super) fn has_company(&self) -> bool {
        let own = format!("{}{SUFFIX}", self.name);
        names(&self.owners).any(|name| name != own && is_alive(&self.owners.join(name)))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(fs::remove_file(self.owners.join(format!("{}{SUFFIX}", self.name))));
    }
}

fn open(path: &Path, new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if new { options.create_new(true) } else { options.create(true) }.open(path)
}

fn names(owners: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(owners).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(SUFFIX))
}

fn is_alive(path: &Path) -> bool {
    match OpenOptions::new().read(true).open(path) {
        // Shared, so that two that ask at once do not take each other for the owner.
        Ok(file) => flock(&file, FlockOperation::NonBlockingLockShared).is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Best effort: a file that stays only takes room.
fn remove_stale(owners: &Path) {
    for name in names(owners) {
        let path = owners.join(name);
        if !is_alive(&path) {
            drop(fs::remove_file(path));
        }
    }
}

/// Returns 16 random hexadecimal digits.
pub(super) fn random_name() -> Result<String, LedgerError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| LedgerError::Random(error.to_string()))?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}
