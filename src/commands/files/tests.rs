//! The commands over a local store, and names that a server chose.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::cli::{Cli, Command};
use crate::config::Environment;
use crate::ledger::{Ledger, LedgerOptions};
use crate::model::Timestamp;
use crate::report::human::Colour;
use crate::store::{NewFile, Store};
use crate::targets::{FilePage, ListRequest, TargetErrorKind, UploadRequest};

/// A folder with a store of two files.
struct Place {
    folder: tempfile::TempDir,
    ids: [String; 2],
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let put = |name: &str, body: &[u8]| {
            let new = NewFile::new(name, "text/plain", "file_local_", Timestamp::from(std::time::UNIX_EPOCH));
            store.put(new, &mut &*body).unwrap().object.file_id
        };
        let ids = [put("../a.txt", b"abc"), put("b.txt", b"defg")];
        Self { folder, ids }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `files` with these arguments; returns the status and what was printed.
    fn run(&self, arguments: &[&str]) -> (ExitStatus, String, String) {
        let (status, out, err) = self.try_run(arguments);
        (status.unwrap(), out, err)
    }

    fn try_run(&self, arguments: &[&str]) -> (Result<ExitStatus, CommandError>, String, String) {
        use clap::Parser;
        let store = self.path("store").display().to_string();
        let all = ["docferry", "files"].iter().chain(arguments).copied().chain(["--store", &store]);
        let cli = Cli::parse_from(all);
        let Command::Files(args) = cli.command else { panic!("these are arguments of files") };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let status = run(
            args,
            &mut Context {
                general: &cli.general,
                environment: &Environment::new(self.folder.path(), []),
                arguments: Vec::new(),
                stdout: &mut stdout,
                stderr: &mut stderr,
                colour: Colour::Off,
                interrupted: Arc::default(),
            },
        );
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status, text(stdout), text(stderr))
    }
}

#[test]
fn files_are_listed_newest_first_and_the_limit_is_told() {
    let place = Place::new();
    let (status, out, _) = place.run(&["list"]);
    assert_eq!(status, ExitStatus::Success);
    let names: Vec<_> = out.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(names, ["NAME", "b.txt", "../a.txt"]);
    let (_, out, err) = place.run(&["list", "--limit", "1"]);
    assert_eq!(out.lines().count(), 2);
    assert_eq!(err, "warning: there are more files; --all lists them\n");
    let (_, out, err) = place.run(&["list", "--all", "--json"]);
    assert_eq!((out.lines().count(), &*err), (2, ""));
}

#[test]
fn a_listing_is_filtered_and_printed_in_each_format() {
    let place = Place::new();
    let ids =
        |out: &str| out.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>();
    let (_, out, err) = place.run(&["list", "--output", "csv", "--match", "b.*", "--limit", "1"]);
    assert_eq!((ids(&out), &*err), (vec!["file_id".to_owned(), place.ids[1].clone()], ""));
    let (_, out, _) = place.run(&["list", "--output", "json", "--older-than", "30d"]);
    let files: Vec<FileObject> = serde_json::from_str(&out).unwrap();
    let found: Vec<_> = files.iter().map(|file| &file.file_id).collect();
    assert_eq!(found, [&place.ids[1], &place.ids[0]]);
    let (_, out, _) = place.run(&["list", "--output", "json", "--older-than", "999999d"]);
    assert_eq!(out, "[]\n");
    let (_, out, _) = place.run(&["list", "--output", "jsonl", "--scope", "sesn_other"]);
    assert_eq!(out, "");
}

#[test]
fn what_is_no_id_is_refused_before_anything_is_asked() {
    let place = Place::new();
    let long = "x".repeat(257);
    for id in ["../x", "a/b", "a%2fb", "file\n1", "", "f\u{e9}", &long] {
        for command in [&["show", id][..], &["get", id], &["delete", "-y", &place.ids[0], id]] {
            let (status, out, _) = place.try_run(command);
            let error = status.unwrap_err();
            assert!(matches!(error, CommandError::Usage(_)), "{id:?}: {error:?}");
            assert_eq!(out, "");
        }
    }
    assert_eq!(place.run(&["show", &place.ids[0]]).0, ExitStatus::Success, "nothing was deleted");
    assert!(place.try_run(&["list", "--scope", "a/b"]).0.is_err());
    assert!(place.try_run(&["list", "--match", "["]).0.is_err());
}

#[test]
fn a_fetched_file_stays_in_the_folder_and_never_overwrites() {
    let place = Place::new();
    let folder = place.folder.path().display().to_string();
    let arguments = ["get", &place.ids[0], "--output-dir", &folder];
    let (status, out, _) = place.run(&arguments);
    assert_eq!(status, ExitStatus::Success);
    assert_eq!(out, format!("{folder}/a.txt\n"));
    assert_eq!(std::fs::read(place.path("a.txt")).unwrap(), b"abc");
    std::fs::write(place.path("a.txt"), b"mine").unwrap();
    let (status, _, err) = place.run(&arguments);
    assert_eq!(status, ExitStatus::Findings);
    assert!(err.contains("a.txt`: File exists"), "{err}");
    assert_eq!(std::fs::read(place.path("a.txt")).unwrap(), b"mine");
}

#[test]
fn standard_output_gets_the_bytes_alone() {
    let place = Place::new();
    let (status, out, err) = place.run(&["get", &place.ids[1], "-o", "-"]);
    assert_eq!((status, &*out, &*err), (ExitStatus::Success, "defg", ""));
}

#[test]
fn one_unknown_id_does_not_stop_the_others() {
    let place = Place::new();
    let (status, out, err) = place.run(&["show", "file_local_x", &place.ids[0], "--json"]);
    assert_eq!(status, ExitStatus::Findings);
    assert_eq!(out.lines().count(), 1);
    assert_eq!(err, "error: the target `local`: the store has no file `file_local_x`\n");
}

#[test]
fn deleted_files_are_gone() {
    let place = Place::new();
    let (status, out, _) = place.run(&["delete", "--yes", &place.ids[0]]);
    assert_eq!((status, out), (ExitStatus::Success, format!("{}\n", place.ids[0])));
    assert_eq!(place.run(&["show", &place.ids[0]]).0, ExitStatus::Findings);
}

#[test]
fn the_ledger_knows_what_was_deleted() {
    let place = Place::new();
    let state = place.path("state");
    let state_dir = state.display().to_string();
    assert_eq!(place.run(&["delete", "-y", &place.ids[1], "--state-dir", &state_dir]).0, ExitStatus::Success);
    assert!(!state.exists(), "deleting makes no ledger");
    let ledger = Ledger::open(&state, &LedgerOptions::default()).unwrap();
    let store = Store::open(&place.path("store")).unwrap();
    let target_id = format!("local:{}", store.id());
    let digest = crate::model::Sha256::of(b"abc");
    let line = serde_json::json!({
        "schema_version": 1, "seq": 0, "part": 0, "parts": 1, "status": "uploaded", "batch": 0,
        "source": {"path": "a.txt", "relative": "a.txt"},
        "output": {"file_name": "a.txt", "media_type": "text/plain", "size_bytes": 3, "sha256": digest},
        "target": {"name": "local", "consumer": "messages"},
        "file": {"file_id": place.ids[0], "filename": "a.txt", "mime_type": "text/plain", "size_bytes": 3,
            "created_at": "2026-11-20T10:00:00Z"},
        "content_block": null,
    })
    .to_string();
    let scopes = ["default", "other"].map(|workspace| {
        let into = crate::ledger::ImportInto {
            target_id: &target_id,
            workspace,
            target_name: "local",
            extra: None,
            dedupe: crate::model::Dedupe::Name,
        };
        let imported = crate::ledger::import_manifest(&ledger, &into, &mut line.as_bytes()).unwrap();
        assert_eq!(imported.added, 1);
        ledger.find_scope(&target_id, workspace).unwrap().unwrap()
    });
    assert_eq!(place.run(&["delete", "-y", &place.ids[0], "--state-dir", &state_dir]).0, ExitStatus::Success);
    for scope in scopes {
        assert!(ledger.some_ids(scope, 9).unwrap().is_empty());
        assert_eq!(ledger.owned(scope, &[&place.ids[0]]).unwrap().len(), 1);
    }
}

fn file(filename: &str) -> FileObject {
    FileObject {
        file_id: "file_1/x".to_owned(),
        filename: filename.to_owned(),
        size_bytes: 1,
        mime_type: "text/plain".to_owned(),
        created_at: Timestamp::from(std::time::UNIX_EPOCH),
        updated_at: None,
        expires_at: None,
        downloadable: None,
        purpose: None,
        status: None,
        scope: None,
        metadata: None,
        request_id: None,
    }
}

#[test]
fn a_servers_name_never_leaves_the_folder() {
    for (name, local) in [
        ("report.txt", "report.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\a.txt", "a.txt"),
        ("..", "file_1_x"),
        ("a/", "file_1_x"),
        ("x\n\u{1b}y", "x__y"),
        (".bashrc", "_.bashrc"),
        ("-rf", "_-rf"),
        ("report\u{202e}fdp.exe", "report_fdp.exe"),
        ("a\u{61c}b\u{2028}c.txt", "a_b_c.txt"),
    ] {
        assert_eq!(fetch::local_name(&file(name)), local, "{name:?}");
    }
}

/// Lists the same page for ever.
#[derive(Debug)]
struct Circle(Arc<dyn Target>);

impl Target for Circle {
    fn profile(&self) -> &crate::model::Profile {
        self.0.profile()
    }

    fn target_id(&self) -> &str {
        self.0.target_id()
    }

    fn upload(&self, request: &UploadRequest<'_>) -> Result<FileObject, TargetError> {
        self.0.upload(request)
    }

    fn get(&self, file_id: &str) -> Result<FileObject, TargetError> {
        self.0.get(file_id)
    }

    fn list(&self, _request: &ListRequest) -> Result<FilePage, TargetError> {
        Ok(FilePage { files: Vec::new(), next_cursor: Some("again".to_owned()) })
    }

    fn download(&self, file_id: &str, out: &mut dyn Write) -> Result<u64, TargetError> {
        self.0.download(file_id, out)
    }

    fn delete(&self, file_id: &str) -> Result<(), TargetError> {
        self.0.delete(file_id)
    }
}

/// Lists all files of a [`Circle`].
fn list_circle(interrupted: bool) -> Result<ExitStatus, CommandError> {
    use clap::Parser;
    let place = Place::new();
    let store = Store::open(&place.path("store")).unwrap();
    let profile = targets::profiles::built_in("local").unwrap();
    let target = Circle(Arc::new(targets::local::LocalTarget::new(profile, store)));
    let cli = Cli::parse_from(["docferry", "files", "list", "--all", "--json"]);
    let Command::Files(FilesArgs { command: FilesCommand::List(args) }) = &cli.command else {
        panic!("a list")
    };
    let wanted = Wanted::new(args, Timestamp::now()).unwrap();
    let mut context = Context {
        general: &cli.general,
        environment: &Environment::new(place.folder.path(), []),
        arguments: Vec::new(),
        stdout: &mut Vec::new(),
        stderr: &mut Vec::new(),
        colour: Colour::Off,
        interrupted: Arc::new(interrupted.into()),
    };
    let patience = Patience { per_minute: None, retries: 0, max_wait: Duration::ZERO };
    let caller = Caller::new(patience, &context.interrupted);
    Files { name: "circle".to_owned(), target: &target, caller, context: &mut context }.list(&wanted)
}

#[test]
fn a_listing_in_circles_or_an_interrupt_ends() {
    let error = list_circle(false).unwrap_err();
    let CommandError::Target { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.kind, TargetErrorKind::Protocol);
    assert_eq!(list_circle(true).unwrap_err().status(), ExitStatus::Interrupted);
}
