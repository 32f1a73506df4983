//! Converts one case, and says what is wrong with how that ended.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use docferry_converters::detect::detect;
use docferry_converters::formats::FormatSpec;
use docferry_converters::{ConvertError, Limits, Meter, PartKind, Sink, Warning};

use super::case::Case;

/// Where the last panic was, and what it said.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Keeps what panics say instead of printing it.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let payload = info.payload();
        let said = payload.downcast_ref::<&str>().copied();
        let said =
            said.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        *PANIC.lock().expect("never held by a panic") = format!("panic at {place}: {said}");
    }));
}

/// A digest of everything that a conversion gave, with what broke its rules.
#[derive(Default)]
struct Digest {
    hash: DefaultHasher,
    parts: u64,
    /// The bytes at the end of a part that may be the beginning of a character.
    open: Vec<u8>,
    broken: Option<&'static str>,
}

impl Digest {
    fn end_part(&mut self) {
        if !std::mem::take(&mut self.open).is_empty() {
            self.broken = Some("the output is not UTF-8");
        }
    }
}

impl Sink for Digest {
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> std::io::Result<()> {
        self.end_part();
        self.parts += 1;
        self.hash.write(format!("{label:?} {kind:?}").as_bytes());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.parts == 0 {
            self.broken = Some("it writes before a part begins");
        }
        self.hash.write(bytes);
        let mut rest = bytes;
        while !self.open.is_empty() && !rest.is_empty() {
            self.open.push(rest[0]);
            rest = &rest[1..];
            match std::str::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(error) if error.error_len().is_some() => self.broken = Some("the output is not UTF-8"),
                Err(_) => {}
            }
            if self.broken.is_some() {
                self.open.clear();
            }
        }
        match std::str::from_utf8(rest) {
            Ok(_) => {}
            Err(error) if error.error_len().is_some() => self.broken = Some("the output is not UTF-8"),
            Err(error) => self.open = rest[error.valid_up_to()..].to_vec(),
        }
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        if warning.count == 0 {
            self.broken = Some("it warns of nothing");
        }
        self.hash.write(format!("{} {}", warning.code.as_str(), warning.count).as_bytes());
    }
}

/// How a conversion ended that broke no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// `ok`, or the kind of the error.
    pub(crate) kind: &'static str,
    digest: u64,
}

/// Detects and converts, twice if `again`, and returns how that ended or which rule it broke.
pub(crate) fn check(spec: &FormatSpec, case: &Case, again: bool) -> Result<Ended, String> {
    let once =
        || catch_unwind(AssertUnwindSafe(|| convert(spec, case))).unwrap_or_else(|_| Err(last_panic()));
    let first = once()?;
    if again && once()? != first {
        return Err("the second conversion gives something else".to_owned());
    }
    Ok(first)
}

/// Converts by the format that the case was made for, whatever the detection says; that has to end well, too.
pub(crate) fn convert(spec: &FormatSpec, case: &Case) -> Result<Ended, String> {
    let size = case.bytes.len() as u64;
    let mut input = Cursor::new(&case.bytes);
    let meter = Meter::new(Limits::default(), size);
    let found =
        detect(&mut input, Some(&case.name), &meter).map(|d| format!("{d:?}")).map_err(|e| e.to_string());
    let mut sink = Digest::default();
    sink.hash.write(format!("{found:?}").as_bytes());
    let mut meter = Meter::new(Limits::default(), size);
    let converter = spec.converter.ok_or("no converter")?;
    let ended = converter.convert(&mut input, &case.options, &mut meter, &mut sink);
    if let Err(error) = &ended {
        sink.hash.write(error.to_string().as_bytes());
        // What was written before an error is thrown away.
        sink.open.clear();
    }
    sink.end_part();
    if let Some(broken) = sink.broken {
        return Err(broken.to_owned());
    }
    let kind = match ended {
        Ok(()) => "ok",
        Err(ConvertError::Encrypted) => "encrypted",
        Err(ConvertError::Corrupt { .. }) => "corrupt",
        Err(ConvertError::Unsupported(_)) => "unsupported",
        Err(ConvertError::Limit(_)) => "limit",
        Err(ConvertError::NoText) => "no text",
        Err(error) => return Err(format!("an error that nothing gave cause to: {error:?}")),
    };
    Ok(Ended { kind, digest: sink.hash.finish() })
}

/// Returns what the last panic said.
pub(crate) fn last_panic() -> String {
    PANIC.lock().expect("never held by a panic").clone()
}
