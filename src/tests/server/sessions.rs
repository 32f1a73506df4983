//! Sessions and their resources.

use docferry::server::{CommitLog, CommitOperation, Limits, QoderShape, ServerOptions};
use serde_json::{Value, json};

use super::client::{Answer, FORM, Fixture, TOKEN, form, start, start_as, start_with, start_with_faults};

const KEY: (&str, &str) = ("x-api-key", TOKEN);
pub(super) const VERSION: (&str, &str) = ("anthropic-version", "2026-10-21");
const AGENTS: (&str, &str) = ("anthropic-beta", "managed-agents-2026-04-01");
const OLD: (&str, &str) = ("anthropic-beta", "managed-agents-2026-04-01,files-api-2025-04-14");
pub(super) const BEARER: (&str, &str) = ("Authorization", "Bearer test-token");
const SESSIONS: &str = "/v1/sessions";
const QODER: &str = "/api/v1/cloud/sessions";

pub(super) fn get(fixture: &Fixture, path: &str) -> Answer {
    fixture.call(&format!("GET {path}"), &[KEY, VERSION, AGENTS], b"")
}

pub(super) fn delete(fixture: &Fixture, path: &str) -> Answer {
    fixture.call(&format!("DELETE {path}"), &[KEY, VERSION, AGENTS], b"")
}

fn post_as(fixture: &Fixture, beta: (&str, &str), path: &str, body: &Value) -> Answer {
    fixture.call(&format!("POST {path}"), &[KEY, VERSION, beta], body.to_string().as_bytes())
}

fn post(fixture: &Fixture, path: &str, body: &Value) -> Answer {
    post_as(fixture, AGENTS, path, body)
}

pub(super) fn upload(fixture: &Fixture, name: &str, body: &[u8]) -> Answer {
    let disposition = format!("name=\"file\"; filename=\"{name}\"");
    let form = form(&[(&disposition, Some("text/plain"), body)]);
    fixture.call("POST /v1/files", &[KEY, VERSION, FORM], &form)
}

pub(super) fn session(fixture: &Fixture) -> String {
    post(fixture, SESSIONS, &json!({"agent": "agent_1", "environment_id": "env_1"})).text("id")
}

pub(super) fn add(fixture: &Fixture, session: &str, file: &str, mount_path: &str) -> Answer {
    let body = json!({"type": "file", "file_id": file, "mount_path": mount_path});
    post(fixture, &format!("{SESSIONS}/{session}/resources"), &body)
}

pub(super) fn plant(fixture: &Fixture, query: &str, body: &[u8]) -> Answer {
    fixture.call(&format!("POST /docferry/v1/outputs?{query}"), &[KEY], body)
}

pub(super) fn ids(answer: &Answer) -> Vec<String> {
    let data = answer.json()["data"].as_array().unwrap().clone();
    data.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_session_is_created_with_copies_of_its_files() {
    let fixture = start();
    let file = upload(&fixture, "data.csv", b"a,b\n").text("id");
    let body = json!({
        "agent": {"type": "agent", "id": "agent_1", "version": 1},
        "environment_id": "env_1",
        "title": "t",
        "metadata": {"k": "v"},
        "resources": [{"type": "file", "file_id": file, "mount_path": "/data.csv"}],
    });
    let made = post(&fixture, "/v1/sessions?beta=true", &body);
    made.expect(200, "anthropic/session");
    let id = made.text("id");
    get(&fixture, &format!("{SESSIONS}/{id}")).expect(200, "anthropic/session");
    let copy = made.json()["resources"][0]["file_id"].as_str().unwrap().to_owned();
    assert_ne!(copy, file);
    let listed = get(&fixture, &format!("/v1/files?scope_id={id}"));
    assert_eq!(ids(&listed), std::slice::from_ref(&copy));
    assert_eq!(listed.json()["data"][0]["scope"], json!({"id": id, "type": "session"}));
    assert_eq!(ids(&get(&fixture, "/v1/files")), std::slice::from_ref(&file), "a copy is no workspace file");
    assert_eq!(get(&fixture, &format!("/v1/files/{copy}")).json()["filename"], "data.csv");
    let content = get(&fixture, &format!("/v1/files/{copy}/content"));
    content.expect(400, "anthropic/error-not-downloadable");
    assert_eq!(delete(&fixture, &format!("/v1/files/{file}")).status, 200);
    assert_eq!(get(&fixture, &format!("/v1/files/{copy}")).status, 200, "the copy stays");
}

#[test]
fn resources_are_added_listed_shown_and_deleted_with_their_copies() {
    let fixture = start();
    let session = session(&fixture);
    let resources = format!("{SESSIONS}/{session}/resources");
    let file = upload(&fixture, "data.csv", b"a,b\n").text("id");
    let first = add(&fixture, &session, &file, "/data/report.csv");
    first.expect(200, "anthropic/session-resource");
    let second = add(&fixture, &session, &file, "/sub/notes.md");
    get(&fixture, &resources).expect(200, "anthropic/session-resource-list-files");
    let page = get(&fixture, &format!("{resources}?limit=1"));
    assert_eq!(ids(&page), [first.text("id")]);
    let rest = get(&fixture, &format!("{resources}?limit=1&page={}", page.text("next_page")));
    assert_eq!((ids(&rest), &rest.json()["next_page"]), (vec![second.text("id")], &Value::Null));
    for bad in ["limit=0", "limit=1001", "page=page_x", "page=x"] {
        assert_eq!(get(&fixture, &format!("{resources}?{bad}")).status, 400, "{bad}");
    }
    let path = format!("{resources}/{}", first.text("id"));
    get(&fixture, &path).expect(200, "anthropic/session-resource");
    assert_eq!(post(&fixture, &path, &json!({"authorization_token": "x"})).status, 400);
    let copy = format!("/v1/files/{}", first.text("file_id"));
    assert_eq!(delete(&fixture, &copy).status, 400, "it goes with its resource");
    delete(&fixture, &path).expect(200, "anthropic/session-resource-deleted");
    assert_eq!(get(&fixture, &copy).status, 404);
    for gone in [&path, "/v1/sessions/sesn_1", &format!("{resources}/sesrsc_1")] {
        get(&fixture, gone).expect(404, "anthropic/error-not-found");
    }
    delete(&fixture, &path).expect(404, "anthropic/error-not-found");
    add(&fixture, &session, &file, "/data/report.csv").expect(200, "anthropic/session-resource");
}

#[test]
fn sessions_and_copies_outlive_the_server() {
    let fixture = start();
    let session = session(&fixture);
    let file = upload(&fixture, "a.txt", b"x").text("id");
    let added = add(&fixture, &session, &file, "/a.txt");
    let fixture = fixture.restart();
    let resources = format!("{SESSIONS}/{session}/resources");
    assert_eq!(get(&fixture, &resources).json()["data"], json!([added.json()]));
    let planted = plant(&fixture, &format!("filename=out.txt&scope_id={session}"), b"out").text("id");
    let path = format!("{SESSIONS}/{session}");
    assert_eq!(delete(&fixture, &path).json(), json!({"id": session, "type": "session_deleted"}));
    assert_eq!(get(&fixture, &path).status, 404);
    for gone in [planted, added.text("file_id")] {
        assert_eq!(get(&fixture, &format!("/v1/files/{gone}")).status, 404);
    }
    assert_eq!(get(&fixture, &format!("/v1/files/{file}")).status, 200, "uploads stay");
}

#[test]
fn mount_paths_are_those_of_their_time() {
    let fixture = start();
    let file = upload(&fixture, "a.txt", b"x").text("id");
    let resources = format!("{SESSIONS}/{}/resources", session(&fixture));
    let plain = json!({"type": "file", "file_id": file});
    let given = json!({"type": "file", "file_id": file, "mount_path": "/workspace/a.txt"});
    let path = |beta, body| post_as(&fixture, beta, &resources, body).text("mount_path");
    assert_eq!(path(AGENTS, &plain), format!("/mnt/session/uploads/{file}"));
    assert_eq!(path(AGENTS, &given), "/mnt/session/uploads/workspace/a.txt");
    assert_eq!(path(OLD, &given), "/workspace/a.txt");
    let bad = |mount_path: &str| {
        post(&fixture, &resources, &json!({"type": "file", "file_id": file, "mount_path": mount_path})).status
    };
    for mount_path in
        ["a.txt", "", "/", "/a/../b", "/a//b", "/a\n", "/workspace/a.txt", "/workspace", "/workspace/a.txt/b"]
    {
        assert_eq!(bad(mount_path), 400, "{mount_path:?}");
    }
    for (body, status) in [
        (plain, 400),
        (json!({"type": "file", "file_id": "file_missing"}), 404),
        (json!({"type": "file", "file_id": "../../x"}), 404),
        (json!({"type": "file", "file_id": 1}), 400),
        (json!({"type": "file"}), 400),
        (json!({"file_id": file}), 400),
        (json!({"type": "github_repository", "url": "https://github.com/o/r"}), 400),
        (json!({"type": "file", "file_id": file, "mount_path": "/b", "more": 1}), 400),
        (json!([]), 400),
    ] {
        assert_eq!(post(&fixture, &resources, &body).status, status, "{body}");
    }
    let torn = fixture.call(&format!("POST {resources}"), &[KEY, VERSION, AGENTS], b"{");
    assert_eq!(torn.status, 400);
    assert_eq!(ids(&get(&fixture, &resources)).len(), 3, "what is refused mounts nothing");
}

#[test]
fn a_path_of_the_older_shape_is_kept() {
    let fixture = start();
    let file = upload(&fixture, "a.txt", b"x").text("id");
    let body = json!({"type": "file", "file_id": file, "mount_path": "/data/report.csv"});
    let resources = format!("{SESSIONS}/{}/resources", session(&fixture));
    post_as(&fixture, OLD, &resources, &body).expect(200, "anthropic/session-resource-beta");
}

#[test]
fn a_session_has_room_for_500_files_and_had_for_100() {
    let fixture = start();
    let file = upload(&fixture, "a.txt", b"x").text("id");
    let body = |count: usize| {
        let mount = |n| json!({"type": "file", "file_id": file, "mount_path": format!("/{n}")});
        let resources: Vec<Value> = (0..count).map(mount).collect();
        json!({"agent": "a", "environment_id": "e", "resources": resources})
    };
    assert_eq!(post(&fixture, SESSIONS, &body(501)).status, 400);
    assert_eq!(post_as(&fixture, OLD, SESSIONS, &body(101)).status, 400);
    assert_eq!(ids(&get(&fixture, SESSIONS)), Vec::<String>::new());
    assert_eq!(ids(&get(&fixture, "/v1/files?limit=1000")).len(), 1);
    let full = post_as(&fixture, OLD, SESSIONS, &body(100)).text("id");
    let resources = format!("{SESSIONS}/{full}/resources");
    let more = json!({"type": "file", "file_id": file, "mount_path": "/more"});
    assert_eq!(post_as(&fixture, OLD, &resources, &more).status, 400);
    assert_eq!(post(&fixture, &resources, &more).status, 200);
    assert_eq!(ids(&get(&fixture, &resources)).len(), 101);
    let full = post(&fixture, SESSIONS, &body(500)).text("id");
    assert_eq!(post(&fixture, &format!("{SESSIONS}/{full}/resources"), &more).status, 400);
}

#[test]
fn creation_is_all_or_nothing_and_says_what_it_cannot_do() {
    let fixture = start();
    let file = upload(&fixture, "a.txt", b"x").text("id");
    let good = json!({"type": "file", "file_id": file});
    let missing = json!({"type": "file", "file_id": "file_missing"});
    for (body, status) in [
        (json!({"agent": "a", "environment_id": "e", "resources": [good, missing]}), 404),
        (json!({"agent": "a", "environment_id": "e", "resources": [good, good]}), 400),
        (json!({"agent": "a"}), 400),
        (json!({"environment_id": "e"}), 400),
        (json!({"agent": 1, "environment_id": "e"}), 400),
        (json!({"agent": "a", "environment_id": ""}), 400),
        (json!({"agent": "a", "environment_id": "e", "metadata": {"k": "x".repeat(513)}}), 400),
        (json!({"agent": "a", "environment_id": "e", "initial_events": []}), 400),
    ] {
        assert_eq!(post(&fixture, SESSIONS, &body).status, status, "{body}");
    }
    assert_eq!(ids(&get(&fixture, SESSIONS)), Vec::<String>::new());
    let page = fixture.store.list(docferry::store::Position::Newest, 9).unwrap();
    assert_eq!(page.files.len(), 1, "no copy was left behind");
}

#[test]
fn sessions_are_listed_both_ways() {
    let fixture = start();
    let mut sent: Vec<String> = Vec::new();
    for _ in 0..5 {
        sent.insert(0, session(&fixture));
        fixture.pass_hours(1);
    }
    let list = |query: &str| get(&fixture, &format!("{SESSIONS}?{query}"));
    let first = list("limit=2");
    assert_eq!((ids(&first), &first.json()["prev_page"]), (sent[..2].to_vec(), &Value::Null));
    let second = list(&format!("limit=2&page={}", first.text("next_page")));
    assert_eq!(ids(&second), sent[2..4]);
    let last = list(&format!("limit=2&page={}", second.text("next_page")));
    assert_eq!((ids(&last), &last.json()["next_page"]), (sent[4..].to_vec(), &Value::Null));
    let back = list(&format!("limit=2&page={}", last.text("prev_page")));
    assert_eq!(ids(&back), sent[2..4]);
    let oldest = list("order=asc&limit=1");
    assert_eq!(ids(&oldest), sent[4..]);
    let next = list(&format!("order=asc&limit=1&page={}", oldest.text("next_page")));
    assert_eq!(ids(&next), sent[3..4]);
    assert_eq!(ids(&list("created_at[gte]=2026-11-20T13:00:00Z")), sent[..2]);
    assert_eq!(ids(&list("created_at%5Bgt%5D=2026-11-20T13:00:00Z")), sent[..1]);
    assert_eq!(ids(&list("created_at[lt]=2026-11-20T11:00:00Z&agent_id=agent_1")), sent[4..]);
    for none in ["agent_id=agent_2", "statuses=running"] {
        assert_eq!(ids(&list(none)), Vec::<String>::new(), "{none}");
    }
    assert_eq!(ids(&list("statuses=running&statuses=idle")), sent);
    for bad in ["order=up", "statuses=x", "page=page_x", "deployment_id=d", "created_at[gt]=x", "limit=0"] {
        assert_eq!(list(bad).status, 400, "{bad}");
    }
}

#[test]
fn sessions_need_their_beta() {
    let fixture = start();
    let call = |line: &str| fixture.call(line, &[KEY, VERSION], b"");
    for line in [
        "GET /v1/sessions",
        "GET /v1/sessions/sesn_1",
        "GET /v1/sessions/sesn_1/resources",
        "GET /v1/sessions/sesn_1/resources/sesrsc_1",
        "DELETE /v1/sessions/sesn_1/resources/sesrsc_1",
        "POST /v1/sessions/sesn_1/resources",
    ] {
        call(line).expect(400, "anthropic/error-agents-beta");
    }
    assert_eq!(fixture.call("GET /v1/sessions", &[VERSION, AGENTS], b"").status, 401);
}

#[test]
fn faults_strike_resources_and_the_log_notes_copies() {
    let fixture = start_with_faults(&["mount:commit-500", "unmount:503", "resources:529", "session:429+3"]);
    let made = post(&fixture, SESSIONS, &json!({"agent": "agent_1", "environment_id": "env_1"}));
    assert_eq!((made.status, made.headers["retry-after"].as_str()), (429, "3"));
    let session = session(&fixture);
    let resources = format!("{SESSIONS}/{session}/resources");
    let file = upload(&fixture, "a.txt", b"x").text("id");
    assert_eq!(add(&fixture, &session, &file, "/a").status, 500);
    assert_eq!(add(&fixture, &session, &file, "/a").status, 400, "it was mounted");
    assert_eq!(get(&fixture, &resources).status, 529);
    let mounted = ids(&get(&fixture, &resources));
    assert_eq!(delete(&fixture, &format!("{resources}/{}", mounted[0])).status, 503);
    assert_eq!(delete(&fixture, &format!("{resources}/{}", mounted[0])).status, 200);

    let fixture = start_as(|options| ServerOptions { commit_log: CommitLog::Memory, ..options });
    let session = super::sessions::session(&fixture);
    let file = upload(&fixture, "a.txt", b"x").text("id");
    let added = add(&fixture, &session, &file, "/a");
    delete(&fixture, &format!("{SESSIONS}/{session}/resources/{}", added.text("id")));
    plant(&fixture, "filename=a", b"x");
    let operations: Vec<CommitOperation> = fixture.server.commits().iter().map(|c| c.operation).collect();
    use CommitOperation::{Copy, Delete, Output, Upload};
    assert_eq!(operations, [Upload, Copy, Delete, Output]);
    assert_eq!(fixture.server.commits()[1].id, added.text("file_id"));
}

#[test]
fn qoder_adds_several_at_first_and_one_since() {
    let headers = [BEARER];
    let call = |fixture: &Fixture, line: &str, body: &Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        fixture.call(line, &headers, body.as_bytes())
    };
    for shape in [QoderShape::Seed, QoderShape::Current] {
        let fixture = start_with(shape, Limits::default());
        let (a, b) = (upload(&fixture, "a.txt", b"x").text("id"), upload(&fixture, "b.txt", b"y").text("id"));
        let made = call(&fixture, &format!("POST {QODER}"), &json!({"agent": "a", "environment_id": "e"}));
        let resources = format!("{QODER}/{}/resources", made.text("id"));
        assert!(made.status == 201 && made.text("id").starts_with("sess_"));
        let mount = |file: &str| json!({"type": "file", "file_id": file});
        let body = match shape {
            QoderShape::Seed => json!({"resources": [mount(&a), mount(&b)]}),
            QoderShape::Current => mount(&a),
        };
        let added = call(&fixture, &format!("POST {resources}"), &body);
        let answer = added.json();
        let first = if shape == QoderShape::Seed { &answer["resources"][0] } else { &answer };
        assert_eq!(first["mount_path"], json!(format!("/mnt/session/uploads/{a}")), "{answer}");
        assert!(first["id"].as_str().unwrap().starts_with("sesr_"));
        assert_eq!(call(&fixture, &format!("POST {resources}"), &body).status, 409, "already mounted");
        let listed = call(&fixture, &format!("GET {resources}?limit=1"), &Value::Null).json();
        assert_eq!((&listed["data"][0], &listed["has_more"]), (first, &json!(shape == QoderShape::Seed)));
        let one = format!("{resources}/{}", first["id"].as_str().unwrap());
        assert_eq!(call(&fixture, &format!("GET {one}"), &Value::Null).json(), *first);
        let gone = call(&fixture, &format!("DELETE {one}"), &json!({}));
        assert_eq!(gone.json(), json!({"id": first["id"], "type": "session_resource_deleted"}));
        assert_eq!(call(&fixture, &format!("DELETE {one}"), &json!({})).status, 404);
        let files = call(&fixture, "GET /api/v1/cloud/files", &Value::Null).json();
        assert_eq!(files["data"].as_array().unwrap().len(), 2, "copies are the session's");
    }
    let fixture = start();
    let made =
        call(&fixture, &format!("POST {QODER}"), &json!({"agent": "a", "environment_id": "e"})).text("id");
    for (body, status) in [
        (json!({"resources": []}), 400),
        (json!({"resources": [{"type": "x", "file_id": "y"}]}), 400),
        (json!({"resources": [{"type": "file"}]}), 400),
        (json!({"resources": [{"type": "file", "file_id": "file_missing"}]}), 404),
    ] {
        assert_eq!(call(&fixture, &format!("POST {QODER}/{made}/resources"), &body).status, status, "{body}");
    }
    let listed = call(&fixture, &format!("GET {QODER}"), &Value::Null).json();
    assert_eq!((&listed["first_id"], &listed["has_more"]), (&json!(made), &json!(false)));
    assert_eq!(call(&fixture, &format!("DELETE {QODER}/{made}"), &json!({})).status, 200);
}
