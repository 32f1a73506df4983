//! Every converter of the table has a fuzz target, and every target is built.
#![expect(clippy::disallowed_methods, reason = "a test that reads the fuzz targets from files")]

use std::collections::BTreeSet;
use std::path::Path;

use docferry_converters::formats::FORMATS;

#[test]
fn every_converter_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut tried = BTreeSet::new();
    for entry in std::fs::read_dir(folder.join("fuzz_targets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
        let text = std::fs::read_to_string(&path).unwrap();
        if let Some((_, rest)) = text.split_once("converter!(\"") {
            let format = rest.split('"').next().unwrap();
            let row = FORMATS.iter().find(|row| row.name == format);
            assert!(row.is_some(), "{name}: there is no format {format}");
            tried.extend(row.and_then(|row| row.converter).map(docferry_converters::Converter::name));
        }
    }
    for row in FORMATS {
        if let Some(converter) = row.converter {
            assert!(
                tried.contains(converter.name()),
                "no target in fuzz/fuzz_targets/ runs {}",
                converter.name()
            );
        }
    }
}
