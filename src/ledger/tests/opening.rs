//! Files that are no ledger of this version, or cannot be one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rusqlite::Connection;

use super::*;

const FILE: &str = "ledger.sqlite3";

fn fails(dir: &Path) -> LedgerError {
    Ledger::open(dir, &LedgerOptions::default()).unwrap_err()
}

fn with(dir: &Path, prepare: &dyn Fn(&Connection) -> rusqlite::Result<()>) -> Result<Ledger, LedgerError> {
    let busy_timeout = Duration::from_secs(10);
    Ledger::with(dir, &How { busy_timeout, durable: true, vfs: None, prepare }, None)
}

/// A closed ledger of `files` stored files with long judgements.
fn closed(dir: &Path, files: u32) -> PathBuf {
    let ledger = open(dir);
    fill(&ledger, files);
    drop(ledger);
    dir.join(FILE)
}

fn fill(ledger: &Ledger, files: u32) {
    let scope = ledger.scope("t", "default").unwrap();
    for number in 0..files {
        let intent = intent(&format!("k{number}"), &format!("{number}.txt"));
        store(ledger, scope, &intent, &format!("f{number}"));
        ledger.remember(Memory {
            path: format!("/in/{number}.txt").into_bytes(),
            is_settled: true,
            size_bytes: 10,
            modified_ns: 1,
            inode: 2,
            device: 3,
            scope,
            digest: intent.digest,
            file_name: b"a".to_vec(),
            fingerprint: [1; 16],
            judgement: "j".repeat(9_000),
            keys: vec![intent.upload_key],
            judged_at: now(),
            converter: None,
        });
    }
    ledger.flush().unwrap();
}

/// Reads everything; returns how many files are stored, each of which was whole.
fn read_all(dir: &Path) -> Result<u32, LedgerError> {
    let ledger = Ledger::open(dir, &LedgerOptions::default())?;
    let Some(scope) = ledger.find_scope("t", "default")? else { return Ok(0) };
    let mut stored = 0;
    ledger
        .export(|record| {
            assert_eq!(record.file.file_id, format!("f{stored}"));
            let path = format!("/in/{stored}.txt");
            let query =
                SourceStat { path: path.as_bytes(), size_bytes: 10, modified_ns: 1, inode: 2, device: 3 };
            if let Some(recalled) = ledger.recall(scope, &query, &[1; 16], None)? {
                assert_eq!(recalled.judgement, "j".repeat(9_000));
                assert_eq!(recalled.objects[0].file, record.file);
            }
            stored += 1;
            Ok(())
        })
        .and_then(|done| done)?;
    Ok(stored)
}

#[test]
fn files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/state");
    let ledger = open(&dir);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(ledger.path()), mode(&dir.join("owners"))), (0o700, 0o600, 0o700));
    drop(ledger);
    let mut left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [FILE, "owners"]);
    assert_eq!(fs::read_dir(dir.join("owners")).unwrap().count(), 1, "only the guard");
}

#[test]
fn an_ephemeral_ledger_goes_away() {
    let ledger = Ledger::ephemeral().unwrap();
    let path = ledger.path().to_owned();
    fill(&ledger, 2);
    drop(ledger);
    assert!(!path.exists() && !path.parent().unwrap().exists());
}

#[test]
fn the_salt_stays() {
    let folder = tempfile::tempdir().unwrap();
    let salt = open(folder.path()).salt();
    assert_eq!(open(folder.path()).salt(), salt);
    assert_ne!(salt, Ledger::ephemeral().unwrap().salt());
}

#[test]
fn a_file_of_something_else_is_foreign() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["hello", &"SQLite format 4\0".repeat(500)] {
        fs::write(folder.path().join(FILE), text).unwrap();
        assert!(matches!(fails(folder.path()), LedgerError::Foreign { .. }), "{text:?}");
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
    }
    fs::remove_file(folder.path().join(FILE)).unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("CREATE TABLE t (a); PRAGMA application_id = 7").unwrap();
    drop(other);
    let error = fails(folder.path());
    assert!(matches!(error, LedgerError::Foreign { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("--state-dir"));
}

#[test]
fn a_later_schema_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = closed(folder.path(), 1);
    let later = Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    let error = fails(folder.path());
    assert!(matches!(error, LedgerError::Newer { found: 99, known, .. } if known < 99), "{error:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let error = fails(&dir);
        assert!(matches!(error, LedgerError::NotWritable { .. }), "{error:?}");
    }
    let error = with(&folder.path().join("l"), &|c| c.pragma_update(None, "query_only", true)).unwrap_err();
    assert!(matches!(error, LedgerError::NotWritable { .. }), "{error:?}");
}

#[test]
fn a_ledger_that_is_gone_is_not_begun_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let path = closed(folder.path(), 1);
    fs::write(folder.path().join(format!("{FILE}-wal")), "left").unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(fails(folder.path()), LedgerError::Corrupt { .. }));
    assert!(!path.exists());
}

#[test]
fn a_cut_ledger_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(closed(folder.path(), 12)).unwrap();
    assert_eq!(read_all(folder.path()).unwrap(), 12);
    let pages = (0..whole.len()).step_by(4096).flat_map(|at| [at, at + 1, at + 4095]);
    let places = (0..120).chain(pages).chain((0..whole.len()).step_by(7_919));
    for length in places {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), &whole[..length]).unwrap();
        let error = fails(dir.path());
        assert!(matches!(error, LedgerError::Corrupt { .. }), "cut at {length}: {error:?}");
        assert_eq!(fs::metadata(dir.path().join(FILE)).unwrap().len(), length as u64, "it is left alone");
    }
}

/// Copies the files of a ledger that is open, as a crash would leave them.
fn crashed(dir: &Path) -> (Vec<u8>, Vec<u8>) {
    (fs::read(dir.join(FILE)).unwrap(), fs::read(dir.join(format!("{FILE}-wal"))).unwrap())
}

#[test]
fn a_cut_log_gives_an_earlier_state() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    fill(&ledger, 6);
    let (file, log) = crashed(folder.path());
    let (mut last, mut states) = (0, HashSet::new());
    for length in (0..log.len()).step_by(3 * 4096 + 1_001).chain([log.len()]) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), &file).unwrap();
        fs::write(dir.path().join(format!("{FILE}-wal")), &log[..length]).unwrap();
        let stored = read_all(dir.path()).unwrap();
        assert!(stored >= last, "{stored} of a log of {length}, {last} of a shorter one");
        last = stored;
        states.insert(stored);
    }
    assert_eq!((last, states.len() > 2), (6, true));
}

#[test]
fn a_cut_ledger_below_a_log_is_damaged_or_whole() {
    let folder = tempfile::tempdir().unwrap();
    drop(closed(folder.path(), 4));
    let ledger = open(folder.path());
    let scope = ledger.scope("t", "default").unwrap();
    store(&ledger, scope, &intent("k4", "4.txt"), "f4");
    let (file, log) = crashed(folder.path());
    let mut whole = 0;
    for length in (0..file.len()).step_by(4096).chain((0..file.len()).step_by(9_001)).chain([file.len()]) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), &file[..length]).unwrap();
        fs::write(dir.path().join(format!("{FILE}-wal")), &log).unwrap();
        match read_all(dir.path()) {
            Ok(stored) => {
                assert_eq!(stored, 5, "cut at {length}");
                whole += 1;
            }
            Err(error) => assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}"),
        }
    }
    assert!(whole >= 1);
}

#[test]
fn a_byte_that_changed_gives_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(closed(folder.path(), 3)).unwrap();
    for at in (0..whole.len()).step_by(1_013) {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(dir.path().join(FILE), &bytes).unwrap();
        if let Ok(ledger) = Ledger::open(dir.path(), &LedgerOptions::default()) {
            drop(ledger.summary());
            drop(ledger.export(|_| Ok::<_, ()>(())));
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_promised() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let ledger = with(folder.path(), &|c| c.pragma_update(None, "max_page_count", 40)).unwrap();
    let scope = ledger.scope("t", "default").unwrap();
    let mut stored = 0;
    let error = loop {
        let intent = intent(&format!("k{stored}"), &format!("{stored}.txt"));
        let begun = match ledger.begin(scope, &intent) {
            Ok(begun) => begun,
            Err(error) => break error,
        };
        let Begun::Send { attempt, .. } = begun else { panic!() };
        if let Err(error) = ledger.finish(attempt, &file(&format!("f{stored}"), &intent.file_name), None, &[])
        {
            break error;
        }
        stored += 1;
        assert!(stored < 10_000);
    };
    assert!(matches!(error, LedgerError::Full { .. }), "{error:?}");
    assert!(stored > 10);
    ledger.remember(Memory {
        path: b"/x".to_vec(),
        is_settled: true,
        size_bytes: 1,
        modified_ns: 1,
        inode: 1,
        device: 1,
        scope,
        digest: Sha256::of(b""),
        file_name: Vec::new(),
        fingerprint: [0; 16],
        judgement: "j".repeat(100_000),
        keys: Vec::new(),
        judged_at: now(),
        converter: None,
    });
    assert!(matches!(ledger.flush(), Err(LedgerError::Full { .. })), "what nobody waited for is told");
    drop(ledger);
    assert_eq!(read_all(folder.path()).unwrap(), stored);
}

#[test]
fn where_no_memory_is_shared_it_works_without_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let how = How {
        busy_timeout: Duration::from_secs(10),
        durable: true,
        vfs: Some("unix-dotfile"),
        prepare: &|c| {
            let mode: String = c.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            assert_eq!(mode, "delete");
            Ok(())
        },
    };
    let ledger = Ledger::with(folder.path(), &how, None).unwrap();
    fill(&ledger, 2);
    assert_eq!(ledger.summary().unwrap().scopes[0].objects["done"], 2);
    drop(ledger);
    assert_eq!(read_all(folder.path()).unwrap(), 2);
}
