//! The Qoder dialect, in both generations.

use docferry::model::FileStatus;
use docferry::server::{Limits, QoderShape};
use docferry::store::NewFile;
use serde_json::Value;

use super::client::{Answer, FORM, Fixture, Part, TOKEN, form, midnight, start, start_with};

const BEARER: (&str, &str) = ("Authorization", "Bearer test-token");
const NOTES: Part<'static> = ("name=\"file\"; filename=\"notes.md\"", Some("text/markdown"), b"# x\n");

fn call(fixture: &Fixture, method: &str, path: &str) -> Answer {
    fixture.call(&format!("{method} /api/v1/cloud/files{path}"), &[BEARER], b"")
}

fn upload(fixture: &Fixture, parts: &[Part<'_>]) -> Answer {
    fixture.call("POST /api/v1/cloud/files", &[BEARER, FORM], &form(parts))
}

fn current() -> Fixture {
    start_with(QoderShape::Current, Limits::default())
}

/// Uploads files and returns their ids, newest first.
fn upload_many(fixture: &Fixture, names: &[&str], field: &str) -> Vec<String> {
    let upload_named = |name: &&str| {
        let disposition = format!("name=\"file\"; filename=\"{name}\"");
        upload(fixture, &[(&disposition, Some("text/plain"), b"x")]).text(field)
    };
    let mut ids: Vec<String> = names.iter().map(upload_named).collect();
    ids.reverse();
    ids
}

fn ids(answer: &Answer, field: &str) -> Vec<String> {
    let json = answer.json();
    let data = json["data"].as_array().unwrap().iter();
    data.map(|file| file[field].as_str().unwrap().to_owned()).collect()
}

#[test]
fn uploads_and_shows_files_in_the_first_shape() {
    let fixture = start();
    let metadata: Part<'_> = ("name=\"metadata\"", None, b"{\"k\":[\"v\",1]}");
    let answer = upload(&fixture, &[metadata, NOTES, ("name=\"purpose\"", None, b"user_upload")]);
    answer.expect(201, "qoder/upload");
    let id = answer.text("file_id");
    call(&fixture, "GET", &format!("/{id}")).expect(200, "qoder/upload");
    let new = NewFile {
        purpose: Some("agent_output"),
        scope: Some("sess_1"),
        ..NewFile::new("out.txt", "text/plain", "file_", midnight())
    };
    let output = fixture.put(new, b"abc");
    call(&fixture, "GET", &format!("/{output}")).expect(200, "qoder/metadata-session");
    let outputs = call(&fixture, "GET", "?purpose=agent_output");
    assert_eq!(ids(&outputs, "file_id"), [output]);
    call(&fixture, "DELETE", &format!("/{id}")).expect(200, "qoder/delete");
    call(&fixture, "DELETE", &format!("/{id}")).expect(404, "qoder/error-not-found");
    call(&fixture, "GET", &format!("/{id}")).expect(404, "qoder/error-not-found");
}

#[test]
fn uploads_and_lists_files_in_the_current_shape() {
    let fixture = current();
    let parts = [
        ("name=\"name\"", None, &b"notes.md"[..]),
        ("name=\"metadata\"", None, b"{\"k\":\"v\"}"),
        ("name=\"file\"; filename=\"a.md\"", Some("text/markdown"), b"# x\n"),
        ("name=\"expires_in_seconds\"", None, b"3600"),
    ];
    upload(&fixture, &parts).expect(201, "qoder/current-upload");
    upload_many(&fixture, &["1", "A.txt", "a.txt", "b.txt"], "id");
    let page = call(&fixture, "GET", "?limit=2");
    page.expect(200, "qoder/current-list");
    let next = call(&fixture, "GET", &format!("?limit=2&page={}", page.text("next_page")));
    assert_eq!(next.json()["data"][0]["filename"], "A.txt");
    let named = call(&fixture, "GET", "?name=A");
    assert_eq!(named.json()["data"].as_array().unwrap().len(), 2);
    assert_eq!(named.json()["next_page"], Value::Null);
    let nested = ("name=\"metadata\"", None, &b"{\"k\":{}}"[..]);
    assert_eq!(upload(&fixture, &[nested, NOTES]).status, 400);
}

#[test]
fn pages_both_ways_with_one_cursor_at_a_time() {
    let fixture = start();
    let sent = upload_many(&fixture, &["1", "2", "3", "a.txt", "b.txt"], "file_id");
    call(&fixture, "GET", "?limit=2").expect(200, "qoder/list");
    for cursor in ["after_id", "page"] {
        let next = call(&fixture, "GET", &format!("?limit=100&{cursor}={}", sent[1]));
        assert_eq!(
            (ids(&next, "file_id"), &next.json()["has_more"]),
            (sent[2..].to_vec(), &Value::Bool(false))
        );
    }
    let back = call(&fixture, "GET", &format!("?limit=2&before_id={}", sent[3]));
    assert_eq!(ids(&back, "file_id"), sent[1..3]);
    call(&fixture, "GET", &format!("?after_id={}", sent[4])).expect(200, "qoder/list-empty");
    let both = format!("?after_id={}&before_id={}", sent[0], sent[1]);
    call(&fixture, "GET", &both).expect(400, "qoder/error-paging");
    for bad in ["?limit=101", "?limit=0", "?after_id=nonsense"] {
        assert_eq!(call(&fixture, "GET", bad).status, 400, "{bad}");
    }
}

#[test]
fn contents_come_through_a_link_that_needs_no_key() {
    let fixture = start();
    let id = upload(&fixture, &[NOTES]).text("file_id");
    let answer = call(&fixture, "GET", &format!("/{id}/content"));
    answer.expect(200, "qoder/content");
    let url = answer.text("url");
    let path = url.strip_prefix(fixture.server.url()).expect("a link to this server");
    for _ in 0..2 {
        let content = fixture.call(&format!("GET {path}"), &[], b"");
        assert_eq!((content.status, content.body.as_slice()), (200, &b"# x\n"[..]));
        assert_eq!(content.headers["content-disposition"], "attachment");
    }
    let guessed = format!("GET {}0", &path[..path.len() - 1]);
    assert!(fixture.call(&guessed, &[], b"").status == 403 || path.ends_with('0'));
    fixture.pass_hours(1);
    assert_eq!(fixture.call(&format!("GET {path}"), &[], b"").status, 403);
    let new = NewFile {
        status: Some(FileStatus::Uploading),
        ..NewFile::new("u", "text/plain", "file_", midnight())
    };
    let id = fixture.put(new, b"x");
    call(&fixture, "GET", &format!("/{id}/content")).expect(409, "qoder/error-not-ready");
}

#[test]
fn takes_text_by_type_or_by_name() {
    let fixture = start();
    let upload_as = |name: &str, media_type: Option<&str>| {
        upload(&fixture, &[(&format!("name=\"file\"; filename=\"{name}\""), media_type, b"x")])
    };
    for (name, media_type) in [
        ("a.pdf", Some("text/plain")),
        ("a.rs", Some("application/octet-stream")),
        ("Dockerfile", None),
        (".gitignore", None),
        ("x", Some("application/json")),
    ] {
        assert_eq!(upload_as(name, media_type).status, 201, "{name} {media_type:?}");
    }
    upload_as("a.pdf", Some("application/pdf")).expect(400, "qoder/error-file-type");
    assert_eq!(upload_as("noext", None).status, 400);
    assert_eq!(upload_as("a.md", None).text("mime_type"), "text/markdown");
}

#[test]
fn the_name_field_wins_and_is_sanitized() {
    let fixture = start();
    let named = |name: &str| upload(&fixture, &[("name=\"name\"", None, name.as_bytes()), NOTES]);
    for (sent, stored) in
        [("b.md", "b.md"), ("x/../b.md", "b.md"), ("C:\\b.md", "b.md"), (" b\u{7}.md ", "b.md")]
    {
        let answer = named(sent);
        assert_eq!((answer.status, answer.text("filename").as_str()), (201, stored), "{sent:?}");
    }
    for bad in ["", ".", "..", "x/", &"\u{e9}".repeat(128)] {
        named(bad).expect(400, "qoder/error-name");
    }
}

#[test]
fn metadata_is_json_of_at_most_8_kb() {
    let fixture = start();
    let with = |metadata: &[u8]| upload(&fixture, &[NOTES, ("name=\"metadata\"", None, metadata)]);
    let of_size = |size: usize| format!("\"{}\"", "x".repeat(size - 2)).into_bytes();
    assert_eq!(with(&of_size(8_192)).status, 201);
    with(&of_size(8_193)).expect(400, "qoder/error-metadata-too-long");
    with(b"{").expect(400, "qoder/error-metadata");
    let purpose: Part<'_> = ("name=\"purpose\"", None, b"fine-tune");
    assert_eq!(upload(&fixture, &[NOTES, purpose]).status, 400);
}

#[test]
fn wants_a_bearer_token_and_echoes_the_request_id() {
    let fixture = start();
    let get = |headers: &[(&str, &str)]| fixture.call("GET /api/v1/cloud/files", headers, b"");
    get(&[("Authorization", "Bearer wrong")]).expect(401, "qoder/error-authentication");
    assert_eq!(get(&[("x-api-key", TOKEN)]).status, 401);
    let echoed = get(&[BEARER, ("x-request-id", "my-id-1")]);
    assert_eq!((echoed.status, echoed.headers["x-request-id"].as_str()), (200, "my-id-1"));
    assert_eq!(get(&[BEARER]).headers["x-request-id"].len(), 32);
    let unknown = fixture.call("GET /api/v1/cloud/agents", &[BEARER], b"");
    assert_eq!((unknown.status, unknown.text("type").as_str()), (404, "error"));
    // The vendor's client sends a JSON body with DELETE.
    let id = upload(&fixture, &[NOTES]).text("file_id");
    let line = format!("DELETE /api/v1/cloud/files/{id}");
    assert_eq!(fixture.call(&line, &[BEARER, ("Content-Type", "application/json")], b"{}").status, 200);
}

#[test]
fn files_are_limited_to_50_mb() {
    let limits = Limits { max_qoder_file_bytes: 10, ..Limits::default() };
    let fixture = start_with(QoderShape::Seed, limits);
    let upload_of =
        |body: &[u8]| upload(&fixture, &[("name=\"file\"; filename=\"a.txt\"", None, body)]).status;
    assert_eq!(upload_of(b"0123456789"), 201);
    assert_eq!(upload_of(b"0123456789a"), 413);
}
