//! The Anthropic dialect: shapes by header, paging, names, lifetimes, errors.

use docferry::server::{Limits, QoderShape};
use docferry::store::NewFile;
use serde_json::Value;

use super::client::{Answer, FORM, Fixture, Part, TOKEN, form, midnight, start, start_with};

const KEY: (&str, &str) = ("x-api-key", TOKEN);
const BEARER: (&str, &str) = ("Authorization", "Bearer test-token");
const OLD: (&str, &str) = ("anthropic-version", "2023-06-01");
const NEW: (&str, &str) = ("anthropic-version", "2026-10-21");
const BETA: (&str, &str) = ("anthropic-beta", "files-api-2025-04-14");
const AGENTS: (&str, &str) = ("anthropic-beta", "managed-agents-2026-04-01");
const CSV: Part<'static> = ("name=\"file\"; filename=\"data.csv\"", Some("text/csv"), b"a,b\n1,2\n3,4\n");
const LIFETIME: Part<'static> = ("name=\"expires_in_seconds\"", None, b"3600");

fn ga(fixture: &Fixture, line: &str) -> Answer {
    fixture.call(line, &[BEARER, NEW], b"")
}

fn beta(fixture: &Fixture, line: &str) -> Answer {
    fixture.call(line, &[KEY, OLD, BETA], b"")
}

fn upload(fixture: &Fixture, parts: &[Part<'_>]) -> Answer {
    fixture.call("POST /v1/files", &[BEARER, NEW, FORM], &form(parts))
}

fn upload_named(fixture: &Fixture, name: &str) -> Answer {
    let disposition = format!("name=\"file\"; filename=\"{name}\"");
    upload(fixture, &[(&disposition, Some("text/plain"), b"x")])
}

fn ids(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let data = json["data"].as_array().unwrap().iter();
    data.map(|file| file["id"].as_str().unwrap().to_owned()).collect()
}

/// Uploads files and returns their ids, newest first.
fn upload_many(fixture: &Fixture, names: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = names.iter().map(|name| upload_named(fixture, name).text("id")).collect();
    ids.reverse();
    ids
}

#[test]
fn uploads_in_the_shape_of_each_generation() {
    let fixture = start();
    upload(&fixture, &[CSV]).expect(200, "anthropic/upload");
    let body = form(&[CSV]);
    let beta = fixture.call("POST /v1/files?beta=true", &[KEY, OLD, BETA, FORM], &body);
    beta.expect(200, "anthropic/upload-beta");
    let old = fixture.call("POST /v1/files?beta=true", &[KEY, OLD, FORM], &body);
    old.expect(200, "anthropic/upload");
    assert!(beta.headers["request-id"].starts_with("req_"));
    assert_eq!(beta.headers["anthropic-organization-id"], fixture.store.id());
}

#[test]
fn betas_come_as_a_list_or_in_several_headers() {
    let fixture = start();
    let list = ("anthropic-beta", "managed-agents-2026-04-01, x-y,files-api-2025-04-14");
    let other = ("anthropic-beta", "skills-2025-10-02");
    for headers in [&[KEY, OLD, list][..], &[KEY, OLD, other, BETA]] {
        let answer = fixture.call("GET /v1/files", headers, b"");
        answer.expect(200, "anthropic/list-beta-empty");
    }
}

#[test]
fn takes_the_lifetime_before_and_after_the_file() {
    let fixture = start();
    upload(&fixture, &[LIFETIME, CSV]).expect(200, "anthropic/upload-expiring");
    upload(&fixture, &[CSV, LIFETIME]).expect(200, "anthropic/upload-expiring");
    for bad in ["3599", "7776001", "-1", "soon", ""] {
        let lifetime: Part<'_> = ("name=\"expires_in_seconds\"", None, bad.as_bytes());
        upload(&fixture, &[CSV, lifetime]).expect(400, "anthropic/error-expires-in");
    }
    let form = form(&[CSV, LIFETIME]);
    assert_eq!(fixture.call("POST /v1/files", &[KEY, OLD, BETA, FORM], &form).status, 400);
    assert_eq!(ids(&ga(&fixture, "GET /v1/files")).len(), 2, "refused uploads store nothing");
}

#[test]
fn metadata_and_delete() {
    let fixture = start();
    let id = upload(&fixture, &[CSV]).text("id");
    ga(&fixture, &format!("GET /v1/files/{id}?beta=true")).expect(200, "anthropic/upload");
    beta(&fixture, &format!("GET /v1/files/{id}")).expect(200, "anthropic/upload-beta");
    ga(&fixture, &format!("DELETE /v1/files/{id}")).expect(200, "anthropic/delete");
    ga(&fixture, &format!("DELETE /v1/files/{id}")).expect(404, "anthropic/error-not-found");
    ga(&fixture, &format!("GET /v1/files/{id}")).expect(404, "anthropic/error-not-found");
    ga(&fixture, &format!("GET /v1/files/{id}/content")).expect(404, "anthropic/error-not-found");
    for odd in ["file_x", "..%2f..%2fetc%2fpasswd", "%ff", "%00"] {
        let status = ga(&fixture, &format!("GET /v1/files/{odd}")).status;
        assert!(status == 404 || status == 400, "{odd}: {status}");
    }
}

#[test]
fn gives_back_only_what_is_downloadable_and_not_expired() {
    let fixture = start();
    let id = upload(&fixture, &[CSV, LIFETIME]).text("id");
    let content = format!("GET /v1/files/{id}/content");
    ga(&fixture, &content).expect(400, "anthropic/error-not-downloadable");
    let new = NewFile {
        downloadable: Some(true),
        scope: Some("sesn_1"),
        ..NewFile::new("out.txt", "text/plain", "file_", midnight())
    };
    let output = fixture.put(new, b"abc");
    let answer = ga(&fixture, &format!("GET /v1/files/{output}/content"));
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"abc"[..]));
    assert_eq!(answer.headers["content-type"], "text/plain");
    assert_eq!(answer.headers["content-length"], "3");
    let scoped = fixture.call(&format!("GET /v1/files/{output}"), &[BEARER, NEW, AGENTS], b"");
    scoped.expect(200, "anthropic/metadata-scope");
    fixture.pass_hours(1);
    ga(&fixture, &content).expect(404, "anthropic/error-file-expired");
    assert_eq!(ga(&fixture, &format!("GET /v1/files/{id}")).status, 200, "its metadata stays");
}

#[test]
fn ga_pages_by_cursor() {
    let fixture = start();
    let sent = upload_many(&fixture, &["1", "2", "3", "a.txt", "b.txt"]);
    let first = ga(&fixture, "GET /v1/files?limit=2");
    first.expect(200, "anthropic/list-ga");
    assert_eq!(ids(&first), sent[..2]);
    let second = ga(&fixture, &format!("GET /v1/files?limit=2&page={}", first.text("next_page")));
    assert_eq!(ids(&second), sent[2..4]);
    // A cursor stays good when its file is deleted.
    assert_eq!(ga(&fixture, &format!("DELETE /v1/files/{}", sent[3])).status, 200);
    let third = ga(&fixture, &format!("GET /v1/files?limit=2&page={}", second.text("next_page")));
    assert_eq!(ids(&third), sent[4..]);
    assert_eq!(third.json()["next_page"], Value::Null);
    for bad in ["limit=0", "limit=1001", "limit=x", "page=page_", "page=x", "after_id=file_a", "before_id=x"]
    {
        assert_eq!(ga(&fixture, &format!("GET /v1/files?{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn ga_selects_by_ids_in_one_page() {
    let fixture = start();
    let sent = upload_many(&fixture, &["a.txt", "b.txt", "c"]);
    let line =
        format!("GET /v1/files?ids%5B%5D={}&ids[]={}&ids[]=file_x&ids[]={}", sent[2], sent[1], sent[1]);
    let answer = ga(&fixture, &line);
    answer.expect(200, "anthropic/list-ga-last");
    assert_eq!(ids(&answer), sent[1..]);
    assert_eq!(ga(&fixture, &format!("{line}&limit=5")).status, 400);
    assert_eq!(ga(&fixture, &format!("{line}&page=page_x")).status, 400);
    let many = |count: usize| (0..count).map(|n| format!("ids[]=file_{n}")).collect::<Vec<_>>().join("&");
    assert_eq!(ga(&fixture, &format!("GET /v1/files?{}", many(101))).status, 400);
    assert_eq!(ga(&fixture, &format!("GET /v1/files?{}&ids[]=file_1", many(100))).status, 200);
}

#[test]
fn beta_pages_by_pairs_of_ids() {
    let fixture = start();
    let sent = upload_many(&fixture, &["1", "2", "3", "a.txt", "b.txt"]);
    let first = beta(&fixture, "GET /v1/files?beta=true&limit=2");
    first.expect(200, "anthropic/list-beta");
    let next = beta(&fixture, &format!("GET /v1/files?limit=9&after_id={}", first.text("last_id")));
    assert_eq!((ids(&next), &next.json()["has_more"]), (sent[2..].to_vec(), &Value::Bool(false)));
    let back = beta(&fixture, &format!("GET /v1/files?limit=2&before_id={}", sent[3]));
    assert_eq!((ids(&back), &back.json()["has_more"]), (sent[1..3].to_vec(), &Value::Bool(true)));
    let past = beta(&fixture, &format!("GET /v1/files?after_id={}", sent[4]));
    past.expect(200, "anthropic/list-beta-empty");
    for bad in ["after_id=nonsense", "page=page_x", "ids[]=file_x"] {
        assert_eq!(beta(&fixture, &format!("GET /v1/files?{bad}")).status, 400, "{bad}");
    }
    let both = format!("GET /v1/files?after_id={}&before_id={}", sent[0], sent[1]);
    assert_eq!(beta(&fixture, &both).status, 400);
}

#[test]
fn scope_needs_its_beta_and_may_leave_a_page_empty() {
    let fixture = start();
    let scoped = NewFile { scope: Some("sesn_1"), ..NewFile::new("s", "text/plain", "file_", midnight()) };
    let scoped = fixture.put(scoped, b"x");
    upload_many(&fixture, &["1", "2", "3"]);
    ga(&fixture, "GET /v1/files?scope_id=sesn_1").expect(400, "anthropic/error-scope");
    let list = |query: &str, beta: &str| {
        let betas = ("anthropic-beta", beta);
        fixture.call(&format!("GET /v1/files?scope_id=sesn_1&limit=2{query}"), &[KEY, OLD, betas], b"")
    };
    let first = list("", "managed-agents-2026-04-01");
    first.expect(200, "anthropic/list-ga-empty-page");
    let second = list(&format!("&page={}", first.text("next_page")), "managed-agents-2026-04-01");
    assert_eq!(ids(&second), std::slice::from_ref(&scoped));
    let beta = list("", "managed-agents-2026-04-01,files-api-2025-04-14");
    assert_eq!(ids(&beta), [scoped]);
}

#[test]
fn keeps_the_name_as_it_stands_or_refuses_it() {
    let fixture = start();
    let long = "x".repeat(255);
    let cases = [
        ("a.txt", "a.txt"),
        ("dir/sub/a.txt", "a.txt"),
        ("../../a.txt", "a.txt"),
        ("r\u{e9}port %22q%22.pdf", "r\u{e9}port %22q%22.pdf"),
        ("", "unnamed.txt"),
        ("dir/", "unnamed.txt"),
        (&long, &long),
    ];
    for (sent, stored) in cases {
        let answer = upload_named(&fixture, sent);
        assert_eq!((answer.status, answer.text("filename").as_str()), (200, stored), "{sent}");
    }
    upload_named(&fixture, "a:b").expect(400, "anthropic/error-file-name");
    let too_long = "\u{e9}".repeat(256);
    for bad in ["a<b", "a>b", "a|b", "a?b", "a*b", "C:\\\\a", "\\\"", "a\u{1}b", "a\tb", "..", &too_long] {
        assert_eq!(upload_named(&fixture, bad).status, 400, "{bad:?}");
    }
    assert_eq!(upload_named(&fixture, &"\u{e9}".repeat(255)).status, 200);
}

#[test]
fn media_type_is_the_parts_unless_it_says_nothing() {
    let fixture = start();
    let cases = [
        ("; filename=\"n.md\"", Some("text/plain"), "n.md", "text/plain"),
        ("; filename=\"n.md\"", Some("Text/Plain; charset=utf-8"), "n.md", "text/plain"),
        ("; filename=\"n.pdf\"", Some("application/octet-stream"), "n.pdf", "application/pdf"),
        ("; filename=\"n.csv\"", None, "n.csv", "text/csv"),
        ("; filename=\"noext\"", None, "noext", "application/octet-stream"),
        ("", Some("application/octet-stream"), "unnamed.bin", "application/octet-stream"),
        ("", Some("application/pdf"), "unnamed.pdf", "application/pdf"),
    ];
    for (name, media_type, stored, stored_type) in cases {
        let answer = upload(&fixture, &[(&format!("name=\"file\"{name}"), media_type, b"x")]);
        let got = (answer.text("filename"), answer.text("mime_type"));
        assert_eq!(got, (stored.to_owned(), stored_type.to_owned()), "{name} {media_type:?}");
    }
    let nonsense = upload(&fixture, &[("name=\"file\"; filename=\"a\"", Some("nonsense"), b"x")]);
    assert_eq!(nonsense.status, 400);
}

#[test]
fn refuses_forms_that_are_none_of_this_api() {
    let fixture = start();
    let empty: Part<'_> = ("name=\"file\"; filename=\"a\"", Some("text/plain"), b"");
    let purpose: Part<'_> = ("name=\"purpose\"", None, b"x");
    for parts in [&[][..], &[LIFETIME], &[CSV, CSV], &[CSV, purpose], &[empty], &[LIFETIME, CSV, LIFETIME]] {
        assert_eq!(upload(&fixture, parts).status, 400, "{parts:?}");
    }
    let json = fixture.call("POST /v1/files", &[BEARER, NEW, ("Content-Type", "application/json")], b"{}");
    assert_eq!(json.status, 400);
    let mut torn = form(&[CSV]);
    torn.truncate(torn.len() - 8);
    assert_eq!(fixture.call("POST /v1/files", &[BEARER, NEW, FORM], &torn).status, 400);
    assert_eq!(ids(&ga(&fixture, "GET /v1/files")), Vec::<String>::new());
}

#[test]
fn wants_a_key_and_a_version() {
    let fixture = start();
    let call = |headers: &[(&str, &str)]| fixture.call("GET /v1/files", headers, b"");
    call(&[("x-api-key", "wrong"), NEW]).expect(401, "anthropic/error-authentication");
    call(&[("Authorization", "Bearer wrong"), NEW]).expect(401, "anthropic/error-authentication");
    assert_eq!(call(&[NEW]).status, 401);
    assert_eq!(call(&[KEY, BEARER, OLD]).status, 200);
    assert_eq!(call(&[("x-api-key", "wrong"), BEARER, OLD]).status, 200);
    call(&[KEY]).expect(400, "anthropic/error-version");
    assert_eq!(call(&[KEY, ("anthropic-version", "2022-01-01")]).status, 400);
    let refused = fixture.call("POST /v1/files", &[NEW, FORM], &form(&[CSV]));
    assert_eq!(refused.status, 401);
}

#[test]
fn unknown_routes_and_methods_have_the_envelope() {
    let fixture = start();
    ga(&fixture, "GET /v1/messages").expect(404, "anthropic/error-route");
    ga(&fixture, "GET /").expect(404, "anthropic/error-route");
    let put = ga(&fixture, "PUT /v1/files");
    assert_eq!((put.status, put.text("type").as_str()), (405, "error"));
    assert!(put.headers["allow"].contains("POST"));
    assert_eq!(ga(&fixture, "OPTIONS /v1/files").status, 405);
    let head = ga(&fixture, "HEAD /v1/files");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn sizes_have_limits_with_the_framing_counted() {
    let limits = Limits { max_file_bytes: 1_000, max_request_bytes: 1_500, ..Limits::default() };
    let fixture = start_with(QoderShape::Seed, limits);
    let disposition = "name=\"file\"; filename=\"a.txt\"";
    let upload_of = |size: usize| upload(&fixture, &[(disposition, Some("text/plain"), &vec![b'x'; size])]);
    assert_eq!(upload_of(1_000).status, 200);
    upload_of(1_001).expect(413, "anthropic/error-too-large");
    assert_eq!(upload_of(5_000_000).status, 413);

    let limits = Limits { max_file_bytes: 1_000, max_request_bytes: 1_000, ..Limits::default() };
    let fixture = start_with(QoderShape::Seed, limits);
    let overhead = form(&[(disposition, Some("text/plain"), b"")]).len();
    let upload_of = |size: usize| upload(&fixture, &[(disposition, Some("text/plain"), &vec![b'x'; size])]);
    assert_eq!(upload_of(1_000 - overhead).status, 200);
    assert_eq!(upload_of(1_001 - overhead).status, 413);
}

#[test]
fn another_workspace_than_the_stores_is_refused() {
    let fixture = start();
    let own = ga(&fixture, "GET /v1/files").headers["anthropic-workspace-id"].clone();
    let name = |ids: &[&str]| {
        let named = ids.iter().map(|id| ("anthropic-workspace-id", *id));
        let headers: Vec<_> = [BEARER, NEW].into_iter().chain(named).collect();
        let answer = fixture.call("GET /v1/files", &headers, b"");
        let kind = answer.json()["error"]["type"].as_str().unwrap_or_default().to_owned();
        (answer.status, kind)
    };
    assert_eq!(name(&[&own]), (200, String::new()));
    assert_eq!(name(&["wrkspc_other"]), (403, "permission_error".to_owned()));
    assert_eq!(name(&["default"]), (400, "invalid_request_error".to_owned()));
    assert_eq!(name(&[&own, &own]), (400, "invalid_request_error".to_owned()));
    let answer = fixture.call("GET /v1/files", &[NEW, ("anthropic-workspace-id", "wrkspc_other")], b"");
    assert_eq!(answer.status, 401, "who is asking comes first");
}
