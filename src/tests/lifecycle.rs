//! What comes after an upload, over real HTTP: mounting, outputs, deleting, pruning, counting.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Output;
use std::time::Duration;

use docferry::ledger::{Ledger, LedgerOptions};
use docferry::model::prune::Plan;
use docferry::server::{Fault, Server, ServerOptions};
use program::{Program, told};
use serde_json::Value as Json;

struct Place {
    served: tempfile::TempDir,
    server: Server,
    program: Program,
}

impl Place {
    fn new() -> Self {
        let served = tempfile::tempdir().unwrap();
        let server = Server::start(ServerOptions::new(served.path().join("served"))).unwrap();
        let mut program = Program::new(&server);
        program.vars.push(("DOCFERRY_TARGET", "anthropic".to_owned()));
        Self { served, server, program }
    }

    /// Goes on with a server in the same place that fails in these ways.
    fn fail(self, faults: &[&str]) -> Self {
        let Self { served, server, program } = self;
        let base = server.anthropic_base_url();
        let address = base.strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap();
        let token = server.token().clone();
        server.shutdown();
        let mut options = ServerOptions::new(served.path().join("served"));
        options.faults = faults.iter().map(|text| text.parse::<Fault>().unwrap()).collect();
        (options.listen, options.token) = (address, Some(token));
        Self { served, server: Server::start(options).unwrap(), program }
    }

    /// Runs the program, which ends with this status.
    #[track_caller]
    fn run(&self, status: i32, args: &[&str]) -> Output {
        let output = self.program.run(args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", told(&output));
        output
    }

    fn lines(&self, args: &[&str]) -> Vec<Json> {
        let text = self.run(0, args).stdout;
        String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.program.folder.path().join(name)
    }

    fn ids(&self) -> Vec<String> {
        self.lines(&["files", "list", "--all", "--json"])
            .iter()
            .map(|file| file["file_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Posts bytes, as no client of the files does it: a session, an output.
    fn post(&self, path: &str, body: &str) -> Json {
        let base = self.server.anthropic_base_url();
        let host = base.strip_prefix("http://").unwrap().trim_end_matches('/');
        let token = self.server.token().expose();
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nx-api-key: {token}\r\nanthropic-version: 2023-06-01\r\n\
             anthropic-beta: managed-agents-2026-04-01\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_else(|| panic!("{answer}"));
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
    }
}

#[test]
fn what_is_mounted_is_there_once_and_what_a_session_makes_is_fetched() {
    let place = Place::new();
    place.program.input("a.txt", "one\n");
    place.program.input("b.csv", "a,b\n1,2\n");
    place.run(0, &["ingest", "in"]);
    let session = place.post("/v1/sessions", "{\"agent\":\"agent_1\",\"environment_id\":\"env_1\"}");
    let session = session["id"].as_str().unwrap();
    let mount = ["sessions", "mount", session, "--manifest", "docferry.manifest.jsonl", "--json"];
    let states = |rows: &[Json]| rows.iter().map(|row| row["status"].clone()).collect::<Vec<_>>();
    assert_eq!(states(&place.lines(&mount)), ["mounted", "mounted"]);
    assert_eq!(states(&place.lines(&mount)), ["present", "present"]);
    let resources = place.lines(&["sessions", "resources", session, "--json"]);
    assert_eq!(resources.len(), 2);
    let path = resources[0]["mount_path"].as_str().unwrap();
    assert!(path.starts_with("/mnt/session/uploads/data/"), "{path}");

    let planted = format!("/docferry/v1/outputs?filename=..%2Freport.txt&scope_id={session}");
    place.post(&planted, "made\n");
    let files = place.lines(&["sessions", "files", session, "--wait", "5s", "--json"]);
    assert_eq!(files.len(), 1, "{files:?}");
    place.run(0, &["sessions", "get", session, "--output-dir", "made"]);
    assert_eq!(std::fs::read_to_string(place.path("made/report.txt")).unwrap(), "made\n");
    // A second fetch overwrites nothing.
    place.run(1, &["sessions", "get", session, "--output-dir", "made"]);
    let left: Vec<_> = std::fs::read_dir(place.path("made")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half done is left behind");

    place.run(0, &["sessions", "unmount", session, "--manifest", "docferry.manifest.jsonl", "--yes"]);
    assert!(place.lines(&["sessions", "resources", session, "--json"]).is_empty());
    assert!(place.lines(&["files", "list", "--scope", session, "--json"]).len() == 1, "the output stays");
}

#[test]
fn pruning_deletes_what_a_plan_says_and_the_ledger_knows() {
    let place = Place::new();
    for (name, text) in [("a.txt", "one\n"), ("b.txt", "two\n"), ("c.txt", "three\n")] {
        place.program.input(name, text);
    }
    place.run(0, &["ingest", "in"]);
    std::fs::remove_file(place.path("in/b.txt")).unwrap();
    place.program.input("a.txt", "one, again\n");
    place.run(0, &["ingest", "in"]);
    assert_eq!(place.ids().len(), 4);

    let nothing = place.run(2, &["files", "prune"]);
    assert!(told(&nothing).contains("nothing says what is to be deleted"));
    let prune = ["files", "prune", "--orphaned", "--keep-last", "1"];
    let with = |more: &[&'static str]| [&prune[..], more].concat();
    let guarded = place.run(4, &with(&["--yes"]));
    assert!(told(&guarded).contains("2 of 4 files would be deleted"), "{}", told(&guarded));
    assert_eq!(place.ids().len(), 4);
    let planned = place.lines(&with(&["--dry-run", "--json"]));
    let reasons: Vec<_> = planned.iter().map(|file| file["reasons"][0].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 2);
    assert!(reasons.contains(&"orphaned") && reasons.contains(&"keep-last"), "{reasons:?}");
    assert!(place.lines(&with(&["--dry-run", "--json", "--protect", "?.txt"])).is_empty());

    let loose = ["--max-delete-fraction", "0.5"];
    place.run(0, &with(&["--max-delete-fraction", "0.5", "--plan", "plan.json"]));
    place.run(2, &with(&["--max-delete-fraction", "0.5", "--plan", "plan.json"]));
    let apply = |file| ["files", "prune", "--yes", "--json", "--apply", file, loose[0], loose[1]];
    let text = std::fs::read_to_string(place.path("plan.json")).unwrap();
    std::fs::write(place.path("edited.json"), text.replace("orphaned", "expired")).unwrap();
    let edited = place.run(2, &apply("edited.json"));
    assert!(told(&edited).contains("it was edited"), "{}", told(&edited));
    // One of the two is deleted by hand meanwhile.
    let first = planned[0]["file_id"].as_str().unwrap();
    place.run(0, &["files", "delete", "--yes", first]);
    let fates = place.lines(&apply("plan.json"));
    let fates: Vec<_> = fates.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(fates, ["gone", "deleted"]);
    assert_eq!(place.ids().len(), 2);

    // What is deleted is sent again; what stays is not.
    place.program.input("b.txt", "two\n");
    place.run(0, &["ingest", "in"]);
    let statuses: Vec<_> = place.program.entries().iter().map(|entry| entry.status.as_str()).collect();
    assert_eq!(statuses, ["reused", "uploaded", "reused"]);
}

#[test]
fn a_plan_that_is_stale_or_of_another_place_is_refused() {
    let place = Place::new();
    place.program.input("a.txt", "one\n");
    place.run(0, &["ingest", "in"]);
    let whole = ["--max-delete-fraction", "1"];
    place.run(0, &["files", "prune", "--older-than", "0s", "--plan", "plan.json", whole[0], whole[1]]);
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    let plan: Plan = serde_json::from_str(&read("plan.json")).unwrap();
    let ledger = Ledger::open(&place.path("state"), &LedgerOptions::default()).unwrap();
    let salt = ledger.salt();
    drop(ledger);
    let day = Duration::from_secs(24 * 3600);
    let old = Plan { made_at: plan.made_at.minus(day), ..plan.clone() };
    let ahead = Plan { made_at: plan.made_at.plus(day), ..plan.clone() };
    let elsewhere = Plan { target_id: "anthropic:https://api.example".to_owned(), ..plan.clone() };
    let mut tricked = plan.clone();
    tricked.delete[0].file_id = "../x".to_owned();
    for (plan, why) in [
        (old.sealed(&salt), "and holds for a day"),
        (ahead.sealed(&salt), "and holds for a day"),
        (elsewhere.sealed(&salt), "it is of anthropic:https://api.example"),
        (tricked.sealed(&salt), "it was edited"),
        (plan.sealed(&[7; 16]), "it was edited, or made with another ledger"),
    ] {
        std::fs::write(place.path("bad.json"), serde_json::to_string(&plan).unwrap()).unwrap();
        let output = place.run(2, &["files", "prune", "--yes", "--apply", "bad.json", whole[0], whole[1]]);
        assert!(told(&output).contains(why), "{}", told(&output));
    }
    assert_eq!(place.ids().len(), 1);
}

#[test]
fn a_plan_deletes_what_it_names_and_nothing_newer() {
    let place = Place::new();
    place.program.input("a.txt", "one\n");
    place.run(0, &["ingest", "in"]);
    std::fs::rename(place.path("in"), place.path("away")).unwrap();
    let all = ["--max-delete-fraction", "1"];
    place.run(0, &["files", "prune", "--orphaned", "--plan", "plan.json", all[0], all[1]]);
    std::fs::rename(place.path("away"), place.path("in")).unwrap();
    place.run(0, &["ingest", "in", "--force"]);
    let fates = place.lines(&["files", "prune", "--yes", "--json", "--apply", "plan.json", all[0], all[1]]);
    assert_eq!(fates[0]["status"], "deleted", "a newer upload took its place: {fates:?}");
    assert_eq!(place.ids().len(), 1);
    let fates = place.lines(&["files", "prune", "--yes", "--json", "--apply", "plan.json", all[0], all[1]]);
    assert_eq!(fates[0]["status"], "gone");
    place.run(4, &["files", "prune", "--orphaned", "--older-than", "0s", "--max-delete", "0", "--yes"]);
}

#[test]
fn what_options_made_of_one_content_stays_together() {
    let place = Place::new();
    place.program.input("a.csv", "a,b\n1,2\n");
    place.run(0, &["ingest", "in"]);
    place.run(0, &["ingest", "in", "--for", "code-execution", "-o", "code.jsonl"]);
    place.run(0, &["ingest", "in"]);
    assert_eq!(place.ids().len(), 2);
    assert!(place.lines(&["files", "prune", "--keep-last", "1", "--dry-run", "--json"]).is_empty());
}

#[test]
fn what_failed_to_be_stored_takes_the_place_of_nothing() {
    let mut place = Place::new();
    let config = "[prune]\nkeep_last = 1\nsuperseded = true\nafter_ingest = true\nmax_delete_fraction = 1\n";
    std::fs::write(place.path("config.toml"), config).unwrap();
    place.program.vars.push(("DOCFERRY_CONFIG", "config.toml".to_owned()));
    place.program.input("a.txt", "one\n");
    place.run(0, &["ingest", "in"]);
    let place = place.fail(&["upload:400@100%!"]);
    place.program.input("a.txt", "two, longer\n");
    let refused = place.run(1, &["ingest", "in"]);
    assert!(!told(&refused).contains("deleted"), "{}", told(&refused));
    let place = place.fail(&["upload:500@100%!"]);
    place.program.input("a.txt", "one\n");
    place.run(6, &["ingest", "in", "--force", "--listing-grace", "10ms", "--retries", "0"]);
    let prune = ["files", "prune", "--superseded", "--older-than", "0s", "--yes"];
    place.run(0, &prune);
    assert_eq!(place.ids().len(), 1, "the copy that would be replaced stays");
}

#[test]
fn what_is_used_after_a_plan_stays() {
    let place = Place::new();
    place.program.input("a.txt", "one\n");
    place.program.input("b.txt", "two\n");
    place.run(0, &["ingest", "in"]);
    let all = ["--max-delete-fraction", "1"];
    place.run(0, &["files", "prune", "--older-than", "0s", "--plan", "plan.json", all[0], all[1]]);
    std::fs::remove_file(place.path("in/b.txt")).unwrap();
    place.run(0, &["ingest", "in"]);
    let apply = ["files", "prune", "--yes", "--json", "--apply", "plan.json", all[0], all[1]];
    let ledger = Ledger::open(&place.path("state"), &LedgerOptions::default()).unwrap();
    let busy = place.run(5, &apply);
    assert!(told(&busy).contains("another process"), "{}", told(&busy));
    drop(ledger);
    let fates = place.lines(&apply);
    let mut fates: Vec<_> = fates.iter().map(|row| row["status"].as_str().unwrap()).collect();
    fates.sort_unstable();
    assert_eq!(fates, ["deleted", "kept"]);
    place.run(0, &["ingest", "in", "--verify-remote", "always"]);
    assert_eq!(place.program.entries()[0].status.as_str(), "reused");
}

#[test]
fn what_an_ingest_reports_is_not_deleted_after_it() {
    let mut place = Place::new();
    let config = "[prune]\nolder_than = \"0s\"\nafter_ingest = true\nmax_delete_fraction = 1\n";
    std::fs::write(place.path("config.toml"), config).unwrap();
    place.program.vars.push(("DOCFERRY_CONFIG", "config.toml".to_owned()));
    place.program.input("a.txt", "one\n");
    place.program.input("b.txt", "two\n");
    place.run(0, &["ingest", "in"]);
    std::fs::remove_file(place.path("in/b.txt")).unwrap();
    let output = place.run(0, &["ingest", "in"]);
    let gone = told(&output);
    assert!(gone.contains("(b.txt)") && !gone.contains("(a.txt)") && gone.contains("1 deleted"), "{gone}");
    assert_eq!(place.ids().len(), 1);
}

#[test]
fn what_is_not_there_any_more_is_not_reused() {
    let place = Place::new();
    place.program.input("a.txt", "one\n");
    place.run(0, &["ingest", "in"]);
    let id = place.ids().remove(0);
    // Somebody else deletes it.
    place.run(0, &["files", "delete", "--yes", &id, "--state-dir", "other"]);
    place.run(1, &["files", "delete", "--yes", &id]);
    place.run(0, &["ingest", "in"]);
    assert_eq!(place.program.entries()[0].status.as_str(), "uploaded");
}

#[test]
fn an_ingest_ends_with_pruning_where_the_configuration_says_so() {
    let mut place = Place::new();
    let config = "[prune]\nkeep_last = 1\nafter_ingest = true\nmax_delete_fraction = 0.5\n";
    std::fs::write(place.path("config.toml"), config).unwrap();
    place.program.vars.push(("DOCFERRY_CONFIG", "config.toml".to_owned()));
    place.program.input("a.txt", "one\n");
    place.run(0, &["ingest", "in"]);
    place.program.input("a.txt", "two, longer\n");
    let output = place.run(0, &["ingest", "in"]);
    assert!(told(&output).contains("1 deleted"), "{}", told(&output));
    assert_eq!(place.ids().len(), 1);
    place.program.input("b.txt", "b\n");
    let output = place.run(0, &["ingest", "in"]);
    assert!(!told(&output).contains("deleted"), "{}", told(&output));
}

#[test]
fn files_are_deleted_by_manifest_or_name_and_counted() {
    let place = Place::new();
    for (name, text) in [("a.txt", "one\n"), ("b.txt", "two\n"), ("c.md", "# three\n")] {
        place.program.input(name, text);
    }
    place.run(0, &["ingest", "in"]);
    let usage = &place.lines(&["files", "usage", "--json"])[0];
    assert_eq!(
        (&usage["files"], &usage["bytes"], &usage["ours"]["files"]),
        (&3.into(), &16.into(), &3.into())
    );
    place.run(0, &["files", "wait", "--manifest", "docferry.manifest.jsonl", "--timeout", "1s"]);
    let would = place.run(0, &["files", "delete", "--match", "*.txt", "--dry-run"]);
    assert_eq!(String::from_utf8_lossy(&would.stdout).lines().count(), 3);
    assert_eq!(place.ids().len(), 3);
    place.run(2, &["files", "delete", "--match", "*.txt"]);
    place.run(0, &["files", "delete", "--match", "*.txt", "--yes"]);
    assert_eq!(place.ids().len(), 1);
    // Two of the manifest's files are gone, which is told; the third goes.
    place.run(1, &["files", "delete", "--manifest", "docferry.manifest.jsonl", "--yes"]);
    assert!(place.ids().is_empty());
    let other = ["files", "delete", "--manifest", "docferry.manifest.jsonl", "--yes", "--target", "qoder"];
    assert!(told(&place.run(2, &other)).contains("is of the target `anthropic`"));
}
