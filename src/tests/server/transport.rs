//! What holds for every dialect: hosts, framing, heads, big bodies, start and stop.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use docferry::server::{Limits, QoderShape, Server, ServerError, ServerOptions};

use super::client::{BOUNDARY, Fixture, TOKEN, form, start, start_with};

fn get(fixture: &Fixture, target: &str, host: &str) -> u16 {
    let head = "x-api-key: test-token\r\nanthropic-version: 2026-10-21\r\nConnection: close";
    fixture.raw(format!("GET {target} HTTP/1.1\r\n{host}{head}\r\n\r\n").as_bytes()).status
}

#[test]
fn answers_to_its_own_names_only() {
    let fixture = start();
    let port = fixture.host().rsplit_once(':').unwrap().1;
    for name in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(get(&fixture, "/v1/files", &format!("Host: {name}:{port}\r\n")), 200, "{name}");
    }
    for host in ["Host: evil.example\r\n", &format!("Host: evil.example:{port}\r\n"), "Host: 127.0.0.1\r\n"] {
        assert_eq!(get(&fixture, "/v1/files", host), 403, "{host}");
    }
    assert!(get(&fixture, "/v1/files", "") >= 400);
    let absolute = format!("http://evil.example:{port}/v1/files");
    assert_eq!(get(&fixture, &absolute, &format!("Host: localhost:{port}\r\n")), 403);
}

#[test]
fn listens_on_loopback_only() {
    let dir = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let options = ServerOptions { listen, ..ServerOptions::new(dir.path().join("store")) };
    assert!(matches!(Server::start(options), Err(ServerError::NotLoopback(_))));
    assert!(!dir.path().join("store").exists());
}

#[test]
fn takes_chunked_bodies() {
    let fixture = start();
    let body = form(&[("name=\"file\"; filename=\"a.txt\"", Some("text/plain"), b"one two three")]);
    let mut request = format!(
        "POST /v1/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
         anthropic-version: 2026-10-21\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        fixture.host()
    )
    .into_bytes();
    // Chunks of seven bytes cut every boundary and header.
    for chunk in body.chunks(7) {
        write!(request, "{:x}\r\n", chunk.len()).unwrap();
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = fixture.raw(&request);
    assert_eq!((answer.status, answer.json()["size_bytes"].as_u64()), (200, Some(13)));
}

#[test]
fn serves_several_requests_on_one_connection() {
    let fixture = start();
    let mut stream = TcpStream::connect(fixture.host()).unwrap();
    let request = format!(
        "GET /v1/files HTTP/1.1\r\nHost: {}\r\nx-api-key: {TOKEN}\r\nanthropic-version: 2023-06-01\r\n",
        fixture.host()
    );
    let twice = format!("{request}\r\n{request}Connection: close\r\n\r\n");
    stream.write_all(twice.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2);
}

#[test]
fn keeps_no_connection_for_an_idle_client_while_others_wait() {
    let fixture = start_with(QoderShape::Seed, Limits { max_connections: 1, ..Limits::default() });
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", fixture.host());
    for _ in 0..3 {
        let answer = fixture.raw(request.as_bytes());
        assert_eq!((answer.status, answer.headers["connection"].as_str()), (401, "close"));
    }
}

#[test]
fn refuses_heads_that_are_too_long() {
    let fixture = start();
    let head = format!("GET /v1/files HTTP/1.1\r\nHost: {}\r\nx-filler: ", fixture.host());
    let request = [head.as_bytes(), &vec![b'x'; 20_000], b"\r\n\r\n"].concat();
    let mut stream = TcpStream::connect(fixture.host()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The server may close before it has read all.
    drop(stream.write_all(&request));
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 431");
    }
}

#[test]
fn a_part_header_without_end_is_not_kept_in_memory() {
    let fixture = start();
    let mut body = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; x=\"").into_bytes();
    body.resize(4_000_000, b'x');
    let headers = [
        ("x-api-key", TOKEN),
        ("anthropic-version", "2023-06-01"),
        ("Content-Type", "multipart/form-data; boundary=f1167697154b9cd07e3ff36cc61ac0ff"),
    ];
    assert_eq!(fixture.call("POST /v1/files", &headers, &body).status, 400);
}

/// Other tests of this process would count, too: it runs once more in a process of its own.
#[test]
fn streams_big_bodies_to_disk() {
    if !std::env::args().any(|argument| argument == "--exact") {
        let alone = ["--exact", "transport::streams_big_bodies_to_disk", "--nocapture"];
        let output =
            std::process::Command::new(std::env::current_exe().unwrap()).args(alone).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let fixture = start();
    let size = 64 * 1024 * 1024;
    let head = form(&[("name=\"file\"; filename=\"big.bin\"", Some("application/octet-stream"), b"")]);
    let close = format!("\r\n--{BOUNDARY}--\r\n");
    let head = &head[..head.len() - close.len()];
    let mut stream = TcpStream::connect(fixture.host()).unwrap();
    let length = head.len() + size + close.len();
    write!(
        stream,
        "POST /v1/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nx-api-key: {TOKEN}\r\n\
         anthropic-version: 2023-06-01\r\nContent-Length: {length}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        fixture.host()
    )
    .unwrap();
    stream.write_all(head).unwrap();
    let before = resident_bytes();
    let block = vec![b'x'; 1024 * 1024];
    let mut most = before;
    for _ in 0..64 {
        stream.write_all(&block).unwrap();
        most = most.max(resident_bytes());
    }
    stream.write_all(close.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(&format!("\"size_bytes\":{size}")));
    let grown = most.saturating_sub(before);
    assert!(grown < 32 * 1024 * 1024, "memory grew by {grown} bytes");
}

/// Returns this process's resident memory.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

#[test]
fn says_what_a_client_must_know_and_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(ServerOptions::new(dir.path().join("store"))).unwrap();
    let ready = serde_json::to_value(server.ready()).unwrap();
    let url = server.url().to_owned();
    assert_eq!(ready["url"], url);
    assert_eq!(ready["anthropic_base_url"], url);
    assert_eq!(ready["qoder_base_url"], format!("{url}/api/v1/cloud/"));
    assert_eq!(ready["token"], server.token().expose());
    assert!(server.token().expose().len() > 40);
    let debug = format!("{server:?} {:?}", server.ready());
    assert!(!debug.contains(server.token().expose()), "{debug}");
    server.shutdown();
    assert!(TcpStream::connect(url.trim_start_matches("http://")).is_err());
}
