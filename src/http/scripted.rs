//! A scripted server for tests: one script for each connection, the requests recorded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use url::Url;

/// What the server does on one connection.
pub(crate) type Script = Box<dyn FnOnce(&mut TcpStream) -> Vec<u8> + Send>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<Vec<Vec<u8>>>,
}

impl Server {
    pub(crate) fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            let serve = |script: Script| script(&mut listener.accept().unwrap().0);
            scripts.into_iter().map(serve).collect()
        });
        Self { address, thread }
    }

    /// Answers one whole request with canned bytes and closes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(vec![Box::new(move |stream| {
            let request = read_request(stream);
            let _ = stream.write_all(&answer);
            request
        })])
    }

    /// Gives one answer on each connection, in order; an empty one breaks it.
    pub(crate) fn answering_each(answers: Vec<String>) -> Self {
        let script = |answer: String| -> Script {
            Box::new(move |stream| {
                let request = read_request(stream);
                let _ = stream.write_all(answer.as_bytes());
                request
            })
        };
        Self::start(answers.into_iter().map(script).collect())
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn requests(self) -> Vec<String> {
        let requests = self.thread.join().unwrap();
        requests.into_iter().map(|r| String::from_utf8_lossy(&r).into_owned()).collect()
    }
}

/// Reads a request with its body, as its length says.
pub(crate) fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    let _ = stream.take(length).read_to_end(&mut request);
    request
}

/// Returns an answer with a body, after which the connection ends; `headers` end with a line feed each.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

pub(crate) fn ok(body: &str) -> String {
    answer("200 OK", "", body)
}
