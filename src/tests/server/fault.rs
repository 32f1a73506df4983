//! Faults: what the upload engine is tested against must itself be right.

use super::client::{Answer, FORM, Fixture, form, start_with_faults};

const HEADERS: [(&str, &str); 3] =
    [("Authorization", "Bearer test-token"), ("anthropic-version", "2026-10-21"), FORM];

fn upload(fixture: &Fixture) -> Option<Answer> {
    let body = form(&[("name=\"file\"; filename=\"a.txt\"", Some("text/plain"), b"abc")]);
    fixture.try_call("POST /v1/files", &HEADERS, &body)
}

fn stored(fixture: &Fixture) -> usize {
    let list = fixture.call("GET /v1/files", &HEADERS[..2], b"");
    list.json()["data"].as_array().unwrap().len()
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
