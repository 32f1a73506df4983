//! A document, taken apart as far as mutations need it.

use super::compound::{self, Other, Stream};
use super::package::{self, Part};
use super::records::{self, Dialect};
use super::rng::Rng;
use super::{bytes, xml};

/// What the bytes of a document are outside.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Bytes(Vec<u8>),
    Xml(Vec<u8>),
    /// Records of a workbook without a container.
    Records(Vec<u8>),
    Package(Vec<Part>),
    Compound(Vec<u8>, Vec<Stream>),
}

impl Shape {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        if bytes.starts_with(b"PK")
            && let Some(parts) = package::unpack(&bytes)
        {
            return Self::Package(parts);
        }
        if let Some(streams) = compound::streams(&bytes) {
            return Self::Compound(bytes, streams);
        }
        match (bytes.first(), bytes.get(1)) {
            (Some(9), Some(0 | 2 | 4 | 8)) => Self::Records(bytes),
            (Some(b'<'), _) => Self::Xml(bytes),
            _ => Self::Bytes(bytes),
        }
    }

    /// Changes the document once, with pieces of `other`, and says how.
    pub(crate) fn mutate(&mut self, rng: &mut Rng, other: &Self) -> String {
        let theirs = other.plain();
        let step = match self {
            Self::Package(parts) => {
                let theirs = if let Self::Package(parts) = other { &**parts } else { &[] };
                return package::mutate(rng, parts, theirs);
            }
            Self::Compound(bytes, streams) => {
                let theirs_streams = if let Self::Compound(_, streams) = other { &**streams } else { &[] };
                compound::mutate(rng, bytes, streams, &Other { bytes: theirs, streams: theirs_streams })
            }
            Self::Records(bytes) => records::mutate(rng, Dialect::Biff8, bytes, theirs),
            Self::Xml(bytes) if !rng.one_in(4) => {
                let step = xml::mutate(rng, bytes, theirs);
                if !rng.one_in(4) {
                    xml::mend(bytes);
                }
                step
            }
            Self::Xml(bytes) | Self::Bytes(bytes) => bytes::mutate(rng, bytes, theirs),
        };
        step.to_owned()
    }

    /// Returns the bytes of what is not a package.
    fn plain(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) | Self::Xml(bytes) | Self::Records(bytes) | Self::Compound(bytes, _) => bytes,
            Self::Package(_) => &[],
        }
    }

    /// Puts the document together again.
    pub(crate) fn into_bytes(self, rng: &mut Rng) -> Vec<u8> {
        match self {
            Self::Package(parts) => package::pack(rng, &parts),
            Self::Bytes(bytes) | Self::Xml(bytes) | Self::Records(bytes) | Self::Compound(bytes, _) => bytes,
        }
    }
}
