//! What is asked of sessions, byte for byte as in `testdata/wire`, and what is made of answers.

use super::super::tests::requests::canonical;
use super::super::tests::{asked, options, wire};
use super::super::{FilePage, ListRequest, Target, connect};
use super::*;
use crate::http::Auth;
use crate::http::scripted::{Server, answer, ok};
use crate::model::Secret;

const KEY: &str = "marker-key-0123456789";
const COPY: &str = "file_0064407c1d6fa0020a1b2c3d4e5f60718293a4";

fn target(profile: &str, server: &Server) -> Box<dyn Target> {
    let mut options = options(profile, server.url("/base/").as_str());
    if profile == "qoder" {
        options.auth = Some(Auth::Bearer(Secret::parse(KEY).unwrap()));
    }
    connect(options).unwrap()
}

fn add<'a>() -> AddRequest<'a> {
    AddRequest { file_id: "file_1", mount_path: Some("/data/report.csv") }
}

fn listing(cursor: Option<&str>) -> ResourceListRequest {
    ResourceListRequest { limit: Some(100), cursor: cursor.map(str::to_owned) }
}

/// The resource that was added in the bodies of `testdata/wire/anthropic`.
const ADDED: &str = "sesrsc_0064407c1d6fa002d7c0b3a2918f6e5d4c3b2a";

#[test]
fn requests_are_those_of_the_vendors_clients() {
    for (profile, folder, suffix, id, added) in [
        ("anthropic", "anthropic", "", ADDED, "session-resource"),
        ("anthropic-beta", "anthropic", "-beta", ADDED, "session-resource-beta"),
        ("qoder", "qoder", "", "sesr_1", "session-resource"),
    ] {
        let body = |name: &str| ok(&wire(&format!("{folder}/{name}.json")));
        let server = Server::answering_each(vec![
            body(added),
            body("session-resource-list"),
            body(added),
            body("session-resource-deleted"),
            ok("{\"data\":[]}"),
        ]);
        let target = target(profile, &server);
        let sessions = target.sessions().unwrap();
        let resource = sessions.add("sesn_1", &add()).unwrap();
        assert_eq!((&*resource.id, resource.file_id.as_deref()), (id, Some(COPY)));
        let page = sessions.resources("sesn_1", &listing(None)).unwrap();
        assert_eq!(page.resources[0].id, id);
        assert_eq!(sessions.resource("sesn_1", id).unwrap(), resource);
        sessions.remove("sesn_1", id).unwrap();
        let request =
            ListRequest { limit: Some(100), scope_id: Some("sesn_1".to_owned()), ..ListRequest::default() };
        assert_eq!(target.list(&request).unwrap(), FilePage::default());
        let names = [
            "session-resource-add",
            "session-resource-list",
            "session-resource-get",
            "session-resource-delete",
            "list-scope",
        ];
        for (request, name) in server.requests().iter().zip(names) {
            let golden = wire(&format!("{folder}/request-{name}{suffix}.txt"));
            assert_eq!(canonical(request), golden, "{profile} {name}");
        }
    }
}

#[test]
fn tokens_are_asked_for_as_messages_are() {
    for (profile, suffix) in [("anthropic", ""), ("anthropic-beta", "-beta")] {
        let not_there = answer("404 Not Found", "", &wire("anthropic/error-not-found.json"));
        let server =
            Server::answering_each(vec![ok(&wire("anthropic/count-tokens.json")), not_there, ok("{}")]);
        let target = target(profile, &server);
        let body = || {
            let golden = wire(&format!("anthropic/request-count-tokens{suffix}.txt"));
            golden.split_once("\n\n").unwrap().1.as_bytes().to_vec()
        };
        assert_eq!(target.count_tokens(body()).unwrap(), 11);
        assert_eq!(target.count_tokens(body()).unwrap_err().kind, TargetErrorKind::NotFound);
        assert_eq!(target.count_tokens(body()).unwrap_err().kind, TargetErrorKind::Protocol);
        let golden = wire(&format!("anthropic/request-count-tokens{suffix}.txt"));
        assert_eq!(canonical(&server.requests()[0]), golden, "{profile}");
    }
    let qoder = connect(options("qoder", "https://example.com/")).unwrap();
    assert_eq!(qoder.count_tokens(Vec::new()).unwrap_err().kind, TargetErrorKind::Unsupported);
}

#[test]
fn the_beta_of_sessions_is_said_once() {
    let server = Server::answering_each(vec![ok("{\"data\":[]}")]);
    let mut options = options("anthropic", server.url("/base/").as_str());
    let betas = "x-y, managed-agents-2026-04-01";
    options.profile.headers.insert("anthropic-beta".to_owned(), betas.to_owned());
    connect(options).unwrap().sessions().unwrap().resources("sesn_1", &listing(None)).unwrap();
    assert_eq!(asked(&server.requests()[0], "anthropic-beta").1, Some(betas));
}

#[test]
fn resources_of_every_kind_are_listed_through_all_pages() {
    let server = Server::answering_each(vec![
        ok(&wire("anthropic/session-resource-list.json")),
        ok(&wire("anthropic/session-resource-list-last.json")),
        ok(&wire("anthropic/session-resource-list-files.json")),
    ]);
    let target = target("anthropic", &server);
    let sessions = target.sessions().unwrap();
    let first = sessions.resources("sesn_1", &listing(None)).unwrap();
    let cursor = first.next_cursor.as_deref();
    let kinds: Vec<_> = first.resources.iter().map(|one| (&*one.kind, one.is_file())).collect();
    assert_eq!(kinds, [("file", true), ("github_repository", false)]);
    let last = sessions.resources("sesn_1", &listing(cursor)).unwrap();
    assert_eq!(
        (last.resources[0].mount_path.as_deref(), last.next_cursor),
        (Some("/mnt/memory/notes"), None)
    );
    let files = sessions.resources("sesn_1", &listing(None)).unwrap();
    let paths: Vec<_> =
        files.resources.iter().map(|one| (one.is_file(), one.mount_path.as_deref())).collect();
    let below = ["/mnt/session/uploads/data/report.csv", "/mnt/session/uploads/sub/notes.md"];
    assert_eq!(paths, below.map(|path| (true, Some(path))));
    let requests = server.requests();
    let expected = "GET /base/v1/sessions/sesn_1/resources?limit=100&page=page_c2VzcnNjXzAxREVG HTTP/1.1";
    assert_eq!(asked(&requests[1], "").0, expected);
}

#[test]
fn what_cannot_be_sent_back_or_shown_is_not_believed() {
    let long = "x".repeat(5000);
    for body in [
        "{}".to_owned(),
        "{\"id\":\"../files\",\"type\":\"file\",\"file_id\":\"f\"}".to_owned(),
        "{\"id\":\"a\",\"type\":\"file\"}".to_owned(),
        "{\"id\":\"a\",\"type\":\"\"}".to_owned(),
        "{\"id\":\"a\",\"type\":\"file\",\"file_id\":\"a/b\"}".to_owned(),
        "{\"id\":\"a\",\"type\":\"memory_store\"}".to_owned(),
        format!("{{\"id\":\"a\",\"type\":\"file\",\"file_id\":\"f\",\"mount_path\":\"/{long}\"}}"),
        "{\"id\":".to_owned(),
    ] {
        let server = Server::answering_each(vec![ok(&body)]);
        let found = target("anthropic", &server).sessions().unwrap().add("sesn_1", &add());
        assert_eq!(found.unwrap_err().kind, TargetErrorKind::Protocol, "{body}");
        server.requests();
    }
    let server = Server::answering_each(vec![ok(&format!("{{\"data\":[],\"next_page\":\"{long}\"}}"))]);
    let found = target("anthropic", &server).sessions().unwrap().resources("sesn_1", &listing(None));
    assert_eq!(found.unwrap_err().kind, TargetErrorKind::Protocol);
    server.requests();
}

#[test]
fn an_unknown_session_is_not_found_and_no_id_is_refused_unsent() {
    let server = Server::answering_each(vec![answer(
        "404 Not Found",
        "",
        &wire("anthropic/error-session-not-found.json"),
    )]);
    let error = target("anthropic", &server).sessions().unwrap().add("sesn_x", &add()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    server.requests();

    let target = connect(options("qoder", "https://example.com/")).unwrap();
    let sessions = target.sessions().unwrap();
    for id in ["", ".", "..", "a/b", "a;b", "%2e", "a b", "a\n", "a?b", &"a".repeat(257)] {
        let refused = TargetErrorKind::Refused;
        assert_eq!(sessions.add(id, &add()).unwrap_err().kind, refused, "{id}");
        assert_eq!(sessions.resources(id, &listing(None)).unwrap_err().kind, refused, "{id}");
        assert_eq!(sessions.resource("sesn_1", id).unwrap_err().kind, refused, "{id}");
        assert_eq!(sessions.remove("sesn_1", id).unwrap_err().kind, refused, "{id}");
    }
}
