//! The stages of the pipeline: one file, one public function, one in-type and one out-type each.

pub mod admit;
pub mod budget;
pub mod classify;
pub mod convert;
pub mod discover;
pub mod estimate;
pub mod halt;
pub mod manifest;
pub mod plan;
pub mod prune;
pub mod survey;
pub mod upload;
