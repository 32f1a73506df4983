//! Ferries mixed documents into the file stores of agent platforms.

pub mod event;
pub mod model;
pub mod stages;
pub mod store;
pub mod targets;
