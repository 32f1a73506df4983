//! The kill switch: while there is a file `halt` in the state's folder, no run that uses the folder sends anything.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// The name of the file.
const FILE: &str = "halt";
/// The most that is read of it: it is for people.
const MAX_BYTES: u64 = 16 << 10;

#[derive(Serialize, Deserialize)]
struct Halt {
    halted_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Returns why nothing may be sent, if that is so. A file that cannot be read halts, too: whoever put it there meant it.
#[must_use]
pub fn reason(state_dir: &Path) -> Option<String> {
    let read = File::open(state_dir.join(FILE)).and_then(|file| {
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text)?;
        Ok(text)
    });
    let text = match read {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return None;
        }
        Err(_) => String::new(),
    };
    Some(match serde_json::from_str(&text) {
        Ok(Halt { halted_at, reason: Some(reason) }) => format!("halted at {halted_at}: {reason}"),
        Ok(Halt { halted_at, reason: None }) => format!("halted at {halted_at}"),
        Err(_) => "halted".to_owned(),
    })
}

/// Halts. A halt that is in force is replaced.
///
/// # Errors
/// The folder cannot be made or written.
pub fn set(state_dir: &Path, reason: Option<&str>, at: Timestamp) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
    let halt = Halt { halted_at: at, reason: reason.map(str::to_owned) };
    let mut file = tempfile::Builder::new().prefix(".halt-").tempfile_in(state_dir)?;
    serde_json::to_writer(&mut file, &halt)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(state_dir.join(FILE))?;
    File::open(state_dir)?.sync_all()
}

/// Ends a halt, and tells whether there was one.
///
/// # Errors
/// The file cannot be removed.
pub fn clear(state_dir: &Path) -> io::Result<bool> {
    match fs::remove_file(state_dir.join(FILE)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_halted_says_since_when_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/state");
        let at = "2026-11-30T00:00:00Z".parse().unwrap();
        assert_eq!(reason(&state), None);
        assert!(!clear(&state).unwrap());
        set(&state, None, at).unwrap();
        assert_eq!(reason(&state).as_deref(), Some("halted at 2026-11-30T00:00:00.000000Z"));
        set(&state, Some("too dear"), at).unwrap();
        assert_eq!(reason(&state).as_deref(), Some("halted at 2026-11-30T00:00:00.000000Z: too dear"));
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "nothing else is left behind");
        assert!(clear(&state).unwrap());
        assert_eq!(reason(&state), None);
    }

    #[test]
    fn a_file_that_nobody_can_read_halts() {
        let folder = tempfile::tempdir().unwrap();
        for content in [&b""[..], b"touched", b"\xff\xfe", &[b'{'; 40_000]] {
            fs::write(folder.path().join(FILE), content).unwrap();
            assert_eq!(reason(folder.path()).as_deref(), Some("halted"));
        }
        fs::remove_file(folder.path().join(FILE)).unwrap();
        fs::create_dir(folder.path().join(FILE)).unwrap();
        assert_eq!(reason(folder.path()).as_deref(), Some("halted"));
    }
}
