use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::ledger::{Ledger, LedgerOptions, RunRecord};

fn open(dir: &Path) -> Ledger {
    Ledger::open(dir, &LedgerOptions::default()).unwrap()
}

fn sound(dir: &Path) -> Inspected {
    match inspect(dir, Duration::ZERO).unwrap() {
        Inspection::Sound(found) => found,
        other => panic!("{other:?}"),
    }
}

/// The bytes of every file below a folder.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().map(|path| {
        let bytes = fs::read(&path).unwrap();
        (path, bytes)
    });
    files.chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

fn run(id: &str, cwd: &str) -> RunRecord {
    RunRecord {
        id: id.to_owned(),
        started_at: "2026-11-30T00:00:00Z".parse().unwrap(),
        cwd: cwd.into(),
        args: vec!["ingest".into(), "in".into()],
        manifest: None,
    }
}

/// Writes to the closed ledger of a folder, as another version might have.
fn change(dir: &Path, sql: &str) {
    Connection::open(dir.join(FILE_NAME)).unwrap().execute_batch(sql).unwrap();
}

/// An upload in a state, as every schema knows it.
fn upload(key: u8, state: u8) -> String {
    format!(
        "INSERT INTO object (
            scope, upload_key, state, run, owner, source, digest, name, tagged, size, media_type, sent_at,
            sends, day, files, bytes, tokens, cost
        ) VALUES (1, x'0{key}', {state}, '', '', '', x'02', 'a', 0, 7, '', 5, 0, 0, 0, 0, 0, 0);"
    )
}

#[test]
fn a_closed_ledger_is_read_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.run_begin(&run("a", "/work")).unwrap();
    ledger.run_end("a", 5, false).unwrap();
    drop(ledger);
    change(dir.path(), &[upload(1, 0), upload(2, 1), upload(3, 2), upload(4, 5)].concat());
    let before = files(dir.path());
    let expected = Inspected {
        path: dir.path().join(FILE_NAME),
        schema: schema::known(),
        is_current: true,
        unfinished_run: Some(("2026-11-30T00:00:00Z".parse().unwrap(), "/work".into())),
        open_uploads: 2,
    };
    assert_eq!(sound(dir.path()), expected);
    assert!(files(dir.path()) == before, "something was changed or made");
}

#[test]
fn an_older_schema_is_told_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let older = "DROP TABLE place; ALTER TABLE source DROP COLUMN judgement; DROP TABLE origin; ALTER TABLE object DROP COLUMN used_at;
        ALTER TABLE object DROP COLUMN condemned; PRAGMA user_version = 3;";
    change(dir.path(), &[older, &upload(1, 1)].concat());
    let before = files(dir.path());
    let found = sound(dir.path());
    assert_eq!((found.schema, found.is_current, found.open_uploads), (3, false, 1));
    assert!(files(dir.path()) == before, "something was changed or made");
    drop(open(dir.path()));
    assert!(sound(dir.path()).is_current, "whoever opens it takes the steps");
    change(dir.path(), "PRAGMA user_version = 99");
    let error = inspect(dir.path(), Duration::ZERO).unwrap_err();
    assert!(matches!(error, LedgerError::Newer { found: 99, .. }), "{error:?}");
}

#[test]
fn what_others_have_open_is_read_with_what_is_in_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.run_begin(&run("a", "/work")).unwrap();
    assert!(length(&dir.path().join("ledger.sqlite3-wal")).is_some_and(|bytes| bytes > 0));
    assert_eq!(sound(dir.path()).unfinished_run, None, "its process is alive");
    ledger.run_end("a", 5, false).unwrap();
    assert!(sound(dir.path()).unfinished_run.is_some());
    ledger.run_begin(&run("b", "/work")).unwrap();
    ledger.run_end("b", 0, true).unwrap();
    assert_eq!(sound(dir.path()).unfinished_run, None, "a later run of the same made up for it");
}

#[test]
fn what_a_crash_left_is_read_or_left_to_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let crashed = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.run_begin(&run("a", "/work")).unwrap();
    let copy = |suffix: &str| {
        let name = format!("ledger.sqlite3{suffix}");
        fs::copy(dir.path().join(&name), crashed.path().join(&name)).unwrap();
    };
    copy("");
    copy("-wal");
    let before = files(crashed.path());
    let path = crashed.path().join(FILE_NAME);
    assert_eq!(inspect(crashed.path(), Duration::ZERO).unwrap(), Inspection::Unclosed(path));
    assert!(files(crashed.path()) == before, "something was changed or made");
    copy("-shm");
    let before = files(crashed.path());
    assert!(sound(crashed.path()).unfinished_run.is_some(), "its owner has no lock there");
    assert!(files(crashed.path()) == before, "something was changed or made");
    drop(ledger);
    assert!(open(crashed.path()).unfinished_run().unwrap().is_some());
}

#[test]
fn damage_and_other_files_are_told() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(inspect(dir.path(), Duration::ZERO).unwrap(), Inspection::None);
    assert_eq!(inspect(&dir.path().join("none"), Duration::ZERO).unwrap(), Inspection::None);
    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(inspect(&dir.path().join("file"), Duration::ZERO).unwrap(), Inspection::None);
    drop(open(dir.path()));
    let path = dir.path().join(FILE_NAME);
    let bytes = fs::read(&path).unwrap();
    let said = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        inspect(dir.path(), Duration::ZERO).unwrap_err().to_string()
    };
    assert!(said(b"").ends_with("the file is empty"));
    for cut in [bytes.len() - 1, bytes.len() - 4_096, 4_096, 4_095, 100] {
        let text = said(&bytes[..cut]);
        assert!(text.contains("is damaged"), "{cut}: {text}");
    }
    assert!(
        said(b"something else, and long enough to be looked at as a whole").ends_with("no docferry ledger")
    );
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("owners")).unwrap();
    let foreign = other.path().join(FILE_NAME);
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    let error = inspect(other.path(), Duration::ZERO).unwrap_err();
    assert!(matches!(error, LedgerError::Foreign { .. }), "{error:?}");
    fs::remove_file(&path).unwrap();
    fs::write(dir.path().join("ledger.sqlite3-wal"), "log").unwrap();
    let text = inspect(dir.path(), Duration::ZERO).unwrap_err().to_string();
    assert!(text.ends_with("it is gone, but what belongs to it is there"), "{text}");
}

#[test]
fn one_that_no_run_could_write_is_told() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let path = dir.path().join(FILE_NAME);
    for mode in [0o400, 0o200] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match (inspect(dir.path(), Duration::ZERO), rustix::process::geteuid().is_root()) {
            // Root can do both whatever the mode is.
            (Ok(Inspection::Sound(_)), true) | (Err(LedgerError::NotWritable { .. }), false) => {}
            other => panic!("{mode:o}: {other:?}"),
        }
    }
}

#[test]
fn a_folder_of_any_name_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join(OsString::from_vec(b"a ?#%41\xff&mode=rwc".to_vec()));
    drop(open(&odd));
    assert_eq!(sound(&odd).path, odd.join(FILE_NAME));
}
