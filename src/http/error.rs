//! How a request failed when there was no answer to read. It says how far the request got, not what to do about it.

use std::error::Error as StdError;
use std::io;

use url::Url;

use super::public::NotPublic;
use super::text::displayable;

/// A request that came to no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// How far it got.
    pub kind: ErrorKind,
    /// What happened, for people; one line, without credentials and without the query of the URL.
    pub message: String,
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing was tried: a setting or the URL makes no sense.
    Settings,
    /// No connection came about.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection broke before the request's body was handed over to its end.
    BrokenBeforeEnd,
    /// The connection broke or the time was over after that.
    BrokenAfterEnd,
    /// The body's source could not be read, or was not as long as promised; its end was never sent.
    Body,
    /// The answer is longer than any that makes sense.
    TooLong,
    /// What came could not be written.
    Output,
    /// The host leads to no public address, where only those are connected to.
    NotPublic,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message }
    }

    pub(super) fn settings(message: String) -> Self {
        Self::new(ErrorKind::Settings, message)
    }

    /// Translates; `sent_to_end` tells whether the server can have had the whole request.
    pub(super) fn from_reqwest(error: &reqwest::Error, url: &Url, sent_to_end: bool) -> Self {
        let host = url.host_str().unwrap_or_default();
        let place = match url.port() {
            Some(port) => format!("`{host}:{port}`"),
            None => format!("`{host}`"),
        };
        let (kind, what) = if error.is_builder() {
            (ErrorKind::Settings, "cannot make a request to")
        } else if is_not_public(error) {
            (ErrorKind::NotPublic, "no connection is made to")
        } else if error.is_connect() && is_tls(error) {
            (ErrorKind::Tls, "no secure connection to")
        } else if error.is_connect() {
            (ErrorKind::Connect, "cannot connect to")
        } else if sent_to_end {
            (ErrorKind::BrokenAfterEnd, "no answer from")
        } else {
            (ErrorKind::BrokenBeforeEnd, "the connection broke while sending to")
        };
        let why = if error.is_timeout() { "the time is over".to_owned() } else { root(error) };
        Self::new(kind, format!("{what} {place}: {}", displayable(&why)))
    }
}

/// Returns the innermost cause; the outer ones only repeat which layer saw it.
pub(super) fn root(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn is_not_public(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.is::<NotPublic>() {
            return true;
        }
        cause = current.source();
    }
    false
}

/// A failed handshake reaches us as `InvalidData` from the TLS stream; sockets do not report that kind. It may be
/// wrapped in other I/O errors, whose `source` skips what they wrap.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        cause = match current.downcast_ref::<io::Error>() {
            Some(io) if io.kind() == io::ErrorKind::InvalidData => return true,
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => current.source(),
        };
    }
    false
}
