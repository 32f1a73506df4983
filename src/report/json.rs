//! Results for programs: JSON Lines, one object a line.

use std::io::{self, Write};

use serde::Serialize;

/// Writes one object and a line feed.
///
/// # Errors
/// What `out` reports.
pub fn line(out: &mut dyn Write, object: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, object)?;
    out.write_all(b"\n")
}
