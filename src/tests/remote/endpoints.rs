//! Every endpoint that the client speaks, asked by the program over HTTP: a command succeeds, and fails where the server
//! refuses just that operation. So no command passes by never asking.

use std::process::Output;

use docferry::http::{Client, Request, Settings};
use docferry::targets::TargetErrorKind;
use docferry::targets::sessions::ResourceListRequest;
use serde_json::{Value, json};

use super::*;

/// The operation of the server, its endpoint, and the command that asks for it. In this order all succeed.
const ROWS: &[(&str, &str, &str)] = &[
    ("upload", "POST files", "ingest --force -o again.jsonl in"),
    ("list", "GET files", "files list"),
    ("metadata", "GET files/ID", "files show {file}"),
    ("content", "GET files/ID/content", "files get {output} --output-dir file"),
    ("mount", "POST sessions/ID/resources", "sessions mount {session} --manifest docferry.manifest.jsonl"),
    ("resources", "GET sessions/ID/resources", "sessions resources {mounted}"),
    ("list", "GET files?scope_id=ID", "sessions files {session}"),
    ("content", "GET files/ID/content", "sessions get {session} --output-dir session"),
    ("unmount", "DELETE sessions/ID/resources/ID", "sessions unmount {mounted} --all --yes"),
    ("delete", "DELETE files/ID", "files delete --yes {file}"),
];
/// What only one family of dialects has; before the files are deleted.
const COUNT: (&str, &str, &str) = (
    "count",
    "POST messages/count_tokens",
    "cost --manifest docferry.manifest.jsonl --count-tokens --model claude-opus-5 --turns 1",
);

/// A program whose folder and store have all that the commands name.
struct Stage {
    folder: tempfile::TempDir,
    program: Program,
    target: &'static str,
    names: Vec<(&'static str, String)>,
}

impl Stage {
    fn new(target: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), QoderShape::Current, &[]);
        let mut stage = Self { program: Program::new(&server), folder, target, names: Vec::new() };
        stage.program.vars.push(("DOCFERRY_TARGET", target.to_owned()));
        let session = || {
            let base = if target == "qoder" { server.qoder_base_url() } else { server.anthropic_base_url() };
            let path = if target == "qoder" { "/sessions" } else { "/v1/sessions" };
            let url = format!("{}{path}", base.trim_end_matches('/'));
            post(&server, &url, &json!({"agent": "a", "environment_id": "e"}))
        };
        let (session, mounted) = (session(), session());
        let output = post(
            &server,
            &format!("{}?filename=made.json&scope_id={session}", server.outputs_url()),
            &json!({}),
        );
        stage.program.input("a.txt", "some text\n");
        stage.program.input("b.txt", "another text\n");
        stage.names.extend([("{session}", session), ("{mounted}", mounted), ("{output}", output)]);
        for setup in ["ingest in", "sessions mount {mounted} --manifest docferry.manifest.jsonl"] {
            let output = stage.run(&server, setup);
            assert_eq!(output.status.code(), Some(0), "{target}: {setup}: {}", told(&output));
        }
        let file = stage.program.entries()[0].file.as_ref().unwrap().file_id.clone();
        stage.names.push(("{file}", file));
        stage
    }

    /// Starts a server on the store; it gives no fault a miss.
    fn serve(&self, fault: Option<&str>) -> Server {
        let fault = fault.map(|operation| format!("{operation}:403*1000"));
        serve(self.folder.path(), QoderShape::Current, &fault.as_deref().into_iter().collect::<Vec<_>>())
    }

    fn run(&mut self, server: &Server, command: &str) -> Output {
        let fresh = Program::new(server).vars;
        for (name, value) in &mut self.program.vars {
            if let Some((_, now)) = fresh.iter().find(|(fresh, _)| fresh == name) {
                value.clone_from(now);
            }
        }
        let with = |word: &str| self.names.iter().find(|(name, _)| *name == word).map(|(_, id)| id.clone());
        let words: Vec<_> =
            command.split(' ').map(|word| with(word).unwrap_or_else(|| word.to_owned())).collect();
        self.program.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn rows(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let mut rows = ROWS.to_vec();
        if self.target != "qoder" {
            rows.insert(rows.len() - 1, COUNT);
        }
        rows
    }

    fn made(&self, path: &str) -> String {
        std::fs::read_to_string(self.program.folder.path().join(path)).unwrap()
    }
}

/// Posts what no command does, and returns the id of what was made.
fn post(server: &Server, url: &str, body: &Value) -> String {
    let headers = [("anthropic-version", "2023-06-01"), ("anthropic-beta", "managed-agents-2026-04-01")];
    let settings = Settings {
        auth: Some(Auth::Bearer(server.token().clone())),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        ca_file: None,
        proxy: Proxy::default(),
        timeouts: Timeouts::default(),
    };
    let request = Request { url: &url.parse().unwrap(), headers: &[] };
    let answer = Client::new(&settings).unwrap().post_json(&request, body.to_string().into_bytes()).unwrap();
    let made: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(made["id"].is_string(), "{url}: {made}");
    made["id"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_endpoint_is_asked_and_its_refusal_is_a_failure() {
    for target in ["anthropic", "anthropic-beta", "qoder"] {
        let mut stage = Stage::new(target);
        for (operation, endpoint, command) in stage.rows() {
            let server = stage.serve(Some(operation));
            let output = stage.run(&server, command);
            let status = output.status.code();
            assert!(matches!(status, Some(1 | 3)), "{target}: {endpoint}: {status:?}: {}", told(&output));
        }
        let server = stage.serve(None);
        for (_, endpoint, command) in stage.rows() {
            let output = stage.run(&server, command);
            assert_eq!(output.status.code(), Some(0), "{target}: {endpoint}: {}", told(&output));
        }
        assert_eq!(
            (stage.made("file/made.json"), stage.made("session/made.json")),
            ("{}".into(), "{}".into())
        );
        let gone = stage.run(&server, "files show {file}");
        assert_eq!(gone.status.code(), Some(1), "{target}: {}", told(&gone));
        let left = stage.run(&server, "sessions resources {mounted} --json");
        assert_eq!((left.status.code(), left.stdout.len()), (Some(0), 0), "{target}: {}", told(&left));
        let mounted = stage.run(&server, "sessions resources {session} --json");
        assert_eq!(told(&mounted).lines().count(), 2, "{target}: {}", told(&mounted));
    }
}

/// No command shows a single resource.
#[test]
fn a_single_resource_is_asked_for_by_the_library() {
    for target in ["anthropic", "anthropic-beta", "qoder"] {
        let stage = Stage::new(target);
        let mounted = &stage.names.iter().find(|(name, _)| *name == "{mounted}").unwrap().1;
        let server = stage.serve(None);
        let remote = remote(&server, target);
        let sessions = remote.sessions().unwrap();
        let listed = sessions.resources(mounted, &ResourceListRequest::default()).unwrap().resources;
        assert_eq!(listed.len(), 2, "{target}");
        assert_eq!(sessions.resource(mounted, &listed[1].id).unwrap(), listed[1], "{target}");
        let missing = sessions.resource(mounted, "sesrsc_missing").unwrap_err();
        assert_eq!(missing.kind, TargetErrorKind::NotFound, "{target}");
    }
}
