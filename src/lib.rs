//! Ferries mixed documents into the file stores of agent platforms.

pub mod model;
#[cfg(feature = "server")]
pub mod server;
pub mod store;
pub mod targets;
