//! The client against a scripted server: canned bytes out, the request recorded.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener};

use super::*;
use crate::http::multipart::{Boundary, Form};
use crate::http::scripted::{Script, Server, read_request};
use crate::model::{FileName, MediaType};

mod uploads;

use uploads::upload;

const KEY: &str = "marker-key-0123456789";

fn client() -> Client {
    client_with(&Settings {
        auth: Some(Auth::ApiKey(Secret::parse(KEY).unwrap())),
        headers: vec![("x-version".to_owned(), "1".to_owned())],
        ..Settings::default()
    })
}

fn client_with(settings: &Settings) -> Client {
    Client::new(settings).unwrap()
}

fn get(client: &Client, url: &Url) -> Result<Answer, Error> {
    client.get(&Request { url, headers: &[] })
}

const EMPTY_OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[test]
fn a_server_that_never_answers_is_given_up() {
    let server = Server::start(vec![Box::new(|stream| {
        let request = read_request(stream);
        let _ = stream.read(&mut [0]);
        request
    })]);
    let timeouts = Timeouts { base: Duration::from_millis(50), ..Timeouts::default() };
    let client = client_with(&Settings { timeouts, ..Settings::default() });
    let error = get(&client, &server.url("/")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BrokenAfterEnd);
    drop(client);
    server.requests();
}

#[test]
fn nobody_listening_is_no_connection() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = upload(&format!("http://{address}/").parse().unwrap(), 3, || &b"abc"[..]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect);
    let expected = format!("cannot connect to `{address}`: Connection refused (os error 111)");
    assert_eq!(error.message, expected);
}

#[test]
fn a_failed_handshake_is_no_broken_connection() {
    let server = Server::start(vec![Box::new(|stream| {
        let _ = stream.read(&mut [0; 16384]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = io::copy(stream, &mut io::sink());
        Vec::new()
    })]);
    let url = format!("https://{}/", server.address).parse().unwrap();
    let error = get(&client(), &url).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls);
    server.requests();
}

#[test]
fn redirects_are_answers() {
    for status in [301, 302, 303, 307, 308] {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        other.set_nonblocking(true).unwrap();
        let location = other.local_addr().unwrap();
        let server = Server::answering(format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: http://{location}/\r\ncontent-length: 0\r\n\r\n"
        ));
        let answer = upload(&server.url("/"), 3, || &b"abc"[..]).unwrap();
        assert_eq!(answer.status, status);
        server.requests();
        assert_eq!(other.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}

#[test]
fn endless_answers_are_not_read_to_their_end() {
    for (status, fails) in [("200 OK", true), ("500 Oops", false)] {
        let server = Server::start(vec![Box::new(move |stream| {
            let request = read_request(stream);
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\n\r\n");
            while stream.write_all(&[b'x'; 65536]).is_ok() {}
            request
        })]);
        let client = client();
        match get(&client, &server.url("/")) {
            Err(error) => assert_eq!((error.kind, fails), (ErrorKind::TooLong, true)),
            Ok(answer) => assert_eq!((answer.body.len(), fails), (65536, false)),
        }
        drop(client);
        server.requests();
    }
}

#[test]
fn clear_text_is_for_this_machine_only() {
    for url in
        ["http://api.example.com/", "http://10.0.0.1/", "ftp://localhost/", "http://localhost.example.com/"]
    {
        let error = get(&client(), &url.parse().unwrap()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Settings, "{url}");
    }
    for url in ["https://api.example.com/", "http://127.0.0.1:1/", "http://[::1]/", "http://localhost:80/"] {
        assert_eq!(require_secure(&url.parse().unwrap()), Ok(()), "{url}");
    }
}

#[test]
fn a_proxy_is_asked_for_https_to_other_hosts_only() {
    let proxy = Server::answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let way = |bypass: Option<&str>| Proxy {
        https: Some(proxy.url("/").as_str().replace("http://", "http://user:pass@").parse().unwrap()),
        bypass: bypass.map(str::to_owned),
    };
    assert!(!format!("{:?}", way(None)).contains("pass@"));
    let settings = |proxy| Settings {
        auth: Some(Auth::Bearer(Secret::parse(KEY).unwrap())),
        proxy,
        timeouts: Timeouts { connect: Duration::from_millis(300), ..Timeouts::default() },
        ..Settings::default()
    };
    // Straight to this machine, in the clear and sealed.
    let direct = Server::answering(EMPTY_OK);
    let client = client_with(&settings(way(None)));
    assert_eq!(get(&client, &direct.url("/")).unwrap().status, 200);
    direct.requests();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&client, &format!("https://{closed}/").parse().unwrap()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect);
    // Past the proxy where the user says so: .invalid is never resolved (RFC 6761, section 6.4).
    let bypassing = client_with(&settings(way(Some("other.example, host.invalid"))));
    let url = "https://host.invalid/".parse().unwrap();
    assert_eq!(get(&bypassing, &url).unwrap_err().kind, ErrorKind::Connect);
    // Through the proxy otherwise, without the key.
    assert_eq!(get(&client, &url).unwrap_err().kind, ErrorKind::Connect);
    let seen = proxy.requests().remove(0);
    assert!(seen.starts_with("CONNECT host.invalid:443 HTTP/1.1\r\n"), "{seen}");
    assert!(!seen.contains(KEY));
}

#[test]
fn the_credential_shows_nowhere_and_stays_with_its_host() {
    let settings = Settings { auth: Some(Auth::Bearer(Secret::parse(KEY).unwrap())), ..Settings::default() };
    let client = client_with(&settings);
    assert!(!format!("{settings:?} {client:?}").contains(KEY));
    assert_eq!(client.displayable(&format!("bad key {KEY}!")), "bad key ***!");

    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
    let mut out = Vec::new();
    let request = Request { url: &server.url("/presigned?sig=1"), headers: &[] };
    let fetched = client.download(&request, Access::Anonymous, 3, &mut out).unwrap();
    assert!(matches!(fetched, Fetched::Content(3)), "{fetched:?}");
    assert_eq!(out, b"abc");
    let seen = server.requests().remove(0);
    assert!(!seen.contains(KEY) && !seen.to_lowercase().contains("authorization"), "{seen}");

    let bad = Settings { auth: Some(Auth::ApiKey(Secret::parse("a\nb").unwrap())), ..Settings::default() };
    let error = Client::new(&bad).unwrap_err();
    assert_eq!(error.message, "the credential holds characters that no header can carry");
}

#[test]
fn a_name_that_leads_to_this_machine_is_not_connected_to_as_a_public_one() {
    let request = Request { url: &Url::parse("https://localhost:1/x?sig=1").unwrap(), headers: &[] };
    let error = client().download(&request, Access::Public, 3, &mut Vec::new()).unwrap_err();
    let expected = "no connection is made to `localhost:1`: it leads to addresses of this machine or of a private \
                    network only";
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::NotPublic, expected));
    let error = client().download(&request, Access::Anonymous, 3, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect);
}

#[test]
fn a_download_longer_than_announced_stops() {
    let server = Server::answering("HTTP/1.1 200 OK\r\n\r\nabcdef");
    let client = client();
    let request = Request { url: &server.url("/"), headers: &[] };
    let error = client.download(&request, Access::Authorised, 3, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLong);
    server.requests();
}

#[test]
fn a_ca_file_has_to_hold_certificates() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let settings = Settings { ca_file: Some(file.path().to_owned()), ..Settings::default() };
    let error = Client::new(&settings).unwrap_err();
    let expected = format!("the CA file `{}`: holds no certificate in PEM form", file.path().display());
    assert_eq!((error.kind, error.message), (ErrorKind::Settings, expected));
}
