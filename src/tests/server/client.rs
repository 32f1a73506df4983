//! A server with a set clock, and a client that sends exactly the bytes it is told to.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use docferry::model::{Secret, Timestamp};
use docferry::server::{Clock, Limits, QoderShape, Server, ServerOptions};
use docferry::store::{NewFile, Store};
use serde_json::Value;

pub(crate) const TOKEN: &str = "test-token";

/// A server, its store, and its clock.
pub(crate) struct Fixture {
    pub(crate) server: Server,
    pub(crate) store: Store,
    hours: Arc<AtomicU64>,
    _dir: tempfile::TempDir,
}

pub(crate) fn start() -> Fixture {
    start_with(QoderShape::Seed, Limits::default())
}

pub(crate) fn start_with_faults(faults: &[&str]) -> Fixture {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    start_as(|options| ServerOptions { faults, ..options })
}

pub(crate) fn start_with(qoder_shape: QoderShape, limits: Limits) -> Fixture {
    start_as(|options| ServerOptions { qoder_shape, limits, ..options })
}

pub(crate) fn start_as(change: impl FnOnce(ServerOptions) -> ServerOptions) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let hours = Arc::new(AtomicU64::new(0));
    let options =
        ServerOptions { token: Secret::parse(TOKEN), clock: clock(&hours), ..ServerOptions::new(&root) };
    let server = Server::start(change(options)).unwrap();
    let store = Store::open(&root).unwrap();
    Fixture { server, store, hours, _dir: dir }
}

fn clock(hours: &Arc<AtomicU64>) -> Clock {
    let passed = Arc::clone(hours);
    Clock::new(move || midnight().plus(Duration::from_secs(3600 * passed.load(Ordering::SeqCst))))
}

/// Returns the time at which the clock stands first.
pub(crate) fn midnight() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

impl Fixture {
    pub(crate) fn pass_hours(&self, hours: u64) {
        self.hours.fetch_add(hours, Ordering::SeqCst);
    }

    /// Stops the server and starts another one on the same store.
    pub(crate) fn restart(self) -> Self {
        let Self { server, store, hours, _dir } = self;
        server.shutdown();
        let options = ServerOptions {
            token: Secret::parse(TOKEN),
            clock: clock(&hours),
            ..ServerOptions::new(store.root())
        };
        Self { server: Server::start(options).unwrap(), store, hours, _dir }
    }

    pub(crate) fn host(&self) -> &str {
        self.server.url().trim_start_matches("http://")
    }

    /// Puts a file that no upload can make, past the server.
    pub(crate) fn put(&self, new: NewFile<'_>, body: &[u8]) -> String {
        self.store.put(new, &mut &*body).unwrap().object.file_id
    }

    /// Sends raw bytes and reads until the server closes.
    pub(crate) fn raw(&self, request: &[u8]) -> Answer {
        self.try_raw(request).expect("an answer")
    }

    /// Sends raw bytes; `None` if the connection breaks without an answer.
    pub(crate) fn try_raw(&self, request: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut bytes = Vec::new();
        stream.write_all(request).and_then(|()| stream.read_to_end(&mut bytes)).ok()?;
        (!bytes.is_empty()).then(|| Answer::parse(&bytes))
    }

    /// Sends a request with its own headers only, and `Host` and `Connection`.
    pub(crate) fn call(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_call(line, headers, body).expect("an answer")
    }

    pub(crate) fn try_call(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut request = format!("{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        self.try_raw(&[request.as_bytes(), body].concat())
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer with a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned()));
        let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
            body = unchunk(&body);
        }
        Self { status, headers, body }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns a text field of the body.
    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no text {field} in {}", self.json())).to_owned()
    }

    /// Compares status and body with a fixture, apart from what is random.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16, fixture: &str) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/wire").join(format!("{fixture}.json"));
        let expected: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(self.headers["content-type"], "application/json");
        let (mut ours, mut theirs) = (Mask::default(), Mask::default());
        assert_eq!(
            (self.status, ours.mask("", &self.json())),
            (status, theirs.mask("", &expected)),
            "{fixture}"
        );
        if status >= 400 {
            let header = self.headers.get("request-id").or(self.headers.get("x-request-id"));
            assert_eq!(header, Some(&self.text("request_id")));
        }
    }
}

/// Tells whether a text is an id as the store makes them.
fn is_id(text: &str) -> bool {
    let key = text.rsplit_once('_').map(|(_, key)| key);
    key.is_some_and(|key| key.len() == 38 && key.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
    body
}

/// Replaces ids by numbers in the order in which they appear, so that equal ones stay equal.
#[derive(Default)]
struct Mask {
    seen: Vec<String>,
}

impl Mask {
    fn mask(&mut self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(key, text)),
            Value::Array(items) => items.iter().map(|item| self.mask(key, item)).collect(),
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), self.mask(key, value))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn text(&mut self, key: &str, text: &str) -> String {
        match key {
            "request_id" => "REQUEST".to_owned(),
            "url" => format!("URL{}", text.rsplit_once('/').unwrap().1.len()),
            "next_page" if text.starts_with("page_") => "PAGE".to_owned(),
            _ if is_id(text) => self.number(text),
            "message" if text.starts_with('`') => {
                let (id, rest) = text[1..].split_once('`').unwrap();
                format!("{}{rest}", self.number(id))
            }
            _ => text.to_owned(),
        }
    }

    fn number(&mut self, id: &str) -> String {
        let at = self.seen.iter().position(|seen| seen == id).unwrap_or_else(|| {
            self.seen.push(id.to_owned());
            self.seen.len() - 1
        });
        format!("FILE{at}")
    }
}

/// A part of a form: what stands in its header after `form-data`, its type, its body.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

pub(crate) const BOUNDARY: &str = "f1167697154b9cd07e3ff36cc61ac0ff";
pub(crate) const FORM: (&str, &str) =
    ("Content-Type", "multipart/form-data; boundary=f1167697154b9cd07e3ff36cc61ac0ff");

/// Writes a form as the vendors' clients do.
pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, media_type, content) in parts {
        write!(body, "--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n").unwrap();
        if let Some(media_type) = media_type {
            write!(body, "Content-Type: {media_type}\r\n").unwrap();
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    write!(body, "--{BOUNDARY}--\r\n").unwrap();
    body
}
