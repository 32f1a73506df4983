//! What is asked of files, byte for byte as in `testdata/wire`. The server's tests send the same bytes.

use super::*;

/// Stands for a random boundary, which has the same length.
const BOUNDARY: &str = "00000000000000000000000000000000";

/// Returns a request without what differs from machine to machine, its headers in order.
pub(in crate::targets) fn canonical(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (first, headers) = head.split_once("\r\n").unwrap();
    let mut headers: Vec<_> = headers
        .split("\r\n")
        .filter(|line| !line.starts_with("host:") && !line.starts_with("user-agent: docferry/"))
        .map(|line| line.replace(KEY, "KEY"))
        .collect();
    headers.sort();
    let text = format!("{first}\n{}\n\n{body}", headers.join("\n"));
    let boundary = head.split_once("boundary=").map(|(_, rest)| rest.split("\r\n").next().unwrap());
    boundary.map_or(text.clone(), |boundary| {
        assert_eq!(boundary.len(), BOUNDARY.len());
        text.replace(boundary, BOUNDARY)
    })
}

/// What a dialect answers, and what it is called by.
struct Dialect {
    profile: &'static str,
    folder: &'static str,
    /// Behind the names of its golden requests.
    suffix: &'static str,
    upload: &'static str,
    lists: [&'static str; 2],
    cursor: &'static str,
    extra: UploadExtra,
}

fn dialects() -> [Dialect; 3] {
    let anthropic = Dialect {
        profile: "anthropic",
        folder: "anthropic",
        suffix: "",
        upload: "upload",
        lists: ["list-ga", "list-ga-last"],
        cursor: "page_ZmlsZV8wMDY0NDA3YzFkNmZhMDAwMGYxZTJkM2M0YjVhNjk3ODg3OTYwNQ",
        extra: UploadExtra::default(),
    };
    let beta = Dialect {
        profile: "anthropic-beta",
        suffix: "-beta",
        upload: "upload-beta",
        lists: ["list-beta", "list-beta-empty"],
        cursor: SECOND,
        extra: UploadExtra::default(),
        ..anthropic
    };
    let extra = UploadExtra {
        purpose: Some("user_upload".to_owned()),
        metadata: Some(serde_json::json!({"k": "v"})),
        expires_in: None,
    };
    let qoder = Dialect {
        profile: "qoder",
        folder: "qoder",
        suffix: "",
        upload: "upload",
        lists: ["list", "list-empty"],
        cursor: SECOND,
        extra,
    };
    [anthropic, beta, qoder]
}

impl Dialect {
    fn answer(&self, name: &str) -> String {
        ok(&wire(&format!("{}/{name}.json", self.folder)))
    }

    fn open(&self, server: &Server) -> Box<dyn Target> {
        let mut options = options(self.profile, server.url("/base/").as_str());
        if self.profile == "qoder" {
            options.auth = Some(Auth::Bearer(Secret::parse(KEY).unwrap()));
        }
        connect(options).unwrap()
    }

    #[track_caller]
    fn expect(&self, request: &str, name: &str) {
        let golden = wire(&format!("{}/request-{name}{}.txt", self.folder, self.suffix));
        assert_eq!(canonical(request), golden, "{} {name}", self.profile);
    }
}

fn upload(target: &dyn Target, extra: &UploadExtra, idempotency_key: Option<&str>) {
    let request = UploadRequest {
        file_name: &FileName::parse("réport \"q\".csv").unwrap(),
        media_type: &"text/csv".parse().unwrap(),
        size_bytes: 12,
        content: &|| Ok(Box::new(&b"a,b\n1,2\n3,4\n"[..]) as Box<dyn Read + Send>),
        extra,
        attempt: 1,
        idempotency_key,
    };
    target.upload(&request).unwrap();
}

#[test]
fn requests_about_files_are_those_of_the_golden_files() {
    for dialect in dialects() {
        let server = Server::answering_each(vec![
            dialect.answer(dialect.upload),
            dialect.answer(dialect.lists[0]),
            dialect.answer(dialect.lists[1]),
            dialect.answer(dialect.upload),
            dialect.answer("delete"),
        ]);
        let target = dialect.open(&server);
        let key = target.profile().fields.idempotency_key.then_some("key-of-this-upload");
        upload(&*target, &dialect.extra, key);
        let mut list = ListRequest { limit: Some(100), ..ListRequest::default() };
        let page = target.list(&list).unwrap();
        assert_eq!(page.next_cursor.as_deref(), Some(dialect.cursor));
        list.cursor = page.next_cursor;
        target.list(&list).unwrap();
        target.get(FIRST).unwrap();
        target.delete(FIRST).unwrap();
        let requests = server.requests();
        for (request, name) in requests.iter().zip(["upload", "list", "list-page", "metadata", "delete"]) {
            dialect.expect(request, name);
        }
    }
}

#[test]
fn an_expiry_is_a_field_before_the_file() {
    let [dialect, beta, _] = dialects();
    let extra = UploadExtra { expires_in: Some(Duration::from_secs(3_600)), ..UploadExtra::default() };
    let server = Server::answering_each(vec![dialect.answer("upload-expiring")]);
    upload(&*dialect.open(&server), &extra, None);
    dialect.expect(&server.requests()[0], "upload-expiring");

    let unsent = connect(options(beta.profile, "https://example.com/")).unwrap();
    let request = UploadRequest {
        file_name: &FileName::parse("a.txt").unwrap(),
        media_type: &MediaType::TEXT_PLAIN,
        size_bytes: 1,
        content: &|| panic!("nothing is read of what is refused"),
        extra: &extra,
        attempt: 1,
        idempotency_key: None,
    };
    assert_eq!(unsent.upload(&request).unwrap_err().kind, TargetErrorKind::Unsupported);
}

#[test]
fn contents_are_asked_for_by_the_path_of_their_file() {
    for dialect in dialects().iter().filter(|dialect| dialect.folder == "anthropic") {
        let server = Server::answering_each(vec![dialect.answer("metadata-scope"), ok("abc")]);
        dialect.open(&server).download(FIRST, &mut Vec::new()).unwrap();
        dialect.expect(&server.requests()[1], "download");
    }
    let [.., qoder] = dialects();
    let place = Server::answering_each(vec![ok("# x\n")]);
    let link = format!("{{\"url\":\"{}\"}}", place.url("/_content/LINK"));
    let server = Server::answering_each(vec![qoder.answer("upload"), ok(&link)]);
    qoder.open(&server).download(FIRST, &mut Vec::new()).unwrap();
    qoder.expect(&server.requests()[1], "download");
    qoder.expect(&place.requests()[0], "link");
}
