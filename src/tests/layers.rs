//! Reads the `use crate::` lines of every file and fails where an import goes up (docs/design.md, "Layers").
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Modules by level; imports go down, or sideways within a level without cycles.
const LEVELS: &[(u8, &[&str])] = &[
    (7, &["main"]),
    (6, &["cli", "commands", "report", "exit"]),
    (5, &["pipeline", "config"]),
    (4, &["stages"]),
    (3, &["targets", "ledger", "server"]),
    (2, &["http", "store", "acceptance", "policy", "event", "worker"]),
    (1, &["model"]),
];

/// Server and client are two independent readings of the wire protocol: the server sees these only.
const SERVER_SEES: &[&str] = &["server", "model", "store"];

fn level(module: &str) -> Option<u8> {
    LEVELS.iter().find(|(_, modules)| modules.contains(&module)).map(|(level, _)| *level)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Returns the top modules that a file names after `crate::` (or `docferry::` in the binary).
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for prefix in ["crate::", "docferry::"] {
            for (at, _) in line.match_indices(prefix) {
                let rest = &line[at + prefix.len()..];
                if let Some(group) = rest.strip_prefix('{') {
                    let names = group.split('}').next().unwrap_or_default().split(',');
                    found.extend(names.map(|n| n.trim().split("::").next().unwrap_or_default().to_owned()));
                } else {
                    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                    found.insert(rest[..end].to_owned());
                }
            }
        }
    }
    found
}

fn module_of(root: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    relative.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

#[test]
fn imports_go_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut broken = Vec::new();
    let mut sideways: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let module = module_of(&root, &file);
        if module == "lib" {
            continue;
        }
        let Some(from) = level(&module) else {
            broken.push(format!("{} has no level", file.display()));
            continue;
        };
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            let Some(to) = level(&import) else { continue };
            let hidden = module == "server" && !SERVER_SEES.contains(&import.as_str());
            if to > from || hidden {
                broken.push(format!("{} imports {import}", file.display()));
            } else if to == from && import != module {
                sideways.entry(module.clone()).or_default().insert(import);
            }
        }
    }
    for (module, imports) in &sideways {
        for import in imports {
            if sideways.get(import).is_some_and(|back| back.contains(module)) {
                broken.push(format!("{module} and {import} import each other"));
            }
        }
    }
    assert!(broken.is_empty(), "imports that the layers forbid:\n{}", broken.join("\n"));
}

#[test]
fn converters_know_nothing_of_the_product() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("converters/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("docferry::"), "{} names the root crate", file.display());
    }
}
