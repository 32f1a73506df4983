//! Spreadsheet number formats.
