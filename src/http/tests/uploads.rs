//! Uploads of files and of memory: what arrives, what a failure means, and which connections are used.

use std::net::TcpStream;
use std::sync::mpsc;

use bytes::Bytes;

use super::*;

/// Memory to send.
struct Held(Bytes);

impl Content for Held {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Err(io::Error::other("what is in memory is not opened"))
    }

    fn bytes(&self) -> Option<Bytes> {
        Some(self.0.clone())
    }
}

/// Uploads `size_bytes` of a source that yields what `body` makes.
pub(super) fn upload<R: Read + Send + 'static>(
    url: &Url,
    size_bytes: u64,
    body: fn() -> R,
) -> Result<Answer, Error> {
    let open = || Ok(Box::new(body()) as Box<dyn Read + Send>);
    upload_by(&client(), url, size_bytes, &open)
}

/// As [`upload`], of memory.
fn upload_held(url: &Url, content: impl Into<Bytes>) -> Result<Answer, Error> {
    let content = Held(content.into());
    upload_by(&client(), url, content.0.len() as u64, &content)
}

fn upload_by(client: &Client, url: &Url, size_bytes: u64, content: &dyn Content) -> Result<Answer, Error> {
    let (file_name, media_type) = (FileName::parse("réport.txt").unwrap(), MediaType::TEXT_PLAIN);
    let fields = [("purpose", "user_upload".to_owned())];
    let form = Form { fields: &fields, file_name: &file_name, media_type: &media_type };
    let boundary = Boundary::from_bytes([0xab; 16]);
    client.upload(&Request { url, headers: &[] }, &Upload { form, boundary, size_bytes, content })
}

const LARGE: u64 = 40_000_000;

/// Ways to upload the same: a file, and memory.
type Uploads = [fn(&Url) -> Result<Answer, Error>; 2];

const LARGE_UPLOADS: Uploads =
    [|url| upload(url, LARGE, large), |url| upload_held(url, vec![b'x'; 40_000_000])];

fn large() -> impl Read + Send + 'static {
    io::repeat(b'x').take(LARGE)
}

#[test]
fn an_upload_is_these_bytes() {
    is_these_bytes(|url| upload(url, 6, || io::Cursor::new(b"a,b\n1\n")));
    is_these_bytes(|url| upload_held(url, &b"a,b\n1\n"[..]));
}

fn is_these_bytes(upload: fn(&Url) -> Result<Answer, Error>) {
    let server = Server::answering(EMPTY_OK);
    let url = server.url("/v1/files");
    let answer = upload(&url).unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.sent_to_end), (200, &b"{}"[..], true));
    let address = server.address;
    let request = server.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let expected_body = "--abababababababababababababababab\r\n\
        Content-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_upload\r\n\
        --abababababababababababababababab\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"réport.txt\"\r\n\
        Content-Type: text/plain\r\n\r\na,b\n1\n\r\n--abababababababababababababababab--\r\n";
    assert_eq!(body, expected_body);
    let mut lines: Vec<_> = head.split("\r\n").collect();
    lines.sort_unstable();
    let version = env!("CARGO_PKG_VERSION");
    let mut expected = vec![
        "POST /v1/files HTTP/1.1".to_owned(),
        format!("host: {address}"),
        format!("user-agent: docferry/{version}"),
        format!("content-length: {}", expected_body.len()),
        "content-type: multipart/form-data; boundary=abababababababababababababababab".to_owned(),
        "accept: application/json".to_owned(),
        "x-version: 1".to_owned(),
        format!("x-api-key: {KEY}"),
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected, "and neither Expect nor Transfer-Encoding");
}

#[test]
fn a_large_body_arrives_whole() {
    for upload in LARGE_UPLOADS {
        let server = Server::answering(EMPTY_OK);
        assert!(upload(&server.url("/")).unwrap().sent_to_end);
        let request = server.requests().remove(0);
        let (_, content) = request.rsplit_once("text/plain\r\n\r\n").unwrap();
        assert_eq!(content.bytes().take_while(|b| *b == b'x').count() as u64, LARGE);
    }
}

/// Requests one after the other use one connection; one that was closed since is no failure.
#[test]
fn connections_are_kept() {
    let answer = |stream: &mut TcpStream| {
        let request = read_request(stream);
        stream.write_all(EMPTY_OK.as_bytes()).unwrap();
        request
    };
    let ((go, gone), (done, closed)) = (mpsc::channel(), mpsc::channel());
    let thrice: Script = Box::new(move |stream| {
        let requests = (0..3).flat_map(|_| answer(stream)).collect();
        // The client's last call is over by then.
        gone.recv().unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        done.send(()).unwrap();
        requests
    });
    let server = Server::start(vec![thrice, Box::new(answer)]);
    let (client, url) = (client(), server.url("/"));
    let content = Held(Bytes::from_static(b"abc"));
    let post = || upload_by(&client, &url, 3, &content).unwrap().status;
    assert_eq!([post(), get(&client, &url).unwrap().status, post()], [200; 3]);
    go.send(()).unwrap();
    closed.recv().unwrap();
    assert_eq!(post(), 200);
    let requests = server.requests();
    assert_eq!(requests[0].matches("HTTP/1.1").count(), 3);
    assert_eq!(requests[1].matches("HTTP/1.1").count(), 1);
}

/// A refusal that came early leaves nothing behind that a later call could send.
#[test]
fn what_was_refused_is_not_sent_to_its_end_by_another_call() {
    for upload in [
        |client: &Client, url: &Url| upload_by(client, url, LARGE, &Held(vec![b'x'; 40_000_000].into())),
        |client: &Client, url: &Url| {
            upload_by(client, url, LARGE, &|| Ok(Box::new(large()) as Box<dyn Read + Send>))
        },
    ] {
        let ((go, gone), (told, seen)) = (mpsc::channel(), mpsc::channel());
        let refusing: Script = Box::new(move |stream| {
            stream.read_exact(&mut [0; 1000]).unwrap();
            stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").unwrap();
            gone.recv().unwrap();
            let rest = io::copy(stream, &mut io::sink()).unwrap_or(0);
            told.send(rest).unwrap();
            Vec::new()
        });
        let server = Server::start(vec![
            refusing,
            Box::new(|stream| {
                let request = read_request(stream);
                stream.write_all(EMPTY_OK.as_bytes()).unwrap();
                request
            }),
        ]);
        let (client, url) = (client(), server.url("/"));
        let answer = upload(&client, &url).unwrap();
        assert_eq!((answer.status, answer.sent_to_end), (503, false));
        go.send(()).unwrap();
        assert!(seen.recv().unwrap() < LARGE);
        assert_eq!(get(&client, &url).unwrap().status, 200);
        server.requests();
    }
}

#[test]
fn a_refusal_that_comes_early_is_read() {
    for (close, upload) in
        ["", "connection: close\r\n"].into_iter().flat_map(|c| LARGE_UPLOADS.map(|u| (c, u)))
    {
        let answer = format!("HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n{close}\r\nlarge");
        let server = Server::start(vec![Box::new(move |stream| {
            let mut start = [0; 1000];
            stream.read_exact(&mut start).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            // Lingers, as servers do so that the answer is not lost to a reset.
            let _ = io::copy(stream, &mut io::sink());
            Vec::new()
        })]);
        let answer = upload(&server.url("/")).unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), answer.sent_to_end), (413, &b"large"[..], false));
        server.requests();
    }
}

/// Uploads to a server that never answers.
fn upload_to(script: fn() -> Script, uploads: Uploads) -> ErrorKind {
    let [piped, held] = uploads.map(|upload| {
        let server = Server::start(vec![script()]);
        let result = upload(&server.url("/"));
        server.requests();
        result.unwrap_err().kind
    });
    assert_eq!(piped, held);
    piped
}

const SMALL_UPLOADS: Uploads = [|url| upload(url, 3, || &b"abc"[..]), |url| upload_held(url, &b"abc"[..])];

#[test]
fn a_connection_that_breaks_before_or_in_the_body_cannot_have_stored_it() {
    let at_once = || -> Script { Box::new(|_| Vec::new()) };
    assert_eq!(upload_to(at_once, LARGE_UPLOADS), ErrorKind::BrokenBeforeEnd);
    let midway = || -> Script {
        Box::new(|stream| {
            stream.read_exact(&mut vec![0; 1_000_000]).unwrap();
            Vec::new()
        })
    };
    assert_eq!(upload_to(midway, LARGE_UPLOADS), ErrorKind::BrokenBeforeEnd);
}

/// Reads a request, says this, and breaks off.
fn says(answer: &'static [u8]) -> Script {
    Box::new(move |stream| {
        let request = read_request(stream);
        stream.write_all(answer).unwrap();
        request
    })
}

#[test]
fn a_connection_that_breaks_after_the_body_may_have_stored_it() {
    let whole = || -> Script { Box::new(read_request) };
    assert_eq!(upload_to(whole, SMALL_UPLOADS), ErrorKind::BrokenAfterEnd);
    assert_eq!(upload_to(whole, LARGE_UPLOADS), ErrorKind::BrokenAfterEnd);
    let torn = || says(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"id\":");
    assert_eq!(upload_to(torn, SMALL_UPLOADS), ErrorKind::BrokenAfterEnd);
    let garbage = || says(b"\0\0\0\0 what is this\r\n\r\n");
    assert_eq!(upload_to(garbage, SMALL_UPLOADS), ErrorKind::BrokenAfterEnd);
}

#[test]
fn a_file_that_shrinks_or_grows_is_never_sent_to_its_end() {
    for (size, what) in [(4, "shorter"), (2, "longer"), (LARGE, "shorter")] {
        let server = Server::start(vec![Box::new(|stream| {
            let mut seen = Vec::new();
            let _ = stream.read_to_end(&mut seen);
            seen
        })]);
        let error = upload(&server.url("/"), size, || &b"abc"[..]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Body);
        assert_eq!(error.message, format!("the file is {what} than the {size} bytes it had"));
        assert!(!server.requests()[0].contains("ab--\r\n"), "the closing boundary was sent");
    }
}

#[test]
fn memory_of_another_length_is_not_sent_at_all() {
    let nowhere = "http://127.0.0.1:1/".parse().unwrap();
    for (size, what) in [(4, "shorter"), (2, "longer")] {
        let content = Held(Bytes::from_static(b"abc"));
        let error = upload_by(&client(), &nowhere, size, &content).unwrap_err();
        assert_eq!(error.message, format!("the file is {what} than the {size} bytes it had"));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_sent() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad sector"))
        }
    }
    let server = Server::start(vec![Box::new(|stream| {
        let _ = stream.read_to_end(&mut Vec::new());
        Vec::new()
    })]);
    let error = upload(&server.url("/"), 3, || Failing).unwrap_err();
    assert_eq!(error.message, "the file cannot be read: bad sector");
    server.requests();
}
