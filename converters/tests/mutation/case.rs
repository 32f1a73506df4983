//! Makes the case of a number: a document, changed one to four times, and options.

use docferry_converters::Options;
use docferry_converters::formats::FormatSpec;

use super::bytes;
use super::rng::Rng;
use super::seeds::Seeds;
use super::shape::Shape;

/// An input with the options to convert it with.
pub(crate) struct Case {
    pub(crate) bytes: Vec<u8>,
    pub(crate) options: Options,
    /// The name that it has, as the detection wants one.
    pub(crate) name: String,
    /// What it was made from, for people.
    pub(crate) story: String,
}

/// The values that each option takes in turn.
const OPTIONS: &[(&str, &[&str])] = &[
    ("cell-values", &["canonical", "displayed", "raw"]),
    ("formulas", &["values", "text"]),
    ("hidden-content", &["include", "exclude"]),
    ("merged-cells", &["empty", "repeat", "html"]),
    ("comments", &["auto", "keep", "drop"]),
    ("track-changes", &["accept", "reject", "all"]),
    ("text", &["markdown", "plain"]),
    ("front-matter", &["false", "true"]),
    ("newlines", &["keep", "lf"]),
    ("csv-guard", &["false", "true"]),
    ("csv-dialect", &["keep", "rfc4180"]),
    ("max-csv-size", &["auto", "1", "100"]),
    (
        "charset",
        &["auto", "auto", "auto", "utf-8", "utf-16le", "utf-32be", "iso-2022-jp", "gb18030", "windows-1258"],
    ),
    ("default-charset", &["auto", "shift_jis", "koi8-r"]),
];

/// Makes case `n` of a format.
pub(crate) fn make(spec: &FormatSpec, seeds: &Seeds, n: u64) -> Case {
    let mut rng = Rng::new(spec.name, n);
    let seed = seeds.pick(&mut rng);
    let other = seeds.pick(&mut rng);
    let mut shape = seed.shape.clone();
    let times = *rng.pick(&[1, 1, 1, 2, 3, 4]);
    let steps: Vec<String> = (0..times).map(|_| shape.mutate(&mut rng, &other.shape)).collect();
    let mut bytes = shape.into_bytes(&mut rng);
    let mut story = format!("{}: {}", seed.path, steps.join(", "));
    if matches!(seed.shape, Shape::Package(_)) && rng.one_in(12) {
        story.push_str(&format!(", then {} in the package", bytes::mutate(&mut rng, &mut bytes, b"")));
    }
    // A duplicated piece, or several, may have made it long.
    bytes.truncate(4 * bytes::MAX_BYTES);
    let mut options = Options::default();
    for (key, values) in OPTIONS {
        if rng.one_in(3) {
            let value = *rng.pick(values);
            options.set(key, value).expect("an option with one of its values");
        }
    }
    let extension = spec.extensions.first().map_or("", |(extension, _)| *extension);
    Case { bytes, options, name: format!("case.{extension}"), story }
}
