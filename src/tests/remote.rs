//! Whole runs over real HTTP into the embedded server: the program with the platforms' own variables, and the library.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "remote/endpoints.rs"]
mod endpoints;
mod program;

use std::path::Path;

use docferry::http::{Auth, Proxy, Timeouts};
use docferry::model::entry::{Entry, Status};
use docferry::model::{Code, Proof, Secret};
use docferry::pipeline::Pipeline;
use docferry::server::{Fault, QoderShape, Server, ServerOptions};
use docferry::targets::{ConnectOptions, Target, connect, profiles};
use program::{Program, told};

fn serve(folder: &Path, shape: QoderShape, faults: &[&str]) -> Server {
    let mut options = ServerOptions::new(folder.join("served"));
    options.qoder_shape = shape;
    options.faults = faults.iter().map(|text| text.parse::<Fault>().unwrap()).collect();
    Server::start(options).unwrap()
}

fn remote(server: &Server, name: &str) -> Box<dyn Target> {
    let profile = profiles::built_in(name).unwrap();
    let (base_url, auth) = match name {
        "qoder" => (server.qoder_base_url(), Auth::Bearer(server.token().clone())),
        _ => (server.anthropic_base_url(), Auth::ApiKey(server.token().clone())),
    };
    let options = ConnectOptions {
        profile,
        base_url: base_url.parse().unwrap(),
        auth: Some(auth),
        ca_file: None,
        proxy: Proxy::default(),
        timeouts: Timeouts::default(),
    };
    connect(options).unwrap()
}

fn samples() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").to_string_lossy().into_owned()
}

#[test]
fn samples_go_to_every_dialect_and_come_back_by_id() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[]);
    for target in ["anthropic", "anthropic-beta"] {
        let program = Program::new(&server);
        let output = program.run(&["ingest", "--target", target, &samples()]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let entries = program.entries();
        let there = |entry: &Entry| matches!(entry.status, Status::Uploaded | Status::Reused);
        assert!(entries.iter().all(there), "equal files under equal names are one");
        let id = &entries[0].file.as_ref().unwrap().file_id;
        let shown = program.run(&["files", "show", "--target", target, "--json", id]);
        let object: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(object["size_bytes"], entries[0].output.as_ref().unwrap().size_bytes);
        assert_eq!(program.run(&["manifest", "verify"]).status.code(), Some(0));
        for artefact in std::fs::read_dir(program.folder.path()).unwrap() {
            let path = artefact.unwrap().path();
            let text = if path.is_file() { std::fs::read_to_string(&path).unwrap() } else { String::new() };
            assert!(!text.contains(server.token().expose()), "{} holds the key", path.display());
        }
        assert!(!told(&output).contains(server.token().expose()));
    }
}

#[test]
fn qoder_gets_what_both_of_its_lists_allow() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[]);
    let program = Program::new(&server);
    let inputs = program.input("a.csv", "a,b\r\n1,2\r\n");
    program.input("notes.unusual", "text\n");
    program.input("Dockerfile", "FROM scratch\n");
    let args = ["ingest", "--target", "qoder", "--for", "sessions", &inputs.to_string_lossy()];
    let output = program.run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let sent: Vec<(String, String)> = program
        .entries()
        .into_iter()
        .map(|e| e.output.unwrap())
        .map(|o| (o.file_name, o.media_type))
        .collect();
    assert_eq!(sent[1], ("a.csv".to_owned(), "text/csv".to_owned()));
    assert!(sent.contains(&("notes.unusual.txt".to_owned(), "text/plain".to_owned())), "{sent:?}");
}

/// Runs one small upload against a server with a fault and returns the status and the only entry.
fn with_fault(fault: &str) -> (Option<i32>, Entry, String) {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[fault]);
    let program = Program::new(&server);
    let inputs = program.input("a.txt", "some text\n");
    let output = program.run(&[
        "ingest",
        "--target",
        "anthropic",
        "--listing-grace",
        "50ms",
        &inputs.to_string_lossy(),
    ]);
    let entry = program.entries().remove(0);
    (output.status.code(), entry, told(&output))
}

#[test]
fn what_cannot_have_been_stored_is_sent_again() {
    let (status, entry, told) = with_fault("upload:529*2");
    assert_eq!((status, entry.status, entry.attempts), (Some(0), Status::Uploaded, 3), "{told}");
}

#[test]
fn an_unknown_outcome_is_found_out_and_never_sent_again_blindly() {
    let (status, entry, told) = with_fault("upload:lose");
    assert_eq!((status, entry.status, entry.attempts), (Some(0), Status::Adopted, 1), "{told}");
    assert_eq!(entry.file.unwrap().proof, Some(Proof::SoleCandidate));
    for fault in ["upload:500", "upload:409"] {
        let (status, entry, told) = with_fault(fault);
        assert_eq!((status, entry.status, entry.attempts), (Some(0), Status::Uploaded, 2), "{fault}: {told}");
        let output = entry.output.unwrap();
        assert_eq!(output.planned_name.as_deref(), Some("a.txt"));
        assert!(output.file_name.starts_with("a~") && output.file_name.ends_with(".txt"), "{output:?}");
    }
}

#[test]
fn an_id_that_two_files_were_given_is_named_by_neither_and_a_rerun_finds_both() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &["upload:answer-old-id"]);
    let program = Program::new(&server);
    program.input("a.txt", "some text\n");
    let inputs = program.input("b.txt", "some text\n");
    let args =
        ["ingest", "--target", "anthropic", "--listing-grace", "50ms", "--concurrency", "1", "--jobs", "1"];
    let run = || program.run(&[&args[..], &["--json", &inputs.to_string_lossy()]].concat());
    let output = run();
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap().to_owned();
    let report: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(report["counts"], serde_json::json!({ "ambiguous": 2 }), "{report}");
    for entry in program.entries() {
        let told = (entry.status, entry.error.as_ref().map(|error| error.code), entry.file);
        assert_eq!(told, (Status::Ambiguous, Some(Code::DuplicateId), None), "{}", entry.source.path);
    }
    let again = run();
    assert_eq!(again.status.code(), Some(0), "{}", told(&again));
    for entry in program.entries() {
        let (file, output) = (entry.file.unwrap(), entry.output.unwrap());
        assert_eq!(file.filename, output.file_name, "{}", entry.source.path);
    }
    assert_eq!(program.run(&["manifest", "verify"]).status.code(), Some(0));
}

#[test]
fn a_refusal_costs_the_file_and_a_quota_stops_the_run() {
    let (status, entry, told) = with_fault("upload:html");
    assert_eq!((status, entry.status), (Some(1), Status::Failed), "{told}");
    let (status, entry, told) = with_fault("upload:quota");
    assert_eq!((status, entry.status), (Some(3), Status::Failed), "{told}");
}

#[test]
fn a_wrong_key_stops_the_run_with_one_request() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[]);
    let mut program = Program::new(&server);
    for (name, value) in &mut program.vars {
        if *name == "ANTHROPIC_API_KEY" {
            "sk-wrong-wrong-wrong".clone_into(value);
        }
    }
    let inputs = program.input("a.txt", "a\n");
    program.input("b.txt", "b\n");
    let args =
        ["ingest", "--target", "anthropic", "--jobs", "1", "--concurrency", "1", &inputs.to_string_lossy()];
    let output = program.run(&args);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert!(told(&output).contains("401"), "{}", told(&output));
    assert!(!program.folder.path().join("docferry.manifest.jsonl").exists(), "nothing was done");
    assert!(!told(&output).contains("sk-wrong"), "{}", told(&output));
}

#[test]
fn a_remote_run_works_inside_an_async_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[]);
    let inputs = folder.path().join("in");
    std::fs::create_dir_all(&inputs).unwrap();
    std::fs::write(inputs.join("a.txt"), "a\n").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let uploaded = runtime.block_on(async {
        let target = std::sync::Arc::from(remote(&server, "anthropic"));
        let pipeline = Pipeline::builder().input(&inputs).target(target).build().unwrap();
        pipeline.run(&mut ()).unwrap().of(Status::Uploaded)
    });
    assert_eq!(uploaded, 1);
}

#[test]
fn the_live_key_is_never_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[]);
    let inputs = folder.path().join("in");
    std::fs::create_dir_all(&inputs).unwrap();
    std::fs::write(inputs.join("a.txt"), format!("key={}\n", server.token().expose())).unwrap();
    let keys = vec![Secret::parse(server.token().expose()).unwrap()];
    let target = std::sync::Arc::from(remote(&server, "anthropic"));
    let pipeline = Pipeline::builder().input(&inputs).target(target).live_keys(keys).build().unwrap();
    let report = pipeline.run(&mut ()).unwrap();
    assert_eq!(report.problems[0].violations[0].code, Code::SecretContent);
}

#[test]
fn tokens_are_counted_by_the_target_and_estimated_where_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Seed, &[]);
    for target in ["anthropic", "anthropic-beta"] {
        let program = Program::new(&server);
        let inputs = program.input("a.txt", &"x".repeat(36));
        program.input("b.txt", &format!("{target} stores this one"));
        program.input("c.csv", "a,b\r\n1,2\r\n");
        let run = |args: &[&str]| {
            let output = program.run(args);
            assert_eq!(output.status.code(), Some(0), "{}", told(&output));
            output
        };
        let inputs = inputs.to_string_lossy();
        let manifest = "docferry.manifest.jsonl";
        run(&["ingest", "--target", target, &inputs]);
        run(&["ingest", "--target", target, "--for", "code-execution", "-o", "code.jsonl", &inputs]);
        let id = program.entries()[1].file.as_ref().unwrap().file_id.clone();
        run(&["files", "delete", "--yes", "--target", target, &id]);
        let cost = |manifest: &str| {
            let estimate = ["--turns", "2", "--model", "claude-haiku-4-5", "--count-tokens", "--json"];
            let at = ["cost", "--manifest", manifest, "--target", target];
            run(&[&at[..], &estimate].concat())
        };
        let output = cost(manifest);
        let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let by: Vec<_> = (0..3).map(|n| object["files"][n]["heuristic"].as_str().unwrap()).collect();
        assert_eq!(by, ["count-tokens", "text-3.5", "count-tokens"], "{object}");
        let counted = serde_json::json!({"least": 11, "probable": 11, "most": 11});
        assert_eq!(object["files"][0]["tokens"], counted);
        assert!(told(&output).contains("`b.txt` is not counted and stays estimated by text-3.5: 404"));
        let object: serde_json::Value = serde_json::from_slice(&cost("code.jsonl").stdout).unwrap();
        assert_eq!(object["prompt_files"], 0);
        assert_eq!(object["files"][0]["heuristic"], "text-3.5", "what goes into a container is not counted");
    }
    let mut program = Program::new(&server);
    let inputs = program.input("a.txt", "some text\n");
    program.run(&["ingest", "--target", "anthropic", &inputs.to_string_lossy()]);
    let mut cost = |target: &str, key: &str| {
        program.vars[1].1 = key.to_owned();
        let manifest = "docferry.manifest.jsonl";
        let estimate = ["--turns", "2", "--model", "claude-haiku-4-5", "--count-tokens"];
        program.run(&[&["cost", "--manifest", manifest, "--target", target][..], &estimate].concat())
    };
    let refused = cost("anthropic", "sk-wrong-wrong-wrong");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(3), 0), "{}", told(&refused));
    let token = server.token().expose();
    assert_eq!(
        cost("anthropic-beta", token).status.code(),
        Some(2),
        "ids hold for the target that gave them"
    );
    assert_eq!(cost("anthropic", token).status.code(), Some(0));
}

/// Commands that read or remove ask again where the failure passes, as the platform's own clients do.
#[test]
fn a_failure_that_passes_is_met_by_asking_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), QoderShape::Current, &[]);
    let program = Program::new(&server);
    let input = program.input("a.txt", "one\n");
    let stored = program.run(&["ingest", "--target", "qoder", "--for", "sessions", input.to_str().unwrap()]);
    assert!(stored.status.success(), "{}", told(&stored));
    let id = program.entries()[0].file.clone().unwrap().file_id;
    server.shutdown();
    let faults = ["list:500", "metadata:429+1", "content:answer-long-length", "delete:commit-reset"];
    let server = serve(folder.path(), QoderShape::Current, &faults);
    let program = Program::new(&server);
    let run = |args: &[&str]| {
        let output = program.run(&[args, &["--target", "qoder", "-v"]].concat());
        assert!(told(&output).contains("asking again"), "{args:?}: {}", told(&output));
        output
    };
    assert!(run(&["files", "list"]).status.success());
    assert!(run(&["files", "get", &id, "--output-dir", "got"]).status.success());
    assert_eq!(std::fs::read_to_string(program.folder.path().join("got/a.txt")).unwrap(), "one\n");
    let deleted = run(&["files", "delete", "--yes", &id]);
    assert!(deleted.status.success(), "the lost answer's attempt deleted it: {}", told(&deleted));

    let server = serve(&folder.path().join("other"), QoderShape::Current, &["list:500"]);
    let once = Program::new(&server).run(&["files", "list", "--target", "qoder", "--retries", "0"]);
    assert_eq!(once.status.code(), Some(5), "{}", told(&once));
}
