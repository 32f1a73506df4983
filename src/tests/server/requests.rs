//! The golden requests of `testdata/wire`, sent as they stand: what the clients' tests say is asked is answered.
//!
//! `answers.csv` says with what: a status, and the file whose shape the body has. Ids in the requests stand for what was
//! stored before; everything else is sent byte for byte.

use std::path::{Path, PathBuf};

use docferry::model::Timestamp;
use docferry::server::{Limits, QoderShape};
use docferry::store::NewFile;
use serde_json::{Value, json};

use super::client::{Answer, Fixture, TOKEN, midnight, start_with};

const FIRST: &str = "file_0064407c1d6fa001d7c0b3a2918f6e5d4c3b2a";
const SECOND: &str = "file_0064407c1d6fa0000f1e2d3c4b5a6978879605";
const PAGE: &str = "page_ZmlsZV8wMDY0NDA3YzFkNmZhMDAwMGYxZTJkM2M0YjVhNjk3ODg3OTYwNQ";
const RESOURCE: &str = "sesrsc_0064407c1d6fa002d7c0b3a2918f6e5d4c3b2a";
const LINK: &str = "/_content/LINK";
const CONTENT: &[u8] = b"abc";

fn wire() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/wire")
}

/// A row of the table.
struct Row {
    request: String,
    shape: QoderShape,
    status: u16,
    answer: String,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(wire().join("answers.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        let [request, shape, status, answer] = cells[..] else { panic!("{line}") };
        Row {
            request: request.to_owned(),
            shape: if shape == "current" { QoderShape::Current } else { QoderShape::Seed },
            status: status.parse().unwrap(),
            answer: answer.to_owned(),
        }
    };
    text.lines().skip(1).map(row).collect()
}

/// Puts what requests refer to into the store. Returns what their ids stand for.
fn prepare(fixture: &Fixture, row: &Row) -> Vec<(&'static str, String)> {
    let is_qoder = row.request.starts_with("qoder");
    let new = |name: &'static str, now: Timestamp| NewFile {
        downloadable: Some(true),
        purpose: Some("user_upload"),
        status: Some(docferry::model::FileStatus::Ready),
        metadata: Some(json!({})),
        ..NewFile::new(name, "text/plain", "file_", now)
    };
    let oldest = fixture.put(new("c.txt", midnight()), CONTENT);
    let second = fixture.put(new("b.txt", midnight()), CONTENT);
    let first = fixture.put(new("a.txt", midnight()), CONTENT);
    let agents = [("anthropic-version", "2023-06-01"), ("anthropic-beta", "managed-agents-2026-04-01")];
    let bearer = format!("Bearer {TOKEN}");
    let [version, beta] = agents;
    let call = |line: &str, body: Value| {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        fixture.call(line, &[("authorization", &bearer), version, beta], &body)
    };
    let base = if is_qoder { "/api/v1/cloud" } else { "/v1" };
    let made = call(&format!("POST {base}/sessions"), json!({"agent": "a", "environment_id": "e"}));
    let session = made.text("id");
    let mount = json!({"type": "file", "file_id": oldest, "mount_path": "/other.csv"});
    let is_seed = row.shape == QoderShape::Seed;
    let body = if is_qoder && is_seed { json!({"resources": [mount]}) } else { mount };
    call(&format!("POST {base}/sessions/{session}/resources"), body);
    let listed = call(&format!("GET {base}/sessions/{session}/resources"), Value::Null);
    let resource = listed.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let mut known = vec![(SECOND, second), ("sesn_1", session)];
    if is_qoder {
        let content = call(&format!("GET {base}/files/{first}/content"), Value::Null).text("url");
        known.extend([("sesr_1", resource), (LINK, content.replace(fixture.server.url(), ""))]);
    } else {
        let page = call(&format!("GET {base}/files?limit=1"), Value::Null).text("next_page");
        known.extend([(RESOURCE, resource), (PAGE, page)]);
    }
    known.extend([(FIRST, first.clone()), ("file_1", first)]);
    known
}

/// Makes the bytes of a golden request.
fn bytes(fixture: &Fixture, row: &Row, known: &[(&str, String)]) -> Vec<u8> {
    let golden = std::fs::read_to_string(wire().join(format!("{}.txt", row.request))).unwrap();
    let (head, body) = golden.split_once("\n\n").unwrap();
    let length = |line: &&str| line.to_lowercase().starts_with("content-length:");
    let promised = head.lines().find(length).map(|line| line[15..].trim().parse::<usize>().unwrap());
    assert_eq!(promised.unwrap_or(0), body.len(), "{}", row.request);
    let with = |text: &str| known.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let (base, body) = (if row.request.starts_with("qoder") { "/api/v1/cloud" } else { "" }, with(body));
    let mut lines = head.lines().filter(|line| !length(line));
    let first = lines.next().unwrap().replacen("/base", base, 1);
    let mut sent = format!("{}\r\nhost: {}\r\nconnection: close\r\n", with(&first), fixture.host());
    lines.for_each(|line| sent.push_str(&format!("{}\r\n", line.replace("KEY", TOKEN))));
    if promised.is_some() {
        sent.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    format!("{sent}\r\n{body}").into_bytes()
}

/// Compares the fields of two bodies; of lists, those of their first items. A null may stand for anything.
#[track_caller]
fn expect_shape(ours: &Value, theirs: &Value, place: &str) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let (mut a_keys, mut b_keys): (Vec<_>, Vec<_>) = (a.keys().collect(), b.keys().collect());
            // What the uploader attached is as the uploader likes.
            if place.ends_with(".metadata") {
                return;
            }
            a_keys.sort();
            b_keys.sort();
            assert_eq!(a_keys, b_keys, "{place}");
            a.iter().for_each(|(key, value)| expect_shape(value, &b[key], &format!("{place}.{key}")));
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.is_empty(), b.is_empty(), "{place}");
            a.iter().zip(b).take(1).for_each(|(a, b)| expect_shape(a, b, &format!("{place}[0]")));
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (a, b) => assert_eq!(std::mem::discriminant(a), std::mem::discriminant(b), "{place}: {a} {b}"),
    }
}

fn check(row: &Row, answer: &Answer) {
    let told = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, row.status, "{}: {told}", row.request);
    if row.answer.is_empty() {
        assert_eq!(answer.body, CONTENT, "{}", row.request);
        return;
    }
    let text = std::fs::read_to_string(wire().join(format!("{}.json", row.answer))).unwrap();
    expect_shape(&answer.json(), &serde_json::from_str(&text).unwrap(), &row.request);
}

#[test]
fn every_golden_request_is_answered() {
    for row in rows() {
        let fixture = start_with(row.shape, Limits::default());
        let known = prepare(&fixture, &row);
        check(&row, &fixture.raw(&bytes(&fixture, &row, &known)));
    }
}

#[test]
fn every_golden_request_has_a_row() {
    let mut found = Vec::new();
    for folder in ["anthropic", "qoder"] {
        for entry in std::fs::read_dir(wire().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.extend(name.strip_suffix(".txt").map(|name| format!("{folder}/{name}")));
        }
    }
    let mut named: Vec<_> = rows().into_iter().map(|row| row.request).collect();
    found.sort();
    named.sort();
    assert_eq!(found, named);
}

#[test]
fn a_golden_request_without_its_key_is_refused() {
    for row in rows().iter().filter(|row| !row.request.ends_with("-link")) {
        let fixture = start_with(row.shape, Limits::default());
        let known = prepare(&fixture, row);
        let request = String::from_utf8(bytes(&fixture, row, &known)).unwrap();
        let answer = fixture.raw(request.replace(TOKEN, "another-key").as_bytes());
        assert_eq!(answer.status, 401, "{}", row.request);
    }
}
