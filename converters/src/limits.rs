//! Limits of a conversion, and the meter that enforces them.
//!
//! The meter is the only way to inflate a part or grow an output: code that does not pass it does not
//! compile. Ratios are taken against the compressed bytes read *so far*, so a bomb is seen early; absolute
//! bounds hold beside them. The defaults are measured against honest files that other tools refuse.

use std::borrow::Cow;
use std::cell::Cell;

use crate::{ConvertError, Sink};

/// Bounds of one conversion. All are settable; none cuts silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries of a ZIP package.
    pub max_entries: u64,
    /// Inflated bytes of one part.
    pub max_part_bytes: u64,
    /// Inflated bytes of all parts read.
    pub max_inflated_bytes: u64,
    /// Inflated bytes for each compressed byte read so far, beyond [`Limits::ratio_floor_bytes`].
    pub max_ratio: u64,
    /// Inflated or written bytes below which no ratio is judged.
    pub ratio_floor_bytes: u64,
    /// Nesting of XML elements.
    pub max_xml_depth: u64,
    /// Attributes of one XML element.
    pub max_xml_attributes: u64,
    /// Bytes of one XML tag with its attributes.
    pub max_xml_tag_bytes: u64,
    /// Nesting of tables.
    pub max_table_depth: u64,
    /// Sheets of a workbook.
    pub max_sheets: u64,
    /// Cells of a workbook.
    pub max_cells: u64,
    /// Bytes held in memory for look-ups (shared strings, notes, styles).
    pub max_resident_bytes: u64,
    /// Bytes of all outputs.
    pub max_output_bytes: u64,
    /// Output bytes for each input byte, beyond 16 MiB.
    pub max_output_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entries: 10_000,
            max_part_bytes: 4 << 30,
            max_inflated_bytes: 8 << 30,
            max_ratio: 200,
            ratio_floor_bytes: 1 << 20,
            max_xml_depth: 256,
            max_xml_attributes: 1024,
            max_xml_tag_bytes: 1 << 20,
            max_table_depth: 64,
            max_sheets: 1024,
            max_cells: 100_000_000,
            // Buffers that grow double, so that a conversion may hold twice as much.
            max_resident_bytes: 192 << 20,
            max_output_bytes: 4 << 30,
            max_output_ratio: 100,
        }
    }
}

impl Limits {
    /// Returns every bound with its name, for run files and listings.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 14] {
        [
            ("max_entries", self.max_entries),
            ("max_part_bytes", self.max_part_bytes),
            ("max_inflated_bytes", self.max_inflated_bytes),
            ("max_ratio", self.max_ratio),
            ("ratio_floor_bytes", self.ratio_floor_bytes),
            ("max_xml_depth", self.max_xml_depth),
            ("max_xml_attributes", self.max_xml_attributes),
            ("max_xml_tag_bytes", self.max_xml_tag_bytes),
            ("max_table_depth", self.max_table_depth),
            ("max_sheets", self.max_sheets),
            ("max_cells", self.max_cells),
            ("max_resident_bytes", self.max_resident_bytes),
            ("max_output_bytes", self.max_output_bytes),
            ("max_output_ratio", self.max_output_ratio),
        ]
    }

    /// Sets one bound by its name, as [`Limits::named`] gives it; tells whether there is one of this name.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        let bound = match name {
            "max_entries" => &mut self.max_entries,
            "max_part_bytes" => &mut self.max_part_bytes,
            "max_inflated_bytes" => &mut self.max_inflated_bytes,
            "max_ratio" => &mut self.max_ratio,
            "ratio_floor_bytes" => &mut self.ratio_floor_bytes,
            "max_xml_depth" => &mut self.max_xml_depth,
            "max_xml_attributes" => &mut self.max_xml_attributes,
            "max_xml_tag_bytes" => &mut self.max_xml_tag_bytes,
            "max_table_depth" => &mut self.max_table_depth,
            "max_sheets" => &mut self.max_sheets,
            "max_cells" => &mut self.max_cells,
            "max_resident_bytes" => &mut self.max_resident_bytes,
            "max_output_bytes" => &mut self.max_output_bytes,
            "max_output_ratio" => &mut self.max_output_ratio,
            _ => return false,
        };
        *bound = value;
        true
    }
}

/// Output below which the output ratio is not judged: small honest files grow much (styles, formats).
const OUTPUT_RATIO_FLOOR_BYTES: u64 = 16 << 20;

/// A limit that was reached, with the value seen and the flag that raises it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} reached {seen}, the limit is {allowed} (raise it with {flag})")]
pub struct LimitExceeded {
    /// What is limited.
    pub what: Cow<'static, str>,
    /// The value that was seen.
    pub seen: u64,
    /// The value that is allowed.
    pub allowed: u64,
    /// The command line flag that raises the limit.
    pub flag: Cow<'static, str>,
}

/// Counts what a conversion inflates, holds and writes, and refuses what exceeds its [`Limits`].
///
/// The counters are cells, so that readers and writers of one conversion can share the meter.
pub struct Meter {
    limits: Limits,
    input_bytes: u64,
    inflated: Cell<u64>,
    resident: Cell<u64>,
    output: Cell<u64>,
    cells: Cell<u64>,
    stop: Option<Box<dyn Fn() -> bool + Send>>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Meter {
    /// Makes a meter for an input of `input_bytes`.
    #[must_use]
    pub fn new(limits: Limits, input_bytes: u64) -> Self {
        Self {
            limits,
            input_bytes,
            inflated: Cell::new(0),
            resident: Cell::new(0),
            output: Cell::new(0),
            cells: Cell::new(0),
            stop: None,
        }
    }

    /// Asks `stop` before each step whether to stop; the caller knows deadlines and interrupts, this crate has no clock.
    #[must_use]
    pub fn with_stop(mut self, stop: impl Fn() -> bool + Send + 'static) -> Self {
        self.stop = Some(Box::new(stop));
        self
    }

    /// Returns the limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the bytes written so far.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.output.get()
    }

    /// Fails if the caller asked to stop. Called by every other method that counts many bytes.
    ///
    /// # Errors
    /// [`ConvertError::Cancelled`].
    pub fn check_cancelled(&self) -> Result<(), ConvertError> {
        if self.stop.as_ref().is_some_and(|stop| stop()) { Err(ConvertError::Cancelled) } else { Ok(()) }
    }

    /// Counts `delta` more inflated bytes of a part that now has `part` bytes from `compressed` bytes.
    ///
    /// # Errors
    /// A part, package or ratio limit.
    pub fn inflated(&self, delta: u64, part: u64, compressed: u64) -> Result<(), ConvertError> {
        self.check_cancelled()?;
        let total = add(&self.inflated, delta);
        check("a part's inflated size", part, self.limits.max_part_bytes, "--max-part-size")?;
        check(
            "the inflated size of all parts",
            total,
            self.limits.max_inflated_bytes,
            "--max-inflated-size",
        )?;
        if part > self.limits.ratio_floor_bytes {
            check("the inflate ratio", part / compressed.max(1), self.limits.max_ratio, "--max-ratio")?;
        }
        Ok(())
    }

    /// Counts `delta` more bytes that stay in memory until the conversion ends.
    ///
    /// # Errors
    /// The memory limit.
    pub fn resident(&self, delta: u64) -> Result<(), ConvertError> {
        let total = add(&self.resident, delta);
        Ok(check("text held in memory", total, self.limits.max_resident_bytes, "--max-resident-size")?)
    }

    /// Counts `delta` more cells.
    ///
    /// # Errors
    /// The cell limit.
    pub fn cells(&self, delta: u64) -> Result<(), ConvertError> {
        let total = add(&self.cells, delta);
        Ok(check("the number of cells", total, self.limits.max_cells, "--max-cells")?)
    }

    /// Judges the number of a workbook's sheets.
    ///
    /// # Errors
    /// The sheet limit.
    pub fn sheets(&self, seen: u64) -> Result<(), ConvertError> {
        Ok(check("the number of sheets", seen, self.limits.max_sheets, "--max-sheets")?)
    }

    /// Judges the number of a package's entries.
    ///
    /// # Errors
    /// The entry limit.
    pub fn entries(&self, seen: u64) -> Result<(), ConvertError> {
        Ok(check("the number of package entries", seen, self.limits.max_entries, "--max-zip-entries")?)
    }

    /// Judges a nesting depth of tables.
    ///
    /// # Errors
    /// The table depth limit.
    pub fn table_depth(&self, seen: u64) -> Result<(), ConvertError> {
        Ok(check("the nesting of tables", seen, self.limits.max_table_depth, "--max-table-depth")?)
    }

    /// Counts `bytes` of output and hands them to `sink`.
    ///
    /// # Errors
    /// An output limit, or [`ConvertError::Sink`].
    pub fn write(&self, sink: &mut dyn Sink, bytes: &[u8]) -> Result<(), ConvertError> {
        self.check_cancelled()?;
        let total = add(&self.output, bytes.len() as u64);
        check("the output", total, self.limits.max_output_bytes, "--max-output-size")?;
        if total > OUTPUT_RATIO_FLOOR_BYTES {
            let ratio = (total - OUTPUT_RATIO_FLOOR_BYTES) / self.input_bytes.max(1);
            check("output for each input byte", ratio, self.limits.max_output_ratio, "--max-output-ratio")?;
        }
        sink.write(bytes).map_err(ConvertError::Sink)
    }
}

/// Counts a buffer that is emptied and filled again by the most that it ever held.
#[derive(Debug, Default)]
pub(crate) struct HighWater(u64);

impl HighWater {
    /// Notes that the buffer holds `bytes`.
    pub(crate) fn note(&mut self, bytes: usize, meter: &Meter) -> Result<(), ConvertError> {
        let more = (bytes as u64).saturating_sub(self.0);
        self.0 += more;
        if more > 0 { meter.resident(more) } else { Ok(()) }
    }
}

fn add(cell: &Cell<u64>, delta: u64) -> u64 {
    let total = cell.get().saturating_add(delta);
    cell.set(total);
    total
}

/// Fails if `seen` is over `allowed`.
pub(crate) fn check(
    what: &'static str,
    seen: u64,
    allowed: u64,
    flag: &'static str,
) -> Result<(), LimitExceeded> {
    if seen > allowed {
        Err(LimitExceeded { what: what.into(), seen, allowed, flag: flag.into() })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_judged_against_compressed_bytes_read_so_far() {
        let meter = Meter::new(Limits::default(), 100);
        assert!(meter.inflated(1 << 20, 1 << 20, 10).is_ok(), "below the floor");
        assert!(meter.inflated(1 << 20, 2 << 20, 1 << 20).is_ok());
        let error = meter.inflated(1, (2 << 20) + 1, 100).expect_err("over the ratio");
        assert_eq!(
            error.to_string(),
            "the inflate ratio reached 20971, the limit is 200 (raise it with --max-ratio)"
        );
    }

    #[test]
    fn every_bound_is_set_by_its_own_name() {
        let mut copy = Limits::default();
        let mut expected = Vec::new();
        for (at, (name, _)) in (1..).zip(Limits::default().named()) {
            assert!(copy.set(name, at), "{name}");
            expected.push((name, at));
        }
        assert_eq!(copy.named().to_vec(), expected);
        assert!(!copy.set("max_colours", 1));
    }

    #[test]
    fn stop_ends_inflating() {
        let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let asked = std::sync::Arc::clone(&flag);
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        let meter = Meter::new(Limits::default(), 1).with_stop(move || asked.load(relaxed));
        assert!(meter.inflated(1, 1, 1).is_ok());
        flag.store(true, relaxed);
        assert!(matches!(meter.inflated(1, 1, 1), Err(ConvertError::Cancelled)));
    }
}
