//! Ferries mixed documents into the file stores of agent platforms.

pub mod model;
pub mod store;
pub mod targets;
