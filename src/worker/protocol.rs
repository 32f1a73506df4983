//! What goes over the pipes between a run and its workers: frames of a kind, a length and that many bytes.
//!
//! A worker says `Hello` once. For each document it is sent a `Request` and the document in `Bytes`, and answers with
//! any number of `Part` and `Bytes`, then its warnings and one `End`. Facts are JSON, bytes are raw. Neither side
//! believes the other's lengths: a frame is bounded, and no memory is reserved for what has not arrived.

use std::io::{self, Read, Write};

use docferry_converters::{ConvertError, LimitExceeded, Limits, Options, PartKind, Warning, WarningCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Raised whenever a frame changes its meaning.
pub(super) const PROTOCOL: u32 = 1;
/// The longest frame. Labels and messages are far shorter, and bytes are cut into chunks.
pub(super) const MAX_FRAME_BYTES: usize = 4 << 20;
/// How many bytes of a document or an output travel at once.
pub(super) const CHUNK_BYTES: usize = 64 << 10;
/// A frame's kind and length.
pub(super) const HEAD_BYTES: usize = 5;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Hello = 1,
    Request = 2,
    Bytes = 3,
    Part = 4,
    Warn = 5,
    End = 6,
}

impl Kind {
    fn of(byte: u8) -> io::Result<Self> {
        let known = [Self::Hello, Self::Request, Self::Bytes, Self::Part, Self::Warn, Self::End];
        let found = known.into_iter().find(|kind| *kind as u8 == byte);
        found.ok_or_else(|| broken(format!("a frame of the unknown kind {byte}")))
    }
}

/// One message.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// Reads the facts of a frame that must be of `kind`.
    pub(super) fn facts<T: DeserializeOwned>(&self, kind: Kind) -> io::Result<T> {
        if self.kind != kind {
            return Err(broken(format!("{:?} where {kind:?} was expected", self.kind)));
        }
        serde_json::from_slice(&self.body).map_err(|e| broken(format!("an unreadable {kind:?}: {e}")))
    }
}

/// Makes the error of a message that the protocol does not know.
pub(super) fn broken(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Writes one frame.
pub(super) fn write_frame(out: &mut dyn Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_FRAME_BYTES);
    let Some(length) = length else {
        return Err(broken(format!("{kind:?} of {} bytes is too long", body.len())));
    };
    let mut head = [kind as u8; HEAD_BYTES];
    head[1..].copy_from_slice(&length.to_le_bytes());
    out.write_all(&head)?;
    out.write_all(body)
}

/// Writes facts as one frame.
pub(super) fn write_facts<T: Serialize>(out: &mut dyn Write, kind: Kind, facts: &T) -> io::Result<()> {
    write_frame(out, kind, &serde_json::to_vec(facts)?)
}

/// Reads one frame; `None` if there is no other.
pub(super) fn read_frame(input: &mut dyn Read) -> io::Result<Option<Frame>> {
    let mut head = [0; HEAD_BYTES];
    match input.read(&mut head)? {
        0 => return Ok(None),
        n => input.read_exact(&mut head[n..])?,
    }
    let (kind, length) = parse_head(head)?;
    let mut body = Vec::new();
    input.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Frame { kind, body }))
}

/// Takes one whole frame from the start of what has arrived.
pub(super) fn take_frame(arrived: &mut Vec<u8>) -> io::Result<Option<Frame>> {
    let Some(head) = arrived.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let (kind, length) = parse_head(*head)?;
    if arrived.len() < HEAD_BYTES + length {
        return Ok(None);
    }
    let rest = arrived.split_off(HEAD_BYTES + length);
    let mut body = std::mem::replace(arrived, rest);
    body.drain(..HEAD_BYTES);
    Ok(Some(Frame { kind, body }))
}

fn parse_head([kind, length @ ..]: [u8; HEAD_BYTES]) -> io::Result<(Kind, usize)> {
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_FRAME_BYTES {
        return Err(broken(format!("a frame of {length} bytes")));
    }
    Ok((Kind::of(kind)?, length))
}

/// The first thing that a worker says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) version: String,
    pub(super) confinement: Confinement,
}

/// What a worker gave up before it reads a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// What is in force.
    pub applied: Vec<String>,
    /// What is not.
    pub missing: Vec<Missing>,
}

/// A restriction that is not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The restriction.
    pub what: String,
    /// Why it is not in force.
    pub why: String,
}

/// A document to convert; `size_bytes` of it follow.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) format: String,
    pub(super) converter: String,
    pub(super) revision: u32,
    pub(super) options: Vec<(String, String)>,
    pub(super) limits: Vec<(String, u64)>,
    pub(super) size_bytes: u64,
}

impl Request {
    /// Returns the options and limits.
    pub(super) fn settings(&self) -> io::Result<(Options, Limits)> {
        let (mut options, mut limits) = (Options::default(), Limits::default());
        for (key, value) in &self.options {
            options.set(key, value).map_err(|e| broken(e.to_string()))?;
        }
        for (name, value) in &self.limits {
            if !limits.set(name, *value) {
                return Err(broken(format!("there is no limit `{name}`")));
            }
        }
        Ok((options, limits))
    }
}

/// The start of an output.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) label: Option<String>,
    kind: String,
}

impl Part {
    pub(super) fn new(label: Option<&str>, kind: PartKind) -> Self {
        Self { label: label.map(str::to_owned), kind: kind.as_str().to_owned() }
    }

    pub(super) fn kind(&self) -> io::Result<PartKind> {
        let found = PartKind::ALL.iter().copied().find(|kind| kind.as_str() == self.kind);
        found.ok_or_else(|| broken(format!("a part of the unknown kind `{}`", self.kind)))
    }
}

/// One warning.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Warn {
    code: String,
    count: u64,
    message: String,
}

impl From<&Warning> for Warn {
    fn from(warning: &Warning) -> Self {
        let code = warning.code.as_str().to_owned();
        Self { code, count: warning.count, message: warning.message.clone() }
    }
}

impl Warn {
    pub(super) fn warning(self) -> io::Result<Warning> {
        let code = WarningCode::by_name(&self.code);
        let code = code.ok_or_else(|| broken(format!("the unknown warning `{}`", self.code)))?;
        Ok(Warning::new(code, self.count, self.message))
    }
}

/// How a conversion ended.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum End {
    Done,
    Panicked,
    Encrypted,
    Corrupt { place: String, reason: String },
    Unsupported(String),
    Limit { what: String, seen: u64, allowed: u64, flag: String },
    NoText,
    Cancelled,
    Io(String),
    Sink(String),
}

impl From<&ConvertError> for End {
    fn from(error: &ConvertError) -> Self {
        match error {
            ConvertError::Encrypted => Self::Encrypted,
            ConvertError::Corrupt { place, reason } => {
                Self::Corrupt { place: place.clone(), reason: reason.clone() }
            }
            ConvertError::Limit(LimitExceeded { what, seen, allowed, flag }) => {
                Self::Limit { what: what.to_string(), seen: *seen, allowed: *allowed, flag: flag.to_string() }
            }
            ConvertError::NoText => Self::NoText,
            ConvertError::Cancelled => Self::Cancelled,
            ConvertError::Io(e) => Self::Io(e.to_string()),
            ConvertError::Sink(e) => Self::Sink(e.to_string()),
            ConvertError::Unsupported(what) => Self::Unsupported(what.clone()),
            // The enum is another crate's and may grow.
            other => Self::Unsupported(other.to_string()),
        }
    }
}

impl End {
    /// Returns the error, `None` if all went well. A panic is the caller's to tell.
    pub(super) fn error(self) -> Option<ConvertError> {
        Some(match self {
            Self::Done | Self::Panicked => return None,
            Self::Encrypted => ConvertError::Encrypted,
            Self::Corrupt { place, reason } => ConvertError::Corrupt { place, reason },
            Self::Unsupported(what) => ConvertError::Unsupported(what),
            Self::Limit { what, seen, allowed, flag } => {
                LimitExceeded { what: what.into(), seen, allowed, flag: flag.into() }.into()
            }
            Self::NoText => ConvertError::NoText,
            Self::Cancelled => ConvertError::Cancelled,
            Self::Io(message) => ConvertError::Io(io::Error::other(message)),
            Self::Sink(message) => ConvertError::Sink(io::Error::other(message)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_comes_back_as_it_went() {
        let limit = LimitExceeded { what: "cells".into(), seen: 8, allowed: 7, flag: "--max-cells".into() };
        for error in [
            ConvertError::Encrypted,
            ConvertError::corrupt("part", "reason"),
            ConvertError::Unsupported("BIFF2".to_owned()),
            ConvertError::Limit(limit),
            ConvertError::NoText,
            ConvertError::Cancelled,
            ConvertError::Io(io::Error::other("gone")),
            ConvertError::Sink(io::Error::other("full")),
        ] {
            let sent = serde_json::to_vec(&End::from(&error)).unwrap();
            let back = serde_json::from_slice::<End>(&sent).unwrap().error().unwrap();
            assert_eq!(format!("{back:?}"), format!("{error:?}"));
        }
    }

    #[test]
    fn options_limits_kinds_and_warnings_come_back_as_they_went() {
        let limits = Limits { max_cells: 7, ..Limits::default() };
        let options = Options { csv_guard: true, charset: Some("koi8-r".to_owned()), ..Options::default() };
        let request = Request {
            format: String::new(),
            converter: String::new(),
            revision: 1,
            options: options.named().into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            limits: limits.named().map(|(name, value)| (name.to_owned(), value)).to_vec(),
            size_bytes: 0,
        };
        let sent = serde_json::to_vec(&request).unwrap();
        let back: Request = serde_json::from_slice(&sent).unwrap();
        assert_eq!(back.settings().unwrap(), (options, limits));
        for kind in PartKind::ALL {
            assert_eq!(Part::new(None, *kind).kind().unwrap(), *kind);
        }
        for code in WarningCode::ALL {
            let warning = Warning::new(*code, 3, "text");
            assert_eq!(Warn::from(&warning).warning().unwrap(), warning);
        }
    }

    #[test]
    fn frames_arrive_in_any_pieces_and_lies_about_lengths_are_refused() {
        let mut sent = Vec::new();
        write_frame(&mut sent, Kind::Bytes, b"abc").unwrap();
        write_frame(&mut sent, Kind::End, b"").unwrap();
        let mut arrived = Vec::new();
        let mut found = Vec::new();
        for byte in &sent {
            arrived.push(*byte);
            found.extend(take_frame(&mut arrived).unwrap().map(|frame| (frame.kind, frame.body)));
        }
        assert_eq!(found, [(Kind::Bytes, b"abc".to_vec()), (Kind::End, Vec::new())]);
        assert_eq!(read_frame(&mut sent.as_slice()).unwrap().unwrap().body, b"abc");
        assert!(read_frame(&mut &sent[..4]).is_err(), "cut short");
        assert!(take_frame(&mut vec![3, 255, 255, 255, 255]).is_err(), "4 GiB");
        assert!(take_frame(&mut vec![9, 0, 0, 0, 0]).is_err(), "an unknown kind");
        assert!(write_frame(&mut Vec::new(), Kind::Part, &vec![0; MAX_FRAME_BYTES + 1]).is_err());
    }
}
