//! The file `store.json`: what makes a folder a store, which schema it has, and who it is.
//!
//! A folder that holds anything else is never taken over. The marker is written before everything else, so that a
//! second process that comes in between sees either nothing or a store.

use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{StoreError, id};

const FORMAT: &str = "docferry-store";
const SCHEMA_VERSION: u32 = 1;
const FILE_NAME: &str = "store.json";
const TEMP_PREFIX: &str = ".store-";

#[derive(Serialize, Deserialize)]
struct Marker {
    format: String,
    schema_version: u32,
    id: String,
}

/// Returns the UUID of the store at `root`; makes the folder a store if it is missing or empty.
pub(super) fn open(root: &Path) -> Result<String, StoreError> {
    if let Some(id) = read(root)? {
        return Ok(id);
    }
    create_dir(root)?;
    if !is_empty(root)? {
        // Another process may have made it a store since the first look.
        return read(root)?.ok_or_else(|| StoreError::Foreign { path: root.to_owned() });
    }
    write(root)?;
    read(root)?.ok_or_else(|| StoreError::Foreign { path: root.to_owned() })
}

/// Creates a folder and its parents; the last one is for its owner only.
pub(super) fn create_dir(path: &Path) -> Result<(), StoreError> {
    let create = || match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    };
    // Nearly always it is there, or its parent is: one call for each small file, not one for each component.
    match (create(), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent).map_err(StoreError::io(parent))?;
            create().map_err(StoreError::io(path))
        }
        (made, _) => made.map_err(StoreError::io(path)),
    }
}

fn read(root: &Path) -> Result<Option<String>, StoreError> {
    let path = root.join(FILE_NAME);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(&path)(error)),
    };
    let damaged = |reason: String| StoreError::Damaged { path: path.clone(), reason };
    let marker: Marker = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if marker.format != FORMAT {
        return Err(StoreError::Foreign { path: root.to_owned() });
    }
    if marker.schema_version > SCHEMA_VERSION {
        return Err(StoreError::NewerSchema {
            path: root.to_owned(),
            found: marker.schema_version,
            known: SCHEMA_VERSION,
        });
    }
    if marker.id.is_empty() {
        return Err(damaged("the id is empty".to_owned()));
    }
    Ok(Some(marker.id))
}

fn is_empty(root: &Path) -> Result<bool, StoreError> {
    for entry in std::fs::read_dir(root).map_err(StoreError::io(root))? {
        let name = entry.map_err(StoreError::io(root))?.file_name();
        if !name.to_string_lossy().starts_with(TEMP_PREFIX) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn write(root: &Path) -> Result<(), StoreError> {
    let marker = Marker { format: FORMAT.to_owned(), schema_version: SCHEMA_VERSION, id: id::uuid()? };
    let mut text = serde_json::to_vec(&marker)
        .map_err(|error| StoreError::Damaged { path: root.join(FILE_NAME), reason: error.to_string() })?;
    text.push(b'\n');
    let mut temp =
        tempfile::Builder::new().prefix(TEMP_PREFIX).tempfile_in(root).map_err(StoreError::io(root))?;
    temp.write_all(&text).and_then(|()| temp.as_file().sync_all()).map_err(StoreError::io(root))?;
    match temp.persist_noclobber(root.join(FILE_NAME)) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::io(root)(error.error))
        }
        // Whoever was first gave the store its id.
        Ok(_) | Err(_) => Ok(()),
    }
}
