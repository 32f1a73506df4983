use std::os::unix::fs::symlink;

use super::super::finding::State;
use super::*;
use crate::config::{Environment, Files, Overrides, resolve};
use crate::exit::ExitStatus;
use crate::ledger::{Ledger, LedgerOptions, RunRecord};
use crate::model::Timestamp;

fn settings(change: impl FnOnce(&mut Overrides)) -> Settings {
    let mut overrides = Overrides::default();
    change(&mut overrides);
    resolve(&overrides, &Environment::new("/", []), &Files::default()).unwrap()
}

fn is(finding: &Finding, state: State, status: ExitStatus, text: &str) {
    assert_eq!((finding.state, finding.status), (state, status), "{finding:?}");
    assert!(finding.detail.contains(text), "{finding:?}");
}

#[test]
fn a_folder_is_there_or_can_be_made_and_nothing_is_left_in_it() {
    let dir = tempfile::tempdir().unwrap();
    is(&state(dir.path()), State::Ok, ExitStatus::Success, " free");
    is(&state(&dir.path().join("a/b")), State::Ok, ExitStatus::Success, "b` will be made, ");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    is(&temporary(&dir.path().join("a")), State::Fail, ExitStatus::Usage, "a`: entity not found");
}

#[test]
fn what_is_no_folder_is_a_failure_of_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below"), Path::new("/proc/self/state").to_owned()] {
        is(&state(&path), State::Fail, ExitStatus::Usage, "cannot be written");
    }
    is(&temporary(&file), State::Fail, ExitStatus::Usage, "not a directory");
}

#[test]
fn little_room_is_warned_of() {
    let place = |free_bytes| Place { exists: true, free_bytes }.finding("state", Path::new("/x"));
    is(&place(Some(LOW_BYTES - 1)), State::Warn, ExitStatus::Success, "`/x`, 1.0 GB free");
    is(&place(Some(LOW_BYTES)), State::Ok, ExitStatus::Success, "`/x`, 1.0 GB free");
    is(&place(None), State::Ok, ExitStatus::Success, "`/x`");
}

#[test]
fn no_ledger_is_made_and_one_that_is_there_is_looked_through() {
    let dir = tempfile::tempdir().unwrap();
    let (found, is_usable) = ledger(dir.path(), true);
    is(&found[0], State::Ok, ExitStatus::Success, "none yet");
    assert!(!is_usable && fs::read_dir(dir.path()).unwrap().next().is_none());
    let made = Ledger::open(dir.path(), &LedgerOptions::default()).unwrap();
    let (found, is_usable) = ledger(dir.path(), true);
    assert!(is_usable && found.iter().all(|finding| finding.state == State::Ok), "{found:?}");
    let run = RunRecord {
        id: "r".to_owned(),
        started_at: "2026-11-30T00:00:00Z".parse().unwrap(),
        cwd: "/work".into(),
        args: vec!["ingest".into(), "in".into()],
        manifest: None,
    };
    made.run_begin(&run).unwrap();
    made.run_end("r", 5, false).unwrap();
    let (found, _) = ledger(dir.path(), true);
    is(&found[1], State::Warn, ExitStatus::Success, "the run of 2026-11-30T00:00:00.000000Z in `/work`");
}

#[test]
fn where_none_could_be_made_none_is_promised() {
    let dir = tempfile::tempdir().unwrap();
    is(&ledger(dir.path(), false).0[0], State::Warn, ExitStatus::Success, "none, and none can be made");
}

#[test]
fn a_damaged_ledger_and_one_of_others_are_failures() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite3");
    drop(Ledger::open(dir.path(), &LedgerOptions::default()).unwrap());
    let sound = fs::read(&path).unwrap();
    let mut passed = 0;
    for at in (4096..sound.len()).step_by(4096) {
        let mut bytes = sound.clone();
        bytes[at..at + 4096].fill(0x5a);
        fs::write(&path, &bytes).unwrap();
        // Opening looks at few pages; only who looks at every page sees the others.
        passed += usize::from(Ledger::open(dir.path(), &LedgerOptions::default()).is_ok());
        fs::write(&path, &bytes).unwrap();
        let (found, is_usable) = ledger(dir.path(), true);
        is(&found[0], State::Fail, ExitStatus::Usage, "is damaged");
        assert!(!is_usable);
    }
    assert!(passed > 0);
    fs::write(&path, "something else, and long enough to be looked at as a whole").unwrap();
    is(&ledger(dir.path(), true).0[0], State::Fail, ExitStatus::Usage, "is no docferry ledger");
}

#[test]
fn a_halt_is_warned_of_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    is(&halt(dir.path()), State::Ok, ExitStatus::Success, "not halted");
    switch::set(dir.path(), Some("too dear"), Timestamp::now()).unwrap();
    is(&halt(dir.path()), State::Warn, ExitStatus::Success, ": too dear");
}

#[test]
fn the_store_is_opened_if_it_is_there_and_not_made_if_not() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let with = |root: &Path| settings(|overrides| overrides.layer.store = Some(root.to_owned()));
    is(&store(&with(&root)), State::Ok, ExitStatus::Success, "store` will be made, ");
    assert!(!root.exists());
    let id = Store::open(&root).unwrap().id().to_owned();
    is(&store(&with(&root)), State::Ok, ExitStatus::Success, &id);
    fs::write(dir.path().join("other"), "").unwrap();
    is(&store(&with(dir.path())), State::Fail, ExitStatus::Unfinished, "not a docferry store");
    is(&store(&with(&dir.path().join("other"))), State::Fail, ExitStatus::Unfinished, "other");
}

#[test]
fn libreoffice_matters_where_pdfs_are_wanted_and_says_its_version_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    fs::create_dir(&program).unwrap();
    fs::write(program.join("soffice"), "").unwrap();
    symlink(program.join("soffice"), dir.path().join("soffice")).unwrap();
    let mut found = settings(|_| ());
    is(&office(&found), State::Ok, ExitStatus::Success, "none on PATH");
    let wanted = settings(|overrides| overrides.layer.to = Some(ConvertTo::Pdf));
    is(&office(&wanted), State::Fail, ExitStatus::Usage, "--to pdf needs LibreOffice");
    found.soffice = Some(dir.path().join("soffice"));
    is(&office(&found), State::Ok, ExitStatus::Success, "of unknown version");
    for (text, version) in [
        ("[Version]\nAboutBoxVersion=24.2.7.2\nAboutBoxVersionSuffix=\n", "24.2.7.2, `"),
        ("AboutBoxVersion=\n", "of unknown version"),
        ("AboutBoxVersion=\u{1b}[2J\n", "of unknown version"),
    ] {
        fs::write(program.join("versionrc"), text).unwrap();
        is(&office(&found), State::Ok, ExitStatus::Success, version);
    }
}
