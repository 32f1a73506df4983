//! How results look: text for people, JSON for programs. Writes to what it is given and decides nothing.

pub mod cost;
pub mod files;
pub mod human;
pub mod json;
pub mod preflight;
pub mod progress;
pub mod summary;
