//! The count of a message's tokens.

use serde_json::{Value, json};

use super::client::{Answer, FORM, Fixture, TOKEN, form, start, start_with_faults};

const KEY: (&str, &str) = ("x-api-key", TOKEN);
const PATH: &str = "/v1/messages/count_tokens";
/// The headers of each generation, and what old clients add to the path.
const GENERATIONS: [(&str, [(&str, &str); 2]); 2] = [
    ("?beta=true", [("anthropic-version", "2023-06-01"), ("anthropic-beta", "files-api-2025-04-14")]),
    ("", [("anthropic-version", "2026-10-21"), ("Accept", "application/json")]),
];

fn ask(fixture: &Fixture, body: &Value) -> Answer {
    let [version, _] = GENERATIONS[1].1;
    fixture.call(&format!("POST {PATH}"), &[KEY, version], body.to_string().as_bytes())
}

fn of(content: &Value) -> Value {
    json!({"model": "claude-opus-5", "messages": [{"role": "user", "content": content}]})
}

fn upload(fixture: &Fixture, name: &str, media_type: &str, bytes: usize) -> String {
    let disposition = format!("name=\"file\"; filename=\"{name}\"");
    let form = form(&[(&disposition, Some(media_type), &vec![b'x'; bytes])]);
    let [version, _] = GENERATIONS[1].1;
    fixture.call("POST /v1/files", &[KEY, version, FORM], &form).text("id")
}

fn by_id(kind: &str, id: &str) -> Value {
    json!([{"type": kind, "source": {"type": "file", "file_id": id}}])
}

#[test]
fn files_and_texts_are_counted_in_both_generations() {
    let fixture = start();
    let text = upload(&fixture, "a.txt", "text/plain", 36);
    let pdf = upload(&fixture, "a.pdf", "application/pdf", 50_001);
    let image = upload(&fixture, "a.png", "image/png", 9);
    let csv = upload(&fixture, "a.csv", "text/csv", 9);
    for (content, expected) in [
        (by_id("document", &text), 11),
        (by_id("document", &pdf), 7_636),
        (by_id("image", &image), 1_568),
        (json!([{"type": "container_upload", "file_id": csv}]), 0),
        (json!("1234567"), 2),
        (json!([{"type": "text", "text": "12345678"}]), 3),
        (
            json!([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}]),
            1,
        ),
        (json!([]), 0),
    ] {
        for (query, headers) in GENERATIONS {
            let line = format!("POST {PATH}{query}");
            let body = of(&content).to_string();
            let answer = fixture.call(&line, &[KEY, headers[0], headers[1]], body.as_bytes());
            assert_eq!(answer.status, 200, "{content}");
            assert_eq!(answer.json(), json!({"input_tokens": expected}), "{content}");
        }
    }
    let both = json!([by_id("document", &text)[0], by_id("image", &image)[0]]);
    assert_eq!(ask(&fixture, &of(&both)).json(), json!({"input_tokens": 1_579}));
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let fixture = start();
    let csv = upload(&fixture, "a.csv", "text/csv", 9);
    let text = upload(&fixture, "a.txt", "text/plain", 9);
    for (body, status) in [
        (of(&by_id("document", "file_missing")), 404),
        (of(&by_id("image", "file_missing")), 404),
        (of(&json!([{"type": "container_upload", "file_id": "file_missing"}])), 404),
        (of(&by_id("document", "../x")), 404),
        (of(&by_id("document", &csv)), 400),
        (of(&by_id("image", &text)), 400),
        (of(&json!([{"type": "image", "source": {"type": "text", "data": "x"}}])), 400),
        (of(&json!([{"type": "tool_use"}])), 400),
        (of(&json!(1)), 400),
        (json!({"model": "m", "messages": []}), 400),
        (json!({"model": "", "messages": [{"role": "user", "content": "x"}]}), 400),
        (json!({"messages": [{"role": "user", "content": "x"}]}), 400),
        (json!({"model": "m", "messages": [{"role": "root", "content": "x"}]}), 400),
        (json!([]), 400),
    ] {
        assert_eq!(ask(&fixture, &body).status, status, "{body}");
    }
    assert_eq!(fixture.call(&format!("GET {PATH}"), &[KEY, GENERATIONS[1].1[0]], b"").status, 405);
    assert_eq!(fixture.call(&format!("POST {PATH}"), &[GENERATIONS[1].1[0]], b"{}").status, 401);
}

#[test]
fn a_file_that_has_ended_is_not_counted() {
    let fixture = start();
    let expiry = ("name=\"expires_in_seconds\"", None, &b"3600"[..]);
    let form = form(&[expiry, ("name=\"file\"; filename=\"a.txt\"", Some("text/plain"), b"x")]);
    let id = fixture.call("POST /v1/files", &[KEY, GENERATIONS[1].1[0], FORM], &form).text("id");
    assert_eq!(ask(&fixture, &of(&by_id("document", &id))).json(), json!({"input_tokens": 1}));
    fixture.pass_hours(1);
    ask(&fixture, &of(&by_id("document", &id))).expect(404, "anthropic/error-file-expired");
}

#[test]
fn counts_fail_by_a_name_of_their_own() {
    let fixture = start_with_faults(&["count:529", "upload:500"]);
    assert_eq!(ask(&fixture, &of(&json!("x"))).status, 529);
    assert_eq!(ask(&fixture, &of(&json!("x"))).status, 200, "an upload's fault is not theirs");
}
