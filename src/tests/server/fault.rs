//! Faults: what the upload engine is tested against must itself be right.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use docferry::model::Sha256;
use docferry::server::{Commit, CommitLog, CommitOperation, Fault, ServerOptions};
use serde_json::Value;

use super::client::{Answer, FORM, Fixture, form, start_as, start_with_faults};

const HEADERS: [(&str, &str); 3] =
    [("Authorization", "Bearer test-token"), ("anthropic-version", "2026-10-21"), FORM];

fn upload(fixture: &Fixture) -> Option<Answer> {
    send(fixture, "a.txt", b"abc")
}

fn send(fixture: &Fixture, name: &str, bytes: &[u8]) -> Option<Answer> {
    let disposition = format!("name=\"file\"; filename=\"{name}\"");
    let body = form(&[(&disposition, Some("text/plain"), bytes)]);
    fixture.try_call("POST /v1/files", &HEADERS, &body)
}

/// Sends raw bytes and returns whatever comes back until the connection ends, however it ends.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    drop(stream.write_all(request));
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    bytes
}

fn request(fixture: &Fixture, bytes: &[u8]) -> Vec<u8> {
    let body = form(&[("name=\"file\"; filename=\"a.txt\"", Some("text/plain"), bytes)]);
    let mut head = format!("POST /v1/files HTTP/1.1\r\nHost: {}\r\n", fixture.host());
    for (name, value) in HEADERS {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [head.as_bytes(), &body].concat()
}

fn logged(faults: &[&str]) -> Fixture {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    start_as(|options| ServerOptions { faults, commit_log: CommitLog::Memory, ..options })
}

fn listed(fixture: &Fixture) -> Vec<Value> {
    let list = fixture.call("GET /v1/files", &HEADERS[..2], b"");
    list.json()["data"].as_array().unwrap().clone()
}

fn stored(fixture: &Fixture) -> usize {
    listed(fixture).len()
}

#[test]
fn statuses_strike_as_often_as_told_and_store_nothing() {
    let fixture = start_with_faults(&["upload:429+7", "upload:529*2", "upload:503"]);
    let limited = upload(&fixture).unwrap();
    assert_eq!((limited.status, limited.headers["retry-after"].as_str()), (429, "7"));
    assert_eq!(limited.json()["error"]["type"], "rate_limit_error");
    let statuses: Vec<u16> = (0..3).map(|_| upload(&fixture).unwrap().status).collect();
    assert_eq!(statuses, [529, 529, 503]);
    assert_eq!(stored(&fixture), 0);
    assert_eq!(upload(&fixture).unwrap().status, 200);
    assert_eq!(stored(&fixture), 1);
}

#[test]
fn quota_spend_and_html_look_as_platforms_make_them() {
    let fixture = start_with_faults(&["upload:quota", "upload:spend", "upload:html"]);
    let quota = upload(&fixture).unwrap();
    assert_eq!(quota.status, 400);
    assert_eq!(quota.json()["error"]["details"]["error_code"], "storage_quota_exceeded");
    let spend = upload(&fixture).unwrap();
    assert_eq!((spend.status, spend.headers["x-should-retry"].as_str()), (429, "false"));
    assert!(!spend.headers.contains_key("retry-after"));
    let html = upload(&fixture).unwrap();
    assert_eq!((html.status, html.headers["content-type"].as_str()), (413, "text/html"));
    assert!(html.headers.contains_key("request-id"));
}

#[test]
fn a_lost_answer_leaves_the_file_and_a_broken_connection_leaves_none() {
    let fixture = start_with_faults(&["upload:lose", "upload:break", "delete:lose"]);
    assert!(upload(&fixture).is_none());
    assert_eq!(stored(&fixture), 1);
    assert!(upload(&fixture).is_none());
    assert_eq!(stored(&fixture), 1);
    let id = fixture.call("GET /v1/files", &HEADERS[..2], b"").json()["data"][0]["id"].clone();
    let line = format!("DELETE /v1/files/{}", id.as_str().unwrap());
    assert!(fixture.try_call(&line, &HEADERS[..2], b"").is_none());
    assert_eq!(stored(&fixture), 0);
}

#[test]
fn the_other_dialect_has_its_own_envelope() {
    let fixture = start_with_faults(&["list:500"]);
    let answer = fixture.call("GET /api/v1/cloud/files", &HEADERS[..1], b"");
    assert_eq!((answer.status, answer.headers["x-request-id"].clone()), (500, answer.text("request_id")));
    assert_eq!(answer.json()["error"]["type"], "api_error");
}

/// What the table says of storing is what the server does, whatever becomes of the answer.
#[test]
fn each_fault_stores_what_the_table_says() {
    for kind in Fault::kinds().iter().filter(|kind| kind.name.starts_with("upload:")) {
        let fast = kind.name.replace("hang", "hang=50ms").replace("drip", "drip=1ms");
        let second = kind.name.contains("old-id") || kind.name.contains("reused");
        let late = kind.name.contains("late");
        let fixture = logged(&[&fast]);
        if second {
            // These need an upload, or a request on the same connection, before them.
            assert!(send(&fixture, "first.txt", b"first").is_some());
        }
        let mut stream = TcpStream::connect(fixture.host()).unwrap();
        if kind.name.contains("reused") {
            let list = format!(
                "GET /v1/files HTTP/1.1\r\nHost: {}\r\nx-api-key: test-token\r\n\r\n",
                fixture.host()
            );
            stream.write_all(list.as_bytes()).unwrap();
            let mut some = [0; 16 * 1024];
            assert!(stream.read(&mut some).unwrap() > 0);
        }
        let mut request = request(&fixture, &[b'x'; 1000]);
        if !fast.contains("reset") {
            let close = b"Connection: close\r\nContent-Length";
            let at = request.windows(14).position(|w| w == b"Content-Length").unwrap();
            request.splice(at..at + 14, close.iter().copied());
        }
        let answer = exchange(&mut stream, &request);
        if late {
            assert_eq!((stored(&fixture), stored(&fixture)), (0, 0));
        }
        let commits = fixture.server.commits();
        let uploads = commits.iter().filter(|c| c.operation == CommitOperation::Upload).count();
        assert_eq!(uploads, usize::from(kind.stores) + usize::from(second), "{}", kind.name);
        let last = commits.iter().rfind(|c| c.fault.is_some() && c.operation == CommitOperation::Upload);
        if let Some(last) = last {
            let told = String::from_utf8_lossy(&answer).contains(&last.id);
            assert_eq!(told, last.told, "{}", kind.name);
            assert_eq!(last.fault.as_deref(), Some(fast.as_str()));
        }
        let named = fixture.server.uploads().into_iter().filter(|upload| upload.name == "a.txt");
        assert_eq!(named.map(|upload| upload.size_bytes).collect::<Vec<_>>(), [1000], "{}", kind.name);
    }
}

#[test]
fn answers_are_wrong_in_the_way_they_are_asked_to_be() {
    let cases = ["cut", "garbage", "empty", "no-id", "wrong-size", "wrong-name", "old-id", "html"];
    let faults: Vec<String> = cases.iter().map(|case| format!("upload:answer-{case}")).collect();
    let faults: Vec<&str> = std::iter::once("upload:pass").chain(faults.iter().map(String::as_str)).collect();
    let fixture = logged(&faults);
    let first = upload(&fixture).unwrap().text("id");
    let answers: Vec<Answer> = cases.iter().map(|_| upload(&fixture).unwrap()).collect();
    assert!(answers.iter().all(|answer| answer.status == 200));
    let is_json = |answer: &Answer| serde_json::from_slice::<Value>(&answer.body).is_ok();
    assert_eq!(
        answers.iter().map(is_json).collect::<Vec<_>>(),
        [false, false, false, true, true, true, true, false]
    );
    assert!(answers[2].body.is_empty());
    assert!(answers[3].json().get("id").is_none());
    assert_eq!(answers[4].json()["size_bytes"], 4);
    assert_eq!(answers[5].json()["filename"], "other.txt");
    assert_ne!(answers[6].text("id"), first);
    assert_ne!(answers[6].text("id"), fixture.server.commits()[7].id);
    assert_eq!(answers[7].headers["content-type"], "text/html");
}

#[test]
fn lengths_and_ends_are_wrong_on_the_wire() {
    let fixture =
        logged(&["upload:answer-long-length", "upload:answer-short-length", "upload:answer-endless"]);
    let length = |answer: &[u8]| {
        let text = String::from_utf8_lossy(answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let told = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        (told.parse::<usize>().unwrap(), body.len())
    };
    let ask = || exchange(&mut TcpStream::connect(fixture.host()).unwrap(), &request(&fixture, b"abc"));
    let (told, came) = length(&ask());
    assert_eq!(told, came + 100);
    let (told, came) = length(&ask());
    assert_eq!(told + 10, came);
    let endless = ask();
    assert!(endless.len() > 1024 * 1024);
    assert!(String::from_utf8_lossy(&endless[..500]).contains("chunked"));
}

#[test]
fn waits_and_hints_stand_in_headers() {
    let fixture = logged(&[
        "upload:429-date+30",
        "upload:429-negative",
        "upload:429-huge",
        "upload:429-past",
        "upload:429-text",
        "upload:503-should-not-retry",
        "upload:400-should-retry+2",
        "upload:307",
    ]);
    let answers: Vec<Answer> = (0..8).map(|_| upload(&fixture).unwrap()).collect();
    let header = |n: usize, name: &str| answers[n].headers.get(name).map(String::as_str);
    assert!(header(0, "retry-after").unwrap().ends_with(" GMT"));
    assert_eq!([1, 2, 4].map(|n| header(n, "retry-after").unwrap()), ["-5", "1000000000", "soon"]);
    assert_eq!((header(5, "x-should-retry"), header(6, "x-should-retry")), (Some("false"), Some("true")));
    assert_eq!(header(6, "retry-after"), Some("2"));
    assert!(header(7, "location").unwrap().starts_with("http://localhost:"));
    assert_eq!((answers[7].status, stored(&fixture)), (307, 0));
    assert_eq!(fixture.server.followed_redirects(), 0);
}

#[test]
fn an_early_refusal_can_be_read_while_the_body_is_still_sent() {
    let fixture = logged(&["upload:413-early"]);
    let mut stream = TcpStream::connect(fixture.host()).unwrap();
    let answer = exchange(&mut stream, &request(&fixture, &vec![b'x'; 4 * 1024 * 1024]));
    assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(stored(&fixture), 0);
}

#[test]
fn a_connection_closes_behind_an_answer_or_when_it_is_used_again() {
    let fixture = logged(&["upload:close-after", "upload:reset-reused*2"]);
    let upload = request(&fixture, b"abc");
    let answer = exchange(&mut TcpStream::connect(fixture.host()).unwrap(), &upload);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    assert!(!String::from_utf8_lossy(&answer).to_lowercase().contains("connection: close"));
    // The first request of a connection passes, the second breaks it.
    let twice = [upload.clone(), upload].concat();
    let answer = exchange(&mut TcpStream::connect(fixture.host()).unwrap(), &twice);
    assert_eq!(String::from_utf8_lossy(&answer).matches("HTTP/1.1").count(), 1);
    assert_eq!(fixture.server.commits().len(), 2);
}

#[test]
fn listings_lag_by_listings_and_by_time() {
    let fixture = logged(&["list:lag=2"]);
    assert!(upload(&fixture).is_some());
    assert_eq!([stored(&fixture), stored(&fixture), stored(&fixture)], [0, 0, 1]);
    let fixture = logged(&["list:lag=200ms"]);
    let id = upload(&fixture).unwrap().text("id");
    assert_eq!(stored(&fixture), 0);
    let metadata = fixture.call(&format!("GET /v1/files/{id}"), &HEADERS[..2], b"");
    assert_eq!(metadata.status, 200);
    let until = std::time::Instant::now() + Duration::from_secs(10);
    while stored(&fixture) == 0 {
        assert!(std::time::Instant::now() < until, "never listed");
    }
}

#[test]
fn pages_loop_or_never_end() {
    let fixture = logged(&["list:page-loop", "list:page-endless", "list:page-loop"]);
    assert!(upload(&fixture).is_some());
    let page = |query: &str, headers: &[(&str, &str)]| {
        fixture.call(&format!("GET /v1/files{query}"), headers, b"").json()
    };
    let first = page("", &HEADERS[..2]);
    let cursor = first["next_page"].as_str().unwrap().to_owned();
    let second = page(&format!("?page={cursor}&limit=5"), &HEADERS[..2]);
    assert_eq!((&second["next_page"], second["data"].as_array().unwrap().len()), (&first["next_page"], 1));
    let first = page("", &HEADERS[..2]);
    let mut cursors = vec![first["next_page"].as_str().unwrap().to_owned()];
    for _ in 0..3 {
        let next = page(&format!("?page={}", cursors.last().unwrap()), &HEADERS[..2]);
        cursors.push(next["next_page"].as_str().unwrap().to_owned());
    }
    cursors.dedup();
    assert_eq!(cursors.len(), 4);
    let beta = [HEADERS[0], HEADERS[1], ("anthropic-beta", "files-api-2025-04-14")];
    let first = page("", &beta);
    assert_eq!((&first["has_more"], &first["last_id"]), (&Value::Bool(true), &Value::from("page_loop")));
    assert_eq!(page("?after_id=page_loop", &beta)["last_id"], "page_loop");
}

#[test]
fn another_client_stores_the_same_name_and_size_around_a_lost_upload() {
    let fixture = logged(&["upload:foreign-around", "upload:foreign-only", "upload:clean-name"]);
    assert!(send(&fixture, "a.txt", b"abc").is_none());
    assert!(send(&fixture, "b.txt", b"abc").is_none());
    assert_eq!(send(&fixture, "My File.txt", b"abc").unwrap().text("filename"), "my_file_.txt");
    let commits = fixture.server.commits();
    let operations: Vec<CommitOperation> = commits.iter().map(|commit| commit.operation).collect();
    use CommitOperation::{Foreign, Upload};
    assert_eq!(operations, [Foreign, Upload, Foreign, Foreign, Upload]);
    assert!(commits.iter().all(|commit| commit.size_bytes == 3));
    let own = Some(Sha256::of(b"abc"));
    assert_eq!(commits.iter().filter(|commit| commit.sha256 == own).count(), 2);
    assert_eq!(commits[..3].iter().map(|commit| commit.filename.as_str()).collect::<Vec<_>>(), ["a.txt"; 3]);
}

#[test]
fn what_is_stored_late_is_stored_when_the_server_stops() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("commits.jsonl");
    let log = CommitLog::File(path.clone());
    let faults = vec!["upload:commit-late=50".parse().unwrap()];
    let fixture = start_as(|options| ServerOptions { faults, commit_log: log, ..options });
    assert!(upload(&fixture).is_none());
    assert_eq!(stored(&fixture), 0);
    fixture.server.shutdown();
    let text = std::fs::read_to_string(&path).unwrap();
    let commit: Commit = serde_json::from_str(text.trim()).unwrap();
    assert_eq!((commit.fault.as_deref(), commit.told), (Some("upload:commit-late=50"), false));
}

#[test]
fn the_log_is_a_file_that_grows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("commits.jsonl");
    for _ in 0..2 {
        let log = path.clone();
        let fixture = start_as(|options| ServerOptions { commit_log: CommitLog::File(log), ..options });
        let id = upload(&fixture).unwrap().text("id");
        assert_eq!(fixture.call(&format!("DELETE /v1/files/{id}"), &HEADERS[..2], b"").status, 200);
        let lines = std::fs::read_to_string(&path).unwrap();
        let commits: Vec<Commit> =
            lines.lines().rev().take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
        let found: Vec<(u64, CommitOperation, &str)> =
            commits.iter().map(|commit| (commit.seq, commit.operation, commit.id.as_str())).collect();
        assert_eq!(
            found,
            [(2, CommitOperation::Delete, id.as_str()), (1, CommitOperation::Upload, id.as_str())]
        );
        assert_eq!((commits[1].dialect.as_str(), commits[1].told), ("anthropic", true));
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 4);
}

#[test]
fn the_documentation_has_each_row_of_the_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let text = std::fs::read_to_string(path).unwrap();
    for kind in Fault::kinds() {
        let row = format!("| {} | `{}` | {} |", kind.number, kind.name, kind.does);
        assert!(text.contains(&row), "docs/reliability.md lacks: {row}");
    }
}
