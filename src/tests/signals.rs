//! The program as a process: what signals, closed pipes and full disks do to a run.
//!
//! Nobody sleeps: standard input is an input that a test holds open, so that a run cannot end, and the events of
//! `--json` tell how far it is.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use docferry::model::Code;
use docferry::model::entry::{Entry, Status};
use rustix::process::{Pid, Signal, kill_process};

/// More inputs than a run has under way at once: no other begins before the thread that takes signals has run.
const MANY: usize = 300;

fn docferry(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docferry"));
    command
        .current_dir(folder)
        .args(args)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME");
    for name in
        ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "QODER_ACCESS_TOKEN", "QODER_PAT", "DOCFERRY_TARGET"]
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    docferry(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Makes a folder with one file, and a folder of many.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("first.txt"), "first\n").unwrap();
    fs::create_dir(folder.path().join("many")).unwrap();
    for n in 0..MANY {
        fs::write(folder.path().join("many").join(name(n)), "text\n").unwrap();
    }
    folder
}

/// Returns a long name: what is said of all files is more than a pipe holds.
fn name(n: usize) -> String {
    format!("{n:04}{}.txt", "x".repeat(240))
}

/// Starts a run that waits for its standard input, and returns when its first batch is durable.
fn held_run(folder: &Path) -> (Child, impl BufRead + use<>) {
    let args = ["ingest", "first.txt", "-", "many", "-j", "1", "--batch-files", "1", "--json"];
    let mut child = docferry(folder, &args).stdin(Stdio::piped()).spawn().unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("batch_done") {
        line.clear();
        assert!(events.read_line(&mut line).unwrap() > 0, "the run ended early");
    }
    (child, events)
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn entries(path: &Path) -> Vec<Entry> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_interrupted_run_accounts_for_every_input() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = folder();
        let (mut child, mut events) = held_run(folder.path());
        send(&child, signal);
        drop(child.stdin.take());
        let mut rest = String::new();
        events.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let entries = entries(&folder.path().join("docferry.manifest.jsonl"));
        assert_eq!(entries.len(), MANY + 2);
        assert_eq!(entries[0].status, Status::Uploaded);
        let last = entries[MANY + 1].error.as_ref().unwrap();
        assert_eq!((last.code, last.retryable), (Code::Interrupted, true));
        let verified = run(folder.path(), &["manifest", "verify"]);
        assert_eq!(text(&verified.stderr), format!("{} entries, no defects\n", MANY + 2));
        assert!(!folder.path().join("docferry.manifest.jsonl.partial").exists());
    }
}

#[test]
fn a_second_interrupt_ends_the_run_at_once() {
    let folder = folder();
    let (mut child, _events) = held_run(folder.path());
    let status = loop {
        // One alone changes nothing: standard input is still open.
        send(&child, Signal::INT);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::yield_now(),
        }
    };
    assert_eq!(status.code(), Some(130));
    assert!(folder.path().join("docferry.manifest.jsonl.partial").exists());
}

#[test]
fn what_a_killed_run_did_is_in_the_manifest_of_the_next() {
    let folder = folder();
    let (mut child, _events) = held_run(folder.path());
    child.kill().unwrap();
    child.wait().unwrap();
    let again = run(folder.path(), &["ingest", "first.txt"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let made = entries(&folder.path().join("docferry.manifest.jsonl"));
    assert_eq!((made[0].source.path.as_str(), made[0].status), ("first.txt", Status::Reused));
    let file_id = &made[0].file.as_ref().unwrap().file_id;
    assert_eq!(run(folder.path(), &["files", "get", file_id, "-o", "-"]).stdout, b"first\n");
    assert!(!folder.path().join("docferry.manifest.jsonl.partial").exists());
}

#[test]
fn only_one_run_writes_a_manifest() {
    let folder = folder();
    let (mut child, _events) = held_run(folder.path());
    let second = run(folder.path(), &["ingest", "first.txt"]);
    assert_eq!(second.status.code(), Some(5));
    assert_eq!(
        text(&second.stderr),
        "error: another run writes the manifest `docferry.manifest.jsonl` now\n\
         hint: wait for it, or write this one elsewhere with -o FILE\n"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder();
    // The program is still writing when its reader goes away.
    let mut child = docferry(folder.path(), &["ingest", "--dry-run", "many"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, format!("many/{}: send as text/plain\n", name(0)));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_finds_no_room_is_a_failure() {
    let folder = folder();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let shown = docferry(folder.path(), &["ingest", "--dry-run", "first.txt"]).stdout(full).output().unwrap();
    assert_eq!(shown.status.code(), Some(5));
    assert_eq!(text(&shown.stderr), "error: standard output: No space left on device (os error 28)\n");
    let placed = run(folder.path(), &["ingest", "first.txt", "-o", "/dev/full"]);
    assert_eq!(placed.status.code(), Some(2));
    assert_eq!(
        text(&placed.stderr),
        "error: the manifest `/dev/full` cannot be written: it is no regular file\n\
         hint: choose another file with -o; `-o -` is standard output\n"
    );
}

#[test]
fn check_reads_what_git_ignores_inside_a_repository_only() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("docs");
    fs::create_dir(&inside).unwrap();
    fs::write(folder.path().join(".gitignore"), "*.env\n").unwrap();
    fs::write(inside.join("prod.env"), "x\n").unwrap();
    let finding =
        "docs/prod.env: secret-name: `prod.env` matches `*.env` (exclude it, or say --allow-secrets)\n";
    let found = |args: &[&str]| text(&run(folder.path(), args).stdout);
    assert_eq!(found(&["check", "docs"]), finding);
    fs::create_dir(folder.path().join(".git")).unwrap();
    assert_eq!(found(&["check", "docs"]), "");
    assert_eq!(found(&["check", "docs/prod.env"]), finding, "what is named is always taken");
    assert_eq!(found(&["check", "docs/prod.env", "--force-exclude"]), "");
}
