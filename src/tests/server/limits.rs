//! Planted outputs, the end of files, the quota and the rate limit.

use std::num::NonZeroU32;

use docferry::server::{Limits, QoderShape};
use docferry::store::NewFile;
use serde_json::Value;

use super::client::{FORM, Fixture, form, midnight, start, start_with};
use super::sessions::{BEARER, VERSION, add, delete, get, ids, plant, session, upload};

#[test]
fn planted_outputs_can_be_downloaded() {
    let fixture = start();
    let session = session(&fixture);
    let ours = plant(&fixture, &format!("filename=report.md&scope_id={session}"), b"# r\n");
    assert_eq!((ours.status, ours.text("mime_type").as_str()), (201, "text/markdown"));
    let tools = plant(&fixture, "filename=..%2F%0Ax&mime_type=image%2Fpng", b"");
    assert_eq!(tools.text("filename"), "../\nx");
    for (planted, body) in [(&ours, &b"# r\n"[..]), (&tools, b"")] {
        let content = get(&fixture, &format!("/v1/files/{}/content", planted.text("id")));
        assert_eq!((content.status, content.body.as_slice()), (200, body));
    }
    assert_eq!(ids(&get(&fixture, &format!("/v1/files?scope_id={session}&limit=1000"))), [ours.text("id")]);
    assert_eq!(ids(&get(&fixture, "/v1/files")), [tools.text("id"), ours.text("id")]);
    for (query, status) in [
        ("", 400),
        ("filename=", 400),
        ("filename=a&scope_id=sesn_1", 404),
        ("filename=a&mime_type=nonsense", 400),
    ] {
        assert_eq!(plant(&fixture, query, b"x").status, status, "{query}");
    }
    let line = "POST /docferry/v1/outputs?filename=a";
    assert_eq!(fixture.call(line, &[("x-api-key", "wrong")], b"x").status, 401);
    assert_eq!(fixture.call(line, &[BEARER], b"x").status, 201);
    assert!(fixture.server.ready().outputs_url.ends_with("/docferry/v1/outputs"));
}

#[test]
fn what_ended_is_forgotten_after_thirty_days() {
    let fixture = start();
    let end = "2026-11-20T11:00:00Z".parse().ok();
    let new = || NewFile { expires_at: end, ..NewFile::new("a", "text/plain", "file_", midnight()) };
    let file = fixture.put(new(), b"x");
    let session = session(&fixture);
    let mounted = add(&fixture, &session, &file, "/a");
    assert_eq!(
        get(&fixture, &format!("/v1/files/{}", mounted.text("file_id"))).json()["expires_at"],
        Value::Null
    );
    fixture.pass_hours(2);
    add(&fixture, &session, &file, "/b").expect(404, "anthropic/error-file-expired");
    let listed = |fixture: &Fixture| ids(&get(fixture, "/v1/files")).len();
    let by_id = |fixture: &Fixture| ids(&get(fixture, &format!("/v1/files?ids[]={file}"))).len();
    fixture.pass_hours(24 * 30 - 2);
    assert_eq!((listed(&fixture), by_id(&fixture)), (1, 1));
    assert_eq!(get(&fixture, &format!("/v1/files/{file}")).status, 200);
    fixture.pass_hours(2);
    assert_eq!((listed(&fixture), by_id(&fixture)), (0, 0));
    get(&fixture, &format!("/v1/files/{file}")).expect(404, "anthropic/error-not-found");
    get(&fixture, &format!("/v1/files/{file}/content")).expect(404, "anthropic/error-not-found");
}

#[test]
fn the_quota_counts_uploads_that_have_not_ended() {
    let limits = Limits { quota_bytes: Some(10), ..Limits::default() };
    let fixture = start_with(QoderShape::Seed, limits);
    let new = NewFile {
        expires_at: "2026-11-20T11:00:00Z".parse().ok(),
        ..NewFile::new("ends", "text/plain", "file_", midnight())
    };
    fixture.put(new, b"1234");
    let kept = upload(&fixture, "a.txt", b"123456").text("id");
    upload(&fixture, "b.txt", b"1").expect(400, "anthropic/error-storage-quota");
    let session = session(&fixture);
    assert_eq!(add(&fixture, &session, &kept, "/a.txt").status, 200, "copies do not count");
    assert_eq!(plant(&fixture, "filename=out.txt", b"12345678901").status, 201, "outputs do not count");
    upload(&fixture, "b.txt", b"1").expect(400, "anthropic/error-storage-quota");
    fixture.pass_hours(1);
    assert_eq!(upload(&fixture, "b.txt", b"1234").status, 200, "what ended does not count");
    assert_eq!(upload(&fixture, "c.txt", b"1").status, 400);
    assert_eq!(delete(&fixture, &format!("/v1/files/{kept}")).status, 200);
    assert_eq!(upload(&fixture, "c.txt", b"123456").status, 200);
    let qoder = form(&[("name=\"file\"; filename=\"a.txt\"", Some("text/plain"), b"x")]);
    let refused = fixture.call("POST /api/v1/cloud/files", &[BEARER, FORM], &qoder);
    assert_eq!((refused.status, refused.text("type").as_str()), (400, "error"));
}

#[test]
fn the_rate_is_one_for_all_requests_with_the_key() {
    let limits = Limits { requests_per_minute: NonZeroU32::new(2), ..Limits::default() };
    let fixture = start_with(QoderShape::Seed, limits);
    assert_eq!(fixture.call("GET /v1/files", &[("x-api-key", "wrong"), VERSION], b"").status, 401);
    assert_eq!(get(&fixture, "/v1/files").status, 200);
    assert_eq!(fixture.call("GET /api/v1/cloud/files", &[BEARER], b"").status, 200);
    let refused = upload(&fixture, "a.txt", b"x");
    refused.expect(429, "anthropic/error-rate-limit");
    assert_eq!(refused.headers["retry-after"], "60");
    let refused = fixture.call("GET /api/v1/cloud/files", &[BEARER], b"");
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "60"));
    fixture.pass_hours(1);
    assert_eq!(get(&fixture, "/v1/sessions").status, 200);
}
