//! The remote dialects against scripted answers: what they ask, what they make of the shapes in `testdata/wire`, and
//! what they make of nonsense.

pub(super) mod requests;

use std::fs;
use std::io::Read;
use std::path::Path;

use super::*;
use crate::http::scripted::{Server, answer, ok};
use crate::model::{FileStatus, Secret};

const KEY: &str = "marker-key-0123456789";
const FIRST: &str = "file_0064407c1d6fa001d7c0b3a2918f6e5d4c3b2a";
const SECOND: &str = "file_0064407c1d6fa0000f1e2d3c4b5a6978879605";

pub(super) fn wire(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/wire").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn options(profile: &str, base_url: &str) -> ConnectOptions {
    ConnectOptions {
        profile: profiles::built_in(profile).unwrap(),
        base_url: base_url.parse().unwrap(),
        auth: Some(Auth::ApiKey(Secret::parse(KEY).unwrap())),
        ca_file: None,
        proxy: Proxy::default(),
        timeouts: Timeouts::default(),
    }
}

fn target(profile: &str, server: &Server) -> Box<dyn Target> {
    connect(options(profile, server.url("/base/").as_str())).unwrap()
}

fn send(target: &dyn Target) -> Result<FileObject, TargetError> {
    target.upload(&UploadRequest {
        file_name: &FileName::parse("data.csv").unwrap(),
        media_type: &"text/csv".parse().unwrap(),
        size_bytes: 12,
        content: &|| Ok(Box::new(&b"a,b\n1,2\n3,4\n"[..]) as Box<dyn Read + Send>),
        extra: &UploadExtra::default(),
        attempt: 1,
        idempotency_key: None,
    })
}

/// Returns the first line and the given header of a request.
pub(super) fn asked<'a>(request: &'a str, header: &str) -> (&'a str, Option<&'a str>) {
    let mut lines = request.split("\r\n");
    let first = lines.next().unwrap();
    (first, lines.find_map(|line| line.strip_prefix(header)?.strip_prefix(": ")))
}

fn ids(page: &FilePage) -> Vec<&str> {
    page.files.iter().map(|file| file.file_id.as_str()).collect()
}

#[test]
fn every_remote_dialect_has_a_row() {
    for name in profiles::NAMES.iter().filter(|name| **name != "local") {
        let target = connect(options(name, "https://example.com/x/")).unwrap();
        let family = if *name == "qoder" { "qoder" } else { "anthropic" };
        assert_eq!(target.target_id(), format!("{family}:https://example.com/x"));
    }
    let error = connect(options("local", "https://example.com/")).unwrap_err();
    assert_eq!(error.message, "`local` is no remote target");
}

#[test]
fn base_urls_that_cannot_work_are_refused() {
    for (url, message) in [
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/",
            "`bedrock-runtime.us-east-1.amazonaws.com` is Amazon Bedrock, which does not offer the Files API",
        ),
        (
            "https://us-east5-aiplatform.googleapis.com/v1",
            "`us-east5-aiplatform.googleapis.com` is Google Vertex AI, which does not offer the Files API",
        ),
        (
            "https://user:secret@example.com/",
            "the base URL of `example.com` holds a credential; it belongs into a variable",
        ),
        ("https://example.com/?a=b", "the base URL of `example.com` has a query or fragment"),
        (
            "http://example.com/",
            "`http://example.com` is neither https nor on this machine; credentials and documents would go in the \
             clear",
        ),
    ] {
        let error = connect(options("anthropic", url)).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (TargetErrorKind::Unsupported, message));
    }
}

#[test]
fn an_upload_says_its_version_and_generation() {
    for (profile, body, beta) in [
        ("anthropic", "anthropic/upload.json", None),
        ("anthropic-beta", "anthropic/upload-beta.json", Some("files-api-2025-04-14")),
    ] {
        let headers = "request-id: req_1\r\nanthropic-workspace-id: wrkspc_1\r\n";
        let server = Server::answering_each(vec![answer("200 OK", headers, &wire(body))]);
        let target = target(profile, &server);
        let file = send(target.as_ref()).unwrap();
        assert_eq!((file.file_id.as_str(), file.filename.as_str(), file.size_bytes), (FIRST, "data.csv", 12));
        assert_eq!((file.mime_type.as_str(), file.downloadable), ("text/csv", Some(false)));
        assert_eq!(file.created_at.to_string(), "2026-11-20T10:00:00.000000Z");
        assert_eq!(file.request_id.as_deref(), Some("req_1"));
        assert_eq!(target.workspace_id().as_deref(), Some("wrkspc_1"));
        let request = server.requests().remove(0);
        assert_eq!(asked(&request, "anthropic-beta"), ("POST /base/v1/files HTTP/1.1", beta));
        assert_eq!(asked(&request, "anthropic-version").1, Some("2023-06-01"));
        assert_eq!(asked(&request, "x-api-key").1, Some(KEY));
        assert!(
            request.contains("name=\"file\"; filename=\"data.csv\"\r\nContent-Type: text/csv\r\n\r\na,b")
        );
    }
}

#[test]
fn listings_go_on_through_empty_pages() {
    let server = Server::answering_each(vec![
        ok(&wire("anthropic/list-ga.json")),
        ok(&wire("anthropic/list-ga-empty-page.json")),
        ok(&wire("anthropic/list-ga-last.json")),
    ]);
    let target = target("anthropic", &server);
    let mut request = ListRequest { limit: Some(2000), ..ListRequest::default() };
    let first = target.list(&request).unwrap();
    assert_eq!(ids(&first), [FIRST, SECOND]);
    request.cursor = first.next_cursor;
    let empty = target.list(&request).unwrap();
    assert_eq!(ids(&empty), [""; 0]);
    request.cursor = empty.next_cursor;
    assert_eq!(target.list(&request).unwrap().next_cursor, None);
    let requests = server.requests();
    assert_eq!(asked(&requests[0], "").0, "GET /base/v1/files?limit=1000 HTTP/1.1");
    let cursor = "page_ZmlsZV8wMDY0NDA3YzFkNmZhMDAwMGYxZTJkM2M0YjVhNjk3ODg3OTYwNQ";
    assert_eq!(asked(&requests[1], "").0, format!("GET /base/v1/files?limit=1000&page={cursor} HTTP/1.1"));
}

#[test]
fn the_beta_pages_by_the_last_id() {
    let server = Server::answering_each(vec![
        ok(&wire("anthropic/list-beta.json")),
        ok(&wire("anthropic/list-beta-empty.json")),
    ]);
    let target = target("anthropic-beta", &server);
    let first = target.list(&ListRequest::default()).unwrap();
    assert_eq!((ids(&first), first.next_cursor.as_deref()), (vec![FIRST, SECOND], Some(SECOND)));
    let request = ListRequest {
        cursor: first.next_cursor,
        scope_id: Some("sesn_1".to_owned()),
        ..ListRequest::default()
    };
    assert_eq!(target.list(&request).unwrap(), FilePage::default());
    let requests = server.requests();
    let expected = format!("GET /base/v1/files?after_id={SECOND}&scope_id=sesn_1 HTTP/1.1");
    let betas = "files-api-2025-04-14,managed-agents-2026-04-01";
    assert_eq!(asked(&requests[1], "anthropic-beta"), (expected.as_str(), Some(betas)));
}

#[test]
fn qoder_is_read_in_both_generations() {
    for (upload, list) in
        [("qoder/upload.json", "qoder/list.json"), ("qoder/current-upload.json", "qoder/current-list.json")]
    {
        let server = Server::answering_each(vec![ok(&wire(upload)), ok(&wire(list))]);
        let target = target("qoder", &server);
        let file = send(target.as_ref()).unwrap();
        assert_eq!((file.file_id.as_str(), file.status), (FIRST, Some(FileStatus::Ready)));
        let page = target.list(&ListRequest { limit: Some(1000), ..ListRequest::default() }).unwrap();
        assert_eq!((ids(&page), page.next_cursor.as_deref()), (vec![FIRST, SECOND], Some(SECOND)));
        let requests = server.requests();
        assert_eq!(asked(&requests[0], "").0, "POST /base/files HTTP/1.1");
        assert_eq!(asked(&requests[1], "").0, "GET /base/files?limit=100 HTTP/1.1");
    }
}

#[test]
fn nonsense_after_an_upload_leaves_open_whether_it_is_stored() {
    for (body, id) in [
        ("", false),
        ("<html>welcome</html>", false),
        ("{}", false),
        ("[]", false),
        ("{\"filename\":\"data.csv\"}", false),
        ("{\"id\":\"file_1\"}", true),
        ("{\"id\":", false),
    ] {
        for profile in ["anthropic", "anthropic-beta", "qoder"] {
            let server = Server::answering_each(vec![ok(body)]);
            let error = send(target(profile, &server).as_ref()).unwrap_err();
            assert_eq!(error.kind, TargetErrorKind::Protocol, "{profile} {body}");
            assert_eq!(error.kind.disposition(), Disposition::Ambiguous);
            assert_eq!(error.message.contains("file_1"), id, "{}", error.message);
            server.requests();
        }
    }
}

#[test]
fn refusals_are_told_in_one_clean_line_without_the_key() {
    let html = format!("<html>\r\n<h1>413</h1>\u{1b}[31m\t{KEY} {}</html>", "x".repeat(300));
    let server =
        Server::answering_each(vec![answer("413 Content Too Large", "x-request-id: edge\r\n", &html)]);
    let error = send(target("anthropic", &server).as_ref()).unwrap_err();
    assert_eq!((error.kind, error.status), (TargetErrorKind::TooLarge, Some(413)));
    assert_eq!(error.request_id.as_deref(), Some("edge"));
    assert!(error.message.starts_with("413 <html> <h1>413</h1> [31m *** xxx"), "{}", error.message);
    assert_eq!(error.message.chars().count(), 201);
    server.requests();

    let body = wire("anthropic/error-authentication.json");
    let server = Server::answering_each(vec![answer("401 Unauthorized", "", &body)]);
    let error = send(target("anthropic", &server).as_ref()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unauthenticated);
    assert!(!format!("{error:?} {:?}", options("anthropic", "https://example.com")).contains(KEY));
    server.requests();
}

#[test]
fn a_refusal_keeps_its_code_and_how_long_to_wait() {
    let server = Server::answering_each(vec![answer(
        "404 Not Found",
        "retry-after: 7\r\n",
        &wire("anthropic/error-file-expired.json"),
    )]);
    let error = target("anthropic", &server).get(FIRST).unwrap_err();
    assert_eq!((error.kind, error.error_code.as_deref()), (TargetErrorKind::NotFound, Some("file_expired")));
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    assert!(error.request_id.is_some());
    server.requests();
}

#[test]
fn a_base_url_without_the_api_stops_the_run() {
    let server =
        Server::answering_each(vec![answer("404 Not Found", "", &wire("anthropic/error-route.json"))]);
    let base = server.url("/base");
    let error = send(target("anthropic", &server).as_ref()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported);
    assert_eq!(error.message, format!("no Files API at `{base}`: 404 not_found_error: Not found"));
    server.requests();
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    let server = Server::answering_each(vec![answer(
        "307 Temporary Redirect",
        "location: https://evil.example/v1/files?k=1\r\n",
        "",
    )]);
    let error = send(target("anthropic", &server).as_ref()).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Redirect);
    let expected = "307 redirects to `evil.example`; credentials and documents are not sent there";
    assert_eq!(error.message, expected);
    server.requests();
}

#[test]
fn uploads_of_anthropic_are_not_asked_for_their_content() {
    let server = Server::answering_each(vec![ok(&wire("anthropic/upload.json"))]);
    let mut out = Vec::new();
    let error = target("anthropic", &server).download(FIRST, &mut out).unwrap_err();
    assert_eq!((error.kind, out.len()), (TargetErrorKind::NotDownloadable, 0));
    server.requests();
}

#[test]
fn outputs_of_anthropic_are_downloaded_whole() {
    for (content, expected) in
        [("abc", Ok(3)), ("ab", Err(TargetErrorKind::Protocol)), ("abcd", Err(TargetErrorKind::Protocol))]
    {
        let server = Server::answering_each(vec![ok(&wire("anthropic/metadata-scope.json")), ok(content)]);
        let target = target("anthropic", &server);
        let found = target.download(FIRST, &mut Vec::new()).map_err(|error| error.kind);
        assert_eq!(found, expected, "{content}");
        assert_eq!(
            asked(&server.requests()[1], "").0,
            format!("GET /base/v1/files/{FIRST}/content HTTP/1.1")
        );
    }
}

/// Downloads a file of four bytes by way of the answers, after its record.
fn follow(links: &[&str], answers: Vec<String>) -> (Result<u64, TargetErrorKind>, Vec<String>) {
    let place = Server::answering_each(answers);
    let link = |url: &&str| ok(&format!("{{\"url\":\"{}\"}}", url.replace("PLACE", place.url("").as_str())));
    let mut record = vec![ok(&wire("qoder/upload.json"))];
    record.extend(links.iter().map(link));
    let api = Server::answering_each(record);
    let found = target("qoder", &api).download(FIRST, &mut Vec::new()).map_err(|error| error.kind);
    api.requests();
    (found, place.requests())
}

#[test]
fn links_of_qoder_are_followed_without_the_key() {
    let hop = |to: &str| answer("302 Found", &format!("location: {to}\r\n"), "");
    let (found, seen) = follow(&["PLACEa?sig=1"], vec![hop("/b"), hop("/c"), hop("/d"), ok("abcd")]);
    assert_eq!(found, Ok(4));
    let lines: Vec<_> = seen.iter().map(|request| asked(request, "").0).collect();
    assert_eq!(lines[0], "GET /a?sig=1 HTTP/1.1");
    assert_eq!(lines[3], "GET /d HTTP/1.1");
    assert!(!seen.concat().contains(KEY));

    let (found, _) = follow(&["PLACEa"], vec![hop("/b"), hop("/c"), hop("/d"), hop("/e")]);
    assert_eq!(found, Err(TargetErrorKind::Redirect), "no fourth hop");
}

#[test]
fn an_expired_link_of_qoder_is_asked_for_once_more() {
    let refused = || answer("403 Forbidden", "", "<Error>expired</Error>");
    let (found, _) = follow(&["PLACEa", "PLACEb"], vec![refused(), ok("abcd")]);
    assert_eq!(found, Ok(4));
    let (found, _) = follow(&["PLACEa", "PLACEb"], vec![refused(), refused()]);
    assert_eq!(found, Err(TargetErrorKind::NotDownloadable));
}

#[test]
fn links_of_qoder_lead_neither_into_the_clear_nor_into_private_networks() {
    for link in [
        "http://files.example/",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://db.localhost/",
        "http://[::1]:1/",
        "http://localhost:1/",
        "ftp://files.example/",
        "file:///etc/passwd",
    ] {
        let (found, _) = follow(&[link], Vec::new());
        assert_eq!(found, Err(TargetErrorKind::Redirect), "{link}");
    }
    let (found, _) = follow(&["PLACEa"], vec![answer("302 Found", "location: http://10.0.0.1/\r\n", "")]);
    assert_eq!(found, Err(TargetErrorKind::Redirect));
    let (found, _) = follow(&["no link"], Vec::new());
    assert_eq!(found, Err(TargetErrorKind::Protocol));
}

#[test]
fn what_is_no_id_is_never_part_of_a_url() {
    let target = connect(options("anthropic", "https://example.com/")).unwrap();
    for id in ["", ".", "..", "a/b", "a?b", "a#b", "%2e", "a b", &"a".repeat(257)] {
        assert_eq!(target.delete(id).unwrap_err().kind, TargetErrorKind::Refused, "{id}");
        assert_eq!(target.get(id).unwrap_err().kind, TargetErrorKind::Refused, "{id}");
        assert_eq!(target.download(id, &mut Vec::new()).unwrap_err().kind, TargetErrorKind::Refused, "{id}");
    }
}

#[test]
fn deleting_asks_for_it() {
    let server =
        Server::answering_each(vec![ok(&wire("anthropic/delete.json")), answer("204 No Content", "", "")]);
    let target = target("anthropic", &server);
    target.delete(FIRST).unwrap();
    target.delete(FIRST).unwrap();
    assert_eq!(asked(&server.requests()[0], "").0, format!("DELETE /base/v1/files/{FIRST} HTTP/1.1"));
}

#[test]
fn an_answer_of_another_workspace_is_none() {
    let from = |id: &str, body: &str| answer("200 OK", &format!("anthropic-workspace-id: {id}\r\n"), body);
    let (list, file) = (wire("anthropic/list-ga-last.json"), wire("anthropic/upload.json"));
    let answers = vec![
        from("wrkspc_a", &list),
        ok(&list),
        from("wrkspc_b", &list),
        from("wrkspc_b", &file),
        answer("404 Not Found", "anthropic-workspace-id: wrkspc_b\r\n", ""),
    ];
    let server = Server::answering_each(answers);
    let mut options = options("anthropic", server.url("/").as_str());
    options.profile.headers.insert("anthropic-workspace-id".to_owned(), "wrkspc_a".to_owned());
    let target = connect(options).unwrap();
    assert!(target.list(&ListRequest::default()).is_ok());
    assert!(target.list(&ListRequest::default()).is_ok(), "who names none contradicts nothing");
    let error = target.list(&ListRequest::default()).unwrap_err();
    assert_eq!(error.message, "the workspace `wrkspc_b` answered instead of `wrkspc_a`");
    assert_eq!(error.kind, TargetErrorKind::Forbidden);
    let stored = send(&*target).unwrap_err();
    assert_eq!(stored.kind.disposition(), Disposition::Ambiguous, "the file may be stored there");
    assert_eq!(target.get(FIRST).unwrap_err().kind, TargetErrorKind::NotFound);
    for request in server.requests() {
        assert_eq!(asked(&request, "anthropic-workspace-id").1, Some("wrkspc_a"));
    }
}
