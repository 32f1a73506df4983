//! Has the disk take what was written while more is written, so that little is left to wait for at the end.

use std::fs::File;
use std::io;
use std::thread::JoinHandle;

/// So much is written before the disk is asked to take it.
const BYTES: u64 = 16 << 20;

/// What the disk takes now.
#[derive(Debug, Default)]
pub(super) struct Writeback {
    asked_for: u64,
    asking: Option<JoinHandle<io::Result<()>>>,
}

impl Writeback {
    /// Asks the disk to take what it has of the first `length` bytes of a file, if that is much and it is not at it.
    ///
    /// # Errors
    /// What it took before is not durable.
    pub(super) fn written(&mut self, file: &File, length: u64) -> io::Result<()> {
        if length < self.asked_for + BYTES || self.asking.as_ref().is_some_and(|asking| !asking.is_finished())
        {
            return Ok(());
        }
        self.wait()?;
        self.asked_for = length;
        let file = file.try_clone()?;
        // Without a thread to wait, all of it is waited for at the end.
        self.asking = std::thread::Builder::new().spawn(move || file.sync_data()).ok();
        Ok(())
    }

    /// Waits until the disk has what it was asked to take. The system tells of a failure once only.
    ///
    /// # Errors
    /// It is not durable.
    pub(super) fn wait(&mut self) -> io::Result<()> {
        let asked = self.asking.take().map(JoinHandle::join);
        asked.map_or(Ok(()), |ended| ended.unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))))
    }
}

impl Drop for Writeback {
    fn drop(&mut self) {
        // The file is held, and with it its lock, until the disk has it. Nobody wants to know any more whether it has.
        drop(self.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_disk_is_asked_for_portions() {
        let mut file = tempfile::tempfile().unwrap();
        let mut writeback = Writeback::default();
        file.write_all(b"abc").unwrap();
        writeback.written(&file, BYTES - 1).unwrap();
        assert!(writeback.asking.is_none());
        writeback.written(&file, BYTES).unwrap();
        writeback.wait().unwrap();
        writeback.written(&file, BYTES + 1).unwrap();
        assert!(writeback.asking.is_none());
    }
}
