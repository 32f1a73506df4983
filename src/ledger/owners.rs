//! Which processes are alive: each opened ledger holds a locked file in `owners/`, which the system unlocks when the
//! process is gone, however it went.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::LedgerError;

/// Held while files in `owners/` appear and disappear, so that a new one is never seen before it is locked.
const GUARD: &str = "guard";
const SUFFIX: &str = ".lock";
/// How often a guard that is held is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

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
    pub(super) fn enter(dir: &Path, busy_timeout: Duration) -> Result<Self, LedgerError> {
        let owners = dir.join("owners");
        match fs::DirBuilder::new().mode(0o700).create(&owners) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(LedgerError::not_writable(&owners)(error));
            }
            _ => {}
        }
        let _guard = lock(&owners.join(GUARD), busy_timeout)?;
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
        is_alive(&self.owners, name)
    }

    /// Keeps others from entering, if nobody besides us has the ledger open.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] if somebody has it open, or is about to.
    pub(super) fn alone(&self, ledger: &Path) -> Result<Alone, LedgerError> {
        let guard = lock(&self.owners.join(GUARD), Duration::ZERO)?;
        match self.has_company() {
            true => Err(LedgerError::Busy { path: ledger.to_owned() }),
            false => Ok(Alone { _guard: guard }),
        }
    }

    /// Tells whether anybody besides us has the ledger open.
    pub(super) fn has_company(&self) -> bool {
        let own = format!("{}{SUFFIX}", self.name);
        names(&self.owners).any(|name| name != own && is_locked(&self.owners.join(name)))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(fs::remove_file(self.owners.join(format!("{}{SUFFIX}", self.name))));
    }
}

/// As long as this is there, nobody else opens the ledger.
#[derive(Debug)]
#[must_use]
pub struct Alone {
    _guard: File,
}

/// Locks the guard. It is held for a moment, or for as long as somebody deletes files at a target.
fn lock(guard: &Path, busy_timeout: Duration) -> Result<File, LedgerError> {
    let file = open(guard, false).map_err(LedgerError::not_writable(guard))?;
    let until = Instant::now() + busy_timeout;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK) if Instant::now() < until => thread::sleep(LOOK_AGAIN),
            Err(Errno::WOULDBLOCK) => return Err(LedgerError::Busy { path: guard.to_owned() }),
            Err(Errno::INTR) => {}
            Err(error) => return Err(LedgerError::io(guard)(error.into())),
        }
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

fn is_locked(path: &Path) -> bool {
    match OpenOptions::new().read(true).open(path) {
        // Shared, so that two that ask at once do not take each other for the owner.
        Ok(file) => flock(&file, FlockOperation::NonBlockingLockShared).is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Tells whether the owner of a name, which may be read from a file, is alive.
pub(super) fn is_alive(owners: &Path, name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_hexdigit()) && is_locked(&owners.join(format!("{name}{SUFFIX}")))
}

/// Best effort: a file that stays only takes room.
fn remove_stale(owners: &Path) {
    for name in names(owners) {
        let path = owners.join(name);
        if !is_locked(&path) {
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
