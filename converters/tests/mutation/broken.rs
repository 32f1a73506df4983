//! Converters that break each rule once: the harness has to notice every one of them, or it shows nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use docferry_converters::formats::{Format, FormatSpec};
use docferry_converters::{ConvertError, Converter, Input, Meter, Options, PartKind, Sink};

enum Broken {
    Panics,
    Aborts,
    Hangs,
    Hoards,
    Wavers,
    WritesNoText,
}

const fn row(name: &'static str, converter: &'static Broken) -> FormatSpec {
    FormatSpec {
        format: Format::PlainText,
        name,
        title: "",
        family: docferry_converters::formats::Family::Text,
        media_type: "text/plain",
        extensions: &[("txt", "text/plain")],
        bare_names: &[],
        converter: Some(converter),
    }
}

/// A row for each, with a piece of what has to be said of it.
pub(crate) static ROWS: [(FormatSpec, &str); 6] = [
    (row("broken-panics", &Broken::Panics), "broken.rs"),
    (row("broken-aborts", &Broken::Aborts), "the process died"),
    (row("broken-hangs", &Broken::Hangs), "processor time"),
    (row("broken-hoards", &Broken::Hoards), "of memory"),
    (row("broken-wavers", &Broken::Wavers), "something else"),
    (row("broken-writes-no-text", &Broken::WritesNoText), "not UTF-8"),
];

static CALLS: AtomicUsize = AtomicUsize::new(0);

impl Converter for Broken {
    /// Has the seeds of the converter of plain text.
    fn name(&self) -> &'static str {
        Format::PlainText.spec().converter.map_or("", Converter::name)
    }

    fn revision(&self) -> u32 {
        1
    }

    fn convert(
        &self,
        _: &mut dyn Input,
        _: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<(), ConvertError> {
        sink.begin_part(None, PartKind::PlainText).map_err(ConvertError::Sink)?;
        let calls = CALLS.fetch_add(1, Ordering::Relaxed);
        match self {
            Self::Panics => panic!("call {calls}"),
            Self::Aborts => std::process::abort(),
            Self::Hangs => loop {
                std::hint::spin_loop();
            },
            Self::Hoards => {
                let hoard: Vec<u8> = Vec::with_capacity(super::MAX_LIVE_BYTES + 1);
                meter.write(sink, format!("{}", hoard.capacity()).as_bytes())
            }
            Self::Wavers => meter.write(sink, calls.to_string().as_bytes()),
            Self::WritesNoText => meter.write(sink, b"\xff"),
        }
    }
}
