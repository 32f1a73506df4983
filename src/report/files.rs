//! Stored files as rows of a table.

use super::human;
use crate::model::FileObject;

/// Returns the first row: what the columns are.
#[must_use]
pub fn heading() -> Vec<String> {
    ["ID", "SIZE", "TYPE", "CREATED", "NAME"].map(str::to_owned).to_vec()
}

/// Returns the row of a file.
#[must_use]
pub fn row(file: &FileObject) -> Vec<String> {
    vec![
        file.file_id.clone(),
        human::size(file.size_bytes),
        file.mime_type.clone(),
        file.created_at.to_string(),
        file.filename.clone(),
    ]
}
