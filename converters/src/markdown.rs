//! Markdown writing.
