//! Connections that only read, kept for the next reader with their prepared statements.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::{LedgerError, open};

/// How many connections nobody uses are kept.
const IDLE: usize = 8;

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    busy_timeout: Duration,
    vfs: Option<&'static str>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, busy_timeout: Duration, vfs: Option<&'static str>) -> Self {
        Self { path, busy_timeout, vfs, idle: Mutex::default() }
    }

    /// Reads with a connection that nobody else uses meanwhile.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection =
            idle.map_or_else(|| open::open_reader(&self.path, self.busy_timeout, self.vfs), Ok)?;
        let result = read(&connection).map_err(|error| LedgerError::sqlite(&self.path, error))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(result)
    }
}
